"""Semantic versions: order and ranges. It knows no tags or channels and does no I/O.

A range is one or more comparisons that must all hold, such as `>=1.0.0 <1.2.3`, or `*` for every version.
Source: Semantic Versioning 2.0.0, section 11.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["in_range", "parse_range", "version_key"]

_VERSION = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([0-9A-Za-z.-]{1,64}))?", re.ASCII)
_OPERATORS: dict[str, Callable[[Key, Key], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
Identifier = tuple[int, int, str]
Key = tuple[int, int, int, int, tuple[Identifier, ...]]
Range = tuple[tuple[str, Key], ...]


def version_key(text: str) -> Key:
    """Return what `text` sorts by; `ValueError` when it is no semantic version (build metadata is refused)."""
    match = _VERSION.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text[:80]}` is no version; wanted MAJOR.MINOR.PATCH")
    pre = match[4]
    identifiers = tuple(_identifier(part, text) for part in pre.split(".")) if pre else ()
    return int(match[1]), int(match[2]), int(match[3]), 0 if pre else 1, identifiers


def parse_range(text: str) -> Range:
    """Return the comparisons in `text`; `ValueError` when one is malformed or there is none."""
    if text == "*":
        return ()
    comparisons = []
    for part in text.split():
        sign = next((sign for sign in _OPERATORS if part.startswith(sign)), None)
        if sign is None:
            raise ValueError(f"`{part[:80]}` is no comparison; wanted one of < <= = >= > and a version, or *")
        comparisons.append((sign, version_key(part[len(sign) :])))
    if not comparisons:
        raise ValueError("the version range is empty; write * for every version")
    return tuple(comparisons)


def in_range(version: str, wanted: Range) -> bool:
    """Whether `version` meets every comparison of the range; `ValueError` when it is no version."""
    key = version_key(version)
    return all(_OPERATORS[sign](key, bound) for sign, bound in wanted)


def _identifier(part: str, text: str) -> Identifier:
    if not part or (part.isdigit() and part != "0" and part.startswith("0")):
        raise ValueError(f"`{text[:80]}` is no version; its pre-release has an empty or zero-padded part")
    return (0, int(part), "") if part.isdigit() else (1, 0, part)
