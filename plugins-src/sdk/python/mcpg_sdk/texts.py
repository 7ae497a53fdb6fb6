"""JSON text in and out, as it may cross the boundary: no NaN, no set, no lone surrogate. It knows no schema."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["dump", "line", "load", "well_formed"]

LONGEST = 500

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
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def line(text: str) -> str:
    """Return `text` as one line of at most 500 characters without control characters."""
    kept = "".join(sign if sign.isprintable() else " " for sign in well_formed(text[: LONGEST * 2]))
    kept = " ".join(kept.split())
    return kept if len(kept) <= LONGEST else kept[: LONGEST - 3] + "..."
