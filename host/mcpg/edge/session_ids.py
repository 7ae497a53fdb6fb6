"""Session ids that this gateway seals for one caller at one endpoint, and reads back. It knows no open session.

An id holds the session's random name, its version, its start and, where they fit, the capabilities that the client
declared, so that any process with the same seal keys can serve the session. Who else presents it, or at another
endpoint, presents nothing that can be opened: identity and endpoint are associated data of the seal.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.protocol.versions import HANDSHAKE
from mcpg.sealing import Unsealed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.protocol.sessions import Principal, Session
    from mcpg.sealing import Sealer

__all__ = ["MAX_ID", "Opened", "SessionIds", "new_name"]

MAX_ID = 1024
"""Characters of a session id: clients and proxies keep headers of that size without a second thought."""

_PURPOSE = "session"
_ROOM = MAX_ID // 4 * 3 - 55 - 64
"""Bytes of capabilities that an id has room for: 55 are the seal's, 64 hold the other members."""
_encode = msgspec.json.Encoder().encode


class Opened(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What an id says; `capabilities` is none where they had no room and only a store can tell. `created` is in ms."""

    id: str
    version: str
    created: int
    capabilities: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(Opened)


def new_name() -> str:
    """Return a random name for a session."""
    return secrets.token_urlsafe(16)


class SessionIds:
    """Makes and reads ids with one sealer; `age` is the life of a session in seconds."""

    def __init__(self, sealer: Sealer, age: float) -> None:
        self._sealer = sealer
        self._age = age

    def seal(self, session: Session) -> str:
        """Return the id of a session: visible ASCII, at most `MAX_ID` characters."""
        declared = dict(session.capabilities) if self.fits(session.capabilities) else None
        opened = Opened(session.id, session.version, int(session.created * 1000), declared)
        bind = _binding(session.principal, session.endpoint)
        return self._sealer.seal(_PURPOSE, _encode(opened), bind=bind, ttl=self._age)

    def read(self, token: str, principal: Principal, endpoint: str) -> Opened | None:
        """Return what an id says, none for anything that was not sealed for this caller at this endpoint."""
        if len(token) > MAX_ID:
            return None
        try:
            opened = _decoder.decode(self._sealer.open(_PURPOSE, token, bind=_binding(principal, endpoint)))
        except (Unsealed, msgspec.MsgspecError):
            return None
        return opened if opened.version in HANDSHAKE else None

    @staticmethod
    def fits(capabilities: Mapping[str, Any]) -> bool:
        """Return whether an id has room for these capabilities."""
        return len(_encode(capabilities)) <= _ROOM


def _binding(principal: Principal, endpoint: str) -> bytes:
    return _encode((endpoint, *principal))
