"""What an operator grants for driver `sql`, and whether a request is inside it. It runs no statement.

connections   names from the operator's `connections`; required
read_only     true unless said; the database itself enforces it
statements    exact texts, or `sha256:` digests of them; all unless listed
max_rows      1000 unless said, over which an answer is cut and marked
max_size      1MiB unless said: of an answer's values
max_time      10s unless said; a statement that runs longer is interrupted
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from mcpg.contract.canonical import digest_text
from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.effects.grants import GrantFields, duration, nearest, read_grant, size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.effects import SqlRequest

__all__ = ["SqlGrant", "read_sql_grant"]

_MAX_STATEMENT = 64 * 1024
_MAX_STEPS = 64
_LEAD = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))*([A-Za-z]+)", re.DOTALL)
_PLAIN = frozenset({"select", "values", "with", "insert", "update", "delete", "replace", "explain"})
_SCHEMA = frozenset({"create", "alter", "drop", "reindex", "analyze"})


class _Fields(GrantFields, frozen=True):
    connections: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    read_only: bool = True
    statements: tuple[str, ...] = ()
    max_rows: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1000
    max_size: str | int = "1MiB"
    max_time: str | int | float = "10s"


@dataclass(frozen=True, slots=True)
class SqlGrant:
    """A grant as it is used; `max_time` in seconds, `max_size` in bytes."""

    connections: frozenset[str]
    read_only: bool
    statements: frozenset[str]
    """Digests; empty for all."""
    max_rows: int
    max_size: int
    max_time: float

    def admit(self, request: SqlRequest) -> None:
        """Return if the request is inside the grant; raises `EffectDenied` that names the field."""
        if request.connection not in self.connections:
            raise EffectDenied(f"connection `{request.connection}` is not granted (`connections`)")
        if bool(request.statement) == bool(request.transaction):
            raise EffectDenied("exactly one of `statement` and `transaction` is needed")
        if request.transaction and request.parameters:
            raise EffectDenied("the steps of a `transaction` have their own `parameters`")
        if len(request.transaction) > _MAX_STEPS:
            raise EffectDenied(f"a transaction has at most {_MAX_STEPS} steps")
        for statement in (
            (step.statement for step in request.transaction) if request.transaction else (request.statement,)
        ):
            self._statement(statement)

    def _statement(self, statement: str) -> None:
        if len(statement) > _MAX_STATEMENT or "\0" in statement:
            raise EffectDenied(f"a statement has at most {_MAX_STATEMENT} characters and no NUL")
        if self.statements and digest_text(statement) not in self.statements:
            raise EffectDenied("the statement is not granted (`statements`)")
        found = _LEAD.match(statement)
        verb = found[1].lower() if found else ""
        # Anything else steers the connection or the transaction (begin, commit, attach, pragma, vacuum into a file).
        if verb not in _PLAIN and (self.read_only or verb not in _SCHEMA):
            raise EffectDenied(f"a statement that begins with `{verb[:32]}` is not granted")


def read_sql_grant(document: Mapping[str, Any], known: tuple[str, ...]) -> SqlGrant:
    """Return the grant; raises `ConfigError`, also for a connection that is not among `known`."""
    fields = read_grant(_Fields, document, "sql")
    for name in fields.connections:
        if name not in known:
            message = f"`sql.connections`: there is no connection `{name}`{nearest(name, known)}"
            raise ConfigError(message, where="sql.connections")
    return SqlGrant(
        connections=frozenset(fields.connections),
        read_only=fields.read_only,
        statements=frozenset(one if one.startswith("sha256:") else digest_text(one) for one in fields.statements),
        max_rows=fields.max_rows,
        max_size=size(fields.max_size, "sql.max_size"),
        max_time=duration(fields.max_time, "sql.max_time"),
    )
