"""Steps 3 and 5 to 8: from what a place says of an artifact to what is proven of it. It fetches and reads nothing.

3 shape: media types, one layer, sizes    5 there are signatures    6 they verify against the rule for the repository
7 the release statement, whose version a tag has if it is one
8 the lock names this very digest, and the layer is the released one

The caller has checked the manifest's bytes (2) and holds a valid revocation list (4); the layer's bytes (9) and the
component (10) come after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg_registry.locking import check_lock
from mcpg_registry.manifests import parse_manifest, plugin_layer
from mcpg_registry.steps import AGAIN, at_step, refusal
from mcpg_registry.trust.revoked import NOBODY, Revoked
from mcpg_registry.trust.verification import verify_signatures
from mcpg_registry.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg_registry.claims import Claim
    from mcpg_registry.locking import Locked
    from mcpg_registry.manifests import Descriptor
    from mcpg_registry.trust.policy import Rule
    from mcpg_registry.trust.verification import Signed

__all__ = ["Judgement", "Proven", "prove"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an artifact is judged by: the rule for its repository, the time in seconds since 1970, revoked signers, and
    what the lock says of it."""  # noqa: D205, D209 - it needs two lines

    rule: Rule
    now: int
    revoked: Revoked = NOBODY
    locked: Locked | None = None


@dataclass(frozen=True, slots=True)
class Proven:
    """What is proven of an artifact: who signed it, what was released, and which layer belongs to it."""

    claim: Claim
    layer: Descriptor
    signed: Signed
    annotations: Mapping[str, str]


def prove(claim: Claim, judge: Judgement, *, where: str) -> Proven:
    """Return what is proven of `claim`; `PluginRefused` names the step that did not pass."""
    with at_step(3, where=where, remedy=AGAIN, code="bad-shape"):
        manifest = parse_manifest(claim.manifest_bytes)
        layer = plugin_layer(manifest)
    locked = judge.locked
    signed = verify_signatures(
        claim.manifest.digest,
        claim.bundles(),
        judge.rule,
        now=judge.now,
        where=where,
        locked=locked is not None and locked.manifest == claim.manifest.digest,
        revoked=judge.revoked,
    )
    _check_tag(claim.tag, signed.release.version, where)
    if locked is not None:
        check_lock(locked, claim.manifest.digest, signed.release, where=where)
    if signed.release.wasm != layer.digest:
        message = f"found layer `{layer.digest}`, wanted the released `{signed.release.wasm}`"
        raise refusal(9, message, where=where, remedy=AGAIN, code="bad-release")
    return Proven(claim, layer, signed, manifest.annotations)


def _check_tag(tag: str | None, version: str, where: str) -> None:
    """Refuse a tag that is a version and not the one that was released: somebody has moved it."""
    try:
        version_key(tag or "")
    except ValueError:
        return
    if tag != version:
        message = f"the tag `{tag}` names the release of version `{version}`"
        raise refusal(7, message, where=where, remedy=AGAIN, code="bad-release")
