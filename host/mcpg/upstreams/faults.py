"""How a call to an upstream goes wrong inside this room. It does not decide what a client sees.

Fault                  one call, or the whole link, did not work
├── SessionGone        the upstream has forgotten our session: surely not processed
├── NotSent            nothing, or only a part of it, left this process: surely not processed
├── Rejected           an HTTP status that carries no JSON-RPC answer
├── Lost               the connection or process ended before the answer: may have been processed
└── Nonsense           what came is not MCP, or too large: may have been processed
"""

from __future__ import annotations

__all__ = ["Fault", "Lost", "Nonsense", "NotSent", "Rejected", "SessionGone"]


class Fault(Exception):  # noqa: N818 - names state facts
    """What went wrong, in words that name no credential; `processed` says whether it may have had an effect."""

    processed = True


class SessionGone(Fault):
    """The upstream answered that it does not know our session."""

    processed = False


class NotSent(Fault):
    """The request did not leave this process as a whole."""

    processed = False


class Rejected(Fault):
    """The upstream answered with an HTTP status and no JSON-RPC message."""

    def __init__(self, status: int) -> None:
        super().__init__(f"answered with HTTP status {status}")
        self.status = status
        self.processed = status >= 500  # noqa: PLR2004 - 4xx says that nothing was done


class Lost(Fault):
    """The connection or the process ended before the answer came."""


class Nonsense(Fault):
    """The answer is not an MCP message, or larger than the operator allows."""
