"""Makes the links of one upstream: which transport, and with whose tokens. It opens and supervises none.

With transport `auto` Streamable HTTP is tried first. A server that answers its first request with 400, 404 or 405 and
no message of MCP is tried as one of the HTTP+SSE of 2024-11-05; what it turned out to be is kept until a link of that
kind cannot be opened any more. Source: basic/transports, backwards compatibility, of 2025-03-26 and later.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError
from mcpg.upstreams.clients import PLAIN
from mcpg.upstreams.faults import Rejected
from mcpg.upstreams.oauth import Authorized, declaring
from mcpg.upstreams.specs import HttpSpec
from mcpg.upstreams.sse import SseLink
from mcpg.upstreams.stdio import StdioLink
from mcpg.upstreams.streamable import HttpLink

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.effects.connector import GuardedConnector
    from mcpg.upstreams.clients import Role
    from mcpg.upstreams.faults import Fault
    from mcpg.upstreams.link import Link
    from mcpg.upstreams.oauth import Streams
    from mcpg.upstreams.specs import UpstreamSpec

__all__ = ["Opener", "check_reachable"]

NOT_HERE = frozenset({400, 404, 405})


def check_reachable(spec: UpstreamSpec, connector: GuardedConnector | None) -> None:
    """Return if the upstream can be reached with what there is; raises `ConfigError`."""
    if isinstance(spec.transport, HttpSpec) and connector is None:
        raise ConfigError(f"upstream `{spec.name}` has a url, but nothing connects", where=f"upstreams.{spec.name}")


class Opener:
    """Makes links to the upstream of `spec`; all of them share its tokens and what is known of its transport."""

    def __init__(self, spec: UpstreamSpec, connector: GuardedConnector | None) -> None:
        check_reachable(spec, connector)
        self._authorized: Authorized | None = None
        self._streams: Streams | None = connector
        self._sse = False
        if isinstance(spec.transport, HttpSpec) and connector is not None:
            self._sse = spec.transport.kind == "sse"
            if spec.transport.oauth is not None:
                self._streams = self._authorized = Authorized(spec.transport, connector)

    def link(self, spec: UpstreamSpec, changed: Callable[[str], None], role: Role = PLAIN) -> Link:
        """Return a new link, not open yet; `changed` hears of list_changed. `spec` has the transport of ours."""
        if not isinstance(spec.transport, HttpSpec):
            return StdioLink(spec.transport, spec.max_message, changed, role, spec.name)
        assert self._streams is not None  # noqa: S101 - the constructor has seen to it
        if self._authorized is not None:
            role = replace(role, declared=declaring(role.declared))
        kind = SseLink if self._sse else HttpLink
        link = kind(spec.transport, spec.max_message, self._streams, changed, role)
        if spec.transport.kind == "auto" and spec.mode != "modern":
            link.elsewhere = lambda fault: self._failed(link, fault)
        return link

    def _failed(self, link: Link, fault: Fault) -> bool:
        """Note that a link did not come up; return whether another transport is worth trying at once."""
        self._sse = not link.old and isinstance(fault, Rejected) and fault.status in NOT_HERE
        return self._sse

    async def stop(self) -> None:
        """End what fetches tokens."""
        if self._authorized is not None:
            await self._authorized.stop()
