"""What a site says for itself: entries that it adds, and overrides that its own keys have signed. It blocks.

An addition that cannot be read is an error, because leaving it out would let something in. An override that cannot be
read, or that no key of the site has signed, does not count, and the reason is told.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from mcpg.contract.problems import ConfigError, reason_of
from mcpg_registry.digests import digest_bytes
from mcpg_revocations.envelopes import open_override
from mcpg_revocations.index import Table
from mcpg_revocations.lists import MAX_ADDITIONS, MAX_OVERRIDE, Additions, decode, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mcpg_registry.trust.keys import PublicKey
    from mcpg_revocations.lists import Entry, Override

__all__ = ["Local", "hidden_by", "open_regular", "read_local"]

MAX_FILES = 256


@dataclass(frozen=True, slots=True)
class Local:
    """What a site adds and overrides, and why an override does not count. Two are equal when the files are."""

    files: tuple[tuple[str, str], ...] = ()
    additions: tuple[Table, ...] = field(default=(), compare=False)
    overrides: tuple[Override, ...] = field(default=(), compare=False)
    faults: tuple[str, ...] = ()


def read_local(additions: Path | None, overrides: Path | None, keys: Sequence[PublicKey]) -> Local:
    """Return what stands in both directories as `*.json`, by name; `ConfigError` for an addition that cannot be read.

    A directory that is missing holds nothing; one that cannot be listed is such an addition. Hidden files are left out;
    links are followed, as mounted files need.
    """
    files, tables, found = [], [], []
    faults: list[str] = []
    for path in _additions(additions):
        data, table = _table(path)
        files.append((path.name, digest_bytes(data)))
        tables.append(table)
    for path in _overrides(overrides, faults):
        try:
            data = _read(path, 2 * MAX_OVERRIDE)
            files.append((path.name, digest_bytes(data)))
            found.append(open_override(data, keys, MAX_OVERRIDE))
        except (OSError, ValueError) as error:
            faults.append(f"override `{path.name}` does not count: {reason_of(error)}")
    return Local(tuple(files), tuple(tables), tuple(found), tuple(faults))


def hidden_by(
    overrides: Iterable[Override], tables: Iterable[Table], now: int
) -> tuple[tuple[Override, ...], frozenset[Entry]]:
    """Return the overrides in force at `now`, and the entries of `tables` that they name, exactly as they stand."""
    wanted = {(each.entry, each.digest): each for each in overrides if each.issued <= now < each.expires}
    ids = {name for name, _ in wanted}
    named = (entry for table in tables for entry in table.entries if entry.id in ids) if ids else ()
    hidden = {entry: mark for entry in named if (mark := (entry.id, digest_of(entry))) in wanted}
    return tuple(wanted[mark] for mark in dict.fromkeys(hidden.values())), frozenset(hidden)


def _table(path: Path) -> tuple[bytes, Table]:
    try:
        data = _read(path, MAX_ADDITIONS)
        found = decode(Additions, data, MAX_ADDITIONS)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"cannot be used: {reason_of(error)}",
            where=f"the local revocations in `{path}`",
            remedy="mend it, or write it with `mcpg revocations add`",
            code="bad-revocations",
        ) from error
    return data, Table(found.entries, issuer=f"local:{path.name}", local=True)


def _additions(directory: Path | None) -> list[Path]:
    try:
        return _files(directory)
    except (OSError, ValueError) as error:
        raise ConfigError(
            reason_of(error),
            where=f"the local revocations in `{directory}`",
            remedy="name a folder that can be read, with a file or a few",
            code="bad-revocations",
        ) from error


def _overrides(directory: Path | None, faults: list[str]) -> list[Path]:
    try:
        return _files(directory)
    except (OSError, ValueError) as error:
        faults.append(f"overrides do not count: {reason_of(error)}")
        return []


def _files(directory: Path | None) -> list[Path]:
    """Return the files to read, none where no folder is yet; `OSError` for one that cannot be read, `ValueError`."""
    if directory is None:
        return []
    try:
        names = os.listdir(directory)  # noqa: PTH208 - `Path.glob` takes a folder that it may not read for an empty one
    except FileNotFoundError:
        if directory.is_symlink():
            raise ValueError("it is a link that leads nowhere") from None
        return []
    found = sorted(name for name in names if name.endswith(".json") and not name.startswith("."))
    if len(found) > MAX_FILES:
        raise ValueError(f"found {len(found)} files, at most {MAX_FILES} are read")
    return [directory / name for name in found]


def open_regular(path: Path) -> BinaryIO:
    """Return an open file, links followed; `OSError` for a pipe or a device, which is never waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return os.fdopen(descriptor, "rb")


def _read(path: Path, limit: int) -> bytes:
    with open_regular(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"more than {limit} bytes")
    return data
