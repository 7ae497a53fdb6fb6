"""The inventory of a bundle: what its maker meant to ship, signed by the maker. It stands in for no publisher.

The inventory names every blob that belongs to each plugin and says which of them are in the bundle, and it binds the
bundle's index by a digest. Its id is derived from its content: the same content has the same id. It does no I/O.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from mcpg_mirror.faults import refused, while_reading
from mcpg_mirror.kinds import ENVELOPE, INVENTORY, MAX_INVENTORY, MAX_PLUGINS
from mcpg_registry import media
from mcpg_registry.digests import Digest, digest_bytes, parse_digest
from mcpg_registry.manifests import Descriptor
from mcpg_registry.references import is_named_repository, is_tag
from mcpg_registry.strict_json import compact, parse_object
from mcpg_registry.trust.dsse import Envelope, Signature, parse_envelope, pre_auth_encoding
from mcpg_registry.trust.keys import load_public_keys
from mcpg_registry.trust.verification import envelope_signers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mcpg_registry.signers import Signer
    from mcpg_registry.trust.keys import PublicKey

__all__ = ["Attached", "Blob", "Inventory", "Listed", "Plugin", "open_inventory", "sealed", "with_id"]

MAX_ENCODED = 2 * MAX_INVENTORY
Short = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Blob(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One blob, its size in bytes, and whether it is in this bundle."""

    media_type: Short
    digest: str
    size: Annotated[int, msgspec.Meta(ge=0, le=media.MAX_LAYER)]
    here: bool

    def __post_init__(self) -> None:
        parse_digest(self.digest)

    def descriptor(self) -> Descriptor:
        """Return it as others know it."""
        return Descriptor(self.media_type, parse_digest(self.digest), self.size)


class Attached(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signature: a manifest that refers to the plugin's, its config and its layer."""

    manifest: Blob
    config: Blob
    layer: Blob


class Plugin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One plugin under its original name, host included; `tag` may be empty. `keys` had signed it for the maker."""

    repository: Short
    tag: Annotated[str, msgspec.Meta(max_length=128)]
    id: Short
    version: Short
    manifest: Blob
    config: Blob
    layer: Blob
    signatures: Annotated[tuple[Attached, ...], msgspec.Meta(min_length=1, max_length=media.MAX_REFERRERS)]
    keys: tuple[str, ...]

    def __post_init__(self) -> None:
        if not is_named_repository(self.repository) or (self.tag and not is_tag(self.tag)):
            raise ValueError(f"`{self.repository[:200]}:{self.tag}` is no name of a plugin")

    @property
    def name(self) -> str:
        """The full original reference: `REPOSITORY:TAG`, or by digest where there is no tag."""
        return f"{self.repository}:{self.tag}" if self.tag else f"{self.repository}@{self.manifest.digest}"

    def blobs(self) -> Iterator[Blob]:
        """Yield all blobs that belong to it."""
        yield from (self.manifest, self.config, self.layer)
        for each in self.signatures:
            yield from (each.manifest, each.config, each.layer)


class Listed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The revocation list in the bundle; `digest` is of its bytes, `expires` in seconds since 1970."""

    version: Number
    digest: str
    expires: Number | None


class Inventory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bundle holds.

    `bundle` is the digest of this document with an empty `bundle`. `created` is in seconds since 1970. `have` is the
    digest of the list that an increment was made for. `index` is the digest of the index's entries without the
    inventory's own. `papers` are the manifests of the other papers. `operator` is the PEM of the key that signs this.
    """

    schema: Literal[1]
    bundle: str
    created: Number
    mode: Literal["full", "delta"]
    have: str
    index: str
    revocations: Listed
    papers: dict[Literal["revocations", "trust", "lock"], str]
    operator: Annotated[str, msgspec.Meta(max_length=1024)]
    plugins: Annotated[tuple[Plugin, ...], msgspec.Meta(max_length=MAX_PLUGINS)]

    def __post_init__(self) -> None:
        digests = [self.index, self.revocations.digest, *self.papers.values(), self.bundle, self.have]
        for digest in filter(None, digests):
            parse_digest(digest)
        if bool(self.have) != (self.mode == "delta"):
            raise ValueError("an increment names the list that it was made for, and nothing else does")
        names = [plugin.name for plugin in self.plugins]
        if names != sorted(set(names)):
            raise ValueError("the plugins are not in order, or one stands there twice")

    def payload(self) -> bytes:
        """Return the document: the same bytes for the same content."""
        return compact(msgspec.to_builtins(self))

    def here(self) -> dict[Digest, int]:
        """Return the size of each blob of a plugin that is in the bundle."""
        return {parse_digest(b.digest): b.size for plugin in self.plugins for b in plugin.blobs() if b.here}


_decoder = msgspec.json.Decoder(Inventory)


def with_id(inventory: Inventory) -> Inventory:
    """Return the inventory with the id that its content gives it."""
    blank = msgspec.structs.replace(inventory, bundle="")
    return msgspec.structs.replace(inventory, bundle=digest_bytes(blank.payload()))


async def sealed(inventory: Inventory, operator: Signer | None) -> tuple[str, bytes]:
    """Return media type and bytes of the inventory as it travels: in an envelope if there is anybody to sign it."""
    payload = inventory.payload()
    if operator is None:
        return INVENTORY, payload
    signature = Signature(await operator.sign(pre_auth_encoding(INVENTORY, payload)), operator.public.id)
    return ENVELOPE, compact(Envelope(INVENTORY, payload, (signature,)).document())


def open_inventory(
    media_type: str, text: bytes, operators: Sequence[PublicKey], *, where: str
) -> tuple[Inventory, Digest | None]:
    """Return the inventory and who signed it, if anybody; `PluginRefused` when it is broken or wrongly signed.

    With `operators`, one of them must have signed. Without, a signature must be by the key that the inventory names,
    which proves only that nobody has changed it since.
    """
    with while_reading(where, code="bad-inventory"):
        envelope = None
        if media_type == ENVELOPE:
            envelope = parse_envelope(parse_object(text, MAX_ENCODED))
            if envelope.payload_type != INVENTORY:
                raise ValueError(f"found payload type `{envelope.payload_type}`, wanted `{INVENTORY}`")
        elif media_type != INVENTORY:
            raise ValueError(f"found `{media_type[:120]}`, wanted `{ENVELOPE}` or `{INVENTORY}`")
        inventory = _parse(envelope.payload if envelope else text)
        keys = operators or (load_public_keys(inventory.operator) if inventory.operator else ())
    if envelope is None:
        if operators:
            message = "the inventory is not signed, wanted a signature by a key of the mirror's operator"
            raise refused(message, code="inventory-unsigned", where=where, remedy="make the bundle with --sign-key")
        return inventory, None
    signers = envelope_signers(envelope, keys)
    if not signers:
        found = ", ".join(f"`{each.key_id[:80]}`" for each in envelope.signatures)
        wanted = ", ".join(f"`{key.id}`" for key in keys) or "the key that the inventory names, and it names none"
        message = f"found no valid signature of the inventory (they name {found}), wanted one by {wanted}"
        remedy = (
            "give the operator's own public key with --operator-key, or have the bundle made again and signed by it"
        )
        raise refused(message, code="inventory-signature", where=where, remedy=remedy)
    return inventory, min(signers)


def _parse(payload: bytes) -> Inventory:
    parse_object(payload, MAX_INVENTORY)
    inventory = _decoder.decode(payload)
    if with_id(inventory) != inventory:
        raise ValueError(f"the id `{inventory.bundle[:80]}` is not that of its content")
    return inventory
