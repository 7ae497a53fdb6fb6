"""Accounts: nothing is granted beyond what is there, all or none, and refill is exact."""

from __future__ import annotations

import asyncio
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mcpg.storage import Charge, MemoryAccounts, Reservation, StoreFull
from mcpg.storage.buckets import SCALE, Bucket

SCOPE = ("default", "fair-use")
ONE = 1_000_000
SECOND = 1_000_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 5 * SECOND

    def __call__(self) -> int:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(clock: Clock) -> MemoryAccounts:
    return MemoryAccounts(clock=clock, expiry=600)


def bucket(name: str = "ana", *, cost: int = ONE, capacity: int = 3 * ONE, refill: int = ONE) -> Charge:
    return Charge(["caller", name], cost, capacity, refill, 0)


def budget(name: str = "ana", *, cost: int = ONE, capacity: int = 3 * ONE, window: int = 60) -> Charge:
    return Charge(["budget", name], cost, capacity, 0, window)


async def test_a_burst_then_the_rate(accounts: MemoryAccounts, clock: Clock) -> None:
    for _ in range(3):
        assert (await accounts.reserve(SCOPE, [bucket()])).granted
    refused = await accounts.reserve(SCOPE, [bucket()])
    assert refused == Reservation(granted=False, account=("caller", "ana"), retry_after=1.0)
    clock.pass_(0.9999)
    assert (await accounts.reserve(SCOPE, [bucket()])).retry_after == 0.001
    clock.pass_(0.001)
    assert (await accounts.reserve(SCOPE, [bucket()])).granted


async def test_a_budget_begins_anew_with_its_window(accounts: MemoryAccounts, clock: Clock) -> None:
    assert (await accounts.reserve(SCOPE, [budget(cost=3 * ONE)])).granted
    clock.pass_(10)
    assert (await accounts.reserve(SCOPE, [budget()])).retry_after == 50.0
    clock.pass_(50)
    assert (await accounts.reserve(SCOPE, [budget()])).granted
    clock.pass_(179)
    assert accounts.left(SCOPE, ["budget", "ana"]) == 3 * ONE
    assert (await accounts.reserve(SCOPE, [budget(cost=3 * ONE)])).granted
    clock.pass_(1)
    assert (await accounts.reserve(SCOPE, [budget()])).granted


@pytest.mark.parametrize(
    "charge", [bucket(cost=4 * ONE), Charge(["x"], 2, 1, 0, 60), Charge(["x"], 1, 0, 5, 5), Charge(["x"], 2, 1, 0, 0)]
)
async def test_what_never_fits_has_no_time_to_retry(accounts: MemoryAccounts, charge: Charge) -> None:
    refused = await accounts.reserve(SCOPE, [charge])
    assert (refused.granted, refused.retry_after) == (False, None)


async def test_a_spent_budget_without_window_never_comes_back(accounts: MemoryAccounts, clock: Clock) -> None:
    assert (await accounts.reserve(SCOPE, [Charge(["x"], 1, 1, 0, 0)])).granted
    clock.pass_(10**9)
    assert (await accounts.reserve(SCOPE, [Charge(["x"], 1, 1, 0, 0)])).retry_after is None


async def test_all_or_none(accounts: MemoryAccounts) -> None:
    await accounts.reserve(SCOPE, [bucket("bob", cost=3 * ONE)])
    refused = await accounts.reserve(SCOPE, [bucket("ana"), budget("ana"), bucket("bob"), bucket("eve")])
    assert (refused.granted, refused.account) == (False, ("caller", "bob"))
    assert accounts.left(SCOPE, ["caller", "ana"]) == 3 * ONE
    assert accounts.left(SCOPE, ["budget", "ana"]) == 3 * ONE


async def test_one_account_charged_twice_in_one_call_pays_twice(accounts: MemoryAccounts) -> None:
    assert (await accounts.reserve(SCOPE, [bucket(), bucket()])).granted
    assert accounts.left(SCOPE, ["caller", "ana"]) == ONE
    refused = await accounts.reserve(SCOPE, [bucket(), bucket()])
    assert (refused.granted, refused.retry_after) == (False, 1.0)
    assert (await accounts.reserve(SCOPE, [bucket(cost=2 * ONE)] * 2)).retry_after is None
    assert accounts.left(SCOPE, ["caller", "ana"]) == ONE


async def test_no_charge_is_granted(accounts: MemoryAccounts) -> None:
    assert (await accounts.reserve(SCOPE, [])).granted


async def test_scopes_do_not_meet(accounts: MemoryAccounts) -> None:
    await accounts.reserve(("red", "fair-use"), [bucket(cost=3 * ONE)])
    assert (await accounts.reserve(("green", "fair-use"), [bucket(cost=3 * ONE)])).granted
    assert (await accounts.reserve(("red", "other"), [bucket(cost=3 * ONE)])).granted
    assert not (await accounts.reserve(("red", "fair-use"), [bucket()])).granted


