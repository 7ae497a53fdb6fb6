"""The simple types of members: each takes a value and returns it, a sound form of it, or `NOTHING`. They never raise.

Source: schema.ts of each version.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mcpg.protocol.methods import LOG_LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["MAX_VALUES", "NOTHING", "SCALARS", "is_number", "is_whole"]

NOTHING: Final[Any] = object()
"""What stands where nothing fits."""

_WEB = re.compile(r"https?://[^\s/?#]+[^\s]*\Z", re.IGNORECASE)

MAX_VALUES = 100
"""Completion values in one answer."""


def is_number(value: object) -> bool:
    """Return whether a JSON value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: object) -> bool:
    """Return whether a JSON value is a whole number, however it is written."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else NOTHING


def _number(value: Any) -> Any:
    return value if is_number(value) else NOTHING


def _whole(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else NOTHING
    return value if is_whole(value) else NOTHING


def _flag(value: Any) -> Any:
    return value if isinstance(value, bool) else NOTHING


def _object(value: Any) -> Any:
    return value if isinstance(value, dict) else NOTHING


def _objects(value: Any) -> Any:
    """Keep an object's members that are objects themselves."""
    if not isinstance(value, dict):
        return NOTHING
    kept = {name: item for name, item in value.items() if isinstance(item, dict)}
    return value if len(kept) == len(value) else kept


def _failed(value: Any) -> Any:
    """A mark of failure in any form but `false` and `null` is one: a failure never looks like a success."""
    if isinstance(value, bool):
        return value
    return NOTHING if value is None else True


def _share(value: Any) -> Any:
    return value if is_number(value) and 0 <= value <= 1 else NOTHING


def _ttl(value: Any) -> Any:
    whole = _whole(value)
    return whole if whole is not NOTHING and whole >= 0 else NOTHING


def _values(value: Any) -> Any:
    if not isinstance(value, list):
        return NOTHING
    kept = [item for item in value if isinstance(item, str)][:MAX_VALUES]
    return value if len(kept) == len(value) else kept


def _id(value: Any) -> Any:
    return value if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)) else NOTHING


def _web_address(value: Any) -> Any:
    """Return an address that a person may be sent to; other schemes can run code or read files where it is opened."""
    return value if isinstance(value, str) and _WEB.match(value) else NOTHING


def _filled(value: Any) -> Any:
    """What a person filled in: text, numbers, flags, and lists of text; nothing else is an answer."""
    if not isinstance(value, dict):
        return NOTHING
    kept = {name: item for name, item in value.items() if _is_answer(item)}
    return value if len(kept) == len(value) else kept


def _is_answer(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return isinstance(value, str | int | float)


def _one_of(words: Iterable[str]) -> Callable[[Any], Any]:
    known = frozenset(words)
    return lambda value: value if isinstance(value, str) and value in known else NOTHING


SCALARS: Final[dict[str, Callable[[Any], Any]]] = {
    "never": lambda _: NOTHING,
    "str": _text,
    "num": _number,
    "int": _whole,
    "bool": _flag,
    "obj": _object,
    "objects": _objects,
    "failed": _failed,
    "share": _share,
    "ttl": _ttl,
    "values": _values,
    "any": lambda value: value,
    "id": _id,
    "web address": _web_address,
    "form mode": _one_of(("form",)),
    "url mode": _one_of(("url",)),
    "filled": _filled,
    "scope": _one_of(("public", "private")),
    "role": _one_of(("user", "assistant")),
    "theme": _one_of(("light", "dark")),
    "choice": _one_of(("auto", "required", "none")),
    "context": _one_of(("none", "thisServer", "allServers")),
    "format": _one_of(("email", "uri", "date", "date-time")),
    "action": _one_of(("accept", "decline", "cancel")),
    "level": _one_of(LOG_LEVELS),
}
