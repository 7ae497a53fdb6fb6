"""From a place on this machine to a component whose publisher is known: steps 2, 3 and 5 to 9. It reads no component.

`mcpg_registry.claims` finds and reads, `mcpg_registry.proving` judges, the layer's bytes are read last. It blocks.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mcpg_registry import media
from mcpg_registry.claims import claim_from
from mcpg_registry.digests import Digest, digest_bytes
from mcpg_registry.layout import Layout
from mcpg_registry.proving import Judgement, prove
from mcpg_registry.steps import AGAIN, at_step
from mcpg_registry.trust.bundles import claimed_keys
from mcpg_revocations.index import revoked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mcpg.plugins.pulling import Trusting
    from mcpg_registry.claims import Shelf
    from mcpg_registry.locking import Locked
    from mcpg_registry.proving import Proven
    from mcpg_registry.tar_layout import TarFiles
    from mcpg_registry.trust.statements import Release
    from mcpg_revocations.index import RevocationIndex

__all__ = [
    "Artifact",
    "Name",
    "artifact_of",
    "bare_artifact",
    "open_layout",
    "opened_layout",
    "verify_artifact",
    "verify_claim",
]


@dataclass(frozen=True, slots=True)
class Name:
    """An artifact by its names, and how errors call it."""

    repository: str
    tag: str | None
    digest: Digest | None
    where: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """A component's bytes and what is proven of them. No release and no keys mean a bare file, for development."""

    wasm: bytes
    wasm_digest: Digest
    manifest_digest: Digest | None = None
    release: Release | None = None
    annotations: Mapping[str, str] | None = None
    keys: tuple[Digest, ...] = ()
    warnings: tuple[str, ...] = ()
    repository: str = ""
    identities: tuple[tuple[str, str], ...] = ()
    vulnerabilities: tuple[str, ...] = ()


def open_layout(place: Path, where: str) -> Layout:
    """Return the layout in a directory or a tar, which stays open; `PluginRefused` at step 2 when it is none."""
    with at_step(2, where=where, remedy=AGAIN, code="bad-layout"):
        return Layout(_tar(place) or place)


@contextmanager
def opened_layout(place: Path, where: str) -> Iterator[Layout]:
    """Open the layout in a directory or a tar for a while; `PluginRefused` at step 2 when it is none."""
    with ExitStack() as stack:
        with at_step(2, where=where, remedy=AGAIN, code="bad-layout"):
            tar = _tar(place)
            if tar is not None:
                stack.enter_context(tar)
            layout = Layout(tar or place)
        yield layout


def _tar(place: Path) -> TarFiles | None:
    if place.is_dir():
        return None
    from mcpg_registry.tar_layout import TarFiles  # noqa: PLC0415 - few read tars
    from mcpg_registry.tar_sources import parts_file  # noqa: PLC0415 - likewise

    return TarFiles.open(place) if place.is_file() or parts_file(place).is_file() else None


def verify_artifact(shelf: Shelf, name: Name, judge: Judgement) -> Artifact:
    """Return the artifact called `name` once steps 2 to 9 have passed; `PluginRefused` names the one that did not."""
    claim = claim_from(shelf, name.repository, name.tag, name.digest, where=name.where)
    proven = prove(claim, judge, where=name.where)
    with at_step(9, where=name.where, remedy=AGAIN, code="bad-digest"):
        wasm = shelf.read(proven.layer, media.MAX_LAYER)
    return artifact_of(proven, wasm)


def verify_claim(
    shelf: Shelf,
    name: Name,
    tag: str | None,
    trust: Trusting,
    index: RevocationIndex,
    *,
    now: int,
    locked: Locked | None,
) -> Artifact:
    """Return the artifact called `name` once steps 2 to 9 have passed, judged by the rule for its repository.

    `tag` is what the operator calls it, also where it is found by its digest.
    """
    claim = claim_from(shelf, name.repository, name.tag, name.digest, where=name.where)
    claim = replace(claim, tag=tag)
    rule = trust.rule_for(claim.repository, where=name.where, claimed=claimed_keys(claim.bundles()))
    proven = prove(claim, Judgement(rule, now, revoked(index), locked), where=name.where)
    with at_step(9, where=name.where, remedy=AGAIN, code="bad-digest"):
        return artifact_of(proven, shelf.read(proven.layer, media.MAX_LAYER))


def artifact_of(proven: Proven, wasm: bytes) -> Artifact:
    """Return the artifact whose layer's bytes, checked against its digest, are `wasm`."""
    return Artifact(
        wasm=wasm,
        wasm_digest=proven.layer.digest,
        manifest_digest=proven.claim.manifest.digest,
        release=proven.signed.release,
        annotations=proven.annotations,
        keys=proven.signed.keys,
        warnings=proven.signed.warnings,
        repository=proven.claim.repository,
        identities=proven.signed.identities,
        vulnerabilities=proven.signed.vulnerabilities,
    )


def bare_artifact(wasm: bytes) -> Artifact:
    """Return a component from a file: nothing is proven of it."""
    return Artifact(wasm=wasm, wasm_digest=digest_bytes(wasm))
