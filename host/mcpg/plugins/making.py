"""Makes the bundle of built-in plugins from components: packs, signs, locks, writes. It builds no component.

The same components, sources, key and SOURCE_DATE_EPOCH give the same bytes. With a fresh key, anchor, signatures, lock
and revocation list change together; with the key at hand, only what follows from a changed component does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError
from mcpg.plugins.builtin import ANCHOR, LOCK, NAMESPACE
from mcpg.plugins.components import describe_component
from mcpg_registry.durable import write_whole
from mcpg_registry.layout_writing import LayoutWriter, put_directory
from mcpg_registry.locking import Lock, Locked
from mcpg_registry.packing import pack_plugin
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.signing import sign_manifest, sign_release
from mcpg_revocations import shipped
from mcpg_revocations.rules import RevocationList, sign_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg_registry.packing import Packed

__all__ = ["Ingredient", "Places", "make_bundle", "read_key"]


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A component on its way into the bundle: its bytes, the digest of its sources, the interfaces it imports."""

    wasm: bytes
    source: str
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """Where the bundle and the revocation list are written."""

    bundle: Path = field(default_factory=lambda: Path(__file__).parent / "builtin")
    revocations: Path = field(default_factory=lambda: Path(shipped.__file__).parent)


def read_key(value: str) -> PrivateKey:
    """Return the key in `value`, PEM text or the path of a PEM file; `ConfigError` that never shows it."""
    try:
        return PrivateKey.from_pem(value if "-----BEGIN" in value else Path(value).read_text(encoding="ascii"))
    except (ValueError, OSError) as error:
        raise ConfigError(
            f"the signing key cannot be used: {error if isinstance(error, ValueError) else 'cannot be read'}",
            where="MCPG_SIGNING_KEY",
            remedy="give the PEM, or the path of one, of an unencrypted Ed25519 key",
        ) from None


def make_bundle(
    ingredients: Mapping[str, Ingredient],
    key: PrivateKey,
    places: Places,
    *,
    created: int = 0,
    revocations: RevocationList | None = None,
) -> Lock:
    """Write bundle and revocation list and return the new lock.

    `created` is in seconds since 1970; `revocations` is the list to sign, by default an empty one that never expires.
    A gateway that starts between the two renames finds no bundle, and between bundle and list may find a list of
    another key: it refuses to start then and never takes a mixture.
    """
    listed = revocations or RevocationList(schema=1, version=1)
    writer = LayoutWriter()
    locked = {
        name: _take(writer, name, ingredient, key, created=created) for name, ingredient in sorted(ingredients.items())
    }
    lock = Lock(schema=1, revocations=listed.version, plugins=locked)
    anchor = key.public.pem.encode()
    put_directory(places.bundle, writer.files() | {LOCK: lock.text(), ANCHOR: anchor})
    write_whole(places.revocations / shipped.ANCHOR, anchor)
    write_whole(places.revocations / shipped.LIST, sign_list(listed, [key]))
    return lock


def _take(writer: LayoutWriter, name: str, ingredient: Ingredient, key: PrivateKey, *, created: int) -> Locked:
    where = f"component `{name}`"
    facts = replace(describe_component(ingredient.wasm, where).facts, imports=ingredient.imports)
    if facts.id != f"{NAMESPACE}/{name}":
        raise ConfigError(
            f"found plugin `{facts.id}`, wanted `{NAMESPACE}/{name}`", where=where, remedy="rename the file or the id"
        )
    packed: Packed = pack_plugin(ingredient.wasm, facts, created=created)
    release = packed.release(facts)
    digest = packed.manifest.digest
    signatures = (sign_manifest(digest, key), sign_release(digest, release, key))
    writer.add(packed, facts.id, facts.version, signatures=signatures)
    return Locked(
        reference=f"{facts.id}:{facts.version}",
        manifest=digest,
        wasm=release.wasm,
        id=facts.id,
        version=facts.version,
        source=ingredient.source,
    )
