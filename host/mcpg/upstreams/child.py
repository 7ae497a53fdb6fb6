"""One child process with its pipes: started in its own session, drained within bounds, ended with its group.

It knows lines and signals, not messages. POSIX only. The launcher sets limits and the parent-death signal before the
program runs; the guard ends the group if this process is killed. What the child writes to standard error goes to the
log: so many lines a second, printable, without the values of its environment.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mcpg.effects import launcher
from mcpg.upstreams.complaints import Complaints
from mcpg.upstreams.faults import Fault, Lost, NotSent
from mcpg.upstreams.guard import guard
from mcpg.upstreams.lines import LineSplitter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mcpg.upstreams.lines import Line
    from mcpg.upstreams.specs import StdioSpec

__all__ = ["Child"]

STDERR_LINES = 50
STDERR_LINE_BYTES = 1000
_LAUNCHER = (sys.executable, "-I", "-S", "-B", launcher.__file__)
LAST_WORDS_SECONDS = 0.2
"""How long output may still come after the process has ended."""


class Child(asyncio.SubprocessProtocol):
    """A started process. `on_line` gets each line of its output, `on_end` the reason once it is of no more use."""

    def __init__(
        self, limit: int, on_line: Callable[[Line], None], on_end: Callable[[Fault], None], complaints: Complaints
    ) -> None:
        self._lines = LineSplitter(limit)
        self._error_lines = LineSplitter(STDERR_LINE_BYTES)
        self._complaints = complaints
        self._on_line = on_line
        self._on_end = on_end
        self._limit = limit
        self._transport: asyncio.SubprocessTransport | None = None
        self._input: asyncio.WriteTransport | None = None
        self._group = 0
        self._exited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._output_closed = False
        self._writable = asyncio.Event()
        self._writable.set()
        self.stderr: deque[str] = deque(maxlen=STDERR_LINES)

    @classmethod
    async def start(
        cls,
        spec: StdioSpec,
        limit: int,
        on_line: Callable[[Line], None],
        on_end: Callable[[Fault], None],
        *,
        name: str = "",
    ) -> Child:
        """Start the process of `spec`, the upstream `name`; raises `Fault` when it cannot be started."""
        environment = clean_environment(spec)
        complaints = Complaints(name, spec.environment.values())
        program = await asyncio.to_thread(find_program, spec, environment)
        spawn = asyncio.ensure_future(
            asyncio.get_running_loop().subprocess_exec(
                lambda: cls(limit, on_line, on_end, complaints),
                *_LAUNCHER,
                launch_settings(spec, environment),
                program,
                *spec.command,
                env=environment,
                cwd=spec.cwd,
                start_new_session=True,
            )
        )
        try:
            transport, child = await asyncio.shield(spawn)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "bad command or environment"
            raise Fault(f"cannot be started: {reason.lower()}") from error
        except asyncio.CancelledError:  # a child that is half started would be left to itself
            await asyncio.wait([spawn])
            if spawn.exception() is None:
                transport, child = spawn.result()
                child._adopt(transport)  # noqa: SLF001 - a constructor of its own class
                await child.stop(spec.grace)
            raise
        child._adopt(transport)  # noqa: SLF001 - a constructor of its own class
        return child

    def _adopt(self, transport: asyncio.SubprocessTransport) -> None:
        self._transport = transport
        self._group = transport.get_pid()
        guard.watch(self._group)
        # Not checked with isinstance: uvloop's transports inherit nothing of asyncio's.
        self._input = cast("asyncio.WriteTransport | None", transport.get_pipe_transport(0))

    async def write(self, data: bytes) -> None:
        """Write one line once the child takes input again; raises `NotSent` when it no longer does."""
        if not self._writable.is_set():
            await self._writable.wait()
        self.write_soon(data)

    def write_soon(self, data: bytes) -> None:
        """Write one line without waiting; raises `NotSent` when the child takes no input or leaves too much of it."""
        if self._input is None or self._input.is_closing():
            raise NotSent("takes no more input")
        if self._input.get_write_buffer_size() > self._limit:
            self._on_end(Lost("does not read its input"))
            raise NotSent("does not read its input")
        self._input.write(data + b"\n")

    async def stop(self, grace: float) -> None:
        """End the process: close its input, then SIGTERM, then SIGKILL to the group, whatever is left of it."""
        if self._transport is None:
            return
        ending = asyncio.create_task(self._stop(self._transport, grace), name="upstream child ending")
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:  # whoever cancels must still find no process left
            await asyncio.wait([ending])
            raise

    async def _stop(self, transport: asyncio.SubprocessTransport, grace: float) -> None:
        if self._input is not None:
            self._input.close()
        if not await self._gone(grace):
            self._signal(signal.SIGTERM)
            await self._gone(grace)
        self._signal(signal.SIGKILL)
        await self._gone(grace)
        transport.close()
        await guard.forget(self._group)

    async def _gone(self, seconds: float) -> bool:
        await asyncio.wait([self._exited], timeout=seconds)
        return self._exited.done()

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._group, number)
        except (ProcessLookupError, PermissionError):
            return

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Cut output into lines; keep the last lines of standard error."""
        if fd == 1:
            for line in self._lines.feed(data):
                self._on_line(line)
            return
        for line in self._error_lines.feed(data):
            self.stderr.append(self._complaints.say(line.text))

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """End with the output: nothing can be answered any more."""
        if fd == 1:
            self._output_closed = True
            self._end_soon()

    def process_exited(self) -> None:
        """End with the process, after its last words."""
        if not self._exited.done():
            self._exited.set_result(None)
        self._writable.set()
        self._end_soon()

    def _end_soon(self) -> None:
        """Say why at once when process and output are both gone, else a moment later."""
        if self._output_closed and self._exited.done():
            self._on_end(self._obituary())
        else:
            asyncio.get_running_loop().call_later(LAST_WORDS_SECONDS, lambda: self._on_end(self._obituary()))

    def pause_writing(self) -> None:
        """Make writers wait."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let writers go on."""
        self._writable.set()

    def _obituary(self) -> Lost:
        code = self._transport.get_returncode() if self._transport is not None else None
        if code is None:
            return Lost("closed its output")
        return Lost(f"was ended by signal {-code}" if code < 0 else f"exited with status {code}")


def clean_environment(spec: StdioSpec) -> dict[str, str]:
    """Return the child's whole environment: PATH and HOME of the gateway, and what the operator gave."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | dict(spec.environment)


def launch_settings(spec: StdioSpec, environment: Mapping[str, str]) -> str:
    """Return what the launcher is to do before it becomes the program."""
    limits = {"as": spec.memory, "cpu": spec.cpu, "nofile": spec.files}
    settings = [f"{name}={value}" for name, value in limits.items() if value]
    locale = ["locale=1"] if "LC_CTYPE" in environment else []
    return ",".join([*settings, *locale, f"parent={os.getpid()}"])


def find_program(spec: StdioSpec, environment: Mapping[str, str]) -> str:
    """Return the path of the program to run; raises `Fault`. It looks at the disk."""
    name = spec.command[0]
    if os.sep in name:
        path = Path(spec.cwd or "", name)
        found = str(path.absolute()) if os.access(path, os.X_OK) and path.is_file() else None
        there = path.exists()
    else:
        found = shutil.which(name, path=environment.get("PATH", os.defpath))
        there = False
    if found is None:
        raise Fault(f"cannot be started: {'permission denied' if there else 'no such file or directory'}")
    return found
