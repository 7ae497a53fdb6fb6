"""Runs docker's credential helpers, bounded in time and output. What they print reaches nobody but the caller.

Source: docker's credential-helpers protocol: `docker-credential-NAME get|store|erase`, the request on standard input.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError
from mcpg_registry.strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ask_program", "tell_program"]

SECONDS = 10.0
MAX_OUTPUT = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_UNKNOWN = b"credentials not found"


async def ask_program(
    name: str, server: str, environment: Mapping[str, str], *, seconds: float = SECONDS
) -> tuple[str, str] | None:
    """Return user and secret of a server, none if the program knows none; `ConfigError` when it fails."""
    code, output = await _run(name, "get", server.encode(), environment, seconds)
    if code != 0:
        if _UNKNOWN in output[:256].lower():
            return None
        raise _failed(name, f"it ended with {code}")
    try:
        answer = parse_object(output, MAX_OUTPUT)
    except ValueError:
        raise _failed(name, "its answer is no JSON object") from None
    user, secret = answer.get("Username"), answer.get("Secret")
    if not isinstance(user, str) or not isinstance(secret, str):
        raise _failed(name, "its answer has no user and secret")
    return (user, secret) if secret else None


async def tell_program(
    name: str, verb: str, request: Mapping[str, str] | str, environment: Mapping[str, str], *, seconds: float = SECONDS
) -> None:
    """Have the program `store` an entry or `erase` a server; `ConfigError` when it fails."""
    text = request if isinstance(request, str) else json.dumps(dict(request))
    code, output = await _run(name, verb, text.encode(), environment, seconds)
    if code != 0 and _UNKNOWN not in output[:256].lower():
        raise _failed(name, f"it ended with {code}")


async def _run(name: str, verb: str, data: bytes, environment: Mapping[str, str], seconds: float) -> tuple[int, bytes]:
    if _NAME.fullmatch(name) is None:
        raise ConfigError("a credential helper has a malformed name", remedy="mend docker's config.json")
    process = await _start(name, verb, environment)
    try:
        async with asyncio.timeout(seconds):
            output = await _talk(process, data)
            return await process.wait(), output
    except TimeoutError:
        raise _failed(name, f"it took longer than {seconds:g} s") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _start(name: str, verb: str, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    try:
        return await asyncio.create_subprocess_exec(
            f"docker-credential-{name}",
            verb,
            stdin=pipe,
            stdout=pipe,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environment),
        )
    except OSError as error:
        raise _failed(name, (error.strerror or "it cannot be started").lower()) from None


async def _talk(process: asyncio.subprocess.Process, data: bytes) -> bytes:
    """Send the request and return what the program prints, up to the limit."""
    if process.stdin is None or process.stdout is None:
        return b""
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(data + b"\n")
        await process.stdin.drain()
        process.stdin.close()
    output = b""
    while len(output) <= MAX_OUTPUT and (part := await process.stdout.read(MAX_OUTPUT)):
        output += part
    if len(output) > MAX_OUTPUT:
        process.kill()
    return output


def _failed(name: str, reason: str) -> ConfigError:
    return ConfigError(
        f"the credential helper `docker-credential-{name}` failed: {reason}",
        code="registry-credentials",
        remedy="run it by hand, or take it out of docker's config.json",
    )
