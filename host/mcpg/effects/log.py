"""Driver `log`: lines of plugins in the gateway's own log. It tells no client; `notify` does.

level        the least level that is written, `info` unless said
per_second   lines of one use, 10 unless said; what comes faster is dropped, and how many were is told

The logger is `mcpg.plugins.USE`. A line is one line without control characters, with the id of its call; `data` stands
in JSON logs only. The reply is always the same, so that no answer of a plugin can depend on the log.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from mcpg.contract.effects import LogReply, LogRequest
from mcpg.contract.problems import EffectDenied, one_line
from mcpg.contract.verdicts import Case, ok
from mcpg.effects.grants import GrantFields, read_grant
from mcpg.effects.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.ports import EffectContext
    from mcpg.effects.secrets import Keyring

__all__ = ["LogDriver", "LogGrant"]

_MAX_DATA = 16 * 1024
_MAX_NESTING = 16
_BURST = 20
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_TAKEN = ok(msgspec.json.encode(LogReply()).decode())


class _Fields(GrantFields, frozen=True):
    level: Literal["debug", "info", "warning", "error"] = "info"
    per_second: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 10


class LogGrant:
    """Logger, least level and pace of one plugin use, all its runs together."""

    __slots__ = ("dropped", "least", "log", "pace", "use")

    def __init__(self, use: str, level: str, per_second: int) -> None:
        self.use = use
        self.log = logging.getLogger(f"mcpg.plugins.{use}")
        self.least = _LEVELS[level]
        self.pace = Pace(per_second, max(_BURST, per_second))
        self.dropped = 0


class LogDriver:
    """Writes what plugins say of their work to the gateway's log."""

    name = "log"
    request = LogRequest

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    def grant(self, document: Mapping[str, Any], keyring: Keyring) -> LogGrant:
        """Read `level` and `per_second`; raises `ConfigError`."""
        fields = read_grant(_Fields, document, "log")
        return LogGrant(keyring.use, fields.level, fields.per_second)

    def check(self, request: LogRequest, grant: LogGrant) -> None:  # noqa: ARG002 - the protocol's
        """Return unless `data` is too long or nested too deeply; raises `EffectDenied`."""
        if request.data is not None:
            _printable(request.data, _MAX_NESTING)
            if len(msgspec.json.encode(request.data)) > _MAX_DATA:
                raise EffectDenied(f"`data` of the log line has more than {_MAX_DATA} bytes")

    async def perform(self, request: LogRequest, grant: LogGrant, context: EffectContext) -> Case:
        """Write the line, or drop it: below the least level, or too fast."""
        level = _LEVELS[request.level]
        if level < grant.least or not grant.log.isEnabledFor(level):
            return _TAKEN
        if not grant.pace.take("", asyncio.get_running_loop().time()):
            grant.dropped += 1
            return _TAKEN
        if grant.dropped:
            grant.log.warning("`%s` logs too fast: %d lines were dropped (`per_second`)", grant.use, grant.dropped)
            grant.dropped = 0
        facts: dict[str, Any] = {"call": context.run.partition(".")[0]}
        if request.data is not None:
            facts["data"] = _printable(request.data, _MAX_NESTING)
        grant.log.log(level, "%s", one_line(request.message), extra={"facts": facts})
        return _TAKEN


def _printable(value: Any, levels: int) -> Any:
    """Return `value` with texts that steer no terminal; raises `EffectDenied` when it is nested too deeply."""
    if isinstance(value, str):
        return one_line(value)
    if not isinstance(value, list | dict):
        return value
    if not levels:
        raise EffectDenied(f"`data` of the log line is nested deeper than {_MAX_NESTING} levels")
    if isinstance(value, list):
        return [_printable(each, levels - 1) for each in value]
    return {one_line(name): _printable(each, levels - 1) for name, each in value.items()}
