"""The numbered steps walked for people: what each found, and where it stopped. It installs nothing.

The judging is that of the loader; here it is only told. A walk does not raise: its `error` is what a load would raise.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcpg.cli.kit.engine import inspected
from mcpg.cli.kit.origins import origin_of
from mcpg.contract.problems import McpgError, PluginRefused
from mcpg.plugins.artifacts import Artifact, artifact_of
from mcpg.plugins.builtin import Bundle
from mcpg.plugins.components import judge_component
from mcpg_registry.proving import Judgement, prove
from mcpg_registry.references import BuiltinReference, parse_reference
from mcpg_registry.steps import STEPS, refusal
from mcpg_registry.trust.bundles import claimed_keys
from mcpg_revocations.rules import revoked

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.cli.kit.origins import Origin
    from mcpg.cli.kit.site import Site
    from mcpg.plugins.components import Described
    from mcpg.sandbox import Inspection
    from mcpg_registry.claims import Claim
    from mcpg_registry.locking import Locked
    from mcpg_registry.proving import Proven
    from mcpg_registry.references import Reference
    from mcpg_registry.trust.policy import Rule
    from mcpg_revocations.index import RevocationIndex, Verdict

__all__ = ["Row", "Walk", "walk"]


@dataclass(frozen=True, slots=True)
class Row:
    """One step: what was looked at and what was found."""

    step: int
    found: str
    passed: bool

    @property
    def name(self) -> str:
        """What the step is called."""
        return STEPS[self.step]


@dataclass(slots=True)
class Walk:
    """What is known of a reference after the steps; what was not reached is none. `judging` is while it is proven."""

    text: str
    rows: list[Row] = field(default_factory=list)
    error: McpgError | None = None
    place: str = ""
    reference: Reference | None = None
    claim: Claim | None = None
    rule: Rule | None = None
    once: bool = False
    judging: bool = False
    proven: Proven | None = None
    artifact: Artifact | None = None
    described: Described | None = None
    verdict: Verdict | None = None
    inspection: Inspection | None = None

    def passed(self, step: int, found: str) -> None:
        """Note that a step has passed."""
        self.rows.append(Row(step, found, passed=True))

    @property
    def where(self) -> str:
        """What errors call it."""
        if isinstance(self.reference, BuiltinReference):
            return f"built-in plugin `{self.reference.name}`"
        return f"plugin `{self.text}`"


async def walk(text: str, site: Site, *, must_be_locked: bool = False) -> Walk:
    """Return how far a reference comes on steps 1 to 10; `must_be_locked` also demands that the lock names it."""
    walked = Walk(text)
    try:
        walked.reference = parse_reference(text)
        walked.passed(1, str(walked.reference))
        async with origin_of(walked.reference, site, where=walked.where) as origin:
            walked.place = origin.place
            await _steps(walked, site, origin, must_be_locked=must_be_locked)
    except PluginRefused as error:
        walked.error = error
        for step in (3, 5, 6, 7):  # judged as one; the first that fails is told
            if walked.judging and step < error.step:
                walked.passed(step, "")
        walked.rows.append(Row(error.step or 1, error.message.partition(": ")[2] or error.message, passed=False))
    except McpgError as error:
        walked.error = error
        step = max((row.step for row in walked.rows), default=0) + 1
        walked.rows.append(Row(step, error.message, passed=False))
    walked.rows.sort(key=lambda row: row.step)
    return walked


async def _steps(walked: Walk, site: Site, origin: Origin, *, must_be_locked: bool) -> None:
    claim = walked.claim = await origin.claim()
    walked.passed(2, f"{claim.manifest.digest}, {claim.manifest.size} bytes, from {origin.place}")
    locked = _locked(walked, site, claim)
    revocations = await asyncio.to_thread(site.index, locked=locked is not None)  # 4
    walked.passed(4, f"version {revocations.version}, {site.revocations.freshness(site.now).state}")
    rule = _rule(walked, site, claim)
    if must_be_locked and locked is None:
        remedy = "write it into the lock on purpose with `mcpg plugin lock`"
        raise refusal(8, "the lock does not name it", where=walked.where, remedy=remedy, code="not-locked")
    walked.judging = True
    proven = walked.proven = prove(
        claim, Judgement(rule, site.now, revoked(revocations), locked), where=walked.where
    )  # 3, 5 to 8
    walked.judging = False
    _tell_proven(walked, proven, locked)
    wasm = await origin.layer(claim, proven.layer)
    walked.passed(9, f"{proven.layer.digest}, {proven.layer.size} bytes")
    walked.artifact = artifact_of(proven, wasm)
    await _component(walked, walked.artifact, revocations, site.state / "compiled")


async def _component(walked: Walk, artifact: Artifact, revocations: RevocationIndex, cache: Path) -> None:
    described, verdict = await asyncio.to_thread(judge_component, artifact, revocations, walked.where)
    walked.described, walked.verdict = described, verdict
    found = walked.inspection = await inspected(artifact.wasm, walked.text, cache)
    if found.faults:
        remedy = "have its publisher build it anew"
        raise refusal(10, "; ".join(found.faults), where=walked.where, remedy=remedy, code="bad-component")
    manifest, what = described.manifest, "nothing" if found.pure else "virtual WASI only"
    warned = f"; warned of: {verdict.reason()}" if verdict.entries else ", not revoked"
    walked.passed(10, f"{manifest.id} {manifest.version}, {manifest.kind.value}, imports {what}{warned}")


def _tell_proven(walked: Walk, proven: Proven, locked: Locked | None) -> None:
    signed, rule = proven.signed, walked.rule
    walked.passed(3, f"one layer of {proven.layer.media_type}, {proven.layer.size} bytes")
    walked.passed(5, f"{len(proven.claim.referrers)} statements")
    signers = [*map(str, signed.keys), *map(str, signed.identities)]
    prefix = f" for `{rule.prefix}`" if rule else ""
    walked.passed(6, f"{', '.join(signers)}, trusted{prefix}{' this once' if walked.once else ''}")
    walked.passed(7, f"{signed.release.id} {signed.release.version}, {signed.release.world}")
    walked.passed(8, "the locked digest" if locked else "not locked")


def _rule(walked: Walk, site: Site, claim: Claim) -> Rule:
    if isinstance(walked.reference, BuiltinReference):
        walked.rule = Bundle.open().rule
    else:
        keys = claimed_keys(claim.bundles())
        walked.rule = site.trust.rule_for(claim.repository, where=walked.where, claimed=keys)
        walked.once = claim.repository in site.trust.once
    return walked.rule


def _locked(walked: Walk, site: Site, claim: Claim) -> Locked | None:
    if isinstance(walked.reference, BuiltinReference):
        return Bundle.open().locked(walked.reference.name)
    return site.locked(walked.text) or site.locked_digest(claim.repository, claim.manifest.digest)
