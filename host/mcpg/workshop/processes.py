"""Programs of others, run without a shell, with a time limit and bounded output. It knows none of them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mcpg.contract.problems import reason_of
from mcpg.workshop.problems import BuildFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Ran", "found", "run"]

ROOM: Final = 1024 * 1024
_PIECE: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended: its exit status and the beginnings of what it wrote."""

    status: int
    out: str
    err: str


def found(program: str, *folders: Path, path: str | None = None) -> str:
    """Return where `program` is, sought in `folders` and then in PATH; empty if it is in none."""
    first = os.pathsep.join(str(folder) for folder in folders)
    return (shutil.which(program, path=first) if first else None) or shutil.which(program, path=path) or ""


async def run(
    argv: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None, seconds: float = 600.0
) -> Ran:
    """Run a program to its end, or for `seconds`; what it writes beyond 1 MiB a stream is dropped.

    Raises `BuildFailed` when it cannot be started or takes too long; everything that it started is then killed.
    """
    name = str(argv[0])
    try:
        process = await asyncio.create_subprocess_exec(
            *(str(each) for each in argv),
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise BuildFailed(f"`{name}` cannot be started: {reason_of(error)}", remedy="see that it can be run") from error
    try:
        async with asyncio.timeout(seconds):
            out, err = await asyncio.gather(_beginning(process.stdout), _beginning(process.stderr))
            status = await process.wait()
    except TimeoutError:
        message = f"`{name}` took longer than {seconds:g} s and was ended"
        raise BuildFailed(message, remedy="run it by hand to see what holds it up") from None
    finally:
        await _ended(process)
    return Ran(status, out, err)


async def _beginning(stream: asyncio.StreamReader | None) -> str:
    """Read a stream to its end and return its first 1 MiB."""
    kept = bytearray()
    while stream is not None and (piece := await stream.read(_PIECE)):
        kept += piece[: max(0, ROOM - len(kept))]
    return kept.decode(errors="replace")


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of the program's group, and wait for the program."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
