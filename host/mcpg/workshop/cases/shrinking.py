"""Smaller values, one step at a time, for the smallest input that still fails. It does not know what fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["smaller"]

_PART: Final = 2


def smaller(value: Any) -> Iterator[Any]:
    """Yield values that are simpler than `value` in one place, the boldest first."""
    if isinstance(value, dict):
        yield from _less_members(value)
    elif isinstance(value, list):
        yield from _less_items(value)
    elif isinstance(value, str) and value:
        half = len(value) // 2
        yield from (
            less for less in dict.fromkeys(("", value[:half], value[half:], value[1:], value[:-1])) if less != value
        )
    elif isinstance(value, int | float) and not isinstance(value, bool) and value not in {0, 1}:
        yield from (0, 1)


def _less_members(value: dict[str, Any]) -> Iterator[Any]:
    for key in value:
        yield {name: each for name, each in value.items() if name != key}
    for key, each in value.items():
        for less in smaller(each):
            yield {**value, key: less}


def _less_items(value: list[Any]) -> Iterator[Any]:
    if len(value) > _PART:
        yield value[: len(value) // 2]
    for place in range(len(value)):
        yield value[:place] + value[place + 1 :]
    for place, each in enumerate(value):
        for less in smaller(each):
            yield [*value[:place], less, *value[place + 1 :]]
