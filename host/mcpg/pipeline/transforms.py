"""Stages 5 and 11: transforms on the way in, in order, and on the way out, in reverse. It rewrites nothing itself.

A transform that fails ends the call with an error, never with the value as it was; only one that is not for security,
and whose use says so, may be skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.problems import BadDocument, PluginRefused, RunFailed
from mcpg.pipeline.blobs import LARGE
from mcpg.pipeline.reading import parse_object
from mcpg.pipeline.refusals import denied, unavailable
from mcpg.pipeline.runs import Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mcpg.contract.verdicts import Case
    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.stages import Stage
    from mcpg.pipeline.work import Work

__all__ = ["TransformChain"]

_encode = msgspec.json.Encoder(order="deterministic").encode


class TransformChain:
    """Runs transforms over a call's arguments and over its result."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def inbound(self, chain: Sequence[Stage], call: dict[str, Any], work: Work) -> dict[str, Any] | None:
        """Return the changed arguments, or None when no transform changed them; raises `Refusal`."""
        changed = None
        for stage in chain:
            text = _text(stage, "call", call, work)
            new = await self._one(Question(stage, "transform-in", "before", (work.known.text(stage.reads), text), work))
            if new is not None:
                changed = work.blobs.restore(new)
                call = {**call, "arguments": changed}
        return changed

    async def outbound(
        self, chain: Sequence[Stage], call: Mapping[str, Any], outcome: dict[str, Any], work: Work
    ) -> dict[str, Any]:
        """Return the result after all transforms, in reverse order; raises `Refusal`."""
        for stage in reversed(chain):
            documents = (
                work.known.text(stage.reads),
                _text(stage, "call", call, work),
                _text(stage, "outcome", outcome, work),
            )
            new = await self._one(Question(stage, "transform-out", "after", documents, work))
            if new is not None:
                outcome = {**outcome, "result": work.blobs.restore(new)}
        result: dict[str, Any] = outcome["result"]
        return result

    async def _one(self, question: Question) -> dict[str, Any] | None:
        stage, work = question.stage, question.work
        try:
            change = await self._runner.run(question)
            return _changed(stage, change, work)
        except (RunFailed, PluginRefused) as error:
            if stage.on_failure == "skip":
                work.trace[-1]["skipped"] = True
                return None
            raise unavailable(f"transform `{stage.use}` failed: {error.code}", work.call_id) from error


def _text(stage: Stage, root: str, document: Mapping[str, Any], work: Work) -> str:
    facts = work.request_facts if root == "call" else None
    text = stage.reads.text(root, document, facts)
    if len(text) <= LARGE or stage.guest.manifest.whole_bodies:
        return text
    return _encode(work.blobs.shrink(stage.reads.project(root, document, facts))).decode()


def _changed(stage: Stage, change: Case, work: Work) -> dict[str, Any] | None:
    if change.tag == "unchanged":
        return None
    if change.tag == "deny":
        raise denied(change.value.message, work.call_id, code=change.value.code)
    if change.tag != "changed":
        raise RunFailed(change.value.message, code=change.value.code)
    try:
        return parse_object(change.value, stage.use)
    except BadDocument as error:
        work.fault(error)
        raise
