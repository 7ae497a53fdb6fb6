"""What is being written, beside the place where it will appear: ours as long as we live, swept away once we do not.

It decides nothing about bundles. All of it blocks and raises `OSError`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mcpg_registry.durable import sync_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["aside_directory", "aside_file", "sweep", "synced_file"]

SUFFIX = ".partial"


@contextlib.contextmanager
def aside_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that becomes `path` when the block ends well, mode 0644 and synced, and else is gone."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=SUFFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            fcntl.flock(handle, fcntl.LOCK_EX)
            os.fchmod(handle, 0o644)
            yield file
            file.flush()
            os.fsync(handle)
            Path(name).replace(path)
        sync_directory(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


@contextlib.contextmanager
def synced_file(path: Path) -> Iterator[BinaryIO]:
    """Open a new file in a directory that is ours, mode 0644; it is on the disk when the block ends well."""
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o644)
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def aside_directory(path: Path) -> Iterator[Path]:
    """Make a new directory that takes the place of `path` when the block ends well, mode 0755, and else is gone.

    A reader finds the old directory, the new one, or for the moment between two renames none; never a mixture.
    """
    fresh = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=SUFFIX, dir=path.parent))
    handle = os.open(fresh, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield fresh
        fresh.chmod(0o755)
        os.fsync(handle)
        _exchange(fresh, path)
    finally:
        os.close(handle)
        shutil.rmtree(fresh, ignore_errors=True)


def sweep(path: Path) -> None:
    """Remove what writers of `path`, or of its parts, have left that are no more."""
    for left in path.parent.glob(f".{_escaped(path.name)}.*{SUFFIX}*"):
        with contextlib.suppress(OSError):
            handle = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            finally:
                os.close(handle)


def _exchange(fresh: Path, path: Path) -> None:
    old = fresh.with_name(f"{fresh.name}.old")
    if path.exists():
        path.rename(old)
    try:
        fresh.rename(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise
    sync_directory(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def _escaped(name: str) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)
