"""The one place that says what typed answers look like in Python. It does not read memory; `lift` does.

Records that the contract names come out as its named tuples, all others as named tuples made here. Numbers above
2^53-1 are refused, because JavaScript guests and JSON readers would round them.
"""

from __future__ import annotations

from collections import namedtuple
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from mcpg.contract.canonical import MAX_INTEGER
from mcpg.contract.problems import BadDocument
from mcpg.contract.verdicts import Charge, Effect, Obligation, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["record_maker"]

_KNOWN: Final[dict[tuple[str, ...], Any]] = {kind._fields: kind._make for kind in (Effect, Problem, Obligation)}


@lru_cache(maxsize=256)
def record_maker(fields: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    """Return what makes a record of these WIT field names from its values: the contract's tuple if it has one."""
    names = tuple(field.replace("-", "_") for field in fields)
    if names == Charge._fields:
        return _charge
    known = _KNOWN.get(names)
    if known is not None:
        return known  # type: ignore[no-any-return]  # a NamedTuple's own constructor
    made = namedtuple("Record", names, rename=True)  # type: ignore[misc]  # noqa: PYI024 - the fields are the guest's
    return made._make


def _charge(values: Iterable[Any]) -> Charge:
    charge = Charge._make(values)
    for number in charge[1:]:
        if number > MAX_INTEGER:
            raise BadDocument(
                f"the charge has the number {number}, which is above 2^53-1",
                remedy="answer with whole numbers up to 9007199254740991",
            )
    return charge