async def test_settling_gives_back_and_charges_the_difference(accounts: MemoryAccounts) -> None:
    one = await accounts.reserve(SCOPE, [bucket("ana", cost=2 * ONE), budget("ana", cost=2 * ONE)])
    assert await accounts.settle(one, [bucket("ana", cost=ONE), budget("ana", cost=3 * ONE), bucket("eve", cost=ONE)])
    assert accounts.left(SCOPE, ["caller", "ana"]) == 2 * ONE
    assert accounts.left(SCOPE, ["budget", "ana"]) == 0
    assert accounts.left(SCOPE, ["caller", "eve"]) == 2 * ONE


async def test_settling_what_was_reserved_changes_nothing_later_either(accounts: MemoryAccounts, clock: Clock) -> None:
    one = await accounts.reserve(SCOPE, [bucket(cost=2 * ONE)])
    clock.pass_(2)
    assert await accounts.settle(one, [bucket(cost=2 * ONE)])
    assert accounts.left(SCOPE, ["caller", "ana"]) == 3 * ONE


async def test_settling_with_nothing_gives_all_back_once(accounts: MemoryAccounts) -> None:
    one = await accounts.reserve(SCOPE, [bucket(cost=3 * ONE)])
    assert await accounts.settle(one, [])
    assert not await accounts.settle(one, [])
    assert accounts.left(SCOPE, ["caller", "ana"]) == 3 * ONE
    assert not await accounts.settle(Reservation(granted=False), [])


async def test_a_higher_cost_than_there_is_becomes_a_debt(accounts: MemoryAccounts, clock: Clock) -> None:
    one = await accounts.reserve(SCOPE, [bucket()])
    await accounts.settle(one, [bucket(cost=10 * ONE)])
    assert accounts.left(SCOPE, ["caller", "ana"]) == 0
    assert (await accounts.reserve(SCOPE, [bucket()])).retry_after == 8.0
    clock.pass_(8)
    assert (await accounts.reserve(SCOPE, [bucket()])).granted


async def test_a_new_window_gives_nothing_back_for_the_old(accounts: MemoryAccounts, clock: Clock) -> None:
    old = await accounts.reserve(SCOPE, [budget(cost=3 * ONE)])
    clock.pass_(60)
    await accounts.reserve(SCOPE, [budget(cost=3 * ONE)])
    assert await accounts.settle(old, [])
    assert accounts.left(SCOPE, ["budget", "ana"]) == 0


async def test_a_reservation_that_is_never_settled_expires_and_stays_charged(
    accounts: MemoryAccounts, clock: Clock
) -> None:
    one = await accounts.reserve(SCOPE, [Charge(["x"], 1, 1, 0, 0)])
    clock.pass_(600)
    assert not await accounts.settle(one, [])
    assert not (await accounts.reserve(SCOPE, [Charge(["x"], 1, 1, 0, 0)])).granted


async def test_reservations_are_bounded(clock: Clock) -> None:
    accounts = MemoryAccounts(clock=clock, reservations=10)
    first = await accounts.reserve(SCOPE, [bucket()])
    for _ in range(10):
        last = await accounts.reserve(SCOPE, [bucket("bob", cost=0)])
    assert len(accounts._open) == 10
    assert not await accounts.settle(first, [])
    assert await accounts.settle(last, [])


async def test_a_changed_capacity_holds_at_once(accounts: MemoryAccounts) -> None:
    await accounts.reserve(SCOPE, [budget(cost=3 * ONE)])
    assert (await accounts.reserve(SCOPE, [budget(capacity=5 * ONE, cost=2 * ONE)])).granted
    assert not (await accounts.reserve(SCOPE, [budget(capacity=2 * ONE, cost=1)])).granted


async def test_only_full_accounts_make_room(clock: Clock) -> None:
    accounts = MemoryAccounts(clock=clock, per_scope=100)
    for number in range(100):
        assert (await accounts.reserve(SCOPE, [bucket(str(number))])).granted
    with pytest.raises(StoreFull):
        await accounts.reserve(SCOPE, [bucket("flood")])
    assert not (await accounts.reserve(SCOPE, [bucket("0", cost=3 * ONE)])).granted
    assert (await accounts.reserve(("other", "fair-use"), [bucket("free")])).granted
    clock.pass_(1)
    for number in range(50):
        assert (await accounts.reserve(SCOPE, [bucket(f"new-{number}")])).granted
    assert accounts.count == 101


async def test_all_scopes_together_are_bounded(clock: Clock) -> None:
    accounts = MemoryAccounts(clock=clock, accounts=20, per_scope=20)
    for number in range(20):
        await accounts.reserve((f"tenant-{number}", "use"), [bucket()])
    with pytest.raises(StoreFull):
        await accounts.reserve(("tenant-20", "use"), [bucket()])
    clock.pass_(1)
    for number in range(100):
        await accounts.reserve((f"later-{number}", "use"), [bucket(cost=0)])
    assert accounts.count == 20
    assert len(accounts._scopes) <= 21


