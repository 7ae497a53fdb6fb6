"""Driver `sql`: statements with parameters on the operator's connections. It builds no statement.

Reading is enforced by the database: a read-only grant has connections of its own, opened with `mode=ro`, `query_only`
and an authorizer that denies every write; every connection denies ATTACH, PRAGMA and extensions. A statement that
runs too long is interrupted, and nothing it did stays. Connections, and with them threads, are bounded for each pool.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mcpg.contract.effects import SqlReply, SqlRequest, SqlStep
from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.contract.verdicts import Case, failed, ok
from mcpg.effects.sql_engines import Engines
from mcpg.effects.sql_grant import SqlGrant, read_sql_grant
from mcpg.effects.sql_values import as_json, weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, CursorResult
    from sqlalchemy.ext.asyncio import AsyncConnection

    from mcpg.contract.ports import EffectContext
    from mcpg.effects.secrets import Keyring

__all__ = ["SqlDriver"]

_BATCH = 100
_NUDGE = 0.02


class _TooLarge(Exception):  # noqa: N818 - names state facts
    """An answer's values outgrew `max_size`."""


class SqlDriver:
    """Runs statements on named connections: `connections` maps a name to its SQLAlchemy URL (`sqlite+aiosqlite`)."""

    name = "sql"
    request = SqlRequest

    def __init__(
        self, connections: Mapping[str, str], *, pool: int = 4, pools: Mapping[str, int] | None = None
    ) -> None:
        self._engines = Engines(connections, pool, pools or {})

    async def start(self) -> None:
        """Check the URLs; raises `ConfigError`. Connections open when they are needed."""
        self._engines.check()

    async def stop(self) -> None:
        """Close all connections."""
        await self._engines.stop()

    def grant(self, document: Mapping[str, Any], keyring: Keyring) -> SqlGrant:  # noqa: ARG002 - the protocol's
        """Read the fields of `sql_grant`; raises `ConfigError`."""
        return read_sql_grant(document, self._engines.names)

    def check(self, request: SqlRequest, grant: SqlGrant) -> None:
        """Return if connection and statements are granted; raises `EffectDenied`."""
        grant.admit(request)

    async def perform(self, request: SqlRequest, grant: SqlGrant, context: EffectContext) -> Case:
        """Run the statement, or all steps or none; answers `ok(SqlReply)` or `failed`."""
        loop = asyncio.get_running_loop()
        deadline = min(context.deadline, loop.time() + min(request.timeout / 1000, grant.max_time))
        try:
            lent = self._engines.lend(request.connection, deadline, read_only=grant.read_only)
            connection = await lent.__aenter__()
        except TimeoutError:
            return failed("timeout", "no database connection became free in time")
        except (SQLAlchemyError, OSError, ConfigError):
            return failed("unavailable", f"connection `{request.connection}` cannot be opened")
        try:
            work = asyncio.ensure_future(_run(connection, request, grant))
            return await _supervise(work, connection, deadline)
        finally:
            await lent.__aexit__(None, None, None)


async def _supervise(work: asyncio.Task[SqlReply], connection: AsyncConnection, deadline: float) -> Case:
    """Wait for `work`, and stop it when its time is over or nobody waits any more."""
    try:
        async with asyncio.timeout_at(deadline):
            reply = await asyncio.shield(work)
        return ok(msgspec.json.encode(reply).decode())
    except TimeoutError:
        await _stop(work, connection)
        if not work.cancelled() and work.exception() is None:
            return ok(msgspec.json.encode(work.result()).decode())
        return failed("timeout", "the statement ran too long and was stopped; nothing of it was kept")
    except asyncio.CancelledError:
        await _stop(work, connection)
        raise
    except _TooLarge:
        return failed("too-large", "the answer is larger than the grant's `max_size`")
    except DBAPIError as error:
        return failed("sql-error", _line(error))
    except (SQLAlchemyError, OverflowError, TypeError, ValueError) as error:
        return failed("sql-error", f"the statement cannot be run: {type(error).__name__}")


async def _stop(work: asyncio.Task[SqlReply], connection: AsyncConnection) -> None:
    """Interrupt until `work` has ended: an interrupt before the statement began would be lost."""
    raw = await connection.get_raw_connection()
    while not work.done():
        with suppress(Exception):
            await raw.driver_connection.interrupt()  # type: ignore[union-attr]  # aiosqlite's; the only driver here
        await asyncio.wait([work], timeout=_NUDGE)


async def _run(connection: AsyncConnection, request: SqlRequest, grant: SqlGrant) -> SqlReply:
    steps = request.transaction or (
        SqlStep(statement=request.statement, parameters=request.parameters, mode=request.mode),
    )
    limit = min(request.limit, grant.max_rows)
    try:
        replies = [await connection.run_sync(_step, step, limit, grant.max_size) for step in steps]
        await connection.commit()
    except BaseException:
        await connection.rollback()
        raise
    if not request.transaction:
        return replies[0]
    return SqlReply(results=[msgspec.to_builtins(reply) for reply in replies])


def _step(connection: Connection, step: SqlStep, limit: int, max_size: int) -> SqlReply:
    """Run one statement; SQLAlchemy runs this in a greenlet, so that each call into the database awaits."""
    if any(isinstance(value, dict | list) for value in step.parameters.values()):
        raise EffectDenied("a parameter is a text, a number, a boolean or null")
    # A server-side cursor: a plain one would read every row into memory before we count them.
    result = connection.execute(text(step.statement), step.parameters, execution_options={"stream_results": True})
    try:
        if step.mode == "count":
            return SqlReply(count=max(result.rowcount, 0))
        if not result.returns_rows:
            return SqlReply(rows=[]) if step.mode == "rows" else _first(step, [])
        rows, truncated = _rows(result, limit if step.mode == "rows" else 1, max_size)
    finally:
        result.close()
    return SqlReply(rows=rows, truncated=truncated) if step.mode == "rows" else _first(step, rows)


def _first(step: SqlStep, rows: list[dict[str, Any]]) -> SqlReply:
    row = rows[0] if rows else None
    if step.mode == "one":
        return SqlReply(row=row)
    return SqlReply(scalar=next(iter(row.values()), None) if row else None)


def _rows(result: CursorResult[Any], limit: int, max_size: int) -> tuple[list[dict[str, Any]], bool]:
    rows: list[dict[str, Any]] = []
    keys = list(result.keys())
    size = 0
    while True:
        batch = result.fetchmany(min(_BATCH, limit + 1 - len(rows)))
        for values in batch:
            if len(rows) == limit:
                return rows, True
            row = {key: as_json(value) for key, value in zip(keys, values, strict=True)}
            size += weight(row)
            if size > max_size:
                raise _TooLarge
            rows.append(row)
        if not batch:
            return rows, False


def _line(error: DBAPIError) -> str:
    """Return the database's own words without statement and parameters."""
    return " ".join(str(error.orig).split())[:300] or "the database refused the statement"
