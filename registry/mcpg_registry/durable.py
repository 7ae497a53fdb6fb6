"""Files that are there whole or not at all, also after a power cut. It knows no format; all of it blocks."""

from __future__ import annotations

import contextlib
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

__all__ = ["Landing", "make_directories", "make_directory", "sync_directory", "write_whole"]

SYNCS = 8


class Landing:
    """Files that are to be there together: written aside, then synced, then renamed. A context, which leaves nothing.

    Writing all before the first sync costs about one sync for all of them.
    """

    def __init__(self, aside: Path | None = None) -> None:
        self._aside = aside
        self._waiting: list[tuple[int, Path, Path]] = []
        self._held: list[tuple[int, Path, Path]] = []
        self._synced = 0

    def add(self, path: Path, data: bytes, *, mode: int = 0o644) -> None:
        """Write what is to be `path`; `OSError`."""
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:32]}.", suffix=".tmp", dir=self._aside or path.parent)
        self._waiting.append((handle, Path(name), path))
        os.fchmod(handle, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]

    def hold(self, handle: int, path: Path, target: Path) -> None:
        """Take a file with the others that somebody else has written and still has open."""
        self._held.append((handle, path, target))

    def sync(self) -> None:
        """Make durable what was added so far, not under its names yet; `OSError`."""
        handles = [handle for handle, _, _ in (*self._waiting[self._synced :], *self._held)]
        if len(handles) > 1:
            with ThreadPoolExecutor(SYNCS) as pool:  # a disk takes many syncs at once in the time of one
                list(pool.map(os.fsync, handles))
        else:
            list(map(os.fsync, handles))
        self._synced = len(self._waiting)

    def land(self) -> None:
        """Make all of them durable under their names; `OSError`, and then some of them may be there."""
        self.sync()
        for _, path, target in (*self._held, *self._waiting):
            path.replace(target)
        for directory in {target.parent for _, _, target in (*self._held, *self._waiting)}:
            sync_directory(directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for handle, path, _ in self._waiting:
            os.close(handle)
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        self._waiting, self._held = [], []


def write_whole(path: Path, data: bytes, *, mode: int = 0o644, aside: Path | None = None) -> None:
    """Make `path` hold exactly `data`: written and synced beside it (or in `aside`), then renamed; `OSError`."""
    with Landing(aside) as landing:
        landing.add(path, data, mode=mode)
        landing.land()


def make_directories(*paths: Path) -> None:
    """Make directories and those above them, each entry synced; `OSError`."""
    missing = {each for path in paths for each in (path, *path.parents) if not each.is_dir()}
    for path in paths:
        path.mkdir(parents=True, exist_ok=True)
    for parent in {each.parent for each in missing}:
        sync_directory(parent)


def make_directory(path: Path) -> None:
    """Make one directory and those above it, each entry synced; `OSError`."""
    make_directories(path)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable; `OSError`."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
