"""Reads the documents that plugins answer with. It knows no schema; whoever asked does.

Nothing is nested deeper than a client's own message may be: deeper ones would break recursive code behind us.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mcpg.contract.problems import BadDocument

__all__ = ["parse", "parse_object"]

MAX_DEPTH = 128
_decode = msgspec.json.decode


def parse(text: str, use: str) -> Any:
    """Return the JSON value that use `use` answered with; `BadDocument` when it is no JSON or nested too deep."""
    try:
        value = _decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadDocument(f"`{use}` answered with something that is not JSON") from error
    except RecursionError:
        raise _too_deep(use) from None
    if text.count("{") + text.count("[") > MAX_DEPTH and _deeper(value):
        raise _too_deep(use)
    return value


def parse_object(text: str, use: str) -> dict[str, Any]:
    """Return the JSON object that use `use` answered with; `BadDocument` for anything else."""
    value = parse(text, use)
    if not isinstance(value, dict):
        raise BadDocument(f"`{use}` answered with something that is not an object")
    return value


def _deeper(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for each in level
            if isinstance(each, dict | list)
            for item in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


def _too_deep(use: str) -> BadDocument:
    return BadDocument(f"`{use}` answered with something that is nested deeper than {MAX_DEPTH} levels")
