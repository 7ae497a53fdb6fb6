from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.plugins.kitchen import RUN, loader_of
from tests.registry.artifacts import component

from mcpg.contract.documents import RunFacts
from mcpg.contract.problems import ConfigError, PluginRefused
from mcpg.plugins import handle as handle_module
from mcpg.plugins.catalog import State, may_follow
from mcpg.plugins.specs import Caps, UseSpec
from mcpg.plugins.uses import PluginCatalog
from mcpg.sandbox import PassLimits
from mcpg_revocations.rules import Entry, RevocationList

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.plugins.kitchen import FakeSandbox

    from mcpg.plugins.making import Places

Events = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def events() -> Events:
    return []


@pytest.fixture
async def catalog(places: Places, sandbox: FakeSandbox, events: Events) -> AsyncIterator[PluginCatalog]:
    loader = loader_of(sandbox, places, development=True)
    made = PluginCatalog(loader, sandbox, on_event=lambda kind, facts: events.append((kind, dict(facts))), drain=5.0)
    yield made
    await made.close()


def spec(tmp_path: Path, source: str = "builtin:echo", **changes: Any) -> UseSpec:
    return replace(UseSpec("x", source, {"greeting": "hi"}, tmp_path), **changes)


async def settle(sandbox: FakeSandbox, number: int) -> None:
    while not sandbox.pools[number].closed:  # noqa: ASYNC110 - the pool has no event for it
        await asyncio.sleep(0)


def states(catalog: PluginCatalog) -> list[tuple[int, str]]:
    return [(state.generation, state.state.value) for state in catalog.states()]


async def test_a_use_is_a_guest(catalog: PluginCatalog, sandbox: FakeSandbox, events: Events, tmp_path: Path) -> None:
    guest = await catalog.add(spec(tmp_path))
    assert catalog.guest("x") is guest
    assert (guest.use, guest.manifest.id, guest.digest) == ("x", "mcpg/echo", sandbox.pools[0].digest)
    assert guest.config_digest == sandbox.pools[0].config_digest
    assert sandbox.pools[0].config == '{"greeting":"hi"}'
    assert (await guest.ask("call", (), RUN, "t")).value == 1
    assert [kind for kind, _ in events] == ["plugin-resolved", "plugin-verified", "plugin-compiled", "plugin-ready"]
    assert events[-1][1]["version"] == "1.2.0"
    (state,) = catalog.states()
    assert (state.use, state.state, state.reference, state.plugin) == ("x", State.READY, "builtin:echo", "mcpg/echo")


@pytest.mark.parametrize(
    ("source", "changes", "isolation", "memo"),
    [
        ("builtin:echo", {}, "shared", True),
        ("builtin:plain", {"config": {}}, "shared", False),
        ("builtin:echo", {"memo": False, "isolation": "tenant"}, "tenant", False),
        ("file:x.wasm", {}, "call", False),
        ("file:x.wasm", {"memo": True, "isolation": "shared"}, "shared", True),
    ],
)
async def test_trust_by_default(  # noqa: PLR0917 - fixtures and columns
    catalog: PluginCatalog,
    sandbox: FakeSandbox,
    tmp_path: Path,
    source: str,
    changes: dict[str, Any],
    isolation: str,
    memo: bool,  # noqa: FBT001 - a column of the table
) -> None:
    (tmp_path / "x.wasm").write_bytes(component(memo=True))
    guest = await catalog.add(spec(tmp_path, source, **changes))
    assert (sandbox.pools[0].isolation, guest.memo) == (isolation, memo)


