"""Who is told of changes: whom they concern, once, on one stream; and what is kept for who does not listen just now."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from tests.edge.asking import until
from tests.edge.kit import Answered, Client, FakeService, modern, request

from mcpg.contract.ports import Refusal
from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.settings import EdgeSettings

if TYPE_CHECKING:
    from mcpg.contract.documents import Caller

TOOLS_CHANGED = "notifications/tools/list_changed"
UPDATED = "notifications/resources/updated"


class Seers(FakeService):
    """Each caller has lists of its own; what is asked is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.sights: dict[tuple[str, str], str] = {}
        self.asked = 0
        self.blind: Exception | None = None
        self.looking = asyncio.Event()
        self.looking.set()

    async def fingerprint(self, caller: Caller, kind: str, *, version: str, session: str) -> str:
        self.asked += 1
        await self.looking.wait()
        if self.blind is not None:
            raise self.blind
        return self.sights.get((caller.id, kind), "")


@pytest.fixture
def service() -> Seers:
    return Seers()


class Ear:
    """One client that listens, and can lose its stream."""

    def __init__(self, endpoint: McpEndpoint, token: str = "ana") -> None:
        self.client = Client(endpoint, token)
        self.endpoint = endpoint
        self.answered = Answered()
        self.task: asyncio.Task[Answered] | None = None

    async def meet(self) -> Ear:
        await self.client.open()
        return await self.listen()

    async def listen(self) -> Ear:
        before = len(self.endpoint.streams)
        self.answered, self.client.gone = Answered(), asyncio.Event()
        lines = {"mcp-session-id": self.client.session, "accept": "text/event-stream"}
        self.task = asyncio.create_task(self.client.send("GET", headers=lines, answered=self.answered))
        await until(lambda: len(self.endpoint.streams) > before and self.answered.body)
        await self.settle()
        return self

    async def settle(self) -> None:
        """Wait until nothing is looked up any more."""
        await until(lambda: not self.endpoint.streams._checkers)
        for _ in range(20):
            await asyncio.sleep(0)

    async def lose(self) -> None:
        self.client.leave()
        if self.task is not None:
            await self.task

    @property
    def heard(self) -> list[str]:
        return [message["method"] for message in self.answered.messages]


async def test_a_change_is_told_to_whom_it_concerns(endpoint: McpEndpoint, service: Seers) -> None:
    ana, bot = await Ear(endpoint).meet(), await Ear(endpoint, "bot").meet()
    service.sights["ana", "tools"] = "one more"
    endpoint.notify_changed("tools")
    endpoint.notify_changed("prompts")
    await until(lambda: ana.heard)
    await ana.settle()
    assert (ana.heard, bot.heard) == ([TOOLS_CHANGED], [])
    endpoint.notify_changed("tools")
    await ana.settle()
    assert ana.heard == [TOOLS_CHANGED]
    for ear in (ana, bot):
        await ear.lose()


async def test_many_changes_are_looked_at_once_and_a_few_at_a_time(endpoint: McpEndpoint, service: Seers) -> None:
    ears = [await Ear(endpoint).meet() for _ in range(12)]
    service.asked = 0
    service.looking.clear()
    for number in range(50):
        service.sights["ana", "tools"] = str(number)
        endpoint.notify_changed("tools")
        await asyncio.sleep(0)
    assert (service.asked, len(endpoint.streams._checkers)) == (4, 4)
    service.looking.set()
    await until(lambda: all(ear.heard for ear in ears))
    await ears[0].settle()
    assert service.asked <= 24
    assert all(ear.heard == [TOOLS_CHANGED] for ear in ears)
    for ear in ears:
        await ear.lose()


async def test_who_may_not_look_hears_nothing_and_what_is_not_known_may_have_changed(
    endpoint: McpEndpoint, service: Seers
) -> None:
    ear = await Ear(endpoint).meet()
    service.blind = Refusal(-32603, "not you")
    endpoint.notify_changed("tools")
    await ear.settle()
    assert ear.heard == []
    service.blind = RuntimeError("out of order")
    endpoint.notify_changed("tools")
    await until(lambda: ear.heard)
    assert ear.heard == [TOOLS_CHANGED]
    await ear.lose()


async def test_a_change_between_two_streams_is_told_on_the_next(endpoint: McpEndpoint, service: Seers) -> None:
    ana, bot = await Ear(endpoint).meet(), await Ear(endpoint, "bot").meet()
    for ear in (ana, bot):
        await ear.lose()
    service.sights["ana", "tools"] = "one more"
    asked = service.asked
    endpoint.notify_changed("tools")
    assert service.asked == asked
    for ear in (ana, bot):
        await ear.listen()
    await until(lambda: ana.heard)
    assert (ana.heard, bot.heard) == ([TOOLS_CHANGED], [])
    for ear in (ana, bot):
        await ear.lose()


