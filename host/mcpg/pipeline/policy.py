"""Stages 4 and 6: the policy chain, before there are arguments (`see`) and on the final ones (`decide`).

It combines verdicts; it makes none. A trap, a deadline, an evaluation error and a bad document deny, and so does a
chain in which every engine abstains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mcpg.contract.problems import BadDocument, PluginRefused, RunFailed
from mcpg.contract.verdicts import Case, Problem
from mcpg.pipeline.reading import parse
from mcpg.pipeline.runs import Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.stages import Combine, Stage
    from mcpg.pipeline.work import Work

__all__ = ["CHUNK", "Duty", "Judgement", "PolicyChain"]

CHUNK = 256
_encode = msgspec.json.Encoder(order="deterministic").encode


class Duty(NamedTuple):
    """Something that must be done if the action goes ahead; `detail` is a decoded document."""

    use: str
    kind: str
    detail: Any


class Judgement(NamedTuple):
    """What the chain says: permitted with obligations, or the problem that denies and the use that said it."""

    permitted: bool
    obligations: tuple[Duty, ...] = ()
    problem: Problem | None = None
    use: str = ""


class _Vote(NamedTuple):
    use: str
    tag: str
    obligations: tuple[Duty, ...] = ()
    problem: Problem | None = None


class PolicyChain:
    """Asks every engine and combines what they say."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def decide(
        self, engines: Sequence[Stage], combine: Combine, action: Mapping[str, Any], work: Work
    ) -> Judgement:
        """Judge one action with its final arguments."""
        votes: list[_Vote] = []
        for stage in engines:
            vote = await self._vote(stage, action, work)
            if stage.shadow:
                work.trace[-1]["shadow"] = True
                continue
            votes.append(vote)
            if combine == "first" and vote.tag != "abstain":
                break
        return _combine(votes, combine)

    async def forbids(self, engines: Sequence[Stage], combine: Combine, action: Mapping[str, Any], work: Work) -> bool:
        """Whether an engine denies what belongs to something permitted already: that none speaks of it is no denial."""
        for stage in engines if combine != "off" else ():
            vote = await self._vote(stage, action, work)
            if stage.shadow:
                work.trace[-1]["shadow"] = True
            elif vote.tag == "deny":
                return True
        return False

    async def _vote(self, stage: Stage, action: Mapping[str, Any], work: Work) -> _Vote:
        documents = (work.known.text(stage.reads), stage.reads.text("action", action, work.request_facts))
        try:
            verdict = await self._runner.run(Question(stage, "policy", "decide", documents, work))
            if verdict.tag == "permit":
                return _Vote(stage.use, "permit", _obligations(stage.use, verdict))
        except BadDocument as error:
            work.fault(error)
            return _Vote(stage.use, "deny", problem=Problem(error.code, "the policy could not be evaluated"))
        except (RunFailed, PluginRefused) as error:
            return _Vote(stage.use, "deny", problem=Problem(error.code, "the policy could not be evaluated"))
        if verdict.tag == "deny":
            return _Vote(stage.use, "deny", problem=verdict.value)
        if verdict.tag == "abstain":
            return _Vote(stage.use, "abstain")
        return _Vote(stage.use, "deny", problem=Problem(verdict.value.code, "the policy could not be evaluated"))

    async def see(
        self, engines: Sequence[Stage], combine: Combine, actions: Sequence[Mapping[str, Any]], work: Work
    ) -> list[bool]:
        """Return for each action whether some arguments could make it permitted; a failing engine hides all."""
        enforcing = [stage for stage in engines if not stage.shadow]
        seen: list[bool] = []
        for start in range(0, len(actions), CHUNK):
            chunk = actions[start : start + CHUNK]
            rows = [await self._letters(stage, chunk, work) for stage in enforcing]
            seen += [_visible([row[i] for row in rows], combine) for i in range(len(chunk))]
        return seen

    async def _letters(self, stage: Stage, actions: Sequence[Mapping[str, Any]], work: Work) -> str:
        shown = [stage.reads.project("action", action, work.request_facts) for action in actions]
        documents = (work.known.text(stage.reads), _encode(shown).decode())
        try:
            sight = await self._runner.run(Question(stage, "catalog", "see", documents, work))
        except (RunFailed, PluginRefused):
            return "d" * len(actions)
        if sight.tag != "seen" or len(sight.value) != len(actions) or set(sight.value) - set("pda"):
            return "d" * len(actions)
        return str(sight.value)


def _obligations(use: str, verdict: Case) -> tuple[Duty, ...]:
    return tuple(Duty(use, item.kind, parse(item.detail, use)) for item in verdict.value)


def _combine(votes: list[_Vote], combine: Combine) -> Judgement:
    if combine == "off":
        return Judgement(permitted=True)
    for vote in votes:
        if vote.tag == "deny":
            return Judgement(permitted=False, problem=vote.problem, use=vote.use)
        if vote.tag == "abstain" and combine == "all-permit":
            return Judgement(
                permitted=False, problem=Problem("abstained", "an engine does not permit this"), use=vote.use
            )
    permits = [vote for vote in votes if vote.tag == "permit"]
    if not permits:
        return Judgement(permitted=False, problem=Problem("no-permit", "no policy permits this"))
    return Judgement(permitted=True, obligations=tuple(o for vote in permits for o in vote.obligations))


def _visible(letters: list[str], combine: Combine) -> bool:
    if combine == "off":
        return True
    if combine == "first":
        return next((letter for letter in letters if letter != "a"), "d") == "p"
    if combine == "all-permit":
        return bool(letters) and all(letter == "p" for letter in letters)
    return "d" not in letters and "p" in letters
