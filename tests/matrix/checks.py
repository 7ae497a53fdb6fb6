"""What each cell does where it works: one function for each feature of the table."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.peers.record import PeerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.matrix.context import Cell

__all__ = ["CHECKS"]


async def call(cell: Cell) -> None:
    assert await cell.text("echo", {"text": "hi"}) == "hi"
    failed = await cell.call("fail")
    assert (failed["isError"], failed["content"][0]["text"]) == (True, "it went wrong")
    with pytest.raises(PeerError) as unknown:
        await cell.call("nothing-of-the-kind")
    assert unknown.value.code == -32602
    assert cell.tool("echo") in await cell.names()


async def progress(cell: Cell) -> None:
    before = len(cell.client.told("notifications/progress"))
    assert await cell.text("progress", progress=f"token-{before}") == "done"
    told = cell.client.told("notifications/progress")[before:]
    assert [each.params["progress"] for each in told] == [1, 2, 3]
    assert {each.params["progressToken"] for each in told} == {f"token-{before}"}
    sent = cell.server.requests("tools/call")[-1].params["_meta"]["progressToken"]
    assert sent != f"token-{before}"  # the gateway's own
    assert await cell.text("progress") == "done"
    assert len(cell.client.told("notifications/progress")) == before + 3


async def cancel(cell: Cell) -> None:
    features = cell.server.features
    begun, ended = len(features.slow), len(features.cancelled)
    pending = cell.client.begin("tools/call", {"name": cell.tool("slow"), "arguments": {}})
    await cell.server.until(lambda: len(features.slow) > begun)
    await pending.cancel()
    await cell.server.until(lambda: len(features.cancelled) > ended)
    assert pending.task is not None
    pending.task.cancel()
    await asyncio.wait([pending.task])
    assert await cell.text("echo", {"text": "still there"}) == "still there"


async def elicit(cell: Cell) -> None:
    before = cell.asked("elicitation/create")
    assert await cell.text("elicit") == "accept ana"
    assert cell.asked("elicitation/create") == before + 1
    method, params = cell.client.asked[-1]
    assert (method, params["message"]) == ("elicitation/create", "What is your name?")
    assert params["requestedSchema"]["required"] == ["name"]


async def sample(cell: Cell) -> None:
    before = cell.asked("sampling/createMessage")
    assert await cell.text("sample") == "assistant hello"
    assert cell.asked("sampling/createMessage") == before + 1
    assert cell.client.asked[-1][1]["maxTokens"] == 20


async def roots(cell: Cell) -> None:
    assert await cell.text("roots") == "file:///home/ana"


async def rounds(cell: Cell) -> None:
    before = len(cell.client.asked)
    assert await cell.text("both") == "assistant hello; file:///home/ana"
    assert len(cell.client.asked) == before + 2
    assert await cell.text("twice") == "assistant hello"
    assert len(cell.client.asked) == before + 4
    assert cell.client.asked[-1][1]["messages"][0]["content"]["text"] == "After hello?"


async def url(cell: Cell) -> None:
    assert await cell.text("url") == "accept"
    _, params = cell.client.asked[-1]
    assert (params["mode"], params["url"]) == ("url", "https://peer.test/sign-in?x=1")


async def url_error(cell: Cell) -> None:
    cell.server.features.signed_in = False
    before = cell.asked("elicitation/create")
    pending = asyncio.ensure_future(cell.text("url_error"))
    await cell.client.until(lambda: cell.asked("elicitation/create") > before)
    await cell.server.changed("notifications/elicitation/complete", {"elicitationId": "sign-in-2"})
    assert await pending == "signed in"
    assert cell.asked("elicitation/create") == before + 1
    assert cell.client.asked[-1][1]["url"] == "https://peer.test/sign-in?x=1"


async def list_changed(cell: Cell) -> None:
    method = "notifications/tools/list_changed"
    await cell.names()
    await cell.client.watch()
    cell.client.heard.clear()
    grown = cell.tool(await cell.server.grow())
    async with asyncio.timeout(5):
        await cell.client.until(lambda: cell.client.told(method))
        while grown not in await cell.names():  # it was of an earlier change: one more is to come
            cell.client.heard.clear()
            await cell.client.until(lambda: cell.client.told(method))
    assert await cell.client.text(grown) == f"I am {grown.removeprefix(cell.tool(''))}"


async def subscribe(cell: Cell) -> None:
    uri = await cell.uri("note")
    await cell.client.subscribe(uri)
    await cell.server.until(lambda: cell.server.features.uri("note") in cell.server.subscribed)
    method = "notifications/resources/updated"
    told = len(cell.client.told(method))
    await cell.server.touch()
    await cell.client.until(lambda: len(cell.client.told(method)) > told)
    assert cell.client.told(method)[-1].params["uri"] == uri


async def resource_read(cell: Cell) -> None:
    for name, part in (("note", {"text": cell.server.features.note}), ("blob", {"mimeType": "image/png"})):
        uri = await cell.uri(name)
        contents = (await cell.client.request("resources/read", {"uri": uri}))["contents"][0]
        assert contents | part == contents
        assert contents["uri"] == uri
    uri = (await cell.uri("items")).replace("{id}", "7")
    assert (await cell.client.request("resources/read", {"uri": uri}))["contents"][0]["text"] == "item 7"
    missing = (await cell.uri("note")) + "-that-is-not-there"
    with pytest.raises(PeerError) as unknown:
        await cell.client.request("resources/read", {"uri": missing})
    modern = cell.client.revision.modern
    assert unknown.value.code == (-32602 if modern else -32002)


async def completion(cell: Cell) -> None:
    prompt = {"type": "ref/prompt", "name": cell.tool("greet")}
    asked: dict[str, Any] = {"ref": prompt, "argument": {"name": "who", "value": "an"}}
    assert (await cell.client.request("completion/complete", asked))["completion"]["values"] == ["ana", "anton"]
    template = {"type": "ref/resource", "uri": await cell.uri("items")}
    asked = {"ref": template, "argument": {"name": "id", "value": ""}}
    if cell.client.revision.since("2025-06-18"):
        asked["context"] = {"arguments": {}}
    assert (await cell.client.request("completion/complete", asked))["completion"]["values"] == ["1", "2"]


async def logging(cell: Cell) -> None:
    method = "notifications/message"
    before = len(cell.client.told(method))
    await cell.client.set_level("info")
    await cell.text("log")
    assert [each.params["level"] for each in cell.client.told(method)[before:]] == ["info", "error"]


async def prompt(cell: Cell) -> None:
    names = [each["name"] for each in await cell.client.pages("prompts")]
    assert cell.tool("greet") in names
    got = await cell.client.request("prompts/get", {"name": cell.tool("greet"), "arguments": {"who": "Ana"}})
    assert got["messages"][0]["content"]["text"] == "Hello Ana."


async def structured(cell: Cell) -> None:
    result = await cell.call("add", {"a": 1, "b": 2})
    assert (result["structuredContent"], result["content"][0]["text"]) == ({"sum": 3}, "3")
    assert (await cell.definition("add"))["outputSchema"]["required"] == ["sum"]


async def listed(cell: Cell) -> None:
    assert (await cell.call("listed"))["structuredContent"] == [1, 2]
    assert (await cell.definition("listed"))["outputSchema"]["type"] == "array"


async def mixed(cell: Cell) -> None:
    content = (await cell.call("mixed"))["content"]
    assert [block["type"] for block in content[:3]] == ["text", "image", "resource"]
    sent = 3 + cell.server.revision.since("2025-03-26") + cell.server.revision.since("2025-06-18")
    assert len(content) == sent  # what the client does not know has become something that it knows


CHECKS: dict[str, Callable[[Cell], Awaitable[None]]] = {
    check.__name__: check
    for check in (
        *(call, progress, cancel, elicit, sample, roots, rounds, url, url_error, list_changed, subscribe),
        *(resource_read, completion, logging, prompt, structured, listed, mixed),
    )
}