async def test_a_change_before_the_first_stream_counts_as_missed(endpoint: McpEndpoint) -> None:
    ear = Ear(endpoint)
    await ear.client.open()
    endpoint.notify_changed("tools")
    await ear.listen()
    await until(lambda: ear.heard)
    later = await Ear(endpoint).meet()
    await later.settle()
    assert (ear.heard, later.heard) == ([TOOLS_CHANGED], [])
    for each in (ear, later):
        await each.lose()


async def test_what_a_lost_stream_said_last_is_said_again_once(endpoint: McpEndpoint, service: Seers) -> None:
    ear = await Ear(endpoint).meet()
    service.sights["ana", "tools"] = "one more"
    endpoint.notify_changed("tools")
    await until(lambda: ear.heard)
    await ear.lose()
    await ear.listen()
    await until(lambda: ear.heard)
    assert ear.heard == [TOOLS_CHANGED]
    await ear.lose()


async def test_what_was_taken_from_a_stream_that_ended_in_order_is_not_said_again(service: Seers) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(stream_age=0.03, keep_alive=0.01))
    ear = await Ear(endpoint).meet()
    service.sights["ana", "tools"] = "one more"
    endpoint.notify_changed("tools")
    assert ear.task is not None
    await ear.task
    assert ear.heard == [TOOLS_CHANGED]
    assert ear.answered.body.endswith(b"retry: 1000\n\n")
    await ear.listen()
    await ear.task
    assert ear.heard == []


async def test_a_session_hears_of_resources_that_it_watches(endpoint: McpEndpoint, service: Seers) -> None:
    ear = await Ear(endpoint).meet()
    for uri in ("file:///a", "file:///b"):
        answered = await ear.client.post(request("resources/subscribe", {"uri": uri}))
        assert answered.json["result"] == {}
    for uri in ("file:///a", "file:///a", "file:///b"):
        service.watches[uri][0]({"uri": uri})
    await until(lambda: len(ear.heard) == 2)
    assert [message["params"] for message in ear.answered.messages] == [{"uri": "file:///a"}, {"uri": "file:///b"}]
    answered = await ear.client.post(request("resources/unsubscribe", {"uri": "file:///a"}))
    assert answered.json["result"] == {}
    assert (await ear.client.post(request("resources/unsubscribe", {"uri": "file:///never"}))).json["result"] == {}
    assert (service.watches["file:///a"], len(service.watches["file:///b"])) == ([], 1)
    await ear.client.send("DELETE", headers={"mcp-session-id": ear.client.session})
    assert service.watches["file:///b"] == []
    await ear.lose()


async def test_what_is_new_waits_for_the_next_stream_within_a_bound(service: Seers) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(stream_queue=3))
    ear = Ear(endpoint)
    await ear.client.open()
    await ear.client.post(request("resources/subscribe", {"uri": "file:///a"}))
    for number in (0, 1, 0, 1, 2, 3, 4):
        service.watches["file:///a"][0]({"uri": f"file:///a/{number}"})
    await ear.listen()
    await until(lambda: len(ear.heard) == 3)
    assert [message["params"]["uri"][-1] for message in ear.answered.messages] == ["0", "1", "2"]
    assert endpoint.measures._dropped.value() == 2
    await ear.lose()


async def test_watching_is_refused_bounded_and_renewed(service: Seers) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(max_watches=1))
    client = Client(endpoint)
    await client.open()
    refused = await client.post(request("resources/subscribe", {"uri": "secret:a"}))
    assert refused.error == -32602
    for _ in range(2):
        assert (await client.post(request("resources/subscribe", {"uri": "file:///a"}))).json["result"] == {}
    assert len(service.watches["file:///a"]) == 1
    assert (await client.post(request("resources/subscribe", {"uri": "file:///b"}))).error == -32602
    assert "file:///b" not in service.watches


async def test_nothing_is_watched_where_that_is_not_offered(endpoint: McpEndpoint, service: Seers) -> None:
    description = service.describe()
    del description["capabilities"]["resources"]["subscribe"]
    service.describe = lambda: description  # type: ignore[method-assign]
    client = Client(endpoint)
    await client.open()
    assert (await client.post(request("resources/subscribe", {"uri": "file:///a"}))).error == -32601
    ear = await _subscribe(endpoint, {"resourceSubscriptions": ["file:///a"]})
    assert ear.answered.messages[0]["params"]["notifications"] == {}
    assert service.watches == {}
    await ear.lose()


