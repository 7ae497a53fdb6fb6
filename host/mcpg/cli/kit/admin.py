"""The admin API of a running gateway, asked from its own file. It changes nothing."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.problems import EffectDenied
from mcpg.effects.addresses import Private
from mcpg.effects.connector import GuardedConnector
from mcpg.effects.transport import HttpFailed, Outgoing, Reach

if TYPE_CHECKING:
    from mcpg.config import Loaded
    from mcpg.config.values import Address, SecretValue

__all__ = ["ask_admin"]

OK = 200
SECONDS = 3.0
MAX_BODY = 16 * 2**20
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where one listens so, one is reached here


def ask_admin(loaded: Loaded, view: str) -> tuple[Any, str]:
    """Return what `/admin/v1/VIEW` says, or None and why nothing was said. It blocks, for seconds at most."""
    server = loaded.config.server
    if server.admin is None or server.admin_token is None:
        return None, "no `server.admin` is configured"
    if server.admin.path:
        return None, "`server.admin` is a Unix socket, which is not asked here"
    token = _reveal(loaded, server.admin_token)
    if not token:
        return None, "`server.admin_token` has no value here"
    return asyncio.run(_ask(server.admin, token, view))


async def _ask(address: Address, token: str, view: str) -> tuple[Any, str]:
    host = EVERYWHERE.get(address.host, address.host)
    place = f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"
    outgoing = Outgoing("GET", f"http://{place}/admin/v1/{view}", (("authorization", f"Bearer {token}"),))
    connector = GuardedConnector(connections=1)
    reach = Reach(private=Private(everywhere=True), max_response=MAX_BODY)
    try:
        answer = await connector.request(outgoing, reach, deadline=asyncio.get_running_loop().time() + SECONDS)
        if answer.status != OK:
            return None, f"the gateway answered with HTTP status {answer.status}"
        return msgspec.json.decode(answer.body), ""
    except HttpFailed as failure:
        too_large = failure.code == "too-large"
        return None, "the gateway's answer is too large" if too_large else f"no gateway answers at {address}"
    except (EffectDenied, msgspec.DecodeError, RecursionError):
        return None, f"no gateway answers at {address}"
    finally:
        await connector.stop()


def _reveal(loaded: Loaded, value: SecretValue) -> str:
    """Return the text of a secret, empty where it has none here."""
    if not value.reference:
        return value.literal
    scheme, _, name = value.reference.removeprefix("secret://").partition("/")
    folder = loaded.config.secrets.file_directory
    found = ""
    if scheme == "env":
        found = os.environ.get(name, "")
    elif scheme == "file" and folder is not None:
        try:
            found = loaded.resolve(f"{folder}/{name}").read_text().rstrip("\n")
        except (OSError, ValueError):
            found = ""
    return value.prefix + found + value.suffix if found else ""
