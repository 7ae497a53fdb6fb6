"""Calls that a session makes itself, through its own gateway, as a local caller. It is no client of others."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from mcpg.contract.documents import Credentials, Peer
from mcpg.contract.ports import CannotAsk, McpCall, Refusal
from mcpg.contract.problems import McpgError
from mcpg.protocol.versions import LATEST_HANDSHAKE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.gateway.gateway import Gateway

__all__ = ["CallRefused", "Calling"]


class CallRefused(McpgError):  # noqa: N818 - names state facts
    """The gateway answered a call with an error."""

    code = "call-refused"


class Calling:
    """A caller on this machine, with an API key and further headers if given. Its requests pass every stage."""

    def __init__(self, gateway: Gateway, key: str = "", headers: Mapping[str, str] | None = None) -> None:
        self._gateway = gateway
        self._headers = {name.lower(): value for name, value in (headers or {}).items()}
        if key:
            self._headers["authorization"] = f"Bearer {key}"
        self._ids = itertools.count(1)

    async def tools(self) -> list[str]:
        """Return the names of the tools that this caller sees; raises `CallRefused`."""
        return [tool["name"] for tool in (await self._ask("tools/list", {}))["tools"]]

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the result of a call; raises `CallRefused`."""
        return await self._ask("tools/call", {"name": tool, "arguments": arguments})

    async def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        peer = Peer(address="127.0.0.1", local=True)
        service = self._gateway.service
        call = McpCall(method=method, params=params, version=LATEST_HANDSHAKE, request_id=next(self._ids))
        try:
            caller = await service.identify(Credentials(transport="http", peer=peer, headers=self._headers))
            return await service.respond(caller, call, _Mute())
        except Refusal as refusal:
            where = str(params.get("name") or method)
            raise CallRefused(str(refusal), where=where) from None


class _Mute:
    """A client that takes no notifications and answers no question."""

    async def notify(self, method: str, params: dict[str, Any]) -> None:
        """Drop it."""

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Say that nobody is there."""
        del params
        raise CannotAsk(method)
