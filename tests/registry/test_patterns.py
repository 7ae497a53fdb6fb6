from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg_registry.trust.patterns import MAX_PATTERN, parse_pattern

WORKFLOW = r"^https://github\.com/acme/[^/]+/\.github/workflows/release\.yml@refs/tags/v[0-9.]+$"


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (
            WORKFLOW,
            ["https://github.com/acme/redact/.github/workflows/release.yml@refs/tags/v1.2.0"],
            [
                "https://githubxcom/acme/redact/.github/workflows/release.yml@refs/tags/v1.2.0",
                "https://github.com/acme/a/b/.github/workflows/release.yml@refs/tags/v1.2.0",
                "https://github.com/acme/redact/.github/workflows/release.yml@refs/tags/v1.2.0-evil",
                "xhttps://github.com/acme/redact/.github/workflows/release.yml@refs/tags/v1.2.0",
            ],
        ),
        (r"^[a-z]+@acme\.example$", ["ana@acme.example"], ["@acme.example", "ana@acme.examples", "Ana@acme.example"]),
        (r"^https?://x$", ["http://x", "https://x"], ["httpss://x", "htps://x"]),
        (r"^a.*b.*c$", ["abc", "aXbYc", "abbbcc"], ["ab", "acb", "ac"]),
        (r"^x.+$", ["xy", "xyz"], ["x", ""]),
        (r"^[\]\-a]$", ["]", "-", "a"], ["\\", "b"]),
        (r"^[a-]$", ["a", "-"], ["b"]),
        (r"^a b$", ["a b"], ["ab"]),
        (r"^\$\^$", ["$^"], ["$"]),
    ],
)
def test_what_matches_and_what_does_not(pattern: str, yes: list[str], no: list[str]) -> None:
    read = parse_pattern(pattern)
    assert [text for text in yes if not read.matches(text)] == []
    assert [text for text in no if read.matches(text)] == []


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("", "not anchored"),
        ("https://github.com/acme/.*", "not anchored"),
        ("^https://x", "not anchored"),
        ("https://x$", "not anchored"),
        ("^$", "not anchored"),
        ("^https://github.com/acme$", "lone dot"),
        ("^a.?b$", "lone dot"),
        ("^.*$", "trusts everybody"),
        ("^.+.*$", "trusts everybody"),
        ("^(a|b)$", "write several identities"),
        ("^a|b$", "write several identities"),
        ("^a{2}$", "write several identities"),
        ("^a**$", "a quantifier follows"),
        ("^*a$", "a quantifier follows"),
        ("^a^b$", "behind a backslash"),
        (r"^\d+$", "only signs are escaped"),
        (r"^a\$", "only signs are escaped"),
        ("^[]$", "empty or has no closing"),
        ("^[^]$", "empty or has no closing"),
        ("^[abc$", "empty or has no closing"),
        ("^[z-a]$", "does not rise"),
        ("^[a-\N{LATIN SMALL LETTER E WITH ACUTE}]$", "leaves ASCII"),
        ("^[[a]$", "wants a backslash"),
        ("^a\x00b$", "printable"),
        ("^" + "a" * MAX_PATTERN + "$", "at most"),
    ],
)
def test_patterns_that_are_refused(pattern: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_pattern(pattern)


def test_what_makes_other_engines_slow_is_quick() -> None:
    read = parse_pattern("^" + "a*" * 200 + "b$")
    assert not read.matches("a" * 2000)
    assert read.matches("a" * 1999 + "b")


def test_texts_that_are_too_long_or_unprintable_never_match() -> None:
    read = parse_pattern("^a.*$")
    assert read.matches("a" * 2048)
    assert not read.matches("a" * 2049)
    assert not read.matches("a\n")


_atoms = st.sampled_from(["a", "b", r"\.", "[ab]", "[^a]", "[a-c.]"])
_pieces = st.tuples(_atoms, st.sampled_from(["", "*", "+", "?"])).map("".join) | st.sampled_from([".*", ".+"])


@given(st.lists(_pieces, min_size=1, max_size=6).map("".join), st.text("abc.", max_size=8))
def test_it_means_what_regular_expressions_mean(body: str, text: str) -> None:
    try:
        read = parse_pattern(f"^{body}$")
    except ValueError as error:
        assert "trusts everybody" in str(error)  # noqa: PT017 - the only refusal that this grammar can meet
        return
    assert read.matches(text) == (re.fullmatch(body, text) is not None)
