"""JSON pointers (RFC 6901) into decoded values. Pure."""

from __future__ import annotations

from typing import Any

__all__ = ["resolve"]


def resolve(pointer: str, value: Any) -> Any:
    """Return what `pointer` finds in `value`, `None` when there is nothing (or a null)."""
    if pointer == "":
        return value
    if not pointer.startswith("/"):
        return None
    for part in pointer[1:].split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isascii() and key.isdigit() and len(key) < 10 and int(key) < len(value):  # noqa: PLR2004 - no index is longer
            value = value[int(key)]
        else:
            return None
    return value
