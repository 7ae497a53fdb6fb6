"""Asks a signing command for a signature or a key. It judges no signature; how a program runs is `programs`'."""

from __future__ import annotations

import asyncio
import base64
import binascii
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError
from mcpg_registry.programs import ProgramFailed, run_program

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["INPUT", "command_failed", "run_command", "signature_in"]

INPUT = "{input}"
"""In an argument: the path of a file with the bytes, for programs that read no standard input."""
SIGNATURE = 64


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
        try:
            code, output = await run_program(arguments, data, seconds=seconds)
        except ProgramFailed as failed:
            raise command_failed(argv, str(failed)) from None
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


def command_failed(argv: Sequence[str], reason: str) -> ConfigError:
    """Return the error for a command that did not give what was asked of it; its arguments are not told."""
    return ConfigError(
        f"the signing command `{argv[0]}` failed: {reason}",
        code="signer-failed",
        remedy="run it by hand: the bytes on standard input, 64 bytes of signature (or base64) on standard output",
    )
