"""Database values as JSON, and what they weigh. Pure.

NULL, booleans, text, and numbers that JSON carries exactly stay what they are. Bytes become base64; dates, times and
UUIDs their ISO text; decimals, infinities and integers beyond 2^53-1 text, for a JSON reader would round them.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
from typing import Any

from mcpg.contract.canonical import MAX_INTEGER

__all__ = ["as_json", "weight"]


def as_json(value: Any) -> Any:
    """Return `value` as JSON; a type that nobody thought of becomes its text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    return value if _exact(value) else _text(value)


def _exact(value: Any) -> bool:
    """Whether JSON readers give this number back as it was."""
    if isinstance(value, int):
        return -MAX_INTEGER <= value <= MAX_INTEGER
    return isinstance(value, float) and math.isfinite(value)


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def weight(row: dict[str, Any]) -> int:
    """Return about how many bytes a row of JSON values takes."""
    return sum(len(key) + (len(value) if isinstance(value, str) else 8) + 6 for key, value in row.items())
