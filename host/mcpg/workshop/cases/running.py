"""Runs cases: each is a whole run in fresh instances, made again twice in one instance. Nothing is performed.

What a case costs is what its passes cost: a component is opened once, and stood up once for each configuration.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from mcpg.contract.problems import ConfigError, ConfigurationRefused, McpgError, PluginTrapped
from mcpg.workshop.cases.comparing import differences
from mcpg.workshop.cases.coverage import Coverage
from mcpg.workshop.cases.model import ANY, Difference, Fault
from mcpg.workshop.cases.script import Script
from mcpg.workshop.cases.traps import Tracer
from mcpg.workshop.cases.walking import Walk, repeat, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from mcpg.contract.verdicts import Effect
    from mcpg.workshop.cases.model import PluginCase
    from mcpg.workshop.stand import Stand, Workbench

__all__ = ["Ran", "Report", "Stands", "run_cases"]

MOST_STANDS: Final = 4
OUTSIDE: Final = "bad-config"
"""How cases call a configuration outside the manifest's schema: that it is bad, whoever says so first."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of one case. `seconds` are those of its passes; `logs` the log lines that it asked for."""

    case: PluginCase
    fault: Fault | None
    seconds: float = 0.0
    passes: int = 0
    logs: tuple[dict[str, Any], ...] = ()
    tag: str = ""
    effects: tuple[Effect, ...] = ()
    """All effects that were asked for, in their order."""

    def document(self) -> dict[str, Any]:
        """Return the outcome as plain values."""
        return {
            "name": self.case.name,
            "where": self.case.where,
            "good": self.fault is None,
            "ms": round(self.seconds * 1000, 3),
            "passes": self.passes,
            "answer": self.tag,
            "effects": [f"{each.driver} {each.request}" for each in self.effects],
            "logs": list(self.logs),
            "fault": None if self.fault is None else self.fault.document(),
        }


@dataclass(slots=True)
class Report:
    """What became of all cases, and what of the plugin they exercised."""

    coverage: Coverage
    ran: list[Ran] = field(default_factory=list)

    @property
    def failed(self) -> tuple[Ran, ...]:
        """The cases that did not go as they should."""
        return tuple(each for each in self.ran if each.fault is not None)


class Stands:
    """A component under the configurations of late, each stood up once; at most four are kept."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self._kept: OrderedDict[tuple[str, Path | None], Stand] = OrderedDict()

    async def under(self, config: Mapping[str, Any], base: Path | None) -> Stand:
        """Return the component under `config`; raises as `Workbench.stand` does."""
        key = (json.dumps(config, sort_keys=True, default=repr), base)
        found = self._kept.pop(key, None)
        if found is None:
            found = await self.bench.stand(config, base)
        self._kept[key] = found
        while len(self._kept) > MOST_STANDS:
            await self._kept.popitem(last=False)[1].close()
        return found


async def run_cases(
    bench: Workbench,
    cases: Iterable[PluginCase],
    *,
    traced: Path | None = None,
    cache: Path | None = None,
    each: Callable[[Ran], None] = lambda _: None,
) -> Report:
    """Run cases one after the other; `each` gets the outcome of every one as soon as it is there.

    `traced` is the same component with line tables, asked only to say where a trap happened; its compiled form is kept
    in `cache`. Raises nothing that a plugin or a case can cause.
    """
    report = Report(Coverage(bench.manifest))
    stands = Stands(bench)
    async with Tracer(traced, bench.manifest, cache) as tracer:
        for case in cases:
            ran = await _refused(stands, case) if case.refuses is not None else await _run(stands, case, tracer, report)
            report.ran.append(ran)
            each(ran)
    return report


async def _run(stands: Stands, case: PluginCase, tracer: Tracer, report: Report) -> Ran:
    try:
        stand = await stands.under(case.config, case.base)
        question = stand.prepare(case.ask, case.documents, case.run)
    except McpgError as error:
        return Ran(case, Fault(error.code, error.message, case.where, error.remedy))
    script = Script(case.effects)
    walked = await walk(stand, question, script)
    fault = walked.fault or _failed(case, walked) or script.left() or _answered(case, walked)
    if isinstance(walked.error, PluginTrapped):
        fault = await tracer.located(walked, case, question)
    if walked.error is None:  # that the same question has two answers explains a wrong one
        fault = await repeat(stand, question, walked) or fault
    if walked.answer is not None:
        report.coverage.note(case.ask, walked)
    if fault is not None and not fault.where:
        fault = replace(fault, where=case.where)
    tag = walked.answer.tag if walked.answer is not None else ""
    return Ran(case, fault, walked.seconds, len(walked.passes), tuple(script.logs), tag, tuple(walked.effects))


def _failed(case: PluginCase, walked: Walk) -> Fault | None:
    """Return the fault of a plugin that failed unasked: why it did says more than what it did not ask for any more."""
    failed = walked.answer is not None and walked.answer.tag in {"failed", "err"}
    return _answered(case, walked) if failed else None


def _answered(case: PluginCase, walked: Walk) -> Fault | None:
    """Return how the answer is not the one wanted."""
    wanted, answer = case.answer, walked.answer
    if wanted is None or answer is None:
        return None
    if wanted.tag != answer.tag:
        expected = wanted.tag if wanted.value is ANY else {wanted.tag: wanted.value}
        found = answer.tag if walked.value is None else {answer.tag: walked.value}
        told: tuple[Difference, ...] = (Difference("/answer", expected, found),)
    else:
        told = differences(wanted.value, walked.value, f"/answer/{wanted.tag}")
    if not told:
        return None
    remedy = "mend the plugin, or the case"
    return Fault("other-answer", "the answer is not the one expected", wanted.where, remedy, told)


async def _refused(stands: Stands, case: PluginCase) -> Ran:
    """Stand the component up under a configuration that it must refuse."""
    wanted = case.refuses or {}
    try:
        await stands.under(case.config, case.base)
    except ConfigurationRefused as error:
        found = {"code": error.reason, "message": error.said}
    except ConfigError as error:
        code = OUTSIDE if error.code == "bad-plugin-config" else error.code
        found = {"code": code, "message": error.message}
    except McpgError as error:
        return Ran(case, Fault(error.code, error.message, case.where, error.remedy))
    else:
        taken = (Difference("/refuses", dict(wanted), ANY),)
        remedy = "have the schema of `config` refuse it, or `configure`"
        return Ran(case, Fault("not-refused", "the configuration was taken", case.where, remedy, taken))
    told = differences(wanted, found, "/refuses")
    fault = Fault("other-refusal", "it was refused for another reason", case.where, "", told) if told else None
    return Ran(case, fault, tag="refuses")
