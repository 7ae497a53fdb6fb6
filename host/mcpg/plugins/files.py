"""Reads the files that a plugin's configuration names, for the host to hand over as text. It blocks; it writes nothing.

A path is relative to the base directory and stays inside it: no absolute path, no `..`, and what a link leads to is
inside too. A pattern knows `*`, `?` and `[...]` within one part of the path; hidden files need a literal dot.
"""

from __future__ import annotations

import fnmatch
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from mcpg_registry.layout import read_file

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Budget", "read_many", "read_one"]

MAX_FILE = 1024 * 1024
MAX_TOTAL = 8 * 1024 * 1024
MAX_FILES = 512
MAX_ENTRIES = 20_000
_WILD = frozenset("*?[")


@dataclass(slots=True)
class Budget:
    """What one configuration may still read: bytes, files, and directory entries looked at."""

    bytes: int = MAX_TOTAL
    files: int = MAX_FILES
    entries: int = MAX_ENTRIES

    def spend(self, size: int) -> None:
        """Count one file of `size` bytes; `ValueError` when the configuration has read too much."""
        self.files -= 1
        self.bytes -= size
        if self.files < 0 or self.bytes < 0:
            raise ValueError(f"more than {MAX_FILES} files or {MAX_TOTAL} bytes in all")

    def look(self) -> None:
        """Count one directory entry; `ValueError` when there are too many."""
        self.entries -= 1
        if self.entries < 0:
            raise ValueError(f"more than {MAX_ENTRIES} directory entries to look through")


def read_one(base: Path, path: str, budget: Budget) -> dict[str, str]:
    """Return `{"name", "text"}` of the file at `path`; `ValueError` or `OSError` when it cannot be read as it must."""
    parts = _parts(path)
    return _read(base.resolve(), "/".join(parts), budget)


def read_many(base: Path, pattern: str, budget: Budget) -> list[dict[str, str]]:
    """Return the files that match `pattern`, sorted by name; `ValueError` when none does."""
    root = base.resolve()
    parts = _parts(pattern)
    if "**" in parts:
        raise ValueError("`**` is not understood; write one pattern for each directory")
    names = sorted(_matches(root, (), parts, budget))
    if not names:
        raise ValueError(f"no file matches `{pattern}`")
    return [_read(root, name, budget) for name in names]


def _parts(path: str) -> tuple[str, ...]:
    if not path or not path.isprintable() or "\\" in path:
        raise ValueError("the path is empty, or holds a backslash or an unprintable character")
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or Path(path).is_absolute():
        raise ValueError(f"`{path}` leaves the directory of the configuration; write a path below it")
    return pure.parts


def _matches(root: Path, done: tuple[str, ...], parts: tuple[str, ...], budget: Budget) -> Iterator[str]:
    """Yield names below `root`; every directory is resolved and inside before it is listed."""
    part, rest = parts[0], parts[1:]
    for name in _names(_inside(root, root.joinpath(*done)), part, budget):
        here = (*done, name)
        path = root.joinpath(*here)
        if not rest:
            if path.is_file():
                yield "/".join(here)
        elif path.is_dir():
            yield from _matches(root, here, rest, budget)


def _names(directory: Path, part: str, budget: Budget) -> list[str]:
    if not _WILD & set(part):
        return [part]
    found = []
    with os.scandir(directory) as entries:
        for entry in entries:
            budget.look()
            if fnmatch.fnmatchcase(entry.name, part) and (part.startswith(".") or not entry.name.startswith(".")):
                found.append(entry.name)
    return found


def _inside(root: Path, path: Path) -> Path:
    try:
        real = path.resolve(strict=True)
    except RuntimeError:
        raise ValueError(f"`{path.name}` is a link in a circle") from None
    if not real.is_relative_to(root):
        raise ValueError(f"`{path.name}` leads out of the directory of the configuration")
    return real


def _read(root: Path, name: str, budget: Budget) -> dict[str, str]:
    try:
        data = read_file(_inside(root, root / name), min(MAX_FILE, max(budget.bytes, 0)))
        budget.spend(len(data))
        return {"name": name, "text": data.decode("utf-8")}
    except FileNotFoundError:
        raise ValueError(f"file `{name}` is missing") from None
    except UnicodeDecodeError:
        raise ValueError(f"file `{name}` is no UTF-8 text") from None
    except OSError as error:
        raise ValueError(f"file `{name}` cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    except ValueError as error:
        raise ValueError(f"file `{name}`: {error}") from None
