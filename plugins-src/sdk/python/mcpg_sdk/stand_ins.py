"""What stands in for functions and classes of Python that would trap: real while building, errors afterwards."""

from __future__ import annotations

from typing import Any

from .problems import Unavailable

__all__ = ["CHANCE", "CLOCK", "State", "dates", "refusing", "seeded_class", "unless_given", "unless_seeded"]

CLOCK = 'list "/run/now" under `reads` in the manifest and read `["run"]["now"]`, in ms'
CHANCE = 'list "/run/seed" under `reads` in the manifest and use `random.Random(document["run"]["seed"])`'


class State:
    """Whether the sandbox has begun, and whether this pass has seeded `random`."""

    active = False
    seeded = False


def refusing(original: Any, what: str, remedy: str, error: type[Unavailable] = Unavailable) -> Any:
    """Return a function that refuses."""

    def guard(*arguments: Any, **named: Any) -> Any:
        if State.active:
            raise error(f"`{what}`", remedy)
        return original(*arguments, **named)

    return guard


def unless_given(original: Any, place: int) -> Any:
    """Return a function of `time` that refuses when it is not given a time."""

    def guard(*arguments: Any) -> Any:
        if State.active and (len(arguments) <= place or arguments[place] is None):
            raise Unavailable(f"`time.{original.__name__}` without a time", CLOCK)
        return original(*arguments)

    return guard


def unless_seeded(original: Any) -> Any:
    """Return a function of the shared generator that works once `random.seed(value)` was called in the same pass."""
    name = original.__name__

    def guard(*arguments: Any, **named: Any) -> Any:
        if name == "seed" and (arguments[:1] not in ((), (None,)) or named.get("a") is not None):
            State.seeded = True
        if State.active and not State.seeded:
            raise Unavailable(f"`random.{name}` without a seed", CHANCE)
        return original(*arguments, **named)

    return guard


def seeded_class(original: Any) -> Any:
    """Return `random.Random`, which wants a seed."""

    def need(arguments: tuple[Any, ...]) -> None:
        if State.active and arguments[:1] in ((), (None,)):
            raise Unavailable("`random.Random` without a seed", CHANCE)

    class Random(original):  # type: ignore[misc]  # the class is only known here
        def __new__(cls, *arguments: Any) -> Any:
            need(arguments)
            return super().__new__(cls, *arguments)

        def seed(self, a: Any = None, version: int = 2) -> None:
            need((a,))
            super().seed(a, version)

    Random.__qualname__, Random.__module__ = "Random", "random"
    return Random


def dates(original: Any) -> Any:
    """Return `datetime` or `date`: the original in every way but one, it does not know what time it is."""

    class Kind(type):
        def __instancecheck__(cls, value: Any) -> bool:
            return isinstance(value, original)

        def __subclasscheck__(cls, other: type) -> bool:
            return issubclass(other, original)

    def refuse(name: str) -> Any:
        real = getattr(original, name)

        def guard(_cls: type, *arguments: Any, **named: Any) -> Any:
            if State.active:
                raise Unavailable(f"`{original.__name__}.{name}`", CLOCK)
            return real(*arguments, **named)

        return classmethod(guard)

    names = [name for name in ("now", "utcnow", "today") if hasattr(original, name)]
    members = {name: refuse(name) for name in names}
    return Kind(original.__name__, (original,), {**members, "__slots__": (), "__module__": "datetime"})
