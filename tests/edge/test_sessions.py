"""Sessions over replicas, restarts, endpoints and limits: whose they are, and that what has ended stays dead."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.edge.kit import Answered, Client, FakeService, call, request

from mcpg.contract.documents import Caller, How
from mcpg.contract.problems import McpgError
from mcpg.edge.hub import Hub
from mcpg.edge.session_ids import MAX_ID, SessionIds
from mcpg.edge.settings import EdgeSettings
from mcpg.protocol.sessions import Session
from mcpg.sealing import Sealer, SealKey, SealKeys
from mcpg.storage import MemorySessions, SqliteSessions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcpg.contract.documents import Credentials

KEYS = SealKeys(SealKey(b"sixsix", b"k" * 32))
ANA = ("default", "keys", "issuer", "ana")


class Hall(FakeService):
    """Callers come as `Bearer id@tenant/issuer`."""

    async def identify(self, credentials: Credentials) -> Caller:
        who = credentials.headers["authorization"].removeprefix("Bearer ")
        name, _, rest = who.partition("@")
        tenant, _, issuer = rest.partition("/")
        how = How(credential="key", plugin="keys")
        return Caller(id=name, kind="user", how=how, trust="verified", tenant=tenant or "default", issuer=issuer)


def _hub(store: Any = None, **options: Any) -> Hub:
    return Hub(EdgeSettings(**options), sealer=Sealer(KEYS), store=store)


def _client(hub: Hub, name: str = "mcp", who: str = "ana", service: FakeService | None = None) -> Client:
    return Client(hub.endpoint(name, service or Hall()), who)


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[list[SqliteSessions]]:
    stores = [await SqliteSessions(tmp_path / "sessions.db").open() for _ in range(2)]
    yield stores
    for store in stores:
        await store.close()


async def _ping(client: Client, session: str = "") -> int:
    return (await client.post(request("ping"), {"mcp-session-id": session or client.session})).status


async def test_a_session_is_its_callers_alone() -> None:
    hub = _hub()
    ana = _client(hub)
    await ana.open()
    others = ["bot", "ana@other", "ana@default/elsewhere"]
    assert [await _ping(_client(hub, who=who), ana.session) for who in others] == [404] * 3
    stranger = _client(hub, who="bot")
    assert (await stranger.send("DELETE", headers={"mcp-session-id": ana.session})).status == 404
    assert await _ping(ana) == 200
    assert (await ana.post(request("ping"), {"mcp-session-id": ""})).status == 400


async def test_a_session_is_its_endpoints_alone() -> None:
    hub = _hub()
    here, there = _client(hub, "mcp"), _client(hub, "servers/files")
    await here.open()
    assert await _ping(there, here.session) == 404
    assert await _ping(here) == 200
    elsewhere = _hub()
    assert await _ping(_client(elsewhere, "servers/files"), here.session) == 404
    assert await _ping(_client(elsewhere, "mcp"), here.session) == 200


async def test_two_replicas_serve_one_session() -> None:
    one, other = Hall(), Hall()
    first, second = _client(_hub(), service=one), _client(_hub(), service=other)
    await first.open("2025-06-18")
    second.session = first.session
    assert (await second.post(call("echo", text="x"))).json["result"]["content"][0]["text"] == "ana: x"
    assert (other.calls[0].version, other.calls[0].capabilities) == ("2025-06-18", {"roots": {}})
    await first.post(call("echo"))
    assert one.calls[0].session == other.calls[0].session
    assert one.calls[0].session not in {"", first.session}
    assert await _ping(_client(_hub(), who="bot"), first.session) == 404


async def test_who_lacks_the_key_knows_no_session() -> None:
    client = _client(_hub())
    await client.open()
    assert await _ping(_client(Hub(EdgeSettings())), client.session) == 404


async def test_capabilities_that_an_id_has_no_room_for_are_with_the_store(disk: list[SqliteSessions]) -> None:
    large = {"experimental": {"x": {"y": "z" * 2000}}}
    params = {"protocolVersion": "2025-11-25", "capabilities": large, "clientInfo": {"name": "t", "version": "1"}}
    service = Hall()
    client, other = _client(_hub(disk[0])), _client(_hub(disk[1]), service=service)
    opened = await client.post(request("initialize", params))
    other.session = opened.headers["mcp-session-id"]
    assert len(other.session) <= MAX_ID
    await other.post(call("echo"))
    assert service.calls[0].capabilities == large
    assert await _ping(_client(_hub(MemorySessions())), other.session) == 404


async def test_a_restart_keeps_sessions_and_what_they_set(disk: list[SqliteSessions]) -> None:
    hub = _hub(disk[0])
    client = _client(hub)
    await client.open()
    await client.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    await client.post(request("logging/setLevel", {"level": "error"}))
    await hub.drain(1.0)
    service, again = Hall(), _hub(disk[1])
    await again.sessions.tend()
    assert len(again.sessions) == 1
    later = _client(again, service=service)
    later.session = client.session
    await later.post(call("echo"))
    assert service.calls[0].log_level == "error"
    assert again.sessions.table.all()[0].ready


@pytest.mark.parametrize("heard", [True, False])
async def test_what_was_deleted_is_dead_after_a_restart(disk: list[SqliteSessions], *, heard: bool) -> None:
    client = _client(_hub(disk[0]))
    await client.open()
    assert (await client.send("DELETE", headers={"mcp-session-id": client.session})).status == 204
    assert await _ping(client) == 404
    again = _hub(disk[1])
    if heard:
        await again.sessions.tend()
    assert await _ping(_client(again), client.session) == 404


async def test_what_ends_in_one_process_ends_in_the_others(disk: list[SqliteSessions]) -> None:
    hub, service = _hub(disk[1]), Hall()
    client, other = _client(_hub(disk[0])), _client(hub, service=service)
    await client.open()
    other.session = client.session
    answered = Answered()
    lines = {"mcp-session-id": other.session, "accept": "text/event-stream"}
    stream = asyncio.create_task(other.send("GET", headers=lines, answered=answered))
    async with asyncio.timeout(5):
        while not answered.status:  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0)
    await client.send("DELETE", headers={"mcp-session-id": client.session})
    await hub.sessions.tend()
    await asyncio.wait_for(stream, 5)
    await hub.released()
    assert answered.whole
    assert [who for who, _ in service.released] == ["ana"]
    assert await _ping(other) == 404


async def test_a_use_elsewhere_counts_as_a_use(disk: list[SqliteSessions]) -> None:
    hubs = [_hub(store, session_idle=100.0) for store in disk]
    first, second = (_client(hub) for hub in hubs)
    await first.open()
    later = time.time() + 90
    for hub in hubs:
        hub.sessions._clock = lambda: later
    assert await _ping(second, first.session) == 200
    await hubs[1].sessions.tend(everything=True)
    later += 90
    assert await _ping(first) == 200
    later += 101
    assert await _ping(first) == 404


async def test_a_long_call_elsewhere_counts_as_a_use(disk: list[SqliteSessions]) -> None:
    hubs = [_hub(store, session_idle=100.0) for store in disk]
    service = FakeService()
    first, second = (_client(hub, service=service) for hub in hubs)
    await first.open()
    assert await _ping(second, first.session) == 200
    task = asyncio.create_task(first.post(call("slow", 1)))
    await service.started.wait()
    later = time.time()
    for hub in hubs:
        hub.sessions._clock = lambda: later
    for _ in range(10):
        later += 30
        for hub in hubs:
            await hub.sessions.tend()
    service.finish.set()
    assert (await task).status == 200
    assert service.cancelled == 0
    assert await _ping(second, first.session) == 200


async def test_age_ends_what_idleness_does_not() -> None:
    hub = _hub(session_idle=100.0, session_age=250.0)
    client = _client(hub)
    await client.open()
    now = start = time.time()
    hub.sessions._clock = lambda: now
    statuses = []
    for _ in range(4):
        now += 70
        statuses.append(await _ping(client))
    assert statuses == [200, 200, 200, 404]
    assert now - start < 300


@pytest.mark.parametrize("option", ["max_sessions_each", "max_sessions_tenant", "max_sessions"])
async def test_at_a_limit_the_callers_own_oldest_goes_and_never_anothers(option: str) -> None:
    service = Hall()
    hub = _hub(**{option: 2})
    ana, bot = (_client(hub, who=who, service=service) for who in ("ana", "bot"))
    await bot.open()
    await ana.open()
    first = ana.session
    if option == "max_sessions_each":
        await ana.open()
    assert (await ana.open()).status == 200
    await hub.released()
    assert await _ping(ana, first) == 404
    assert (await _ping(ana), await _ping(bot)) == (200, 200)
    assert {who for who, _ in service.released} == {"ana"}
    refused = await _client(hub, who="cem").open()
    assert refused.status == (200 if option == "max_sessions_each" else 503)
    assert (await _client(hub, who="cem@other").open()).status == (503 if option == "max_sessions" else 200)


async def test_ending_lets_go_of_what_was_held() -> None:
    service = Hall()
    hub = _hub(session_idle=100.0)
    ana, bot = (_client(hub, who=who, service=service) for who in ("ana", "bot"))
    await ana.open()
    await bot.open()
    await ana.post(call("echo"))
    name = service.calls[0].session
    await ana.send("DELETE", headers={"mcp-session-id": ana.session})
    await hub.released()
    assert service.released == [("ana", name)]
    hub.sessions._clock = lambda: time.time() + 101
    hub.expire_sessions()
    await hub.released()
    assert [who for who, _ in service.released] == ["ana", "bot"]


async def test_a_request_in_work_is_told_that_its_session_has_ended() -> None:
    service = Hall()
    hub = _hub(watch_after=0.001)
    client = _client(hub, service=service)
    await client.open()
    at_work = asyncio.create_task(client.post(call("slow", 7)))
    await service.started.wait()
    assert (await client.send("DELETE", headers={"mcp-session-id": client.session})).status == 204
    answered = await asyncio.wait_for(at_work, 5)
    assert (answered.status, answered.json["id"], answered.error) == (404, 7, -32600)
    assert "may have happened" in answered.json["error"]["message"]
    assert service.cancelled == 1


async def test_an_endpoint_that_goes_takes_its_sessions_along() -> None:
    service = Hall()
    hub = _hub()
    gone, stays = _client(hub, "gone", service=service), _client(hub, "stays")
    await gone.open()
    await stays.open()
    hub.remove("gone")
    await hub.released()
    assert [who for who, _ in service.released] == ["ana"]
    assert (await _ping(gone), await _ping(stays)) == (404, 200)
    assert await _ping(_client(hub, "gone"), gone.session) == 404


async def test_another_service_takes_over_an_endpoint_and_its_sessions() -> None:
    hub, before, after = _hub(), Hall(), Hall()
    client = _client(hub, service=before)
    await client.open()
    endpoint = hub.endpoint("mcp", after)
    assert endpoint is client.app
    await client.post(call("echo"))
    assert (len(before.calls), len(after.calls)) == (0, 1)


async def test_a_store_that_gives_a_session_to_another_is_not_believed(disk: list[SqliteSessions]) -> None:
    client = _client(_hub(disk[0]))
    await client.open()
    await disk[0]._file.run(disk[0]._file.database.execute, """UPDATE sessions SET principal = '["a","b","c","d"]'""")
    assert await _ping(_client(_hub(disk[1])), client.session) == 404


class Slow(MemorySessions):
    """A store whose writes wait for `go`, and which says what it has of ends."""

    shared = True

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.go.set()
        self.ends: dict[str, bool] = {}

    async def save(self, sessions: Any) -> None:
        await self.go.wait()
        for each in sessions:
            self.ends[each.id] = self.ends.get(each.id, False) or each.ended


async def test_an_end_during_a_write_is_written_after_it() -> None:
    store = Slow()
    hub = _hub(store, max_sessions_each=1)
    client = _client(hub)
    await client.open()
    first = hub.sessions.table.all()[0]
    await _ping(client)
    store.go.clear()
    writing = asyncio.create_task(hub.sessions.tend(everything=True))
    await asyncio.sleep(0)
    hub.sessions.close([first])
    store.go.set()
    await writing
    assert store.ends == {first.id: False}
    await hub.sessions.tend()
    assert store.ends == {first.id: True}


async def test_what_could_not_be_kept_is_kept_later() -> None:
    store = Slow()
    hub = _hub(store)
    client = _client(hub)
    await client.open()
    store.save = Broken().save  # type: ignore[method-assign]
    hub.sessions.close(hub.sessions.table.all())
    await hub.sessions.tend()
    del store.save  # type: ignore[method-assign]
    await hub.sessions.tend()
    assert list(store.ends.values()) == [True]


class Broken(MemorySessions):
    """A store whose disk is full."""

    shared = True

    async def save(self, sessions: Any) -> None:
        raise McpgError("the disk `/secret` is full")

    async def find(self, session_id: str) -> None:
        raise McpgError("the disk `/secret` is gone")


async def test_a_store_that_fails_opens_nothing_and_takes_nothing_in() -> None:
    opener, hub = _client(_hub()), _hub(Broken())
    await opener.open()
    client = _client(hub)
    refused = await client.open()
    assert (refused.status, b"secret" in refused.body, len(hub.sessions)) == (503, False, 0)
    assert await _ping(client, opener.session) == 503
    await hub.sessions.tend()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_id_that_is_not_exactly_as_sealed_says_nothing(data: st.DataObject) -> None:
    ids = SessionIds(Sealer(KEYS), 100.0)
    session = Session("n" * 22, ANA, "2025-11-25", {"roots": {}}, created=5.0, endpoint="mcp")
    token = ids.seal(session)
    assert ids.read(token, ANA, "mcp") is not None
    place = data.draw(st.integers(0, len(token) - 1))
    forged = data.draw(
        st.one_of(
            st.text(max_size=200),
            st.just(token[:place]),
            st.just(token + "="),
            st.just(token.replace("-", "+").replace("_", "/") + "\n"),
            st.characters(codec="ascii").map(lambda sign: token[:place] + sign + token[place + 1 :]),
            st.just(token * 10),
        )
    )
    assert forged == token or ids.read(forged, ANA, "mcp") is None


@settings(deadline=None, max_examples=60)
@given(st.tuples(st.text(), st.text(), st.text(), st.text()), st.text(), st.text())
def test_an_id_opens_for_its_caller_and_endpoint_only(who: tuple[str, str, str, str], here: str, there: str) -> None:
    ids = SessionIds(Sealer(KEYS), 100.0)
    token = ids.seal(Session("n" * 22, who, "2024-11-05", {}, created=5.0, endpoint=here))
    assert token.isascii()
    assert token.isprintable()
    assert ids.read(token, who, here) is not None
    moved = (who[0] + who[1], "", *who[2:])
    assert (ids.read(token, moved, here) is None) == (moved != who)
    assert (ids.read(token, who, there) is None) == (here != there)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.text(max_size=40), st.dictionaries(st.text(max_size=300), st.text(max_size=300))))
def test_ids_are_bounded_whatever_a_client_declares(capabilities: dict[str, Any]) -> None:
    ids = SessionIds(Sealer(KEYS), 100.0)
    session = Session("n" * 22, ANA, "2025-11-25", capabilities, created=time.time(), endpoint="mcp")
    token = ids.seal(session)
    assert len(token) <= MAX_ID
    opened = ids.read(token, ANA, "mcp")
    assert opened is not None
    assert opened.capabilities == (capabilities if ids.fits(capabilities) else None)
