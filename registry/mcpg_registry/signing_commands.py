"""Runs a signing command, bounded in time and output, without a shell. It judges no signature.

The command runs in our process group and session, for it may ask for a PIN on the terminal.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import tempfile
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["INPUT", "MAX_OUTPUT", "command_failed", "run_command", "signature_in"]

INPUT = "{input}"
"""In an argument: the path of a file with the bytes, for programs that read no standard input."""
MAX_OUTPUT = 64 * 1024
SIGNATURE = 64
_REAP = 5.0


async def run_command(argv: Sequence[str], data: bytes, seconds: float) -> bytes:
    """Return what the command prints; `ConfigError` when it cannot start, fails, prints too much or is too slow."""
    if not argv or not argv[0]:
        raise ConfigError(
            "a signing command is empty", code="signer-failed", remedy="give the program and its arguments"
        )
    async with AsyncExitStack() as stack:
        arguments = list(argv)
        if any(INPUT in argument for argument in arguments):
            folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="mcpg-sign-")
            stack.push_async_callback(asyncio.to_thread, folder.cleanup)
            file = Path(folder.name) / "input"
            await asyncio.to_thread(file.write_bytes, data)
            arguments, data = [argument.replace(INPUT, str(file)) for argument in arguments], b""
        process = await _start(arguments)
        try:
            async with asyncio.timeout(seconds):
                output = await _talk(process, data)
                code = await process.wait()
        except TimeoutError:
            raise command_failed(argv, f"it took longer than {seconds:g} s") from None
        finally:
            await _end(process)
    if len(output) > MAX_OUTPUT:
        raise command_failed(argv, f"it printed more than {MAX_OUTPUT} bytes")
    if code != 0:
        raise command_failed(argv, f"it ended with {code}")
    return output


def signature_in(output: bytes) -> bytes:
    """Return the 64 bytes of a signature in a command's output, raw or in base64; `ValueError` when there are none."""
    if len(output) == SIGNATURE:
        return output
    try:
        found = base64.b64decode(b"".join(output.split()), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != SIGNATURE:
        raise ValueError(f"found {len(output)} bytes of answer, wanted {SIGNATURE} bytes or their base64")
    return found


async def _start(arguments: Sequence[str]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    try:
        return await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be started"
        raise command_failed(arguments, reason.lower()) from None


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


def command_failed(argv: Sequence[str], reason: str) -> ConfigError:
    """Return the error for a command that did not give what was asked of it; its arguments are not told."""
    return ConfigError(
        f"the signing command `{argv[0]}` failed: {reason}",
        code="signer-failed",
        remedy="run it by hand: the bytes on standard input, 64 bytes of signature (or base64) on standard output",
    )
