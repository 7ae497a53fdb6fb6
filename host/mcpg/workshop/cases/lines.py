"""The line table of a component, for the one question that the engine's trace leaves open: which line a loop is in.

A loop is stopped at its head, which compilers give no line. The next row of the table that is in the same file has one.
Source: DWARF 4, 6.2 (`.debug_line`), as Rust and other LLVM languages write it; other versions are passed over.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["line_after"]

_CODE: Final = 10
_MODULE: Final = 1
_VERSION: Final = 4
_COPY, _ADVANCE_ADDRESS, _ADVANCE_LINE, _SET_FILE, _AS_SPECIAL, _FIXED = 1, 2, 3, 4, 8, 9
_END, _SET_ADDRESS = 1, 2
_NEAR: Final = 64
"""Bytes of code behind a loop's head in which its body is looked for."""


class _Row(NamedTuple):
    address: int
    file: int
    line: int


def line_after(wasm: bytes, offset: int, file: str) -> int:
    """Return the line of `file` that the code right behind `offset` is of; 0 where the table does not say.

    `offset` is one of a trace: bytes from the beginning of the component. It blocks.
    """
    try:
        for start, end in _modules(wasm):
            if start <= offset < end:
                return _in_module(wasm, start, end, offset, file.rpartition("/")[2])
    except (IndexError, ValueError, struct.error):  # a table that is cut short says nothing
        return 0
    return 0


def _in_module(wasm: bytes, start: int, end: int, offset: int, name: str) -> int:
    code, table = 0, b""
    for kind, begin, stop in _sections(wasm, start + 8, end):
        if kind == _CODE:
            code = begin
        elif kind == 0:
            size, at = _leb(wasm, begin)
            if wasm[at : at + size] == b".debug_line":
                table = wasm[at + size : stop]
    address = offset - code
    best = (_NEAR, 0)
    for rows, files in _programs(table):
        for row in rows:
            if row.line and 0 <= row.address - address < best[0] and files.get(row.file) == name:
                best = (row.address - address, row.line)
    return best[1]


def _modules(wasm: bytes) -> Iterator[tuple[int, int]]:
    for kind, begin, stop in _sections(wasm, 8, len(wasm)):
        if kind == _MODULE:
            yield begin, stop


def _sections(wasm: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    while at < end:
        kind = wasm[at]
        size, begin = _leb(wasm, at + 1)
        yield kind, begin, begin + size
        at = begin + size


def _programs(table: bytes) -> Iterator[tuple[list[_Row], dict[int, str]]]:
    """Yield the rows and the files' names of each unit."""
    at = 0
    while at + 6 <= len(table):
        size, version = struct.unpack_from("<IH", table, at)
        if version == _VERSION:
            yield _program(table[at + 6 : at + 4 + size])
        at += 4 + size


def _program(unit: bytes) -> tuple[list[_Row], dict[int, str]]:
    (header,) = struct.unpack_from("<I", unit)
    least, _, _, base, span, first = struct.unpack_from("<BBBbBB", unit, 4)
    lengths = unit[10 : 10 + first - 1]
    machine = _Machine(unit[4 + header :], least, base, span, lengths)
    machine.run()
    return machine.rows, _files(unit, 10 + first - 1)


def _files(unit: bytes, at: int) -> dict[int, str]:
    while unit[at]:  # the folders
        at = unit.index(b"\0", at) + 1
    at += 1
    files: dict[int, str] = {}
    while unit[at]:
        end = unit.index(b"\0", at)
        files[len(files) + 1] = unit[at:end].decode().rpartition("/")[2]
        at = end + 1
        for _ in range(3):  # folder, time, size
            _, at = _leb(unit, at)
    return files


class _Machine:
    """Runs one line program: its rows come out in `rows`."""

    def __init__(self, program: bytes, least: int, base: int, span: int, lengths: bytes) -> None:
        self.rows: list[_Row] = []
        self._program = program
        self._least, self._base, self._span, self._lengths = least, base, span, lengths
        self._at = 0
        self._address, self._file, self._line = 0, 1, 1
        self._standard = {
            _COPY: self._row,
            _ADVANCE_ADDRESS: self._advance_address,
            _ADVANCE_LINE: self._advance_line,
            _SET_FILE: self._set_file,
            _AS_SPECIAL: lambda: self._move(255 - self._first),
            _FIXED: self._fixed,
        }

    @property
    def _first(self) -> int:
        return len(self._lengths) + 1

    def run(self) -> None:
        while self._at < len(self._program):
            code = self._program[self._at]
            self._at += 1
            if code >= self._first:
                self._move(code - self._first)
                self._line += self._base + (code - self._first) % self._span
                self._row()
            elif code == 0:
                self._extended()
            elif code in self._standard:
                self._standard[code]()
            else:
                for _ in range(self._lengths[code - 1]):
                    self._number()

    def _row(self) -> None:
        self.rows.append(_Row(self._address, self._file, self._line))

    def _move(self, special: int) -> None:
        self._address += special // self._span * self._least

    def _extended(self) -> None:
        size = self._number()
        code, rest = self._program[self._at], self._program[self._at + 1 : self._at + size]
        if code == _END:
            self._address, self._file, self._line = 0, 1, 1
        elif code == _SET_ADDRESS:
            self._address = int.from_bytes(rest, "little")
        self._at += size

    def _advance_address(self) -> None:
        self._address += self._number() * self._least

    def _advance_line(self) -> None:
        begin = self._at
        value = self._number()
        bits = 7 * (self._at - begin)
        self._line += value - (1 << bits) if value >> (bits - 1) else value

    def _set_file(self) -> None:
        self._file = self._number()

    def _fixed(self) -> None:
        self._address += int.from_bytes(self._program[self._at : self._at + 2], "little")
        self._at += 2

    def _number(self) -> int:
        value, self._at = _leb(self._program, self._at)
        return value


def _leb(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, at
