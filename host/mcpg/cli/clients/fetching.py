"""A document from an HTTPS address, through the guarded connector. It judges no document.

No address that is private, loopback or link-local unless the operator says so, no proxy of the environment, bounded in
size, time and redirects. Source: registry API v0.1 (modelcontextprotocol/registry).
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from mcpg.cli.clients.reading import MAX_BYTES
from mcpg.contract.problems import ConfigError, McpgError
from mcpg.effects.addresses import Private
from mcpg.effects.connector import GuardedConnector
from mcpg.effects.transport import Outgoing, Reach

__all__ = ["address_of", "fetch"]

SECONDS = 30.0
FOUND = 200


def address_of(reference: str, registry: str) -> str:
    """Return where a registry has the document of `NAME[@VERSION]`."""
    name, _, version = reference.partition("@")
    if not name:
        remedy = "write `registry:NAME` or `registry:NAME@VERSION`"
        raise ConfigError("no server is named", where=reference, remedy=remedy)
    return f"{registry.rstrip('/')}/v0.1/servers/{quote(name, safe='')}/versions/{quote(version or 'latest', safe='')}"


async def fetch(url: str, *, private: bool) -> bytes:
    """Return the body at `url`; raises `McpgError`."""
    if not url.startswith("https://") and not private:
        remedy = "write `https://...`; `--private` takes `http:` too"
        raise ConfigError("this is no https address", where=url, remedy=remedy)
    reach = Reach(private=Private(everywhere=private), redirects=3, max_response=MAX_BYTES, idle=SECONDS)
    connector = GuardedConnector()
    outgoing = Outgoing("GET", url, (("accept", "application/json"), ("user-agent", "mcpg")))
    try:
        answer = await connector.request(outgoing, reach, deadline=asyncio.get_running_loop().time() + SECONDS)
    except McpgError as error:
        remedy = "see that the address is right"
        raise ConfigError(f"it cannot be had: {error.message}", where=url, remedy=remedy) from error
    finally:
        await connector.stop()
    if answer.status != FOUND:
        remedy = "see that name and version are right" if answer.status == 404 else "try again later"  # noqa: PLR2004 - HTTP
        raise ConfigError(f"the server answered {answer.status}", where=url, remedy=remedy)
    return answer.body
