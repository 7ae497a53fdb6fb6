"""Asks a registry whether it takes our credentials. It stores none.

Source: OCI distribution spec 1.1, "Determining Support"; docker's log-in asks the same address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg_registry.exchanges import Call, status_failed
from mcpg_registry.tokens import basic

if TYPE_CHECKING:
    from mcpg_registry.credentials import CredentialSource
    from mcpg_registry.exchanges import Exchanges
    from mcpg_registry.hosts import Place

__all__ = ["check_login"]

_OK = 200


async def check_login(exchanges: Exchanges, credentials: CredentialSource, place: Place) -> bool:
    """Return whether the place asks who we are; `HttpFailed` when it refuses us.

    One that asks nobody is shown user and password all the same: it may let everybody read and still know its users.
    """
    async with exchanges.open(place, Call("GET", "/v2/")) as answer:
        if answer.status != _OK:
            raise status_failed(answer)
    if exchanges.asked(place):
        return True
    known = await credentials.find(place.host, place.repository)
    if known is None or not known.password:
        return False
    async with exchanges.open(place, Call("GET", "/v2/", authorization=basic(known))) as answer:
        if answer.status != _OK:
            raise status_failed(answer)
    return False
