"""Where what was found is not what was expected. It knows no plugin.

What is given must be equal; members that are not given may be anything. Lists have the same length and are compared
item by item. Numbers are equal by value, as in JSON; true and false are no numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.workshop.cases.model import ANY, Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["differences", "first_difference", "whole"]

MOST = 20


def differences(expected: Any, found: Any, path: str = "", *, exact: bool = False) -> tuple[Difference, ...]:
    """Return each place, as a JSON pointer behind `path`, where `found` is not as expected; at most 20.

    With `exact`, members that are not expected count too.
    """
    told = []
    for each in _walk(expected, found, path, exact=exact):
        told.append(each)
        if len(told) == MOST:
            break
    return tuple(told)


def first_difference(expected: Any, found: Any, path: str = "") -> Difference | None:
    """Return the first place where two values are not the same, none if they are."""
    return next(_walk(expected, found, path, exact=True), None)


def whole(request: msgspec.Struct, document: Any) -> Any:
    """Return a request's document with the defaults that its driver fills in where the document says nothing."""
    if not isinstance(document, Mapping):
        return document
    filled = dict(document)
    for each in msgspec.structs.fields(request):
        value = getattr(request, each.name)
        if each.encode_name in filled:
            if isinstance(value, msgspec.Struct):
                filled[each.encode_name] = whole(value, filled[each.encode_name])
        elif value is not msgspec.UNSET:
            filled[each.encode_name] = msgspec.to_builtins(value)
    return filled


def _walk(expected: Any, found: Any, path: str, *, exact: bool) -> Iterator[Difference]:
    if expected is ANY:
        return
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        yield from _members(expected, found, path, exact=exact)
    elif isinstance(expected, list | tuple) and isinstance(found, list | tuple):
        yield from _items(expected, found, path, exact=exact)
    elif not _equal(expected, found):
        yield Difference(path or "/", expected, found)


def _members(expected: Mapping[str, Any], found: Mapping[str, Any], path: str, *, exact: bool) -> Iterator[Difference]:
    for name, value in expected.items():
        at = f"{path}/{_escaped(str(name))}"
        if name in found:
            yield from _walk(value, found[name], at, exact=exact)
        else:
            yield Difference(at, value, ANY)
    for name, value in found.items() if exact else ():
        if name not in expected:
            yield Difference(f"{path}/{_escaped(str(name))}", ANY, value)


def _items(expected: Sequence[Any], found: Sequence[Any], path: str, *, exact: bool) -> Iterator[Difference]:
    for number, (one, other) in enumerate(zip(expected, found, strict=False)):
        yield from _walk(one, other, f"{path}/{number}", exact=exact)
    for number in range(len(found), len(expected)):
        yield Difference(f"{path}/{number}", expected[number], ANY)
    for number in range(len(expected), len(found)):
        yield Difference(f"{path}/{number}", ANY, found[number])


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