async def test_a_memo_that_the_manifest_does_not_offer(catalog: PluginCatalog, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not offer its verdicts") as caught:
        await catalog.add(spec(tmp_path, "builtin:plain", memo=True))
    assert caught.value.where == "plugins.x.memo"


async def test_caps_win_over_the_manifest(catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path) -> None:
    await catalog.add(spec(tmp_path, limits=Caps(memory=1024, time=9.0)))
    assert sandbox.pools[0].limits == PassLimits(memory=1024, time=0.05, output=1024 * 1024)


async def test_a_bad_configuration_is_found_before_anything_is_compiled(
    catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="/greeting"):
        await catalog.add(spec(tmp_path, config={"greeting": 1}))
    assert not sandbox.loads
    assert states(catalog) == [(1, "failed")]
    guest = await catalog.add(spec(tmp_path))
    assert (await guest.ask("call", (), RUN, "t")).value == 1
    assert states(catalog) == [(1, "failed"), (2, "ready")]


async def test_names_are_known_or_refused(catalog: PluginCatalog, tmp_path: Path) -> None:
    for act in (catalog.swap(spec(tmp_path)), catalog.remove("x")):
        with pytest.raises(ConfigError, match="no plugin use `x`"):
            await act
    with pytest.raises(ConfigError, match="no plugin use `y`"):
        catalog.check_binding("y", {})
    await catalog.add(spec(tmp_path))
    with pytest.raises(ConfigError, match="there already"):
        await catalog.add(spec(tmp_path))
    catalog.check_binding("x", {"path": "/"})
    with pytest.raises(ConfigError, match="`/path`"):
        catalog.check_binding("x", {"path": 1})


async def test_a_swap_under_traffic_fails_no_call(catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path) -> None:
    guest = await catalog.add(spec(tmp_path))
    answers: list[int] = []
    stop = asyncio.Event()

    async def client(number: int) -> None:
        while not stop.is_set():
            run = replace_run(f"{number}.{len(answers)}")
            answers.append((await guest.ask("call", (), run, "t")).value)

    clients = [asyncio.create_task(client(number)) for number in range(8)]
    for level in range(1, 11):
        await catalog.swap(spec(tmp_path, config={"level": level}))
        seen = len(answers)
        while len(answers) < seen + 20:  # noqa: ASYNC110 - the clients have no event for it
            await asyncio.sleep(0)
    stop.set()
    await asyncio.gather(*clients)
    assert set(answers) == set(range(1, 12))
    for number in range(10):
        await settle(sandbox, number)
    assert not sandbox.pools[10].closed
    assert states(catalog) == [(11, "ready")]


def replace_run(name: str) -> RunFacts:
    return RunFacts(id=name, now=RUN.now, seed=RUN.seed)


async def test_a_call_inside_the_old_pool_ends_well(
    catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path
) -> None:
    guest = await catalog.add(spec(tmp_path))
    slow = asyncio.create_task(guest.ask("wait", (), RUN, "t"))
    while not sandbox.pools[0].inside:  # noqa: ASYNC110 - the pool has no event for it
        await asyncio.sleep(0)
    await catalog.swap(spec(tmp_path, config={}))
    assert states(catalog) == [(1, "draining"), (2, "ready")]
    assert (await guest.ask("call", (), RUN, "t")).value == 2
    assert not sandbox.pools[0].closed
    sandbox.pools[0].gate.set()
    assert (await slow).value == 1
    await settle(sandbox, 0)


async def test_a_run_goes_on_with_the_generation_it_began_with(
    catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path
) -> None:
    guest = await catalog.add(spec(tmp_path))
    assert (await guest.ask("ask", (), RUN, "t")).tag == "perform"
    await catalog.swap(spec(tmp_path, config={}))
    assert (await guest.ask("ask", ("reply",), RUN, "t")) == ("done", 1)
    await settle(sandbox, 0)
    assert (await guest.ask("ask", ("reply",), RUN, "t")) == ("done", 2)


async def test_a_pinned_guest_keeps_digests_and_answers_together(
    catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path
) -> None:
    guest = await catalog.add(spec(tmp_path))
    before = guest.config_digest
    with guest.pinned() as pinned:
        await catalog.swap(spec(tmp_path, config={}))
        assert (pinned.config_digest, (await pinned.ask("call", (), RUN, "t")).value) == (before, 1)
        assert (guest.config_digest != before, (await guest.ask("call", (), RUN, "t")).value) == (True, 2)
    await settle(sandbox, 0)


async def test_a_run_that_never_comes_back_holds_the_old_pool_only_so_long(
    places: Places, sandbox: FakeSandbox, events: Events, tmp_path: Path
) -> None:
    loader = loader_of(sandbox, places)
    catalog = PluginCatalog(loader, sandbox, on_event=lambda k, f: events.append((k, dict(f))), drain=0.01)
    guest = await catalog.add(spec(tmp_path))
    await guest.ask("ask", (), RUN, "t")
    await catalog.swap(spec(tmp_path, config={}))
    await settle(sandbox, 0)
    assert (await guest.ask("ask", ("reply",), RUN, "t")) == ("done", 2)
    assert ("plugin-closed", {"use": "x", "generation": 1, "drained": False}) in events
    await catalog.close()


async def test_remembered_runs_are_bounded(
    catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handle_module, "MAX_RUNS", 3)
    guest = await catalog.add(spec(tmp_path))
    for number in range(10):
        await guest.ask("ask", (), replace_run(str(number)), "t")
    assert len(guest._runs) == 3
    assert guest.current._holders == 3


async def test_a_swap_that_cannot_be_made_leaves_the_old_one(
    catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path
) -> None:
    guest = await catalog.add(spec(tmp_path))
    for bad in ({"greeting": 1}, {"greeting": "trap"}):
        with pytest.raises((ConfigError, PluginRefused)):
            await catalog.swap(spec(tmp_path, config=bad))
        assert (await guest.ask("call", (), RUN, "t")).value == 1
    assert states(catalog) == [(1, "ready"), (2, "failed"), (3, "failed")]
    for _ in range(10):
        with pytest.raises(PluginRefused):
            await catalog.swap(spec(tmp_path, "builtin:nothing"))
    assert (1, "ready") in states(catalog)
    assert len(states(catalog)) == 6


async def test_a_fenced_use_refuses_and_discards_what_is_under_way(
    catalog: PluginCatalog, sandbox: FakeSandbox, events: Events, tmp_path: Path
) -> None:
    guest = await catalog.add(spec(tmp_path))
    slow = asyncio.create_task(guest.ask("wait", (), RUN, "t"))
    while not sandbox.pools[0].inside:  # noqa: ASYNC110 - the pool has no event for it
        await asyncio.sleep(0)
    catalog.fence("x", "someone said so")
    catalog.fence("x", "again")
    with pytest.raises(PluginRefused, match="fenced: someone said so"):
        await guest.ask("call", (), RUN, "t")
    sandbox.pools[0].gate.set()
    with pytest.raises(PluginRefused, match="fenced: someone said so"):
        await slow
    assert states(catalog) == [(1, "fenced")]
    assert [facts["reason"] for kind, facts in events if kind == "plugin-fenced"] == ["someone said so"]
    await catalog.swap(spec(tmp_path, config={}))
    assert (await guest.ask("call", (), RUN, "t")).value == 2


async def test_a_quarantine_of_the_sandbox_fences(catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path) -> None:
    guest = await catalog.add(spec(tmp_path))
    sandbox.pools[0].on_quarantine("x", "two answers to one question")
    with pytest.raises(PluginRefused, match="two answers"):
        await guest.ask("call", (), RUN, "t")
    assert states(catalog) == [(1, "fenced")]


def killing(wasm: str, action: Any = "kill") -> RevocationList:
    return RevocationList(schema=1, version=2, entries=(Entry(id="K", action=action, reason="it leaks", wasm=wasm),))


async def test_a_list_that_kills_fences_what_runs(catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path) -> None:
    guest = await catalog.add(spec(tmp_path))
    other = await catalog.add(spec(tmp_path, "builtin:plain", name="y", config={}))
    assert catalog.enforce(killing(guest.digest, "block")) == ()
    assert (await guest.ask("call", (), RUN, "t")).value == 1
    assert catalog.enforce(killing(guest.digest)) == ("x",)
    with pytest.raises(PluginRefused, match="revoked, kill by `K`: it leaks"):
        await guest.ask("call", (), RUN, "t")
    assert (await other.ask("call", (), RUN, "t")).value == 2
    with pytest.raises(PluginRefused, match="was revoked while it was loaded"):
        await catalog.swap(spec(tmp_path))
    assert sandbox.pools[2].closed


async def test_a_list_that_arrives_during_a_load_counts(
    catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path
) -> None:
    guest = await catalog.add(spec(tmp_path, name="first"))
    sandbox.before_guest = asyncio.Event()
    adding = asyncio.create_task(catalog.add(spec(tmp_path)))
    while len(sandbox.loads) < 2:  # noqa: ASYNC110 - the sandbox has no event for it
        await asyncio.sleep(0)
    catalog.enforce(killing(guest.digest))
    sandbox.before_guest.set()
    with pytest.raises(PluginRefused, match="was revoked while"):
        await adding


async def test_a_removed_use_ends(catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path) -> None:
    guest = await catalog.add(spec(tmp_path))
    await guest.ask("ask", (), RUN, "t")
    slow = asyncio.create_task(guest.ask("wait", (), replace_run("r2"), "t"))
    while not sandbox.pools[0].inside:  # noqa: ASYNC110 - the pool has no event for it
        await asyncio.sleep(0)
    await catalog.remove("x")
    with pytest.raises(PluginRefused, match="is gone: it was removed"):
        await guest.ask("call", (), RUN, "t")
    with pytest.raises(PluginRefused, match="is gone"), guest.pinned():
        pass
    assert catalog.states() == ()
    sandbox.pools[0].gate.set()
    assert (await slow).value == 1
    await settle(sandbox, 0)
    assert (await (await catalog.add(spec(tmp_path))).ask("call", (), RUN, "t")).value == 2


async def test_after_closing_nothing_is_let_in(catalog: PluginCatalog, sandbox: FakeSandbox, tmp_path: Path) -> None:
    guest = await catalog.add(spec(tmp_path))
    sandbox.before_guest = asyncio.Event()
    adding = asyncio.create_task(catalog.add(spec(tmp_path, name="late")))
    while len(sandbox.loads) < 2:  # noqa: ASYNC110 - the sandbox has no event for it
        await asyncio.sleep(0)
    await catalog.close()
    sandbox.before_guest.set()
    with pytest.raises(PluginRefused, match="came when the gateway stopped"):
        await adding
    with pytest.raises(PluginRefused, match="is gone"):
        await guest.ask("call", (), RUN, "t")
    assert all(pool.closed for pool in sandbox.pools)


def test_states_follow_their_table() -> None:
    assert may_follow(State.READY, State.FENCED)
    assert not may_follow(State.FENCED, State.READY)
    assert not may_follow(State.RESOLVED, State.READY)
    assert not any(may_follow(State.FAILED, state) for state in State)
