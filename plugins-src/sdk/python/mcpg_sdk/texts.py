"""JSON text in and out, as it may cross the boundary: no NaN, no set, no lone surrogate. It knows no schema."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["dump", "line", "load", "well_formed"]

LONGEST = 500
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")

load = json.loads


def dump(value: Any, what: str) -> str:
    """Return the JSON text of `value`; `TypeError` or `ValueError` that names `what` for a value that has none."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise type(error)(f"{what} is not JSON: {_reason(error)}") from None
    return well_formed(text)


def _reason(error: BaseException) -> str:
    text = str(error)
    if "type set" in text or "type frozenset" in text:
        return "a set has no order; use `sorted(...)`"
    if "bytes" in text:
        return "bytes are no text; use `base64.b64encode(...).decode()`"
    return text


def well_formed(text: str) -> str:
    """Return `text` with each lone surrogate replaced by U+FFFD, because only Unicode can cross the boundary."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _HALVES.sub(_whole, text)
    return text


def _whole(halves: re.Match[str]) -> str:
    """Return the character that two halves make, or U+FFFD. By hand: the codec would be imported when it is too late."""
    if len(halves[0]) == 1:
        return "\ufffd"
    high, low = map(ord, halves[0])
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def line(text: str) -> str:
    """Return `text` as one line of at most 500 characters without control characters."""
    kept = "".join(sign if sign.isprintable() else " " for sign in well_formed(text[: LONGEST * 2]))
    kept = " ".join(kept.split())
    return kept if len(kept) <= LONGEST else kept[: LONGEST - 3] + "..."
