"""Turns what would end the instance in the sandbox into Python errors that name the remedy. It is no protection.

The sandbox has no clock, no randomness, no files, no network, no threads: their system calls trap. While a component is
built, `prepare` replaces the Python functions that lead there, in every module that has been imported; they do what
they always did until `activate`, which each instance calls first.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from . import stand_ins
from .problems import Unavailable, UnavailableFile
from .stand_ins import CHANCE, CLOCK, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["activate", "begin", "prepare"]

FILES = "a plugin has no files; read them at the top of the module, while it is built, or take their text as config"
NETWORK = "ask for it: `http(url=...)`"
WAITING = "effects wait by themselves; write straight-line code"
CLIENT = "a backend asks the client with `ask_client(...)`"

REFUSED: tuple[tuple[str, str, str, type[Unavailable]], ...] = (
    ("time", "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time", CLOCK, Unavailable),
    ("time", "sleep", WAITING, Unavailable),
    ("os", "urandom", CHANCE, Unavailable),
    (
        "os",
        "open stat lstat listdir scandir mkdir makedirs remove unlink rename rmdir getcwd access",
        FILES,
        UnavailableFile,
    ),
    ("os", "system popen", "ask for it: `command(argv=[...])`", UnavailableFile),
    ("builtins", "open", FILES, UnavailableFile),
    ("builtins", "input", CLIENT, Unavailable),
    ("socket", "create_connection getaddrinfo gethostbyname socketpair", NETWORK, UnavailableFile),
    ("asyncio", "run new_event_loop", WAITING, Unavailable),
)
"""Module, names in it, what to do instead, and the error."""
METHODS: tuple[tuple[str, str, str, str, type[Unavailable]], ...] = (
    ("threading", "Thread", "start", WAITING, Unavailable),
    ("socket", "socket", "__init__", NETWORK, UnavailableFile),
    ("subprocess", "Popen", "__init__", "ask for it: `command(argv=[...])`", UnavailableFile),
)
"""The same for methods of classes."""
TIMES = {"gmtime": 0, "localtime": 0, "ctime": 0, "asctime": 0, "strftime": 1}
"""Functions of `time` that read the clock when they are not given a time, and the place where they take it."""
KEPT = ("mcpg_sdk", "importlib", "zipimport", "posix", "_frozen_importlib")
"""Modules whose names are left alone: importing needs the real ones while a component is built."""


def prepare() -> None:
    """Put guards in place of what would trap, wherever a module holds it by name."""
    if "datetime" in sys.modules:
        import_module("_strptime")  # `strptime` imports it when it is called, which is too late
    guards = {id(original): (original, guard) for original, guard in _guards()}
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None)
        if isinstance(names, dict) and not str(names.get("__name__")).startswith(KEPT):
            for name, value in list(names.items()):
                original, guard = guards.get(id(value), (guards, None))
                if original is value:
                    names[name] = guard
    for module_name, class_name, name, remedy, error in METHODS:
        found = getattr(sys.modules.get(module_name), class_name, None)
        if found is not None:
            setattr(found, name, stand_ins.refusing(getattr(found, name), f"{module_name}.{class_name}", remedy, error))
    _still_logging()


def activate() -> None:
    """Begin: from now on the guards refuse, and modules that were not imported while building cannot be."""
    State.active = True
    sys.meta_path[:] = [*sys.meta_path[:2], _Late()]


def begin() -> None:
    """Begin a pass: `random` is not seeded yet, so that no pass depends on another."""
    State.seeded = False


def _guards() -> Iterator[tuple[Any, Any]]:
    """Yield each original, of the modules that have been imported, with its guard."""

    def of(module: str, name: str, make: Callable[[Any], Any]) -> Iterator[tuple[Any, Any]]:
        original = getattr(sys.modules.get(module), name, None)
        if original is not None:
            yield original, make(original)

    for module, names, remedy, error in REFUSED:
        for name in names.split():
            what = name if module == "builtins" else f"{module}.{name}"
            yield from of(module, name, partial(stand_ins.refusing, what=what, remedy=remedy, error=error))
    for name, place in TIMES.items():
        yield from of("time", name, partial(stand_ins.unless_given, place=place))
    for name in ("datetime", "date"):
        yield from of("datetime", name, stand_ins.dates)
    loaded = sys.modules.get("random")
    for name in getattr(loaded, "__all__", ()):
        if hasattr(getattr(loaded, name), "__self__"):
            yield from of("random", name, stand_ins.unless_seeded)
    yield from of("random", "Random", stand_ins.seeded_class)


def _still_logging() -> None:
    """Give `logging` a clock that stands still: its records hold a time that nobody is shown."""
    loaded: Any = sys.modules.get("logging")
    if loaded is not None:
        still = {name: (lambda: 0) for name in ("time", "time_ns", "monotonic", "perf_counter")}
        loaded.time = SimpleNamespace(**{**vars(sys.modules["time"]), **still})


class _Late:
    """Finds nothing: says that a module has to be imported at the top."""

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> None:
        remedy = f"`{name}` was not imported while the plugin was built: import it at the top of the module"
        raise ModuleNotFoundError(remedy, name=name)
