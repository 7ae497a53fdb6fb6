"""Runs a program without a shell: bytes in, bytes out, bounded in time and output. What they mean is its callers' task.

The program runs in our process group and session, for it may ask a person for something on the terminal.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["MAX_OUTPUT", "ProgramFailed", "run_program"]

MAX_OUTPUT = 64 * 1024
_REAP = 5.0


class ProgramFailed(Exception):  # noqa: N818 - names state facts
    """Why a program gave no answer, as the end of a sentence about it."""


async def run_program(
    arguments: Sequence[str],
    data: bytes,
    *,
    seconds: float,
    environment: Mapping[str, str] | None = None,
    quiet: bool = False,
) -> tuple[int, bytes]:
    """Return how the program ended and what it printed; `ProgramFailed` when it cannot start or keeps no bound.

    `quiet` drops what it says on standard error, which people see otherwise. Whatever happens, it does not go on.
    """
    process = await _start(arguments, environment, quiet=quiet)
    try:
        async with asyncio.timeout(seconds):
            output = await _talk(process, data)
            code = await process.wait()
    except TimeoutError:
        raise ProgramFailed(f"it took longer than {seconds:g} s") from None
    finally:
        await _end(process)
    if len(output) > MAX_OUTPUT:
        raise ProgramFailed(f"it printed more than {MAX_OUTPUT} bytes")
    return code, output


async def _start(
    arguments: Sequence[str], environment: Mapping[str, str] | None, *, quiet: bool
) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    try:
        return await asyncio.create_subprocess_exec(
            *arguments,
            stdin=pipe,
            stdout=pipe,
            stderr=asyncio.subprocess.DEVNULL if quiet else None,
            env=None if environment is None else dict(environment),
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be started"
        raise ProgramFailed(reason.lower()) from None


async def _talk(process: asyncio.subprocess.Process, data: bytes) -> bytes:
    """Send the bytes and return what the program prints, a little over the limit at most."""
    if process.stdin is None or process.stdout is None:
        return b""
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data)
        await process.stdin.drain()
    process.stdin.close()
    output = b""
    while len(output) <= MAX_OUTPUT and (part := await process.stdout.read(MAX_OUTPUT)):
        output += part
    if len(output) > MAX_OUTPUT:
        with suppress(ProcessLookupError):  # it has just ended by itself
            process.kill()
    return output


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave no process behind, and do not wait for what it may have left behind itself."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(_REAP):
                await process.wait()
