"""The lock file changed: read, changed and written while nobody else does. It judges nothing."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError, reason_of
from mcpg_registry.locking import Lock, Locked, parse_lock, read_lock, write_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mcpg.cli.kit.site import Site
    from mcpg.cli.kit.walk import Walk

__all__ = ["change_lock", "locked_of", "locked_text"]


def change_lock(path: Path, change: Callable[[dict[str, Locked]], dict[str, Locked]], revocations: int) -> bool:
    """Write the lock whose plugins `change` returns; return whether the file is another one now. It blocks.

    The version of the revocation list never falls. `ConfigError` when the lock cannot be read or written.
    """
    with _alone(path):
        before = read_lock(path)
        plugins = change(dict(before.plugins) if before else {})
        after = parse_lock(locked_text(before, plugins, revocations))
        if before is not None and after.text() == before.text():
            return False
        write_lock(path, after)
    return True


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of the file's folder, which ends with this process however that ends."""
    try:
        handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        reason = reason_of(error)
        remedy = "name a folder that is there"
        raise ConfigError(f"cannot be written: {reason}", where=f"lock `{path}`", remedy=remedy) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def locked_text(before: Lock | None, plugins: dict[str, Locked], revocations: int) -> bytes:
    """Return the lock's text with these plugins."""
    return Lock(revocations=max(before.revocations if before else 1, revocations, 1), plugins=plugins).text()


def locked_of(walked: Walk, site: Site) -> Locked:
    """Return what a lock says of a plugin that has passed every step; else the error of the step that it failed."""
    if walked.error is not None:
        raise walked.error
    if walked.proven is None or walked.described is None:
        raise TypeError(walked.text)
    signed, manifest = walked.proven.signed, walked.described.manifest
    return Locked(
        reference=walked.text,
        manifest=walked.proven.claim.manifest.digest,
        wasm=walked.proven.layer.digest,
        id=manifest.id,
        version=manifest.version,
        keys=signed.keys,
        identities=tuple((each.issuer, each.identity) for each in signed.identities),
        revocations=site.revocations.index(site.now).version,
        grants=tuple(sorted({wish.driver for wish in manifest.effects})),
    )
