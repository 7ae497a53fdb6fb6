"""What one call tells its upstream of the client behind it, and what a whole link stands for. It asks nobody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mcpg.protocol.capabilities import relayable
from mcpg.protocol.methods import TASKS_EXTENSION
from mcpg.protocol.versions import LATEST_HANDSHAKE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.protocol.frames import RequestId
    from mcpg.upstreams.asks import Sink

__all__ = ["DESCRIBING", "PLAIN", "Client", "Role"]


@dataclass(slots=True)
class Client:
    """The client of one call: `capabilities` and `level` are told to a modern upstream, `sink` takes what it asks.

    `progress` is our number and the client's token of a request that began a task: its progress goes on under them.
    `meta` is the client's own `_meta`; with `baggage` its W3C baggage is passed on too.
    """

    capabilities: Mapping[str, Any] = field(default_factory=dict)
    level: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    baggage: bool = False
    sink: Sink | None = None
    progress: tuple[int, RequestId] | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """Whom a link stands for.

    `capabilities` (normalised) are what the clients of a link to a legacy server can be asked, `declared` how the
    server is told so with initialize. A `private` link serves one caller only, so what names no call may be given to
    its only call. A link that `describes` serves the gateway itself: it declares what can be relayed, so that a server
    shows all that it has, and nobody is asked over it.
    """

    capabilities: Mapping[str, Any] = field(default_factory=dict)
    declared: Mapping[str, Any] = field(default_factory=dict)
    private: bool = False
    describes: bool = False


PLAIN: Final = Role()
EVERYTHING: Final = {
    "elicitation": {"form": {}, "url": {}},
    "sampling": {"context": {}, "tools": {}},
    "roots": {},
    "extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}, TASKS_EXTENSION: {}},
}
DESCRIBING: Final = Role(EVERYTHING, relayable(EVERYTHING, LATEST_HANDSHAKE), describes=True)
