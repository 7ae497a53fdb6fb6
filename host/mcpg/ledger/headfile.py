"""The last durable head in a small file beside the ledger, so that a start can tell what a torn log has lost.

It is written after each commit and never waited for: it may be older than the database, and when it is newer the
database has lost what was durable. It proves nothing against somebody who can write both; heads kept outside do.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mcpg.ledger.heads import parse_head

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.ledger.heads import Head

__all__ = ["HeadFile"]


class HeadFile:
    """The last durable head's text in a small file; one `pwrite` each commit, never waited for."""

    WIDTH = 512

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path.with_name(path.name + ".head"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def read(self) -> Head | None:
        """Return the head in the file, or None when it holds none."""
        try:
            return parse_head(os.pread(self._descriptor, self.WIDTH, 0).decode("ascii"))
        except ValueError:
            return None

    def write(self, head: Head) -> None:
        """Replace the file's content."""
        os.pwrite(self._descriptor, head.text.ljust(self.WIDTH - 1).encode() + b"\n", 0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)
