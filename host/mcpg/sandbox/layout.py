"""The C layout of wasmtime's component values, checked at import. It reads and writes no value itself."""

from __future__ import annotations

import ctypes
from struct import Struct
from typing import Final

from wasmtime import _bindings as c
from wasmtime import _ffi as ffi

__all__ = [
    "ENTRY",
    "KINDS",
    "SCALARS",
    "VALUE",
    "pack_one",
    "pack_pair",
    "pack_three",
    "pack_two",
    "unpack_one",
    "unpack_three",
    "unpack_two",
]

VALUE: Final = ctypes.sizeof(c.wasmtime_component_val_t)
"""Bytes of one value: a kind in the first byte, what it holds from byte 8 on."""

ENTRY: Final = ctypes.sizeof(c.wasmtime_component_valrecord_entry_t)
"""Bytes of one field of a record: its name (size, pointer), then a value."""

_offset = c.wasmtime_component_val_t.of.offset
if (VALUE, ENTRY, _offset) != (32, 48, 8):
    raise ImportError(
        f"this wasmtime lays values out as {(VALUE, ENTRY, _offset)}, not as (32, 48, 8): pin the version"
    )

KINDS: Final[dict[str, int]] = {
    kind: getattr(ffi, f"WASMTIME_COMPONENT_{kind.upper()}").value
    for kind in (
        *("bool", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f32", "f64", "char", "string"),
        *("list", "record", "tuple", "variant", "enum", "option", "result", "flags", "resource"),
    )
}
"""The number in a value's first byte for each kind."""

SCALARS: Final[dict[str, str]] = {
    "bool": "?",
    "u8": "B",
    "u16": "H",
    "u32": "I",
    "u64": "Q",
    "s8": "b",
    "s16": "h",
    "s32": "i",
    "s64": "q",
    "f32": "f",
    "f64": "d",
}
"""`struct` letters of the kinds that a value holds directly."""

unpack_one = Struct("<Q").unpack_from
unpack_two = Struct("<QQ").unpack_from
unpack_three = Struct("<QQQ").unpack_from
pack_one = Struct("<B7xQ").pack_into
pack_two = Struct("<B7xQQ").pack_into
pack_three = Struct("<B7xQQQ").pack_into
pack_pair = Struct("<QQ").pack_into
