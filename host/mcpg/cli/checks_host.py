"""The doctor's questions about this machine: Python, packages, files, disk and clock. They change nothing."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import stat
import sys
import time
from typing import TYPE_CHECKING

from mcpg.cli.findings import Result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcpg.cli.findings import Subject

__all__ = ["clock", "disk", "files", "packages", "python"]

LITTLE = 100 * 2**20
ENOUGH = 2**30
OTHERS = stat.S_IRWXG | stat.S_IRWXO
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
RELEASED = 1_780_000_000
"""No gateway of this version has run before this moment (seconds since 1970)."""


def python(subject: Subject) -> Iterator[Result]:
    """Is Python new enough?"""
    del subject
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036 - the question is whether it was started with an old one
        yield Result("python", "bad", f"Python {version} is too old", "install Python 3.11 or newer")
    else:
        yield Result("python", "good", f"Python {version}")


def packages(subject: Subject) -> Iterator[Result]:
    """Is everything installed that MCPG needs?"""
    del subject
    again = "install again: `make run`, or `pip install --require-hashes -r deploy/requirements.txt`"
    try:
        wanted = importlib.metadata.requires("mcpg") or []
    except importlib.metadata.PackageNotFoundError:
        yield Result("packages", "bad", "mcpg itself is not installed, only found", again)
        return
    missing = []
    for requirement in wanted:
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        if name is None or ";" in requirement:
            continue
        try:
            importlib.metadata.version(name[0])
        except importlib.metadata.PackageNotFoundError:
            missing.append(name[0])
    if missing:
        yield Result("packages", "bad", f"not installed: {', '.join(missing)}", again)
    else:
        yield Result("packages", "good", f"{len(wanted)} requirements, all needed ones installed")


def files(subject: Subject) -> Iterator[Result]:
    """Can only the right people read and write our files?"""
    found = False
    mode_of_file = subject.path.stat().st_mode if subject.path.exists() else 0
    if mode_of_file & WRITABLE_BY_OTHERS:
        found = True
        # With a umask of 002 every checkout is writable by the owner's group, which often has no other member.
        remedy = f"chmod go-w '{subject.path}'"
        if mode_of_file & stat.S_IWOTH:
            yield Result("files", "bad", f"others may write `{subject.path}`", remedy)
        else:
            yield Result("files", "doubtful", f"its group may write `{subject.path}`", remedy)
    for path in _private(subject):
        if path.exists() and path.stat().st_mode & OTHERS:
            found = True
            mode = "700" if path.is_dir() else "600"
            yield Result("files", "bad", f"others may read `{path}`", f"chmod {mode} '{path}'")
    if not found:
        yield Result("files", "good", "keys, ledger and configuration are closed to others")


def _private(subject: Subject) -> Iterator[Path]:
    yield subject.state
    if subject.state.is_dir():
        yield from sorted(
            path for path in subject.state.iterdir() if path.suffix in {".key", ".keys", ".secret", ".pem"}
        )
    yield subject.ledger
    if subject.loaded is not None and subject.loaded.config.server.tls is not None:
        yield subject.loaded.resolve(subject.loaded.config.server.tls.key)


def disk(subject: Subject) -> Iterator[Result]:
    """Is there room for the ledger? Without a record there is no call."""
    place = next(path for path in (subject.ledger.parent, *subject.ledger.parents) if path.exists())
    free = shutil.disk_usage(place).free
    text = f"{free >> 20} MiB free for the ledger"
    remedy = "make room, or move `audit.ledger`: when a record cannot be written, calls are refused"
    if free < LITTLE:
        yield Result("disk", "bad", text, remedy)
    elif free < ENOUGH:
        yield Result("disk", "doubtful", text, remedy)
    else:
        yield Result("disk", "good", text)


def clock(subject: Subject) -> Iterator[Result]:
    """Does the clock go right, as far as one can tell without asking the network?"""
    remedy = "set the clock: tokens, lists and records depend on it"
    now = time.time()
    if now < RELEASED:
        yield Result("clock", "bad", "the clock stands before this program was made", remedy)
    elif subject.ledger.exists() and subject.ledger.stat().st_mtime > now + 60:
        yield Result("clock", "bad", "the ledger was written in the future", remedy)
    else:
        yield Result("clock", "good", time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(now)))
