"""Steps 2 to 9: from a name in an OCI layout to bytes whose publisher is known. It reads no component; it blocks.

2 the manifest: found by name, its bytes have its digest    3 its shape: media types, one layer, sizes, config bytes
4 the revocation list: the caller has verified it           5 find the signatures
6 verify them against the rule for this repository          7 the release statement
8 the lock names this very digest                           9 the layer: size and digest, those that were released
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg.plugins.lock import check_lock
from mcpg_registry import media
from mcpg_registry.digests import Digest, digest_bytes
from mcpg_registry.layout import Layout
from mcpg_registry.manifests import parse_manifest, plugin_layer
from mcpg_registry.steps import at_step, refusal
from mcpg_registry.trust.verification import verify_signatures
from mcpg_revocations.rules import revoked_keys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mcpg.plugins.lock import Locked
    from mcpg_registry.manifests import Descriptor, ImageManifest
    from mcpg_registry.trust.policy import Rule
    from mcpg_registry.trust.statements import Release
    from mcpg_revocations.rules import RevocationList

__all__ = ["AGAIN", "Artifact", "Judgement", "Name", "bare_artifact", "open_layout", "verify_artifact"]

AGAIN = "take the artifact from its publisher again, or install the program again if it is built in"


@dataclass(frozen=True, slots=True)
class Name:
    """An artifact in a layout, and how errors call it."""

    repository: str
    tag: str | None
    digest: Digest | None
    where: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an artifact is judged by; `now` in seconds since 1970."""

    rule: Rule
    revocations: RevocationList
    now: int
    locked: Locked | None = None


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


def open_layout(directory: Path, where: str) -> Layout:
    """Return the layout in `directory`; `PluginRefused` at step 2 when it is none."""
    with at_step(2, where=where, remedy=AGAIN, code="bad-layout"):
        return Layout(directory)


def verify_artifact(layout: Layout, name: Name, judge: Judgement) -> Artifact:
    """Return the artifact called `name` once steps 2 to 9 have passed; `PluginRefused` names the one that did not."""
    entry, manifest, layer = _manifest(layout, name)
    with at_step(5, where=name.where, remedy=AGAIN, code="bad-signature"):
        candidates = layout.signatures(entry.digest)
    signed = verify_signatures(
        entry.digest,
        candidates,
        judge.rule,
        now=judge.now,
        where=name.where,
        locked=judge.locked is not None and judge.locked.manifest == entry.digest,
        revoked=revoked_keys(judge.revocations),
    )
    if judge.locked is not None:
        check_lock(judge.locked, entry.digest, signed.release, where=name.where)
    if signed.release.wasm != layer.digest:
        message = f"found layer `{layer.digest}`, wanted the released `{signed.release.wasm}`"
        raise refusal(9, message, where=name.where, remedy=AGAIN, code="bad-release")
    with at_step(9, where=name.where, remedy=AGAIN, code="bad-digest"):
        wasm = layout.read(layer, media.MAX_LAYER)
    return Artifact(
        wasm=wasm,
        wasm_digest=layer.digest,
        manifest_digest=entry.digest,
        release=signed.release,
        annotations=manifest.annotations,
        keys=signed.keys,
        warnings=signed.warnings,
    )


def bare_artifact(wasm: bytes) -> Artifact:
    """Return a component from a file: nothing is proven of it."""
    return Artifact(wasm=wasm, wasm_digest=digest_bytes(wasm))


def _manifest(layout: Layout, name: Name) -> tuple[Descriptor, ImageManifest, Descriptor]:
    with at_step(2, where=name.where, remedy=AGAIN, code="bad-digest"):
        entry = layout.find(name.repository, name.tag, name.digest)
        data = layout.read(entry, media.MAX_MANIFEST)
    with at_step(3, where=name.where, remedy=AGAIN, code="bad-shape"):
        manifest = parse_manifest(data)
        layer = plugin_layer(manifest)
        layout.read(manifest.config, media.MAX_CONFIG)
    return entry, manifest, layer