async def test_a_store_that_fills_up_half_way_charges_nothing(clock: Clock) -> None:
    accounts = MemoryAccounts(clock=clock, per_scope=1)
    await accounts.reserve(SCOPE, [bucket("ana")])
    with pytest.raises(StoreFull):
        await accounts.reserve(SCOPE, [bucket("ana"), bucket("bob")])
    assert accounts.left(SCOPE, ["caller", "ana"]) == 2 * ONE


@pytest.mark.parametrize(
    "charge",
    [
        Charge([], 1, 1, 1, 1),
        Charge(["x"] * 33, 1, 1, 1, 1),
        Charge(["x" * 1025], 1, 1, 1, 1),
        Charge(["x"], -1, 1, 1, 1),
        Charge(["x"], 1, 2**53, 1, 1),
        Charge(["x"], 0.5, 1, 1, 1),  # type: ignore[arg-type]
        Charge(["x"], True, 1, 1, 1),
    ],
)
async def test_charges_out_of_range_are_refused(accounts: MemoryAccounts, charge: Charge) -> None:
    with pytest.raises(ValueError, match=r"charge|account"):
        await accounts.reserve(SCOPE, [charge])
    with pytest.raises(ValueError, match="more than 64"):
        await accounts.reserve(SCOPE, [bucket()] * 65)


@given(
    refill=st.integers(0, 2**53 - 1),
    spent=st.integers(0, 2**53 - 1),
    steps=st.lists(st.integers(0, 10**12), max_size=20),
)
def test_refill_is_exact_however_often_one_looks(refill: int, spent: int, steps: list[int]) -> None:
    often, once = (Bucket(0, 0, spent * SCALE, 2**53 - 1, refill) for _ in range(2))
    now = 0
    for step in steps:
        now += step
        often.advance(now)
    once.advance(now)
    assert often.spent == once.spent
    assert Fraction(once.spent, SCALE) == max(Fraction(0), spent - Fraction(refill * now, SCALE))


@given(st.integers(0, 100), st.integers(1, 100), st.integers(0, 10), st.integers(0, 10), st.integers(0, 10**11))
def test_what_is_told_to_wait_is_enough_and_not_a_millisecond_more(
    cost: int, capacity: int, refill: int, window: int, later: int
) -> None:
    bucket_ = Bucket(0, 0, capacity * SCALE, capacity, refill, window)
    bucket_.advance(later)
    wait = bucket_.wait(cost)
    if wait is None:
        assert cost > capacity or (not refill and not window)
        return
    if bucket_.fits(cost):
        return
    millisecond = SCALE // 1000
    before = Bucket(bucket_.at, bucket_.began, bucket_.spent, capacity, refill, window)
    bucket_.advance(later + round(wait * 1000) * millisecond)
    assert bucket_.fits(cost)
    before.advance(later + (round(wait * 1000) - 1) * millisecond)
    assert not before.fits(cost)


class Use(RuleBasedStateMachine):
    """Random calls against a model that only adds up."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.accounts = MemoryAccounts(clock=self.clock)
        self.open: list[tuple[Reservation, dict[str, int]]] = []
        self.granted = dict.fromkeys("abc", 0)
        self.began = self.clock.now

    def charges(self, costs: dict[str, int]) -> list[Charge]:
        return [Charge([name], cost, 10 * ONE, ONE, 0) for name, cost in costs.items()]

    def left(self) -> dict[str, int | None]:
        return {name: self.accounts.left(SCOPE, [name]) for name in "abc"}

    @rule(costs=st.dictionaries(st.sampled_from("abc"), st.integers(0, 11 * ONE), min_size=1))
    def reserve(self, costs: dict[str, int]) -> None:
        before = self.left()
        answer = asyncio.run(self.accounts.reserve(SCOPE, self.charges(costs)))
        full = {name: 10 * ONE if value is None else value for name, value in before.items()}
        assert answer.granted == all(full[name] >= cost for name, cost in costs.items())
        after = {name: 10 * ONE if value is None else value for name, value in self.left().items()}
        taken = costs if answer.granted else {}
        assert after == {name: full[name] - taken.get(name, 0) for name in "abc"}
        if answer.granted:
            self.open.append((answer, costs))
            for name, cost in costs.items():
                self.granted[name] += cost

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        if not self.open:
            return
        reservation, costs = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        real = {name: data.draw(st.integers(0, cost)) for name, cost in costs.items()}
        assert asyncio.run(self.accounts.settle(reservation, self.charges(real)))
        for name, cost in costs.items():
            self.granted[name] -= cost - real[name]

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        self.clock.pass_(seconds)

    @invariant()
    def no_account_is_negative_or_over_full(self) -> None:
        assert all(value is None or 0 <= value <= 10 * ONE for value in self.left().values())

    @invariant()
    def no_more_was_granted_than_there_was(self) -> None:
        there_was = 10 * ONE + (self.clock.now - self.began) * ONE // SECOND
        assert all(total <= there_was for total in self.granted.values())


TestUse = Use.TestCase
TestUse.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
