"""Asks docker's credential helpers, and tells them. What they print reaches nobody but the caller.

Source: docker's credential-helpers protocol: `docker-credential-NAME get|store|erase`, the request on standard input.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError
from mcpg_registry.programs import MAX_OUTPUT, ProgramFailed, run_program
from mcpg_registry.strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ask_program", "tell_program"]

SECONDS = 10.0
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


async def tell_program(name: str, verb: str, request: Mapping[str, str] | str, environment: Mapping[str, str]) -> None:
    """Have the program `store` an entry or `erase` a server; `ConfigError` when it fails."""
    text = request if isinstance(request, str) else json.dumps(dict(request))
    code, output = await _run(name, verb, text.encode(), environment, SECONDS)
    if code != 0 and _UNKNOWN not in output[:256].lower():
        raise _failed(name, f"it ended with {code}")


async def _run(name: str, verb: str, data: bytes, environment: Mapping[str, str], seconds: float) -> tuple[int, bytes]:
    if _NAME.fullmatch(name) is None:
        raise ConfigError("a credential helper has a malformed name", remedy="mend docker's config.json")
    arguments = (f"docker-credential-{name}", verb)
    try:
        return await run_program(arguments, data + b"\n", seconds=seconds, environment=environment, quiet=True)
    except ProgramFailed as failed:
        raise _failed(name, str(failed)) from None


def _failed(name: str, reason: str) -> ConfigError:
    return ConfigError(
        f"the credential helper `docker-credential-{name}` failed: {reason}",
        code="registry-credentials",
        remedy="run it by hand, or take it out of docker's config.json",
    )
