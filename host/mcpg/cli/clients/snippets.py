"""What MCP clients want to be told of a gateway, in the spelling of each. It writes no file and holds no key.

Where a key belongs, each client's own way of asking for one stands: a variable, an input. Source: the clients' manuals
(Claude Desktop, Claude Code, Cursor, VS Code), state of 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CLIENTS", "Place", "snippet"]

VARIABLE = "MCPG_KEY"


class Place(NamedTuple):
    """One endpoint as a client reaches it: its name there, its address, or the command that speaks stdio."""

    name: str
    url: str
    command: tuple[str, ...] = ()


def _http(header: str) -> Callable[[Place], dict[str, Any]]:
    def entry(place: Place) -> dict[str, Any]:
        return {"type": "http", "url": place.url, "headers": {"Authorization": f"Bearer {header}"}}

    return entry


def _bare(header: str) -> Callable[[Place], dict[str, Any]]:
    def entry(place: Place) -> dict[str, Any]:
        return {"url": place.url, "headers": {"Authorization": f"Bearer {header}"}}

    return entry


def _stdio(place: Place) -> dict[str, Any]:
    return {"command": place.command[0], "args": list(place.command[1:])}


CLIENTS: dict[str, tuple[str, Callable[[Place], dict[str, Any]] | None, str]] = {
    "claude": ("mcpServers", None, "claude_desktop_config.json"),
    "claude-code": ("mcpServers", _http(f"${{{VARIABLE}}}"), ".mcp.json"),
    "cursor": ("mcpServers", _bare(f"${{env:{VARIABLE}}}"), ".cursor/mcp.json"),
    "vscode": ("servers", _http("${input:mcpg-key}"), ".vscode/mcp.json"),
    "mcp.json": ("mcpServers", _http("YOUR-KEY"), "mcp.json"),
}
"""Each client's word for servers, how it writes one over HTTP (None: it starts programs only), and its file."""


def snippet(client: str, places: list[Place], *, stdio: bool) -> tuple[str, dict[str, Any]]:
    """Return the client's file and what stands in it."""
    member, http, file = CLIENTS[client]
    entry = _stdio if stdio or http is None else http
    servers = {place.name: entry(place) for place in places}
    if client == "vscode":
        servers = {name: {"type": "stdio", **each} if "command" in each else each for name, each in servers.items()}
        if entry is not _stdio:
            ask = {"type": "promptString", "id": "mcpg-key", "description": "The key for MCPG", "password": True}
            return file, {"inputs": [ask], member: servers}
    return file, {member: servers}
