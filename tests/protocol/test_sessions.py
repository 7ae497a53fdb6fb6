"""Sessions: owners, bounds and idleness, as a table and as a property."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpg.contract.ports import Refusal
from mcpg.protocol.sessions import SessionTable

ANA, BOT = ("default", "ana"), ("default", "bot")


def _table(**bounds: float) -> SessionTable:
    count = itertools.count()
    return SessionTable(lambda: f"s{next(count)}", **bounds)  # type: ignore[arg-type]


def _refused(table: SessionTable, *arguments: object) -> int:
    with pytest.raises(Refusal) as caught:
        table.use(*arguments)  # type: ignore[arg-type]
    return caught.value.status


def test_a_session_is_its_owners() -> None:
    table = _table()
    session, ended = table.create(ANA, "2025-11-25", {}, 0)
    assert (table.use(session.id, ANA, 1), ended) == (session, [])
    assert _refused(table, session.id, BOT, 1) == 404
    assert _refused(table, session.id, ("other", "ana"), 1) == 404
    assert _refused(table, "s9", ANA, 1) == 404
    with pytest.raises(Refusal):
        table.end(session.id, BOT, 1)
    assert table.end(session.id, ANA, 1) is session
    assert _refused(table, session.id, ANA, 1) == 404
    assert len(table) == 0


def test_idleness_counts_from_the_last_use() -> None:
    table = _table(idle=10)
    first, _ = table.create(ANA, "2025-11-25", {}, 0)
    second, _ = table.create(ANA, "2025-11-25", {}, 0)
    table.use(first.id, ANA, 9)
    assert table.expire(11) == [second]
    assert table.expire(19) == []
    assert _refused(table, first.id, ANA, 20) == 404
    table.touch(first, 30)
    assert len(table) == 0


def test_a_new_session_takes_the_place_of_its_owners_oldest() -> None:
    table = _table(per_principal=2)
    first, second = (table.create(ANA, "2025-11-25", {}, now)[0] for now in (0, 1))
    table.use(first.id, ANA, 2)
    _, ended = table.create(ANA, "2025-11-25", {}, 3)
    assert ended == [second]


def test_a_full_table_refuses_strangers_but_not_owners() -> None:
    table = _table(limit=1, per_principal=1, idle=10)
    table.create(ANA, "2025-11-25", {}, 0)
    with pytest.raises(Refusal) as caught:
        table.create(BOT, "2025-11-25", {}, 1)
    assert caught.value.status == 503
    table.create(ANA, "2025-11-25", {}, 1)
    _, ended = table.create(BOT, "2025-11-25", {}, 12)
    assert [session.principal for session in ended] == [ANA]


def test_an_id_that_comes_twice_opens_nothing() -> None:
    table = SessionTable(lambda: "same")
    table.create(ANA, "2025-11-25", {}, 0)
    with pytest.raises(Refusal):
        table.create(BOT, "2025-11-25", {}, 0)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["new", "use", "end", "expire"]), st.integers(0, 3), st.integers(0, 5))))
def test_the_bounds_hold_whatever_happens(steps: list[tuple[str, int, int]]) -> None:
    table, ids, now = _table(limit=4, per_principal=2, idle=6), list[str](), 0
    for action, who, wait in steps:
        now += wait
        principal = ("t", str(who))
        try:
            if action == "new":
                ids.append(table.create(principal, "2025-11-25", {}, now)[0].id)
            elif action == "expire":
                table.expire(now)
            elif ids:
                getattr(table, action)(ids[-1], principal, now)
        except Refusal:
            pass
        owned = [session.principal for session in table._sessions.values()]
        assert len(table) <= 4
        assert all(owned.count(owner) <= 2 for owner in owned)
        assert sum(map(len, table._owned.values())) == len(table)
