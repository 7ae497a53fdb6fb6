"""The driver `log`: what is written, what is dropped, and that nothing in it steers a terminal or breaks a line."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from tests.effects.kit import using

from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.effects.desk import Desk
from mcpg.effects.log import LogDriver
from mcpg.gateway.logs import set_up_logs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lines() -> Iterator[list[logging.LogRecord]]:
    """Give what is logged for the plugin use of these tests, from debug on."""
    kept: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = kept.append  # type: ignore[method-assign]
    logger = logging.getLogger("mcpg.plugins.use")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield kept
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


async def test_a_line_has_its_level_logger_call_and_data(lines: list[logging.LogRecord]) -> None:
    async with using(LogDriver(), {"log": {}}) as use:
        assert await use.ok(level="warning", message="slow", data={"ms": 12}) == {}
        assert await use.ok(message="plain") == {}
    (slow, plain) = lines
    assert (slow.levelname, slow.name, slow.getMessage()) == ("WARNING", "mcpg.plugins.use", "slow")
    assert slow.__dict__["facts"] == {"call": "run-1", "data": {"ms": 12}}
    assert (plain.levelname, plain.__dict__["facts"]) == ("INFO", {"call": "run-1"})


@pytest.mark.parametrize(("level", "written"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
async def test_the_level_allows_and_denies(lines: list[logging.LogRecord], level: str, written: int) -> None:
    async with using(LogDriver(), {"log": {"level": level}}) as use:
        for each in ("debug", "info", "warning", "error"):
            assert await use.ok(level=each, message=each) == {}
    assert len(lines) == written


async def test_the_pace_of_a_use_is_bounded_over_all_its_runs_and_what_was_dropped_is_told(
    lines: list[logging.LogRecord],
) -> None:
    async with using(LogDriver(), {"log": {"per_second": 1}}) as use:
        for number in range(50):
            effect, context = use.effect(message=f"{number}"), use.context(run=f"run-{number}")
            assert (await use.effects.perform(effect, context)).value == "{}"
        dropped = 50 - len(lines)
        assert 25 <= dropped <= 30
        grant = use.effects._held["log"].grant  # type: ignore[attr-defined]
        grant.pace._runs.clear()
        await use.ok(message="again")
    assert lines[-2].getMessage() == f"`use` logs too fast: {dropped} lines were dropped (`per_second`)"
    assert lines[-1].getMessage() == "again"


async def test_a_line_stays_one_line_and_steers_no_terminal(lines: list[logging.LogRecord]) -> None:
    async with using(LogDriver(), {"log": {}}) as use:
        await use.ok(message="a\nERROR forged \x1b[2J", data={"k\x9b": ["\u202e\x00"]})
    assert lines[0].getMessage() == "a\ufffdERROR forged \ufffd[2J"
    assert lines[0].__dict__["facts"]["data"] == {"k\ufffd": ["\ufffd\ufffd"]}


@pytest.mark.parametrize(
    "request_",
    [{"message": "x" * 4097}, {"message": "x", "data": "x" * 20_000}, {"message": "x", "level": "critical"},
     {"message": "x", "data": json.loads("[" * 20 + "]" * 20)}, {"message": "x", "logger": "root"}],
)  # fmt: skip
async def test_what_is_too_long_too_deep_or_unknown_is_refused(request_: dict[str, Any]) -> None:
    async with using(LogDriver(), {"log": {}}) as use:
        with pytest.raises(EffectDenied):
            use.check(**request_)


async def test_nothing_is_granted_by_default() -> None:
    async with using(LogDriver(), {}) as use:
        with pytest.raises(EffectDenied, match="has no grant for driver `log`"):
            use.check(message="x")


@pytest.mark.parametrize("grant", [{"level": "trace"}, {"per_second": 0}, {"per_second": 1001}, {"rate": 1}])
def test_a_bad_grant_is_refused(grant: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Desk([LogDriver()], {}).granted("use", {"log": grant})


@pytest.mark.parametrize("form", ["json", "text"])
async def test_the_gateways_log_shows_it_in_both_forms(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger("mcpg")
    before = (root.handlers[:], root.level, root.propagate)
    try:
        set_up_logs(_settings(form))
        async with using(LogDriver(), {"log": {}}) as use:
            await use.ok(message="greeted", data={"name": "ana"})
    finally:
        root.handlers[:], root.propagate = before[0], before[2]
        root.setLevel(before[1])
    line = capsys.readouterr().err.strip()
    if form == "json":
        told = json.loads(line)
        assert {key: told[key] for key in ("logger", "message", "call", "data")} == {
            "logger": "mcpg.plugins.use", "message": "greeted", "call": "run-1", "data": {"name": "ana"}
        }  # fmt: skip
    else:
        assert line.endswith("INFO mcpg.plugins.use: greeted (call run-1)")


def _settings(form: str) -> Any:
    from mcpg.config.root import Logs  # noqa: PLC0415 - only these two cases need the configuration

    return Logs.model_validate({"format": form})
