"""Uses, upstreams, drivers and rooms from the file: what is granted, what is resolved, what a failure leaves."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing

import pytest
from msgspec import json as fast_json
from tests.pipeline.conftest import ANA, Bench, FakeEffects, FakeGuest

from mcpg.config.values import SecretValue
from mcpg.contract.ports import EffectContext
from mcpg.contract.problems import ConfigError, EffectDenied, McpgError, RunFailed
from mcpg.contract.verdicts import Case, Effect, Problem
from mcpg.contract.worlds import PluginKind
from mcpg.gateway import gateway as composition
from mcpg.gateway import rooms
from mcpg.gateway.describing import Describer, describe
from mcpg.gateway.desk import GatewayDesk
from mcpg.gateway.uplinks import upstream_specs
from mcpg.gateway.uses import wanted_uses
from mcpg.pipeline.blobs import RunBlobs
from mcpg.pipeline.stages import make_stage
from mcpg.upstreams import HttpSpec, StdioSpec

UPSTREAMS = {
    "time": {"stdio": {"command": ["time-server"], "environment": {"TOKEN": "secret://file/token"}}, "prefix": "t"},
    "docs": {
        "http": {
            "url": "https://docs.example/mcp",
            "headers": {"x": {"$secret": "secret://file/token", "prefix": "K "}},
        },
        "exclude": ["admin*"],
    },
}


@pytest.fixture
def secretive(house):
    (house.folder / "secrets").mkdir()
    (house.folder / "secrets" / "token").write_text("t0ken")
    return house.file(upstreams=UPSTREAMS, secrets={"file_directory": "secrets"})


def test_an_upstream_is_a_use_that_may_call_that_upstream_and_nothing_else(secretive):
    uses = wanted_uses(secretive)
    assert set(uses) == {"keys", "rules", "fake", "upstream.time", "upstream.docs"}
    time = uses["upstream.time"]
    assert time.spec.config == {"upstream": "time", "prefix": "t"}
    assert set(time.grants) == {"mcp"}
    assert time.grants["mcp"]["upstreams"] == ["time"]
    assert uses["upstream.docs"].spec.config["exclude"] == ["admin*"]
    assert uses["fake"].grants == {}


async def test_secrets_reach_an_upstream_and_no_text_of_its_spec_that_is_shown(secretive, house):
    desk = GatewayDesk(secretive)
    try:
        time, docs = sorted(await upstream_specs(secretive, desk.reveal), key=lambda spec: spec.name, reverse=True)
        assert isinstance(time.transport, StdioSpec)
        assert time.transport.environment == {"TOKEN": "t0ken"}
        assert time.transport.cwd == house.folder
        assert isinstance(docs.transport, HttpSpec)
        assert docs.transport.headers == {"x": "K t0ken"}
        assert "t0ken" not in repr(secretive.config)
        with pytest.raises(ConfigError, match="secret://file/other"):
            await desk.reveal(SecretValue(reference="secret://file/other"))
    finally:
        await desk.close()


@pytest.mark.parametrize("url", ["sqlite+aiosqlite:///sales.db", "sqlite+aiosqlite:///./sales.db"])
async def test_a_database_file_is_relative_to_the_file_that_names_it(house, url, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    with closing(sqlite3.connect(house.folder / "sales.db")) as sales, sales:
        sales.executescript("create table customers (name); insert into customers values ('Ada');")
    granted = {"sql": {"connections": ["sales"]}}
    loaded = house.file(connections={"sales": {"url": url}})
    desk = GatewayDesk(loaded)
    await desk.open(loaded, object(), NoVault())
    try:
        desk.current.granted("use", granted)
        with pytest.raises(ConfigError):
            desk.current.granted("use", {"sql": {"connections": ["other"]}})
        reply = await _asked(desk, granted)
        assert reply.tag == "ok", reply
        assert "Ada" in reply.value
    finally:
        await desk.close()


async def _asked(desk, granted):
    effects = desk.current.granted("use", granted)
    effect = Effect("sql", '{"connection": "sales", "statement": "select name from customers", "mode": "scalar"}')
    effects.check(effect)
    return await effects.perform(effect, _context())


def _context():
    async def nobody(method, params): ...

    deadline = asyncio.get_running_loop().time() + 10
    return EffectContext(run="r", index=0, caller=ANA, deadline=deadline, blobs=RunBlobs(), notify=nobody)


class NoVault:
    async def issue(self, issuer, target, caller):
        raise EffectDenied("nothing is issued here")


async def test_a_url_that_is_none_is_named_without_its_password(house):
    loaded = house.file(connections={"sales": {"url": "not a url with hunter2"}})
    desk = GatewayDesk(loaded)
    with pytest.raises(ConfigError) as refused:
        await desk.open(loaded, object(), NoVault())
    assert refused.value.where == "connections.sales.url"
    assert "hunter2" not in refused.value.diagnostics()
    await desk.close()


async def test_a_secret_from_a_source_that_is_not_there_is_an_operators_error(house):
    desk = GatewayDesk(house.file())
    with pytest.raises(ConfigError):
        await desk.reveal(SecretValue(reference="secret://file/token"))
    await desk.close()


def catalog(*names):
    return Case("catalog", fast_json.encode({"tools": [{"name": name} for name in names]}).decode())


def backend(answer):
    return make_stage(FakeGuest("back", PluginKind.BACKEND, answer), FakeEffects())


@pytest.mark.parametrize(
    "answer",
    [
        Case("catalog", "{"), Case("catalog", "[" * 50_000), Case("catalog", '{"tools": 7}'), Case("catalog", "[]"),
        Case("catalog", '{"tools": [{"name": 7}]}'), Case("catalog", '{"toys": []}'),
        catalog(*(f"t{i}" for i in range(20_001))), Case("failed", Problem("unreachable", "down")), RunFailed("trap"),
    ],
    ids=["half", "deep", "number", "list", "name", "unknown", "many", "failed", "trap"],
)  # fmt: skip
async def test_a_catalog_that_is_garbage_is_an_error_of_its_own_backend(answer):
    with pytest.raises(McpgError):
        await describe(Bench().runner, backend(lambda *_: answer))


async def test_a_catalog_is_asked_for_until_it_is_had_and_again_at_each_sign(caplog):
    answers = [Case("failed", Problem("unreachable", "down")), Case("catalog", "{"), catalog("a"), catalog("a", "b")]
    got: asyncio.Queue = asyncio.Queue()
    describer = Describer(Bench().runner, "time", got.put_nowait)
    with caplog.at_level(logging.WARNING, "mcpg.gateway"):
        describer.ask(backend(lambda *_: answers.pop(0)), timeout=7.0)
        await describer.first.wait()
        for expected in (1, 2):
            describer.sign()  # instead of waiting
            while got.empty():
                describer.sign()
                await asyncio.sleep(0)
            described = got.get_nowait()
            assert (len(described.catalog["tools"]), described.upstream, described.timeout) == (expected, "time", 7.0)
            if expected == 1:
                answers[:] = [catalog("a", "b")] * 100
                while not got.empty():
                    got.get_nowait()
    assert describer.error == ""
    await describer.stop()


async def test_whatever_a_catalog_does_to_its_taker_the_describer_lives_on():
    calls = []

    def changed(described):
        calls.append(described)
        if len(calls) == 1:
            raise KeyError("a bug")

    describer = Describer(Bench().runner, "time", changed)
    describer.ask(backend(lambda *_: catalog("a")), timeout=1.0)
    await describer.first.wait()
    assert describer.error == "failed with KeyError"
    while len(calls) < 2:
        describer.sign()
        await asyncio.sleep(0)
    await describer.stop()


STEPS = (
    "SqliteLedger.open", "load_seal_keys", "SqliteParked.open", "Sandbox.start", "Upstreams.start", "GatewayDesk.open",
    "Loader.verify_builtin", "PluginCatalog.add", "Gateway._event",
)  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "error", [ConfigError("broken on purpose"), asyncio.CancelledError()], ids=["error", "cancelled"]
)
async def test_a_start_that_fails_leaves_nothing_open(house, monkeypatch, step, error):
    opened = house.gateway()
    name, _, method = step.partition(".")

    def fail(*_, **__):
        raise error

    async def fail_later(*_, **__):
        await asyncio.sleep(0)
        raise error

    with monkeypatch.context() as patch:
        if name == "Gateway":
            patch.setattr(composition.Gateway, method, fail_later)
        elif method:
            patch.setattr(getattr(rooms, name), method, fail_later)
        else:
            patch.setattr(rooms, name, fail)
        before = asyncio.all_tasks()
        with pytest.raises(type(error)):
            await opened.start()
        assert asyncio.all_tasks() <= before
    again = house.gateway()
    await again.start()  # the ledger's lock is free, so is every file
    await again.stop()


async def test_rooms_close_in_the_reverse_of_their_order_and_one_that_fails_does_not_keep_the_others(
    house, monkeypatch
):
    closed = []
    for name in ("PluginCatalog.close", "Upstreams.stop", "GatewayDesk.close", "Sandbox.stop", "SqliteLedger.close"):
        room, _, method = name.partition(".")
        _note(monkeypatch, getattr(rooms, room), method, closed, fails=room == "Upstreams")
    gateway = house.gateway()
    await gateway.start()
    with pytest.raises(OSError, match="on purpose"):
        await gateway.stop()
    assert closed == ["PluginCatalog", "Upstreams", "GatewayDesk", "Sandbox", "SqliteLedger"]


def _note(monkeypatch, room, method, closed, *, fails):
    original = getattr(room, method)

    async def noted(self, *rest):
        closed.append(room.__name__)
        await original(self, *rest)
        if fails:
            raise OSError("on purpose")

    monkeypatch.setattr(room, method, noted)
