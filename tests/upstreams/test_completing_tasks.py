"""Tools of 2025-11-25 that must be called with a task, over stdio: run to their end for clients that know no tasks."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from tests.upstreams.conftest import ANA
from tests.upstreams.test_asking import ASKED, YES, Talk, said, wanted

from mcpg.contract.problems import UpstreamFailed
from mcpg.upstreams import StdioSpec, UpstreamSpec
from mcpg.upstreams.completing_tasks import MAX_TOOLS, TaskTools
from mcpg.upstreams.eras import Agreement

SCRIPT = Path(__file__).parent / "task_peer.py"
RELATED = "io.modelcontextprotocol/related-task"


@pytest.fixture
async def tasks(bench):
    """Return a function that starts the server and lists its tools."""

    async def start(*words: str, **options) -> Talk:
        transport = StdioSpec((sys.executable, "-I", "-S", str(SCRIPT), *words), {}, grace=0.3)
        spec = UpstreamSpec(name="asks", transport=transport, mode="legacy", **options)
        client = Talk(await bench(spec, good=False))
        await client.upstreams.request("asks", "tools/list", {}, deadline=client.deadline(5))
        return client

    return start


async def seen(client: Talk, method: str) -> list:
    facts = said(await client.call("facts"))
    return [params for name, params in facts if name == method]


@pytest.mark.parametrize("party", [ANA, ASKED])
async def test_a_task_is_run_to_its_end_and_not_shown(tasks, party):
    client = await tasks()
    client.party = party
    answer = await client.call("quick", {"a": 1})
    assert said(answer) == "done"
    assert answer["result"]["structuredContent"] == {"n": 1}
    assert RELATED not in answer["result"].get("_meta", {})
    (call, _facts) = await seen(client, "tools/call")
    assert call["task"] == {"ttl": 660_000}
    assert len(await seen(client, "tasks/result")) == 1
    assert await seen(client, "tasks/cancel") == []


async def test_other_tools_are_called_without_one(tasks):
    client = await tasks()
    assert said(await client.call("optional")) == {"task": None}
    assert said(await client.call("optional", params={"task": {"ttl": 1}})) == {"task": None}


async def test_no_task_for_a_server_that_declared_none(tasks):
    client = await tasks("incapable")
    answer = await client.call("quick")
    assert (answer["error"]["code"], "task" in (await seen(client, "tools/call"))[0]) == (-32601, False)


async def test_a_task_that_fails_says_why(tasks):
    client = await tasks()
    failed = (await client.call("fails"))["result"]
    assert (failed["isError"], failed["content"][0]["text"]) == (True, "went wrong")
    refused = await client.call("refuses")
    assert refused["error"] == {"code": -32050, "message": "no such topic"}
    assert await seen(client, "tasks/cancel") == []


@pytest.mark.parametrize("party", [ANA, ASKED])
async def test_progress_goes_on_under_the_clients_token(tasks, party):
    client = await tasks()
    heard = []

    async def notify(method, params):
        heard.append((params["progressToken"], params["progress"]))

    params = {"_meta": {"progressToken": "mine"}}
    assert said(await client.call("progresses", params=params, notify=notify, party=party)) == "progressed"
    assert heard == [("mine", 0), ("mine", 1), ("mine", 2)]


@pytest.mark.parametrize("tool", ["asks", "asks_early", "asks_again"])
async def test_a_task_asks_its_calls_client(tasks, tool):
    client = await tasks()
    asking = await client.call(tool)
    (request,) = asking["asking"]["requests"].values()
    assert RELATED not in request["params"].get("_meta", {})
    assert client.parked() == 1
    answer = said(await client.resume(asking, {"1": YES}, tool))
    assert answer["content"] == {"name": "Ana"}
    assert answer["_meta"][RELATED]["taskId"].startswith("task-")
    assert (client.parked(), await seen(client, "tasks/cancel")) == (0, [])


async def test_each_question_belongs_to_the_call_that_began_the_task(tasks):
    client = await tasks()
    endless = asyncio.ensure_future(client.call("endless"))
    async with asyncio.timeout(5):
        while not await seen(client, "tasks/result"):
            pass
    asking = await client.call("asks")
    assert wanted(asking) == {"1": "elicitation/create"}
    assert said(await client.resume(asking, {"1": YES}, "asks"))["action"] == "accept"
    endless.cancel()
    await asyncio.gather(endless, return_exceptions=True)
    assert len(await seen(client, "tasks/cancel")) == 1


@pytest.mark.parametrize("party", [ANA, ASKED])
async def test_a_task_is_cancelled_with_its_call(tasks, party):
    client = await tasks()
    client.party = party
    with pytest.raises(UpstreamFailed, match="did not answer `tools/call`") as late:
        await client.call("endless", seconds=0.3)
    assert late.value.code == "upstream-unknown"
    assert len(await seen(client, "tasks/cancel")) == 1
    assert client.upstreams.states()["asks"].state == "ready"


async def test_a_task_is_cancelled_when_its_question_is_abandoned(tasks):
    client = await tasks()
    asking = await client.call("asks")
    client.upstreams.abandon(asking["asking"]["state"])
    async with asyncio.timeout(5):
        while not await seen(client, "tasks/cancel"):
            pass
    assert client.parked() == 0


async def test_a_server_that_does_not_wait_is_asked_how_the_task_goes_on(tasks):
    client = await tasks()
    assert said(await client.call("polled")) == "polled"
    assert (len(await seen(client, "tasks/get")), len(await seen(client, "tasks/result"))) == (3, 2)


async def test_a_result_at_once_is_the_result(tasks):
    client = await tasks()
    assert said(await client.call("direct")) == "at once"


BEGUN = {"taskId": "t", "status": "working"}


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({}, "did not say which"),
        ({"task": 3}, "did not say which"),
        ({"task": {"status": "working"}}, "without a sound `taskId`"),
        ({"task": {**BEGUN, "taskId": 7}}, "without a sound `taskId`"),
        ({"task": {**BEGUN, "taskId": "x" * 1025}}, "without a sound `taskId`"),
        ({"task": {**BEGUN, "status": "asleep"}}, "status `asleep`"),
        ({"task": {**BEGUN, "status": ["working"]}}, "status `\\?`"),
    ],
)
async def test_what_is_no_task_is_said(tasks, result, words):
    client = await tasks()
    with pytest.raises(UpstreamFailed, match=words) as failed:
        await client.call("begins", {"result": result})
    assert failed.value.code == "upstream-unknown"


@pytest.mark.parametrize(
    ("result", "words"), [({}, "without a sound `taskId`"), (BEGUN, "another task"), ({**BEGUN, "status": 1}, "status")]
)
async def test_what_says_nothing_of_the_task_ends_it(tasks, result, words):
    client = await tasks()
    with pytest.raises(UpstreamFailed, match=words):
        await client.call("tells", {"result": result})
    assert len(await seen(client, "tasks/cancel")) == 1


ABLE = Agreement("2025-11-25", modern=False, capabilities={"tasks": {"requests": {"tools": {"call": {}}}}})


def tool(name, support="required"):
    return {"name": name, "execution": {"taskSupport": support}}


def test_lists_are_learned_page_by_page_and_within_bounds():
    tools = TaskTools(1)
    tools.learn({"tools": [tool("a"), tool("b"), tool("c", "optional"), tool("d", "forbidden"), {"name": "e"}]}, ABLE)
    tools.learn({"tools": [tool("f"), tool("b", "optional")]}, ABLE)
    assert list(tools.names) == ["a", "f"]
    tools.learn({"tools": [tool("a")]}, Agreement("2025-11-25", modern=False))
    assert list(tools.names) == ["f"], "a server that no longer takes tasks gets none"
    tools.learn({"tools": [tool(f"t{number}") for number in range(MAX_TOOLS + 5)]}, ABLE)
    assert len(tools.names) == MAX_TOOLS


@pytest.mark.parametrize("given", [None, 3, [None], [3], [{}], [{"name": 3}], [{"name": "a", "execution": 3}]])
def test_lists_that_are_none_teach_nothing(given):
    tools = TaskTools(1)
    tools.learn({"tools": given}, ABLE)
    assert (list(tools.names), tools.wants({"name": given}), tools.wants({})) == ([], False, False)


@pytest.mark.parametrize("capabilities", [{}, {"tasks": 1}, {"tasks": {"requests": []}}, {"tasks": {"requests": {}}}])
@pytest.mark.parametrize("version", ["2025-11-25", "2025-06-18"])
def test_only_servers_that_say_so_take_tasks(capabilities, version):
    tools = TaskTools(1)
    offered = ABLE.capabilities if version == "2025-06-18" else capabilities
    tools.learn({"tools": [tool("a")]}, Agreement(version, modern=False, capabilities=offered))
    assert not tools.names
