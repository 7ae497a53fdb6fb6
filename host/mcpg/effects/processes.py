"""One child process in a session of its own, bounded and ended whole. It knows no grant.

No thread waits for a child: a process descriptor (pidfd) tells the loop of its end, and the child is reaped only after
its group was killed, so that the group's number cannot have passed to somebody else. What a child starts and puts into
yet another session outlives it; only a container or a cgroup around the gateway can stop that.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Ended", "Plan", "run"]

_LAUNCHER = str(Path(__file__).with_name("launcher.py"))
_GRACE = 0.5
_DRAIN = 0.5
_POLL = 0.02
_MAX_ERRORS = 64 * 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: `file` is the resolved program, `settings` the launcher's text, `output` in bytes."""

    file: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    cwd: str
    settings: str
    output: int
    stdin: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: `status` is negative for a signal; `late` says that the deadline ended it."""

    status: int
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    truncated: bool
    late: bool


class _Sink(asyncio.Protocol):
    """Collects one pipe up to `limit` bytes, then says so and forgets the rest."""

    def __init__(self, limit: int, overflow: asyncio.Event | None) -> None:
        self.data = bytearray()
        self.overflown = False
        self.ended = asyncio.Event()
        self._limit = limit
        self._overflow = overflow

    def data_received(self, data: bytes) -> None:
        """Keep what fits."""
        room = self._limit - len(self.data)
        self.data += data[:room]
        if len(data) > room:
            self.overflown = True
            if self._overflow is not None:
                self._overflow.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """The pipe has ended."""
        self.ended.set()


class _Source(asyncio.Protocol):
    """The other end of the program's stdin."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """All was written, or nobody reads any more."""
        self.ended.set()


class _Pipes:
    """The three pipes of one child."""

    def __init__(self, output: int) -> None:
        self.overflow = asyncio.Event()
        self.out = _Sink(output, self.overflow)
        self.errors = _Sink(_MAX_ERRORS, None)
        self.source = _Source()
        self.readers: list[asyncio.ReadTransport] = []
        self.writer: asyncio.WriteTransport | None = None

    async def connect(self, child: subprocess.Popen[bytes], stdin: bytes) -> None:
        """Hand the pipes to the loop and begin to write stdin."""
        loop = asyncio.get_running_loop()
        for sink, pipe in ((self.out, child.stdout), (self.errors, child.stderr)):
            self.readers.append((await loop.connect_read_pipe(lambda sink=sink: sink, pipe))[0])  # type: ignore[misc]
        self.writer, _ = await loop.connect_write_pipe(lambda: self.source, child.stdin)
        if stdin:
            self.writer.write(stdin)
        self.writer.close()


async def run(plan: Plan, deadline: float) -> Ended:
    """Run the program to its end, its output's limit or `deadline`; on cancellation it is ended too.

    Raises `OSError` when it cannot be started.
    """
    child = _start(plan)
    watch = _Watch(child)
    pipes = _Pipes(plan.output)
    late = False
    try:
        await pipes.connect(child, plan.stdin)
        try:
            async with asyncio.timeout_at(deadline):
                await _first(watch.ended, pipes.overflow)
        except TimeoutError:
            late = True
    finally:
        ending = asyncio.ensure_future(_end(child, watch, pipes))
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            # Whoever cancels must still find no process left.
            await asyncio.wait([ending])
            raise
    out, errors = pipes.out, pipes.errors
    return Ended(child.returncode, bytes(out.data), bytes(errors.data), out.overflown or errors.overflown, late)


def _start(plan: Plan) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - exact argv from a grant, no shell
        [sys.executable, "-I", "-S", "-B", _LAUNCHER, plan.settings, plan.file, *plan.argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(plan.environment),
        cwd=plan.cwd,
        start_new_session=True,
        close_fds=True,
        bufsize=0,
        umask=0o077,
    )


async def _first(*events: asyncio.Event) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()


async def _end(child: subprocess.Popen[bytes], watch: _Watch, pipes: _Pipes) -> None:
    """Terminate the group, kill what is left of it, read what it had said, reap, close."""
    if not watch.ended.is_set():
        _signal(child, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await watch.ended.wait()
    _signal(child, signal.SIGKILL)
    await watch.ended.wait()
    if pipes.writer is not None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN):
                await pipes.out.ended.wait()
                await pipes.errors.ended.wait()
    watch.close()
    child.wait()
    for reader in pipes.readers:
        reader.close()
    # A writer that is only closed waits for a reader; one that has ended must not be touched again.
    if pipes.writer is not None and not pipes.source.ended.is_set():
        pipes.writer.abort()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


class _Watch:
    """Sets `ended` when the child has ended, without reaping it."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self.ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._descriptor = -1
        self._polling: asyncio.Task[None] | None = None
        if hasattr(os, "pidfd_open"):
            self._descriptor = os.pidfd_open(child.pid)
            self._loop.add_reader(self._descriptor, self._has_ended)
        else:
            self._polling = asyncio.ensure_future(self._poll(child.pid))

    def _has_ended(self) -> None:
        self._loop.remove_reader(self._descriptor)
        self.ended.set()

    async def _poll(self, pid: int) -> None:
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:  # noqa: ASYNC110, ASYNC222 - no hang
            await asyncio.sleep(_POLL)
        self.ended.set()

    def close(self) -> None:
        """Let go of the descriptor."""
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
        if self._polling is not None:
            self._polling.cancel()
