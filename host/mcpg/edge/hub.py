"""The hub of all MCP endpoints of one process: makes them, and tends what they share. It routes no path.

`front.front_doors` finds the endpoint of a path; the names given here are what sessions are bound to, so they must be
the same in every process that shares seal keys, and stay the same over a reload.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.shared import Shared

if TYPE_CHECKING:
    from mcpg.contract.ports import Service
    from mcpg.edge.wellknown import Protected

__all__ = ["Hub"]

_PACE = 1.0
"""Seconds between two looks at the store: so much later another process knows that a session has ended."""


class Hub(Shared):
    """Endpoints by name over what they share (see `Shared`)."""

    def endpoint(self, name: str, service: Service, *, protected: Protected | None = None) -> McpEndpoint:
        """Return the endpoint of that name: a new one, or the one there is, from now on with this service."""
        end = self._ends.get(name)
        if isinstance(end, McpEndpoint):
            end.exchange(service, protected)
            return end
        return McpEndpoint(service, shared=self, name=name, protected=protected)

    def remove(self, name: str) -> None:
        """Forget an endpoint, and end its sessions; a name that is not known is none to forget."""
        self.detach(name)

    async def run(self) -> None:
        """Keep sessions and end those that are over, until cancelled; run it as a task beside the server."""
        while True:
            await self.sessions.tend()
            self.resuming.expire()
            await asyncio.sleep(_PACE)
