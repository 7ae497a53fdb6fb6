"""The ports of storage and their values. It holds no driver; memory, SQLite and later ones keep to this page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mcpg.contract.problems import McpgError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MAX_NUMBER", "Accounts", "Charge", "Parked", "Reservation", "Scope", "StoreFull"]

MAX_NUMBER = 2**53 - 1

Scope = tuple[str, str]
"""Tenant and plugin use: what stands before every account's name, so that neither reaches the other's accounts."""


class StoreFull(McpgError):  # noqa: N818 - names state facts
    """A store holds as much as it may and nothing of it can be dropped without loss."""

    code = "store-full"


class Charge(NamedTuple):
    """One charge, as `limit.wit` has it: numbers are millionths (and at most 2^53-1), `window` is in seconds."""

    account: Sequence[str]
    cost: int
    capacity: int
    refill: int
    window: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """What became of a request for charges.

    If `granted`, `id` is for `settle`. If not, nothing was charged; `account` is the first that had too little and
    `retry_after` the seconds until it has enough, None when it never will.
    """

    granted: bool
    id: int = 0
    account: tuple[str, ...] = ()
    retry_after: float | None = None


class Accounts(Protocol):
    """Token buckets (`refill`) and budgets (`window`) that limits charge."""

    async def reserve(self, scope: Scope, charges: Sequence[Charge]) -> Reservation:
        """Charge all or none; raises `StoreFull` and `ValueError` (a number out of range, too many charges)."""
        ...

    async def settle(self, reservation: Reservation, charges: Sequence[Charge]) -> bool:
        """Replace what was reserved by what it really cost, once; returns False when the reservation is gone.

        A higher cost is charged even where the account has too little: it is then in debt and refuses until that has
        flowed back. A reservation that is never settled expires, and what it charged stays charged.
        """
        ...


class Parked(Protocol):
    """Paused runs, each to be taken once, and ids that may be spent once. Values are opaque; seal what is secret."""

    async def put(self, key: str, value: bytes, *, ttl: float, owner: str = "") -> None:
        """Keep `value` of `owner` for `ttl` seconds; raises `StoreFull`, and `KeyError` when `key` is taken."""
        ...

    async def take(self, key: str) -> bytes | None:
        """Return the value and forget it: of all who ask, one gets it. None when it is gone, spent or never was."""
        ...

    async def spend(self, identifier: str, *, ttl: float) -> bool:
        """Return True the first time in `ttl` seconds, False ever after; raises `StoreFull`."""
        ...

    async def drop(self, owner: str) -> int:
        """Forget all values of `owner`, as if each had been taken; return how many there were."""
        ...

    async def keys(self) -> list[str]:
        """Return the keys of all values that can still be taken."""
        ...

    async def close(self) -> None:
        """Let go of the store."""
        ...
