"""Files that are there whole or not at all, also after a power cut. It knows no format; all of it blocks."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = ["make_directory", "sync_directory", "write_whole"]


def write_whole(path: Path, data: bytes, *, mode: int = 0o644, aside: Path | None = None) -> None:
    """Make `path` hold exactly `data`: written and synced beside it (or in `aside`), then renamed; `OSError`."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:32]}.", suffix=".tmp", dir=aside or path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(data)
            file.flush()
            os.fsync(handle)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    sync_directory(path.parent)


def make_directory(path: Path) -> None:
    """Make a directory and those above it, each entry synced; `OSError`."""
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable; `OSError`."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
