from __future__ import annotations

import time
from pathlib import Path

import pytest

from mcpg.contract.manifest import Limits
from mcpg.sandbox import PassLimits, SandboxSettings
from mcpg.sandbox.engine import Ticker, new_engine, ticks


def test_a_manifests_limits_are_numbers() -> None:
    assert PassLimits.of(Limits()) == PassLimits(memory=64 << 20, time=0.05, output=1 << 20)
    assert PassLimits.of(Limits(memory="512KiB", time="2s", output="3KiB")) == PassLimits(512 << 10, 2.0, 3 << 10)


@pytest.mark.parametrize("text", ["64", "64GB", "-1MiB", "1.5MiB", ""])
def test_a_limit_that_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number with one of"):
        PassLimits.of(Limits(memory=text))


def test_the_operators_caps_win() -> None:
    settings = SandboxSettings(cache=Path(), max_memory=10, max_time=2.0, max_output=3)
    assert settings.capped(PassLimits(memory=100, time=1.0, output=100)) == PassLimits(10, 1.0, 3)


def test_a_deadline_is_never_shorter_than_asked() -> None:
    assert [ticks(seconds) for seconds in (0.0, 0.002, 0.05)] == [2, 3, 51]


def test_the_ticker_sleeps_when_nothing_runs_and_wakes_for_a_pass() -> None:
    ticker = Ticker(new_engine())
    ticker.start()
    ticker.start()
    _until(lambda: ticker.asleep)
    ticker.passes += 1
    ticker.wake()
    _until(lambda: not ticker.asleep)
    ticker.active += 1
    time.sleep(0.1)
    assert not ticker.asleep
    ticker.active -= 1
    _until(lambda: ticker.asleep)
    ticker.stop()
    ticker.stop()


def _until(condition: object) -> None:
    deadline = time.monotonic() + 10
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.001)
