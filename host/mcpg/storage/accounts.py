"""Accounts of limits in memory. One process counts for itself; a restart begins with full accounts.

An account that is full again says nothing that a new one would not say, so only such accounts are dropped when there
are too many; if none is, new accounts are refused: forgetting what was spent would let a flood of new names lift a
limit. Each scope (tenant and plugin use) has its own bound, so that one cannot fill the place of all.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from mcpg.storage.buckets import Bucket
from mcpg.storage.ports import MAX_NUMBER, Charge, Reservation, Scope, StoreFull

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["MemoryAccounts", "check_charges"]

MAX_CHARGES = 64
MAX_PARTS = 32
MAX_NAME = 1024
LOOK_FOR_FULL = 16

_Account = tuple[str, ...]


class _Held(NamedTuple):
    """What one reservation charged to one account, and the window that it was charged in."""

    account: _Account
    cost: int
    began: int


class _Open(NamedTuple):
    scope: Scope
    ends: int
    held: tuple[_Held, ...]


class MemoryAccounts:
    """Implements `Accounts`; `clock` gives nanoseconds that never go back, `expiry` is in seconds."""

    def __init__(
        self,
        *,
        accounts: int = 262_144,
        per_scope: int = 65_536,
        reservations: int = 65_536,
        expiry: float = 900.0,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._max_accounts, self._per_scope, self._max_open = accounts, per_scope, reservations
        self._expiry = int(expiry * 1_000_000_000)
        self._clock = clock
        self._scopes: OrderedDict[Scope, OrderedDict[_Account, Bucket]] = OrderedDict()
        self._open: OrderedDict[int, _Open] = OrderedDict()
        self._last_id = 0
        self.count = 0
        """Accounts held now."""

    async def reserve(self, scope: Scope, charges: Sequence[Charge]) -> Reservation:
        """Charge all or none. See `Accounts.reserve`."""
        check_charges(charges)
        now = self._clock()
        charged: list[tuple[_Account, Bucket, int, int]] = []
        for charge in charges:
            name = tuple(charge.account)
            try:
                bucket = self._bucket(scope, name, charge, now)
            except StoreFull:
                _undo(charged)
                raise
            if not bucket.fits(charge.cost):
                total = sum(each.cost for each in charges if tuple(each.account) == name)
                _undo(charged)
                return Reservation(granted=False, account=name, retry_after=bucket.wait(total))
            charged.append((name, bucket, charge.cost, bucket.spent))
            bucket.spend(charge.cost)
        held = tuple(_Held(name, cost, bucket.began) for name, bucket, cost, _ in charged)
        return Reservation(granted=True, id=self._remember(scope, held, now))

    async def settle(self, reservation: Reservation, charges: Sequence[Charge]) -> bool:
        """Replace what was reserved by what it really cost. See `Accounts.settle`."""
        check_charges(charges)
        now = self._clock()
        self._expire(now)
        opened = self._open.pop(reservation.id, None) if reservation.granted else None
        if opened is None:
            return False
        reserved: dict[_Account, int] = {}
        for held in opened.held:
            reserved[held.account] = reserved.get(held.account, 0) + held.cost
        for charge in charges:
            more = charge.cost - reserved.pop(name := tuple(charge.account), 0)
            if more > 0:
                self._bucket(opened.scope, name, charge, now).spend(more)
            elif more < 0:
                reserved[name] = -more  # what is left of it is given back, or meets a further charge
        began = {held.account: held.began for held in opened.held}
        for name, surplus in reserved.items():
            self._give_back(opened.scope, name, surplus, began[name], now)
        return True

    def left(self, scope: Scope, account: Sequence[str]) -> int | None:
        """Return the millionths left in an account, or None when it is not held (and so is full)."""
        bucket = self._find(scope, tuple(account))
        if bucket is None:
            return None
        bucket.advance(self._clock())
        return bucket.left()

    def _find(self, scope: Scope, name: _Account) -> Bucket | None:
        accounts = self._scopes.get(scope)
        return None if accounts is None else accounts.get(name)

    def _give_back(self, scope: Scope, name: _Account, millionths: int, began: int, now: int) -> None:
        bucket = self._find(scope, name)
        if bucket is None:
            return
        bucket.advance(now)
        if bucket.began == began:  # a new window owes the old one nothing
            bucket.spend(-millionths)

    def _bucket(self, scope: Scope, name: _Account, charge: Charge, now: int) -> Bucket:
        accounts = self._scopes.get(scope)
        if accounts is None:
            accounts = self._scopes[scope] = OrderedDict()
        self._scopes.move_to_end(scope)
        bucket = accounts.get(name)
        if bucket is None:
            self._make_room(scope, accounts, now)
            bucket = accounts[name] = Bucket(now, now)
            self.count += 1
        accounts.move_to_end(name)
        bucket.advance(now)
        bucket.capacity, bucket.refill, bucket.window = charge.capacity, charge.refill, charge.window
        return bucket

    def _make_room(self, scope: Scope, accounts: OrderedDict[_Account, Bucket], now: int) -> None:
        if len(accounts) >= self._per_scope and not self._drop_full(accounts, now):
            raise StoreFull(f"limit use `{scope[1]}` has too many accounts that are in use", remedy="limit fewer names")
        if self.count < self._max_accounts:
            return
        for other in list(islice(self._scopes, LOOK_FOR_FULL)):
            if self._drop_full(self._scopes[other], now):
                if not self._scopes[other] and other != scope:
                    del self._scopes[other]
                return
        raise StoreFull("there are too many accounts that are in use", remedy="limit fewer names")

    def _drop_full(self, accounts: OrderedDict[_Account, Bucket], now: int) -> bool:
        for name in list(islice(accounts, LOOK_FOR_FULL)):
            bucket = accounts[name]
            bucket.advance(now)
            if bucket.spent == 0:
                del accounts[name]
                self.count -= 1
                return True
        return False

    def _remember(self, scope: Scope, held: tuple[_Held, ...], now: int) -> int:
        self._expire(now)
        if len(self._open) >= self._max_open:
            self._open.popitem(last=False)
        self._last_id += 1
        self._open[self._last_id] = _Open(scope, now + self._expiry, held)
        return self._last_id

    def _expire(self, now: int) -> None:
        while self._open and next(iter(self._open.values())).ends <= now:
            self._open.popitem(last=False)


def _undo(charged: list[tuple[_Account, Bucket, int, int]]) -> None:
    for _, bucket, _, spent in reversed(charged):
        bucket.spent = spent


def check_charges(charges: Sequence[Charge]) -> None:
    """Return if these can be charged; `ValueError` says which rule of numbers or names is broken."""
    if len(charges) > MAX_CHARGES:
        raise ValueError(f"more than {MAX_CHARGES} charges for one call")
    for charge in charges:
        numbers = (charge.cost, charge.capacity, charge.refill, charge.window)
        if not all(type(number) is int and 0 <= number <= MAX_NUMBER for number in numbers):
            raise ValueError("a charge's numbers are whole, not negative and at most 2^53-1")
        if not 1 <= len(charge.account) <= MAX_PARTS or sum(map(len, charge.account)) > MAX_NAME:
            raise ValueError(f"an account's name has 1 to {MAX_PARTS} parts and at most {MAX_NAME} characters")
