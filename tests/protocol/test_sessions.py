"""Sessions: owners, bounds and idleness, as a table and as a property."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpg.contract.ports import Refusal
from mcpg.protocol.sessions import Principal, Session, SessionLimits, SessionTable

ANA, BOT, EVE = ("default", "", "", "ana"), ("default", "", "", "bot"), ("other", "", "", "eve")
_count = itertools.count()


def _session(principal: Principal = ANA, now: float = 0.0) -> Session:
    return Session(f"s{next(_count)}", principal, "2025-11-25", {}, touched=now, created=now)


def _added(table: SessionTable, principal: Principal = ANA, now: float = 0.0) -> Session:
    session = _session(principal, now)
    table.add(session, now, new=True)
    return session


def _refused(table: SessionTable, session: Session, now: float, *, new: bool = False) -> int:
    with pytest.raises(Refusal) as caught:
        table.add(session, now, new=new)
    return caught.value.status


def test_idleness_counts_from_the_last_use() -> None:
    table = SessionTable(SessionLimits(idle=10))
    first, second = _added(table), _added(table)
    table.touch(first, 9)
    assert table.expire(11) == [second]
    assert table.expire(19) == []
    assert table.alive(first, 19)
    assert not table.alive(first, 20)
    assert table.expire(20, slack=5) == []
    assert table.expire(20) == [first]
    table.touch(first, 30)
    assert (len(table), table.alive(first, 30)) == (0, False)


def test_a_session_is_not_idle_while_a_request_of_it_is_in_work() -> None:
    table = SessionTable(SessionLimits(idle=10, age=100))
    busy, idle = _added(table), _added(table)
    busy.in_work = 1
    assert table.alive(busy, 30)
    assert table.expire(30) == [idle]
    busy.in_work = 0
    assert table.expire(40) == []
    assert table.expire(41) == [busy]
    older = _added(table, now=41)
    older.in_work = 1
    assert not table.alive(older, 142)
    assert table.sweep(142) == [older]


def test_a_session_that_is_used_all_the_time_ends_with_its_age() -> None:
    table = SessionTable(SessionLimits(idle=10, age=100))
    session = _added(table)
    table.touch(session, 100)
    assert table.alive(session, 100)
    assert not table.alive(session, 101)
    assert table.expire(101) == []
    assert table.sweep(101) == [session]


def test_a_new_session_takes_the_place_of_its_owners_least_used() -> None:
    table = SessionTable(SessionLimits(per_caller=2))
    first, second = _added(table, now=0), _added(table, now=1)
    stranger = _added(table, BOT)
    table.touch(first, 2)
    assert table.add(_session(now=3), 3, new=True) == [second]
    assert table.alive(stranger, 3)


@pytest.mark.parametrize("limits", [SessionLimits(most=2), SessionLimits(per_tenant=2)])
def test_where_there_is_no_room_only_owners_make_some(limits: SessionLimits) -> None:
    table = SessionTable(limits)
    mine, _ = _added(table), _added(table, ("default", "", "", "cem"))
    assert _refused(table, _session(BOT), 0, new=True) == 503
    assert table.add(_session(), 0, new=True) == [mine]


def test_a_tenant_that_is_full_leaves_room_for_others() -> None:
    table = SessionTable(SessionLimits(per_tenant=1))
    _added(table)
    assert table.add(_session(EVE), 0, new=True) == []


def test_what_has_ended_is_not_taken_in_again() -> None:
    table = SessionTable(SessionLimits(age=100))
    session = _added(table)
    assert table.end(session)
    assert not table.end(session)
    assert table.ended(session.id)
    assert _refused(table, session, 1) == 404
    table.sweep(101)
    assert not table.ended(session.id)
    assert _refused(table, session, 101) == 404  # too old by then


def test_a_session_made_elsewhere_is_taken_in() -> None:
    table = SessionTable(SessionLimits(idle=10))
    assert table.add(_session(now=5), 6) == []
    assert _refused(table, _session(now=5), 16) == 404


def test_tombstones_are_bounded_and_fail_closed() -> None:
    table = SessionTable(SessionLimits(tombstones=2))
    ended = [_session(now=now) for now in (1, 2, 3)]
    for session in ended:
        table.bury(session.id, session.created)
    assert [table.ended(session.id) for session in ended] == [False, True, True]
    assert _refused(table, ended[0], 4) == 404
    assert _refused(table, _session(now=1), 4) == 404
    assert table.add(_session(now=2), 4) == []


def test_an_id_that_comes_twice_opens_nothing() -> None:
    table = SessionTable()
    session = _added(table)
    assert _refused(table, session, 0, new=True) == 503


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["new", "use", "end", "expire"]), st.integers(0, 3), st.integers(0, 5))))
def test_the_bounds_hold_whatever_happens(steps: list[tuple[str, int, int]]) -> None:
    limits = SessionLimits(most=4, per_caller=2, per_tenant=3, idle=6, age=20, tombstones=3)
    table, made, now = SessionTable(limits), list[Session](), 0
    for action, who, wait in steps:
        now += wait
        principal = (str(who % 2), "", "", str(who))
        if action == "new":
            made.append(_session(principal, now))
            try:
                ended = table.add(made[-1], now, new=True)
            except Refusal:
                continue
            assert all(each.principal == principal for each in ended)
        elif action == "expire":
            assert not [each for each in table.expire(now) + table.sweep(now) if table.alive(each, now)]
        elif made and action == "use":
            table.touch(made[-1], now)
        elif made:
            table.end(made[-1])
        owners = [session.principal for session in table.all()]
        assert len(owners) <= 4
        assert all(owners.count(owner) <= 2 for owner in owners)
        assert all([owner[0] for owner in owners].count(tenant) <= 3 for tenant in "01")
        assert sum(table._tenants.values()) == sum(map(len, table._owned.values())) == len(table)
        assert len(table._tombs) <= 3
