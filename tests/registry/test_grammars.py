"""Digests, strict JSON and versions."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg_registry.digests import Checker, digest_bytes, parse_digest
from mcpg_registry.strict_json import compact, parse_object
from mcpg_registry.versions import in_range, parse_range, version_key

scalars = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.text())
documents = st.dictionaries(
    st.text(),
    st.recursive(scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)), max_leaves=8),
)


@given(st.binary(), st.lists(st.integers(0, 40)))
def test_a_stream_is_accepted_only_as_a_whole(data: bytes, cuts: list[int]) -> None:
    checker = Checker(digest_bytes(data), len(data))
    at = 0
    for cut in [*cuts, len(data)]:
        checker.feed(data[at : at + cut])
        at = min(at + cut, len(data))
    checker.feed(data[at:])
    checker.finish()
    assert digest_bytes(data) == "sha256:" + hashlib.sha256(data).hexdigest()


def test_a_stream_that_is_too_long_ends_at_the_first_byte_too_many() -> None:
    checker = Checker(digest_bytes(b"abc"), 3)
    checker.feed(b"abc")
    with pytest.raises(ValueError, match="more than the 3 bytes"):
        checker.feed(b"d")


@pytest.mark.parametrize("data", [b"ab", b"abd"])
def test_a_stream_that_is_short_or_other_is_refused(data: bytes) -> None:
    checker = Checker(digest_bytes(b"abc"), 3)
    checker.feed(data)
    with pytest.raises(ValueError, match="wanted"):
        checker.finish()


@pytest.mark.parametrize(
    "text", [None, 1, "", "sha256:", "sha256:" + "g" * 64, "sha256:" + "a" * 64 + "\n", "sha1:" + "a" * 40]
)
def test_what_is_no_digest(text: object) -> None:
    with pytest.raises(ValueError, match="is not a digest"):
        parse_digest(text)


@given(documents)
def test_compact_json_reads_back(document: dict[str, object]) -> None:
    try:
        text = compact(document)
    except UnicodeEncodeError:
        return
    assert parse_object(text, len(text)) == document
    assert compact(parse_object(text, len(text))) == text


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"a":1,"a":2}', "twice"),
        (b'{"x":{"a":1,"\\u0061":2}}', "twice"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "Infinity"),
        (b"[]", "wanted an object"),
        (b"", "no JSON"),
        (b'{"a":1}x', "no JSON"),
        (b'\xef\xbb\xbf{"a":1}', "no JSON|UTF-8|BOM"),
        (b'{"a":"\xff"}', "no UTF-8"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a":' + b"9" * 30 + b"}", "20 digits"),
        (b'{"a":"' + b"x" * 300_000 + b'"}', "at most"),
    ],
)
def test_json_that_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_object(data, 250_000)


def test_versions_sort_as_semver_says() -> None:
    ordered = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"]
    ordered += ["1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0"]
    assert sorted(ordered, key=version_key) == ordered
    assert len({version_key(each) for each in ordered}) == len(ordered)


@pytest.mark.parametrize(
    ("version", "wanted", "inside"),
    [
        ("1.2.0", "*", True),
        ("1.2.0", "<1.2.0", False),
        ("1.2.0", "<=1.2.0", True),
        ("1.2.0", ">=1.0.0 <1.2.1", True),
        ("1.2.1", ">=1.0.0 <1.2.1", False),
        ("1.2.0-rc.1", "<1.2.0", True),
        ("1.2.0", "=1.2.0", True),
        ("1.3.0", ">1.2.0", True),
    ],
)
def test_ranges(version: str, wanted: str, inside: bool) -> None:  # noqa: FBT001 - a column of the table
    assert in_range(version, parse_range(wanted)) is inside


@pytest.mark.parametrize(
    "text", ["", " ", "1.0.0", "<", "<1", "~1.0.0", "<1.0.0,>2.0.0", "<1.0.0+build", "<01.0.0", "<1.0.0-01"]
)
def test_ranges_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"version|comparison|empty"):
        parse_range(text)
