"""Property mode: random valid inputs, for which every plugin must hold what the contract wants of it.

No trap, an end within the bounds, effects declared and valid, answers within their schemas, and the same answer to the
same question in a fresh instance as in one that has answered before. What a plugin answers is its own business.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any, Final

from mcpg.contract.problems import McpgError
from mcpg.workshop.cases.dumping import case_text, effect_of, run_facts
from mcpg.workshop.cases.generating import Chance
from mcpg.workshop.cases.inventing import Inventor, Replies
from mcpg.workshop.cases.reading import FUNCTIONS
from mcpg.workshop.cases.running import Stands
from mcpg.workshop.cases.script import LOG
from mcpg.workshop.cases.shrinking import smaller
from mcpg.workshop.cases.walking import Walk, repeat, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg.contract.verdicts import Case
    from mcpg.workshop.cases.coverage import Coverage
    from mcpg.workshop.cases.model import Fault, PluginCase
    from mcpg.workshop.stand import Workbench

__all__ = ["Broken", "Properties", "run_properties"]

STEPS: Final = 300
"""Runs that may be spent on making a failing input smaller."""
BUG: Final = "plugin-error"
"""The code under which SDKs tell of an error that the author's code did not expect."""


@dataclass(frozen=True, slots=True)
class Broken:
    """An input for which a property does not hold, made small: what is wrong, and the input as a case in YAML."""

    fault: Fault
    yaml: str


@dataclass(frozen=True, slots=True)
class Properties:
    """What came of it: how many inputs were tried, and the first that failed, if one did.

    `bugs` counts answers `failed` with code `plugin-error`, of which `bug` is the first message: valid answers, but the
    author will not have wanted them.
    """

    seed: int
    tried: int
    broken: Broken | None = None
    bugs: int = 0
    bug: str = ""

    def document(self) -> dict[str, Any]:
        """Return the outcome as plain values."""
        failed = None if self.broken is None else {"fault": self.broken.fault.document(), "case": self.broken.yaml}
        return {"seed": self.seed, "tried": self.tried, "failed": failed, "bugs": self.bugs, "bug": self.bug}


async def run_properties(
    bench: Workbench, cases: Sequence[PluginCase], *, count: int, seed: int, coverage: Coverage | None = None
) -> Properties:
    """Try `count` inputs; the first for which something does not hold ends it, made smaller.

    The same seed, cases and component give the same inputs.
    """
    chance = Chance(Random(seed))  # noqa: S311 - repeatable is what it must be
    inventor = Inventor(bench.manifest, cases, chance)
    stands = Stands(bench)
    bugs, bug = 0, ""
    for number in range(1, count + 1):
        question = inventor.question(f"property {number} of seed {seed}")
        walked, fault = await _hold(stands, question, Replies(cases, chance))
        if walked is None:
            continue
        if fault is not None:
            return Properties(seed, number, await _shrunk(stands, question, walked, fault), bugs, bug)
        if coverage is not None:
            coverage.note(question.ask, walked)
        if walked.answer is not None and walked.answer.tag in {"failed", "err"} and walked.value["code"] == BUG:
            bugs, bug = bugs + 1, bug or walked.value["message"]
    return Properties(seed, count, None, bugs, bug)


async def _hold(stands: Stands, case: PluginCase, replies: Replies) -> tuple[Walk | None, Fault | None]:
    """Return a run and what does not hold of it; no run where the input cannot be asked at all."""
    try:
        stand = await stands.under(case.config, case.base)
        question = stand.prepare(case.ask, case.documents, case.run)
    except McpgError:
        return None, None
    walked = await walk(stand, question, replies)
    return walked, walked.fault or await repeat(stand, question, walked, times=1)


async def _shrunk(stands: Stands, case: PluginCase, walked: Walk, fault: Fault) -> Broken:
    """Make a failing input smaller as long as it fails in the same way, for a bounded number of runs."""
    steps = STEPS
    better = True
    while better and steps > 0:
        better = False
        for changed, replies in _simpler(case, walked):
            if steps == 0:
                break
            steps -= 1
            again, found = await _hold(stands, changed, Replies((), None, replies))
            if again is not None and found is not None and found.code == fault.code:
                case, walked, fault, better = changed, again, found, True
                break
    return Broken(fault, _as_yaml(case, walked, fault))


def _simpler(case: PluginCase, walked: Walk) -> list[tuple[PluginCase, list[Case]]]:
    options = [(replace(case, documents=less), walked.replies) for less in smaller(dict(case.documents))]
    for place, reply in enumerate(walked.replies):
        if reply.tag != "ok":
            continue
        for less in smaller(json.loads(reply.value)):
            changed = reply._replace(value=json.dumps(less))
            options.append((case, [*walked.replies[:place], changed, *walked.replies[place + 1 :]]))
    return options


def _as_yaml(case: PluginCase, walked: Walk, fault: Fault) -> str:
    document: dict[str, Any] = {"name": case.name, "config": dict(case.config), "ask": case.ask}
    if case.documents:
        document["with"] = dict(case.documents)
    if told := run_facts(case.run.id, case.run.now, case.run.seed):
        document["run"] = told
    pairs = zip(walked.effects, walked.replies, strict=False)
    if effects := [effect_of(effect, reply) for effect, reply in pairs if effect.driver != LOG]:
        document["effects"] = effects
    tags = FUNCTIONS[case.ask][1].tags
    document["answer"] = "err" if "err" in tags else "failed"
    note = f"  # it ended with `{fault.code}`; write the answer that you want"
    return case_text(document).rstrip("\n") + note + "\n"
