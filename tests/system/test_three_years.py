"""A fresh clone does not die of age: the program as it is, at a clock three years on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.debian import debian
from tests.system.kit import document, text_of

if TYPE_CHECKING:
    from tests.system.kit import Gateway

pytestmark = pytest.mark.real
THREE_YEARS = "+1096d"


@pytest.fixture(scope="module")
def faked() -> dict[str, str]:
    """The environment of a process whose wall clock is three years ahead and whose monotonic clock is right."""
    debian("faketime")
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    return {"LD_PRELOAD": str(library), "FAKETIME": THREE_YEARS, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def test_a_gateway_starts_and_answers_at_a_clock_three_years_on(gateway: Gateway, faked: dict[str, str]) -> None:
    gateway.variables = faked
    assert int(gateway.python("import time; print(int(time.time()))")) > 1_850_000_000
    gateway.write(document())
    gateway.start()
    assert "hello" in text_of(gateway.call("echo", check=0))
    assert gateway.stop() == 0
    gateway.verified()


def test_everything_that_is_built_in_verifies_at_a_clock_three_years_on(
    gateway: Gateway, faked: dict[str, str]
) -> None:
    gateway.variables = faked
    gateway.run("plugin", "list", "--json")
