"""Driver `notify`: progress and log messages to the client of this very call. There is nothing to name in its grant.

per_second   notifications of one run, 10 unless said

What comes too fast is dropped and the plugin is told so: `{"sent": false}`. The progress token is the channel's own.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from mcpg.contract.effects import NotifyReply, NotifyRequest
from mcpg.contract.problems import EffectDenied
from mcpg.contract.verdicts import Case, ok
from mcpg.effects.grants import GrantFields, read_grant
from mcpg.effects.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.ports import EffectContext
    from mcpg.effects.secrets import Keyring

__all__ = ["NotifyDriver", "NotifyGrant"]

_MAX_MESSAGE = 4096
_MAX_DATA = 16 * 1024
_BURST = 20
_SENT, _DROPPED = (ok(msgspec.json.encode(NotifyReply(sent=sent)).decode()) for sent in (True, False))


class _Fields(GrantFields, frozen=True):
    per_second: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10


class NotifyGrant:
    """The pace of one plugin use, for each of its runs."""

    __slots__ = ("pace",)

    def __init__(self, per_second: int) -> None:
        self.pace = Pace(per_second, max(_BURST, per_second))


class NotifyDriver:
    """Hands notifications to the run's own channel."""

    name = "notify"
    request = NotifyRequest

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    def grant(self, document: Mapping[str, Any], keyring: Keyring) -> NotifyGrant:  # noqa: ARG002 - the protocol's
        """Read `per_second` (10 unless said); raises `ConfigError`."""
        return NotifyGrant(read_grant(_Fields, document, "notify").per_second)

    def check(self, request: NotifyRequest, grant: NotifyGrant) -> None:  # noqa: ARG002 - the protocol's
        """Return unless the message is too long; raises `EffectDenied`."""
        if len(request.message) > _MAX_MESSAGE or len(msgspec.json.encode(request.data)) > _MAX_DATA:
            raise EffectDenied("the notification is too long")

    async def perform(self, request: NotifyRequest, grant: NotifyGrant, context: EffectContext) -> Case:
        """Send the notification, or drop it when this run sends too many."""
        if not grant.pace.take(context.run, asyncio.get_running_loop().time()):
            return _DROPPED
        if request.kind == "progress":
            params: dict[str, Any] = {"progress": request.progress}
            if request.total is not None:
                params["total"] = request.total
            if request.message:
                params["message"] = request.message
            await context.notify("notifications/progress", params)
        else:
            data = request.data if request.data is not None else request.message
            await context.notify("notifications/message", {"level": request.level, "data": data})
        return _SENT
