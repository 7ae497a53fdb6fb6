"""Where a trap was, read off the engine's trace, and off the line table for the head of a loop."""

from __future__ import annotations

import struct

import pytest

from mcpg.workshop.cases.lines import line_after
from mcpg.workshop.cases.traces import Frame, completed, frames_of, place_in

PANIC = """error while executing at wasm backtrace:
    0:   0x1ad5 - std[a543996e6e7dbf1e]::process::abort
                    at /rustc/59807616e1fa/library/std/src/process.rs:2533:5
    1:    0x116 - <usize as core::slice::index::SliceIndex<[T]>>::index::h68258d496ebd4449
                    at /rustc/59807616e1fa/library/core/src/slice/index.rs:272:10
                - mcpg_sdk::run::drive::h01b605f540708535
                    at /somewhere/my-plugin/sdk/src/run.rs:9:1
                - my_plugin::deep::h01b605f540708535
                    at /somewhere/my-plugin/src/deep.rs:4:6
    2:    0x122 - decide
                    at /somewhere/my-plugin/src/lib.rs:8:5

Caused by:
    wasm trap: wasm `unreachable` instruction executed
"""
LOOP = """error while executing at wasm backtrace:
    0:   0x5d - decide
                    at /somewhere/my-plugin/src/lib.rs
"""


def leb(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80, number >> 7])


def section(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + leb(len(body)) + body


def component(program: bytes, *, version: int = 4) -> tuple[bytes, int]:
    """Return a component with a module that has this line program, and where its code begins."""
    header = bytes([1, 1, 1, 0xFB, 14, 13]) + bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])
    header += b"src\0\0" + b"hint.rs\0\1\0\0" + b"lib.rs\0\1\0\0" + b"\0"
    unit = struct.pack("<HI", version, len(header)) + header + program
    table = struct.pack("<I", len(unit)) + unit
    code = bytes(200)
    module = b"\0asm\1\0\0\0" + section(10, code) + section(0, bytes([11]) + b".debug_line" + table)
    return b"\0asm\x0d\0\1\0" + section(1, module), 8 + 3 + 8 + 3


SET = bytes([0, 5, 2, 60, 0, 0, 0])
"""The address is 60."""
PROGRAM = (
    SET + bytes([4, 2, 3, 0x7F, 1]) + bytes([2, 6, 4, 1, 3, 0xFF, 0x03, 1]) + bytes([9, 8, 0, 4, 2, 3, 0xB9, 0x7C, 1])
)
"""lib.rs has no line at 60, hint.rs line 511 at 66, lib.rs line 56 at 74; then an end."""


def test_the_authors_own_innermost_line_is_told() -> None:
    assert frames_of(PANIC)[3] == Frame("my_plugin::deep", "/somewhere/my-plugin/src/deep.rs", 4, 6)
    assert place_in(PANIC) == "`src/deep.rs:4:6`"


def test_names_are_told_where_there_are_no_lines() -> None:
    assert place_in("    0:    0x12b - m!deeper\n    1:  0x1 - m!<wasm function 6>\n") == "function `deeper`"
    assert place_in("    0:    0x12b - m!<wasm function 6>\n") == ""
    assert place_in(PANIC.partition("                - my_plugin")[0]) == ""


def test_a_loops_head_gets_the_line_of_what_follows_in_the_same_file() -> None:
    wasm, code = component(PROGRAM + bytes([0, 1, 1]))
    assert code + 60 <= len(wasm)
    assert line_after(wasm, code + 60, "/somewhere/my-plugin/src/lib.rs") == 56
    assert line_after(wasm, code + 60, "hint.rs") == 511
    assert line_after(wasm, code + 75, "lib.rs") == 0
    trace = LOOP.replace("0x5d", hex(code + 60))
    assert place_in(completed(trace, wasm)) == "`src/lib.rs:56:1`"
    assert completed(PANIC, wasm) == PANIC.rstrip("\n")


@pytest.mark.parametrize("cut", [0, 8, 30, 240, 260, 290])
def test_a_table_that_is_cut_short_says_nothing(cut: int) -> None:
    wasm, code = component(PROGRAM)
    assert line_after(wasm[:cut], code + 60, "lib.rs") == 0
    assert line_after(component(PROGRAM, version=5)[0], code + 60, "lib.rs") == 0
