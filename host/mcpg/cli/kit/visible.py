"""Text of others made such that nothing in it can hide: tool poisoning lives in what a terminal does not show.

A definition becomes lines, one for each leaf, so that two of them can be compared line by line. Nothing is cut off
within a line: what is long is wrapped, and what is left out at the end is counted.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_LINES", "difference", "hidden_in", "lines_of", "visible"]

WIDTH: Final = 160
MOST_LINES: Final = 400
CONTEXT: Final = 3
MAX_DEPTH: Final = 64
_SHOWN: Final = frozenset(" \n")
_HIDDEN_KINDS: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_EMPTY: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""What is drawn as nothing although Unicode counts it among letters, marks and symbols."""
_SELECTORS: Final = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
_BLANKS: Final = re.compile(" {16,}")
_MARKS: Final = re.compile(r"<(?=U\+[0-9A-F]{4}|[0-9]+ spaces>)")
_PLAIN: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*\Z")


def hidden_in(text: str) -> int:
    """Return how many characters of `text` a reader would not see."""
    return sum(_hidden(sign) for sign in text)


def visible(text: str) -> str:
    """Return `text` with every character that steers or is not drawn written as `<U+200B ZERO WIDTH SPACE>`."""
    plain = _MARKS.sub(_named("<"), text)  # who writes such a mark himself makes no other text look like his
    shown = "".join(_named(sign) if _hidden(sign) else sign for sign in plain)
    return _BLANKS.sub(lambda found: f"<{len(found[0])} spaces>", shown)


def _hidden(sign: str) -> bool:
    if sign in _SHOWN or (sign.isascii() and sign.isprintable()):
        return False
    if unicodedata.category(sign) in _HIDDEN_KINDS or sign in _EMPTY:
        return True
    return any(first <= ord(sign) <= last for first, last in _SELECTORS)


def _named(sign: str) -> str:
    name = unicodedata.name(sign, "")
    return f"<U+{ord(sign):04X}{' ' if name else ''}{name}>"


def lines_of(definition: Any) -> list[str]:
    """Return a definition as lines `place: value`, texts of several lines indented below their place."""
    return [line for leaf in _leaves(definition, "", 0) for line in _wrapped(leaf)]


def _leaves(value: Any, place: str, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        yield f"{place}: {visible(json.dumps(value, ensure_ascii=False, sort_keys=True))}"
    elif isinstance(value, dict) and value:
        for key in sorted(value):
            name = visible(key) if _PLAIN.match(key) else visible(json.dumps(key, ensure_ascii=False))
            yield from _leaves(value[key], f"{place}.{name}" if place else name, depth + 1)
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from _leaves(item, f"{place}[{number}]", depth + 1)
    elif isinstance(value, str):
        yield from _text(value, place)
    else:
        yield f"{place}: {json.dumps(value)}"


def _text(value: str, place: str) -> Iterator[str]:
    if count := hidden_in(value):
        yield f"{place}: ATTENTION, the text below has {count} characters that are not drawn"
    if "\n" not in value:
        yield f"{place}: {visible(json.dumps(value, ensure_ascii=False))}"
        return
    yield f"{place}: |"
    for line in value.split("\n"):
        yield f"    {visible(line)}"


def _wrapped(line: str) -> Iterator[str]:
    yield line[:WIDTH]
    for start in range(WIDTH, len(line), WIDTH):
        yield f"  \\ {line[start : start + WIDTH]}"


def difference(before: Any, after: Any, *, most: int = MOST_LINES) -> list[str]:
    """Return a unified difference of two definitions, None for one that is not there or not known."""
    old, new = ([] if each is None else lines_of(each) for each in (before, after))
    found = list(difflib.unified_diff(old, new, "approved", "seen", lineterm="", n=CONTEXT))
    if len(found) <= most:
        return found
    return [*found[:most], f"... and {len(found) - most} more lines; --full shows all"]
