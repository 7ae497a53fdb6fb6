"""Plans a bundle: which files it has, in which order, with which bytes. It writes nothing and signs nothing itself.

The same plugins, papers and `created` give the same bytes: no clock and no random is asked. Order of the files:
`oci-layout`, `index.json`, then the blobs of inventory, revocation list, trust and lock, then all others by digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError
from mcpg_mirror.inventory import Attached, Blob, Inventory, Listed, Plugin, sealed, with_id
from mcpg_mirror.kinds import INVENTORY, LOCK, MAX_BUNDLE_INDEX, MAX_PLUGINS
from mcpg_mirror.papers import EMPTY, list_paper, pack_paper
from mcpg_registry import media
from mcpg_registry.digests import Digest, digest_bytes, hex_of
from mcpg_registry.layout import LAYOUT_VERSION, fallback_tag
from mcpg_registry.manifests import Descriptor, describe, parse_manifest
from mcpg_registry.strict_json import compact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mcpg_mirror.papers import Paper
    from mcpg_registry.claims import Referrer, Shelf
    from mcpg_registry.proving import Proven
    from mcpg_registry.signers import Signer

__all__ = ["Have", "Ingredients", "Piece", "Plan", "index_digest", "index_text", "make_plan"]


@dataclass(frozen=True, slots=True)
class Have:
    """What a far side has: the digests, and the digest of the list itself."""

    digests: frozenset[Digest]
    digest: Digest


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What goes into a bundle.

    `revocations` is a signed list, or a chain of lists, as bytes; `version` and `expires` are the last list's. `lock`
    is the text of a lock. `created` is in seconds since 1970. With `have`, blobs that it names stay out.
    """

    plugins: Sequence[Proven]
    shelf: Shelf
    revocations: bytes
    version: int
    expires: int | None
    trust: Paper
    lock: bytes
    created: int
    have: Have | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of the bundle: its name in the layout, its size in bytes, and whoever has its bytes (which blocks)."""

    name: str
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Plan:
    """A bundle that could be written. `all_bytes` are those of all blobs of its plugins, `new_bytes` of those in it."""

    inventory: Inventory
    pieces: tuple[Piece, ...]
    all_bytes: int
    new_bytes: int


async def make_plan(given: Ingredients, operator: Signer | None) -> Plan:
    """Return the plan, its inventory signed by `operator` if there is one; `ConfigError` when it is too large."""
    have = given.have.digests if given.have else frozenset[Digest]()
    plugins = tuple(sorted((_plugin(each, have) for each in given.plugins), key=lambda plugin: plugin.name))
    papers = {
        "revocations": list_paper(given.revocations, given.version),
        "trust": given.trust,
        "lock": pack_paper("lock", LOCK, [(LOCK, given.lock)]),
    }
    entries, tagged = _entries(given.plugins, plugins)
    rest = [*(paper.entry for paper in papers.values()), *entries]
    if len(plugins) > MAX_PLUGINS or len(rest) >= MAX_BUNDLE_INDEX:
        raise ConfigError(
            f"{len(plugins)} plugins and their signatures are more than one bundle holds",
            where="the mirror",
            remedy="split the lock and make a bundle of each part",
        )
    inventory = with_id(
        Inventory(
            schema=1,
            bundle="",
            created=given.created,
            mode="delta" if given.have else "full",
            have=given.have.digest if given.have else "",
            index=index_digest(rest),
            revocations=Listed(version=given.version, digest=digest_bytes(given.revocations), expires=given.expires),
            papers={role: paper.entry.digest for role, paper in papers.items()},  # type: ignore[misc]
            operator=operator.public.pem if operator else "",
            plugins=plugins,
        )
    )
    first = pack_paper("inventory", INVENTORY, [await sealed(inventory, operator)])
    index = index_text([first.entry, *rest])
    held = {digest_bytes(EMPTY): EMPTY} | tagged
    pieces = tuple(_pieces([first, *papers.values()], held, index, inventory, given.shelf))
    every = {blob.digest: blob for plugin in plugins for blob in plugin.blobs()}
    new = sum(blob.size for blob in every.values() if blob.here)
    return Plan(inventory, pieces, sum(blob.size for blob in every.values()), new)


def index_digest(entries: Sequence[Descriptor]) -> Digest:
    """Return the digest by which an inventory binds the other entries of its bundle's index."""
    return digest_bytes(compact(_documents(entries)))


