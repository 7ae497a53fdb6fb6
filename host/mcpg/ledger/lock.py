"""One writer at a time: a lock file beside the ledger, held as long as its process lives. It locks out no readers."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from mcpg.contract.problems import LedgerUnavailable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["WriterLock"]


class WriterLock:
    """The right to write `path`; raises `LedgerUnavailable` when another process (or this one) has it."""

    def __init__(self, path: Path) -> None:
        place = path.with_name(path.name + ".lock")
        self._descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            message = f"another gateway writes this ledger (process {owner})"
            remedy = "end it, or give this gateway a ledger of its own"
            raise LedgerUnavailable(message, where=str(path), remedy=remedy) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Let another writer in; the file stays, because removing it would let two in."""
        os.close(self._descriptor)
