from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sandbox.world import guest_bytes

from mcpg.contract.manifest import MAX_MANIFEST, decode_manifest
from mcpg.contract.problems import PluginRefused
from mcpg.sandbox import manifest_section
from mcpg.sandbox.sections import PREAMBLE

NAME = b"mcpg:manifest"


def leb(number: int) -> bytes:
    out = bytearray()
    while True:
        byte, number = number & 0x7F, number >> 7
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def section(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + leb(len(body)) + body


def custom(name: bytes, body: bytes) -> bytes:
    return section(0, leb(len(name)) + name + body)


OTHERS = st.one_of(
    st.builds(section, st.integers(1, 12), st.binary(max_size=300)),
    st.builds(custom, st.binary(max_size=30).filter(lambda name: name != NAME), st.binary(max_size=300)),
)


@given(st.lists(OTHERS, max_size=6), st.lists(OTHERS, max_size=6), st.binary(max_size=2000))
def test_the_one_section_is_found_wherever_it_stands(before: list[bytes], after: list[bytes], body: bytes) -> None:
    assert manifest_section(PREAMBLE + b"".join([*before, custom(NAME, body), *after])) == body


@given(st.lists(OTHERS, max_size=6), st.binary(max_size=50), st.binary(max_size=50))
def test_none_and_two_are_refused(others: list[bytes], one: bytes, two: bytes) -> None:
    with pytest.raises(PluginRefused, match="no section"):
        manifest_section(PREAMBLE + b"".join(others))
    with pytest.raises(PluginRefused, match="more than one"):
        manifest_section(PREAMBLE + b"".join([custom(NAME, one), *others, custom(NAME, two)]))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(tail: bytes) -> None:
    for wasm in (tail, PREAMBLE + tail, PREAMBLE + b"\0" + tail):
        with contextlib.suppress(PluginRefused):
            assert manifest_section(wasm) in wasm


@given(st.binary(max_size=100), st.data())
def test_a_cut_component_is_refused(body: bytes, data: st.DataObject) -> None:
    whole = PREAMBLE + section(1, b"x" * 10) + custom(NAME, body)
    with pytest.raises(PluginRefused):
        manifest_section(whole[: data.draw(st.integers(0, len(whole) - 1))])


def test_a_section_of_a_nested_component_does_not_count() -> None:
    nested = PREAMBLE + custom(NAME, b"inner")
    with pytest.raises(PluginRefused, match="no section"):
        manifest_section(PREAMBLE + section(4, nested))
    assert manifest_section(PREAMBLE + section(4, nested) + custom(NAME, b"outer")) == b"outer"


@pytest.mark.parametrize(
    ("wasm", "words"),
    [
        (b"\0asm\x01\0\0\0", "core module"),
        (b"(component)", "not a WebAssembly component"),
        (b"", "not a WebAssembly component"),
        (PREAMBLE + b"\0\xff\xff\xff\xff\xff\x01", "32-bit"),
        (PREAMBLE + b"\0\xff\xff\xff\xff\x7f", "32-bit"),
        (PREAMBLE + b"\0\x03\x7fab", "custom section is cut short"),
        (PREAMBLE + b"\1\0" * 70_000, "sections"),
        (PREAMBLE + custom(NAME, b"x" * (MAX_MANIFEST + 1)), "bytes"),
    ],
)
def test_hostile_components_are_refused_with_a_reason(wasm: bytes, words: str) -> None:
    with pytest.raises(PluginRefused, match=words):
        manifest_section(wasm)


def test_a_real_component_with_a_section_put_behind_it_can_be_read() -> None:
    body = b'{"schema": 1}'
    wasm = guest_bytes("good") + custom(NAME, body)
    assert manifest_section(wasm) == body
    with pytest.raises(ValueError, match="id"):
        decode_manifest(manifest_section(wasm))