def index_text(entries: Sequence[Descriptor]) -> bytes:
    """Return an image index of these entries: the same bytes for the same entries."""
    return compact({"schemaVersion": 2, "mediaType": media.INDEX, "manifests": _documents(entries)})


def _documents(entries: Sequence[Descriptor]) -> list[object]:
    return [entry.document() for entry in entries]


def _plugin(proven: Proven, have: frozenset[Digest]) -> Plugin:
    def blob(found: Descriptor) -> Blob:
        here = found.digest not in have
        return Blob(media_type=found.media_type, digest=found.digest, size=found.size, here=here)

    claim, signed = proven.claim, proven.signed
    attached = sorted(claim.referrers, key=lambda each: each.descriptor.digest)
    return Plugin(
        repository=claim.repository,
        tag=claim.tag or "",
        id=signed.release.id,
        version=signed.release.version,
        manifest=blob(claim.manifest),
        config=blob(parse_manifest(claim.manifest_bytes).config),
        layer=blob(proven.layer),
        signatures=tuple(
            Attached(manifest=blob(each.descriptor), config=blob(each.config), layer=blob(each.layer))
            for each in attached
        ),
        keys=tuple(sorted(signed.keys)),
    )


def _entries(proven: Sequence[Proven], plugins: Sequence[Plugin]) -> tuple[list[Descriptor], dict[Digest, bytes]]:
    """Return the index's entries for everything that is in the bundle, and the indexes under fallback tags."""
    entries: dict[tuple[str, Digest], Descriptor] = {}
    tagged: dict[Digest, bytes] = {}
    referrers = {each.descriptor.digest: each for one in proven for each in one.claim.referrers}
    for plugin in plugins:
        manifest = plugin.manifest.descriptor()
        if plugin.manifest.here:
            entries[plugin.name, manifest.digest] = _named(manifest, plugin.name)
        listed = [
            _referring(referrers[Digest(each.manifest.digest)]) for each in plugin.signatures if each.manifest.here
        ]
        if listed:
            data = index_text(listed)
            tag = describe(media.INDEX, data, **{media.REF_NAME: fallback_tag(manifest.digest)})
            entries |= {("", entry.digest): entry for entry in (*listed, tag)}
            tagged[tag.digest] = data
    return list(entries.values()), tagged


def _named(entry: Descriptor, name: str) -> Descriptor:
    return Descriptor(entry.media_type, entry.digest, entry.size, "", {media.REF_NAME: name})


def _referring(referrer: Referrer) -> Descriptor:
    """Return a signature's entry as the referrers API gives it, whatever its source kept of it."""
    manifest, found = parse_manifest(referrer.manifest_bytes), referrer.descriptor
    kind = manifest.artifact_type or manifest.config.media_type
    return Descriptor(found.media_type, found.digest, found.size, kind, manifest.annotations)


def _pieces(
    papers: Sequence[Paper], held: dict[Digest, bytes], index: bytes, inventory: Inventory, shelf: Shelf
) -> Iterator[Piece]:
    yield _kept("oci-layout", compact({"imageLayoutVersion": LAYOUT_VERSION}))
    yield _kept("index.json", index)
    seen: set[Digest] = set()
    for paper in papers:
        for digest, data in paper.blobs.items():
            if digest not in seen:
                seen.add(digest)
                yield _kept(_path(digest), data)
    here = {Digest(blob.digest): blob for plugin in inventory.plugins for blob in plugin.blobs() if blob.here}
    for digest in sorted((here.keys() | held.keys()) - seen):
        known = held.get(digest)
        yield _kept(_path(digest), known) if known is not None else _stored(here[digest], shelf)


def _kept(name: str, data: bytes) -> Piece:
    return Piece(name, len(data), lambda: data)


def _stored(blob: Blob, shelf: Shelf) -> Piece:
    wanted = blob.descriptor()
    return Piece(_path(wanted.digest), blob.size, lambda: shelf.read(wanted, media.MAX_LAYER))


def _path(digest: Digest) -> str:
    return f"blobs/sha256/{hex_of(digest)}"