async def test_a_watch_that_comes_after_the_session_has_ended_is_closed(endpoint: McpEndpoint, service: Seers) -> None:
    client = Client(endpoint)
    await client.open()
    entered, go_on = asyncio.Event(), asyncio.Event()
    watch = service.watch

    async def slow(*arguments: Any) -> Any:
        entered.set()
        with contextlib.suppress(asyncio.CancelledError):
            await go_on.wait()
        return await watch(*arguments)

    service.watch = slow  # type: ignore[method-assign]
    task = asyncio.create_task(client.post(request("resources/subscribe", {"uri": "file:///a"})))
    await entered.wait()
    await client.send("DELETE", headers={"mcp-session-id": client.session})
    await task
    assert service.watches["file:///a"] == []


async def _subscribe(endpoint: McpEndpoint, asked: dict[str, Any], token: str = "ana", request_id: Any = "s") -> Ear:
    ear = Ear(endpoint, token)
    message, headers = modern("subscriptions/listen", {"notifications": asked}, request_id=request_id)
    ear.task = asyncio.create_task(ear.client.post(message, headers, answered=ear.answered))
    await until(lambda: ear.answered.body and ear.answered.messages)
    return ear


async def test_a_subscription_watches_what_it_may_and_says_so_first(endpoint: McpEndpoint, service: Seers) -> None:
    asked = {"toolsListChanged": True, "resourceSubscriptions": ["secret:a", "file:///b", "file:///a", "file:///b"]}
    ear = await _subscribe(endpoint, {**asked, "vendorIds": ["t"]}, request_id=7)
    tag = {"io.modelcontextprotocol/subscriptionId": 7}
    (first,) = ear.answered.messages
    assert first["params"] == {
        "notifications": {"toolsListChanged": True, "resourceSubscriptions": ["file:///b", "file:///a"]},
        "_meta": tag,
    }
    service.watches["file:///a"][0]({"uri": "file:///a", "_meta": {"other": 1}})
    await until(lambda: len(ear.heard) == 2)
    assert ear.answered.messages[1]["method"] == UPDATED
    assert ear.answered.messages[1]["params"] == {"uri": "file:///a", "_meta": {"other": 1, **tag}}
    service.sights["ana", "tools"] = "one more"
    endpoint.notify_changed("tools")
    await until(lambda: len(ear.heard) == 3)
    await ear.lose()
    assert (service.watches["file:///a"], service.watches["file:///b"]) == ([], [])


async def test_a_subscription_hears_only_of_its_callers_changes(endpoint: McpEndpoint, service: Seers) -> None:
    ana = await _subscribe(endpoint, {"toolsListChanged": True})
    bot = await _subscribe(endpoint, {"toolsListChanged": True}, "bot")
    service.sights["bot", "tools"] = "one more"
    endpoint.notify_changed("tools")
    await until(lambda: len(bot.heard) == 2)
    await ana.settle()
    assert len(ana.heard) == 1
    for ear in (ana, bot):
        await ear.lose()


@pytest.mark.parametrize("asked", [None, [], {"resourceSubscriptions": "a"}, {"resourceSubscriptions": [1]}, "x" * 9])
async def test_a_filter_that_is_none(endpoint: McpEndpoint, asked: Any) -> None:
    message, headers = modern("subscriptions/listen", {"notifications": asked})
    answered = await Client(endpoint).post(message, headers)
    assert answered.error == -32602
    assert len(endpoint.streams) == 0


async def test_a_filter_with_too_many_resources(endpoint: McpEndpoint, service: Seers) -> None:
    asked = {"resourceSubscriptions": [f"file:///{number}" for number in range(65)]}
    message, headers = modern("subscriptions/listen", {"notifications": asked})
    assert (await Client(endpoint).post(message, headers)).error == -32602
    assert service.watches == {}


async def test_a_change_that_comes_before_the_acknowledgement_follows_it(endpoint: McpEndpoint, service: Seers) -> None:
    service.looking.clear()
    ear = Ear(endpoint)
    message, headers = modern("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    ear.task = asyncio.create_task(ear.client.post(message, headers, answered=ear.answered))
    await until(lambda: service.asked)
    endpoint.notify_changed("tools")
    service.looking.set()
    await until(lambda: ear.answered.body.count(b"data:") == 2)
    assert ear.heard == ["notifications/subscriptions/acknowledged", TOOLS_CHANGED]
    await ear.lose()


async def test_the_end_of_the_gateway_ends_the_looking(endpoint: McpEndpoint, service: Seers) -> None:
    ear = await Ear(endpoint).meet()
    service.looking.clear()
    endpoint.notify_changed("tools")
    await until(lambda: endpoint.streams._checkers)
    assert await endpoint.drain(1.0)
    await until(lambda: not endpoint.streams._checkers)
    assert ear.task is not None
    await ear.task
