"""Variables: put in once, named when missing, never looked at again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.config.interpolate import interpolate
from mcpg.config.source import Source


def _read(text: str, environment: dict[str, str]) -> tuple[str, list[str]]:
    data, findings = interpolate(Source("f", {"k": [text]}), environment)
    return data["k"][0], [finding.message for finding in findings]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${env.A}", "one"),
        ("x${env.A}y${env.B}z", "xoneytwoz"),
        ("${env.NONE:-d}", "d"),
        ("${env.EMPTY:-d}", "d"),
        ("${env.EMPTY}", ""),
        ("${env.NONE:-}", ""),
        ("${env.NONE:-a:-b}", "a:-b"),
        ("${env.A:-d}", "one"),
        ("$${env.A}", "${env.A}"),
        ("${HOME} $A {{ a }} ${A}", "${HOME} $A {{ a }} ${A}"),
    ],
)
def test_it_is_put_in(text: str, value: str) -> None:
    assert _read(text, {"A": "one", "B": "two", "EMPTY": ""}) == (value, [])


@pytest.mark.parametrize("text", ["${env.A", "${env}", "${env.}", "${env.9}", "${env.A-B}", "${envA}", "${env.A:?x}"])
def test_what_is_no_variable_is_an_error(text: str) -> None:
    assert len(_read(text, {"A": "one"})[1]) == 1


def test_every_missing_variable_is_named() -> None:
    _, messages = _read("${env.A}${env.B}", {})
    assert messages == ["the environment variable `A` is not set", "the environment variable `B` is not set"]


@given(st.text(max_size=30) | st.sampled_from(["${env.B}", "$${env.B}", "${env.A}", "secret://env/X"]))
def test_a_variables_value_is_not_looked_at_again(value: str) -> None:
    assert _read("<${env.A}>", {"A": value, "B": "no"}) == (f"<{value}>", [])


def test_only_text_is_looked_at_and_keys_are_not() -> None:
    data, findings = interpolate(Source("f", {"${env.A}": [1, True, None, 1.5]}), {})
    assert (data, findings) == ({"${env.A}": [1, True, None, 1.5]}, [])
