"""The `sql` driver on a real SQLite file: each grant field, what the database denies, limits, values, transactions."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.effects.kit import Use, using

from mcpg.contract.canonical import digest_text
from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.effects.desk import Desk
from mcpg.effects.sql import SqlDriver
from mcpg.effects.sql_values import as_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a b%.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("create table t (id integer primary key, name text, data blob)")
        made.executemany("insert into t (name) values (?)", [("ana",), ("bot",), ("cy",)])
    return path


@asynccontextmanager
async def sales(file: Path, **grant: Any) -> AsyncIterator[Use]:
    driver = SqlDriver({"sales": f"sqlite+aiosqlite:///{file}", "other": f"sqlite+aiosqlite:///{file}"}, pool=2)
    async with using(driver, {"sql": {"connections": ["sales"], **grant}}) as use:
        yield use


def names(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as opened:
        return [row[0] for row in opened.execute("select name from t order by id")]


async def test_rows_one_scalar_and_count(file: Path) -> None:
    async with sales(file) as use:

        async def ask(statement: str, mode: str = "rows", **parameters: Any) -> Any:
            return await use.ok(connection="sales", statement=statement, parameters=parameters, mode=mode)

        assert await ask("select id, name from t where id < :n", n=3) == {
            "rows": [{"id": 1, "name": "ana"}, {"id": 2, "name": "bot"}]
        }
        assert await ask("select id, name from t where name = :n", "one", n="cy") == {"row": {"id": 3, "name": "cy"}}
        assert await ask("select id from t where name = :n", "one", n="x") == {"row": None}
        assert await ask("select count(*) from t", "scalar") == {"scalar": 3}
        assert await ask("select 1 where 0", "scalar") == {"scalar": None}


async def test_connections_allow_and_deny(file: Path) -> None:
    async with sales(file) as use:
        use.check(connection="sales", statement="select 1")
        with pytest.raises(EffectDenied, match="`connections`"):
            use.check(connection="other", statement="select 1")


@pytest.mark.parametrize(
    "statement",
    ["insert into t (name) values ('x')", "update t set name = 'x'", "delete from t", "replace into t (id) values (1)",
     "with x as (select 1) insert into t (name) select 'x' from x", "/* select */ delete from t"],
)  # fmt: skip
async def test_read_only_is_kept_by_the_database(file: Path, statement: str) -> None:
    async with sales(file) as use:
        code, said = await use.failed(connection="sales", statement=statement)
        assert code == "sql-error"
        assert "not authorized" in said or "readonly" in said
        assert names(file) == ["ana", "bot", "cy"]
    async with sales(file, read_only=False) as use:
        await use.ok(connection="sales", statement=statement)
        assert names(file) != ["ana", "bot", "cy"]


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    "statement",
    ["attach '/tmp/x.db' as x", "pragma query_only = off", "vacuum into '/tmp/x.db'", "begin", "commit", "rollback",
     "savepoint a", "release a", "detach main", "-- select\npragma writable_schema = 1", "", "  ", "/* open", "end",
     "(select 1)"],
)  # fmt: skip
async def test_what_steers_the_connection_is_denied(file: Path, statement: str, *, read_only: bool) -> None:
    async with sales(file, read_only=read_only) as use:
        with pytest.raises(EffectDenied):
            use.check(connection="sales", statement=statement)


async def test_the_database_denies_what_slips_through(file: Path) -> None:
    for read_only in (True, False):
        async with sales(file, read_only=read_only) as use:
            for statement in (
                "select * from pragma_table_info('t')",
                "select load_extension('x')",
                "select 1; select 2",
                "select zeroblob(100000000)",
            ):
                code, said = await use.failed(connection="sales", statement=statement)
                assert code == "sql-error", said
    async with sales(file, read_only=False) as use:
        assert "not authorized" in (await use.failed(connection="sales", statement="explain attach 'x' as x"))[1]


async def test_statements_allow_and_deny(file: Path) -> None:
    text, other = "select 1 as a", "select 2 as a"
    async with sales(file, statements=[text, digest_text(other)]) as use:
        assert await use.ok(connection="sales", statement=text) == {"rows": [{"a": 1}]}
        assert await use.ok(connection="sales", statement=other) == {"rows": [{"a": 2}]}
        with pytest.raises(EffectDenied, match="`statements`"):
            use.check(connection="sales", statement="select 1 as a ")
        with pytest.raises(EffectDenied, match="`statements`"):
            use.check(connection="sales", transaction=[{"statement": text}, {"statement": "select 3"}])


async def test_max_rows_cuts_and_says_so(file: Path) -> None:
    async with sales(file, max_rows=2) as use:
        answer = await use.ok(connection="sales", statement="select id from t")
        assert (len(answer["rows"]), answer["truncated"]) == (2, True)
        answer = await use.ok(connection="sales", statement="select id from t", limit=1)
        assert (len(answer["rows"]), answer["truncated"]) == (1, True)
        assert "truncated" not in await use.ok(connection="sales", statement="select id from t where id < 3")


async def test_rows_that_nobody_takes_are_not_read(file: Path) -> None:
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n"
    async with sales(file) as use:
        assert len((await use.ok(connection="sales", statement=endless, limit=250))["rows"]) == 250


async def test_max_size_allows_and_denies(file: Path) -> None:
    async with sales(file, max_size=200) as use:
        await use.ok(connection="sales", statement="select :a as a", parameters={"a": "x" * 100})
        code, _ = await use.failed(connection="sales", statement="select :a as a", parameters={"a": "x" * 300})
        assert code == "too-large"


async def test_max_time_interrupts_the_statement_and_frees_the_connection(file: Path) -> None:
    async with sales(file, max_time="100ms") as use:
        for _ in range(3):
            assert (await use.failed(connection="sales", statement=ENDLESS))[0] == "timeout"
        assert (await use.failed(connection="sales", statement=ENDLESS, timeout=10))[0] == "timeout"
        assert (await use.failed(connection="sales", statement=ENDLESS, seconds=0.01))[0] == "timeout"
        assert await use.ok(connection="sales", statement="select 1 as a") == {"rows": [{"a": 1}]}


async def test_a_cancelled_statement_is_interrupted_too(file: Path) -> None:
    async with sales(file) as use:
        tasks = [asyncio.create_task(use.perform(connection="sales", statement=ENDLESS)) for _ in range(2)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        assert all(
            isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*tasks, return_exceptions=True)
        )
        assert (await use.ok(connection="sales", statement="select 1", mode="scalar"))["scalar"] == 1


async def test_the_pool_is_bounded_and_waiting_has_an_end(file: Path) -> None:
    async with sales(file) as use:
        busy = [asyncio.create_task(use.perform(connection="sales", statement=ENDLESS, timeout=400)) for _ in range(2)]
        await asyncio.sleep(0.1)
        assert (await use.failed(connection="sales", statement="select 1", timeout=50))[0] == "timeout"
        assert {case.value.code for case in await asyncio.gather(*busy)} == {"timeout"}


async def test_a_write_that_runs_too_long_leaves_nothing(file: Path) -> None:
    async with sales(file, read_only=False, max_time="100ms") as use:
        steps = [{"statement": "delete from t"}, {"statement": ENDLESS}]
        assert (await use.failed(connection="sales", transaction=steps))[0] == "timeout"
    assert names(file) == ["ana", "bot", "cy"]


async def test_a_transaction_is_all_or_none(file: Path) -> None:
    insert = {"statement": "insert into t (name) values (:n)", "mode": "count"}
    async with sales(file, read_only=False) as use:
        done = await use.ok(
            connection="sales",
            transaction=[
                {**insert, "parameters": {"n": "dee"}},
                {"statement": "select count(*) from t", "mode": "scalar"},
                {"statement": "create table u (a)"},
            ],
        )
        assert done["results"] == [{"count": 1}, {"scalar": 4}, {"rows": []}]
        bad = [{**insert, "parameters": {"n": "eve"}}, {"statement": "insert into t (id) values (1)"}]
        code, said = await use.failed(connection="sales", transaction=bad)
        assert (code, "UNIQUE" in said) == ("sql-error", True)
        assert names(file) == ["ana", "bot", "cy", "dee"]
        for more in ({}, {"statement": "select 1", "transaction": bad}, {"transaction": bad, "parameters": {"a": 1}}):
            with pytest.raises(EffectDenied):
                use.check(connection="sales", **more)


async def test_parameters_are_never_text_of_the_statement(file: Path) -> None:
    evil = "x'; delete from t; --"
    async with sales(file, read_only=False) as use:
        answer = await use.ok(connection="sales", statement="select :a as a", parameters={"a": evil})
        assert answer["rows"] == [{"a": evil}]
        assert (await use.failed(connection="sales", statement="select :a", parameters={}))[0] == "sql-error"
        assert (await use.failed(connection="sales", statement="select :a", parameters={"a": []}))[0] == "effect-denied"
        assert names(file) == ["ana", "bot", "cy"]


async def test_errors_hold_no_parameter(file: Path) -> None:
    async with sales(file) as use:
        _, said = await use.failed(connection="sales", statement="select nofunc(:a)", parameters={"a": "private"})
        assert "private" not in said
        assert "no such function" in said


async def test_values_become_json(file: Path) -> None:
    async with sales(file) as use:
        statement = (
            "select x'ff00' as b, 9007199254740993 as big, 9007199254740991 as ok, 1.5 as f, 9e999 as inf, null as n"
        )
        row = (await use.ok(connection="sales", statement=statement, mode="one"))["row"]
    assert row == {"b": "/wA=", "big": "9007199254740993", "ok": 9007199254740991, "f": 1.5, "inf": "inf", "n": None}


def test_other_databases_values_become_json_too() -> None:
    import datetime as dt  # noqa: PLC0415 - used here only
    import decimal  # noqa: PLC0415 - only here
    import uuid  # noqa: PLC0415 - only here

    day = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    given = [day, day.date(), decimal.Decimal("1.10"), uuid.UUID(int=1), True, {"a": (b"x",)}, {1}]
    assert [as_json(value) for value in given] == [
        "2026-01-02T03:04:05+00:00", "2026-01-02", "1.10", "00000000-0000-0000-0000-000000000001", True,
        {"a": ["eA=="]}, "{1}",
    ]  # fmt: skip


async def test_a_database_that_is_gone_is_unavailable(tmp_path: Path) -> None:
    for read_only in (True, False):
        async with sales(tmp_path / "gone.db", read_only=read_only) as use:
            assert (await use.failed(connection="sales", statement="select 1"))[0] == "unavailable"
    assert not (tmp_path / "gone.db").exists()


@pytest.mark.parametrize(
    ("grant", "said"),
    [({}, "connections"), ({"connections": ["sale"]}, "did you mean `sales`"), ({"connection": ["x"]}, "did you mean"),
     ({"connections": ["sales"], "read_only": 1}, "read_only"), ({"connections": ["sales"], "max_rows": 0}, "max_rows"),
     ({"connections": ["sales"], "max_time": "1d"}, "max_time"),
     ({"connections": ["sales"], "max_size": "x"}, "max_size"),
     ({"connections": ["sales"], "statements": [1]}, "statements")],
)  # fmt: skip
def test_a_bad_grant_is_refused_by_its_field(grant: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Desk([SqlDriver({"sales": "sqlite+aiosqlite:///x"})], {}).granted("use", {"sql": grant})


@pytest.mark.parametrize("url", ["nonsense", "postgresql://h/d", "sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:",
                                 "sqlite:///x"])  # fmt: skip
async def test_only_sqlite_files_are_connections(url: str) -> None:
    with pytest.raises(ConfigError, match=r"connections\.x"):
        await SqlDriver({"x": url}).start()
