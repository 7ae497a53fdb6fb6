"""Sees to it that no child outlives this process, even if it is killed: one small process that holds our pipe's end.

A parent-death signal (the launcher sets it) reaches the child alone, and only on Linux; what the child has started is
ended by its group. A program that moves itself into another session on purpose escapes both: only a container or a
cgroup around the gateway stops that.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["Guard", "guard"]

_PROGRAM = str(Path(__file__).with_name("guard_program.py"))


class Guard:
    """The process groups to be killed when we are gone. It runs from the first group to the last one's end."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._pipe = -1
        self.pid = 0

    def watch(self, group: int) -> None:
        """Have `group` killed when this process ends."""
        self._groups.add(group)
        self._tell(f"+{group}\n".encode())

    async def forget(self, group: int) -> None:
        """Note that nothing is left of `group`: its number may pass to others."""
        if group not in self._groups:
            return
        self._groups.discard(group)
        self._tell(f"-{group}\n".encode())
        if not self._groups:
            pid, pipe, self._pipe = self.pid, self._pipe, -1
            os.close(pipe)
            await asyncio.to_thread(_reap, pid)

    def _tell(self, line: bytes) -> None:
        """Write a line; a guard that is gone, or reads no more, is replaced by one that is told everything."""
        if self._pipe >= 0:
            with suppress(BrokenPipeError, BlockingIOError):
                os.write(self._pipe, line)
                return
            os.close(self._pipe)
            with suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)
        self._start()
        whole = b"".join(b"+%d\n" % group for group in self._groups)
        if whole:
            os.write(self._pipe, whole)

    def _start(self) -> None:
        """Start the guard: a posix_spawn, which copies nothing of ours, takes about a millisecond."""
        ours, self._pipe = os.pipe()
        os.set_blocking(self._pipe, False)
        command = [sys.executable, "-I", "-S", "-B", _PROGRAM]
        files: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
            (os.POSIX_SPAWN_DUP2, ours, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        try:
            self.pid = os.posix_spawn(sys.executable, command, {}, file_actions=files, setpgroup=0)
        finally:
            os.close(ours)


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)


guard: Final = Guard()
"""The guard of this process."""
