"""Tasks through a real gateway: life, questions, rules, ids of others, restarts, hostile servers."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.peers.features import ELICIT, text
from tests.peers.gateway import anyone, http_upstream, start_gateway, start_stdio
from tests.peers.record import PeerError
from tests.peers.server import start_server
from tests.peers.tasks import EXTENSION, Book

from mcpg.ledger import tail, verify

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.peers.client import Client
    from tests.peers.client_modern import ModernClient
    from tests.peers.features import Call
    from tests.peers.gateway import Door
    from tests.peers.server import Server
    from tests.peers.tasks import Task

NEW = "2026-07-28"
ABLE = {"elicitation": {}, "extensions": {EXTENSION: {}}}
BEN = "mcpg_ben-" + "b" * 24


class Jobs:
    """Tools that begin tasks."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.book = server.tasks = Book()
        self.hostile: dict[str, Any] = {}
        self.release = asyncio.Event()

    async def answer(self, method: str, call: Call) -> dict[str, Any]:
        if method == "tools/list":
            tools = ("job", "ask", "need", "trick")
            return {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in tools]}
        if method != "tools/call":
            return {{"prompts/list": "prompts", "resources/list": "resources"}.get(method, "resourceTemplates"): []}
        if call.params["name"] == "trick":
            return {**self.book.begin(self.work), **self.hostile}
        if call.params["name"] == "need":
            self.book.need(call)
        if not self.book.declared(call):
            return text("done at once")
        return self.book.begin(self.ask if call.params["name"] == "ask" else self.work, message="on its way")

    async def work(self, _: Task) -> dict[str, Any]:
        await self.release.wait()
        return text("the secret")

    async def ask(self, task: Task) -> dict[str, Any]:
        answers = await task.ask({"name": ("elicitation/create", dict(ELICIT))})
        return text(f"{answers['name']['action']}")


class Stage:
    """One server with tasks, a gateway before it, one client."""

    def __init__(self, server: Server, door: Door, client: ModernClient) -> None:
        self.server, self.door, self.client = server, door, client
        self.jobs: Jobs = server.features  # type: ignore[assignment]

    async def get(self, token: str, status: str) -> dict[str, Any]:
        """Ask for a task until it has this status."""
        return await until(self.client, token, status)


async def until(client: Client, token: str, status: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while (found := await client.request("tasks/get", {"taskId": token}))["status"] != status:  # noqa: ASYNC110 - it is polled
            await asyncio.sleep(0.02)
    return found


@asynccontextmanager
async def stage(folder: Path, compiled: Path, **options: Any) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(start_server(NEW, "jobs"))
        server.features = Jobs(server)  # type: ignore[assignment]
        door = await stack.enter_async_context(
            start_gateway(folder, {"jobs": http_upstream(server)}, compiled=compiled, **options)
        )
        client = await stack.enter_async_context(door.connect(NEW, capabilities=ABLE))
        yield Stage(server, door, client)  # type: ignore[arg-type]
        assert server.problems == []
        assert client.problems == []


async def failed(client: Any, method: str, params: dict[str, Any]) -> PeerError:
    with pytest.raises(PeerError) as found:
        await client.request(method, params)
    return found.value


async def test_a_task_lives_in_its_upstream_and_ends_at_its_client(tmp_path: Path, compiled: Path) -> None:
    async with stage(tmp_path, compiled) as at:
        assert at.client.server["capabilities"]["extensions"] == {EXTENSION: {}}
        task = await at.client.call("job")
        token = task["taskId"]
        assert (task["resultType"], task["status"], task["statusMessage"]) == ("task", "working", "on its way")
        assert token not in at.jobs.book.tasks
        assert (await at.get(token, "working"))["taskId"] == token
        at.jobs.release.set()
        done = await at.get(token, "completed")
        assert done["result"]["content"] == text("the secret")["content"]
        ack = await at.client.request("tasks/cancel", {"taskId": token})
        assert ack.keys() == {"resultType", "_meta"}
        assert {each.headers["mcp-name"] for each in at.server.requests("tasks/get")} == set(at.jobs.book.tasks)
    assert verify(tmp_path / "state" / "ledger.db").findings == ()
    records = [entry.record for entry in tail(tmp_path / "state" / "ledger.db", tenant="default", limit=100)]
    about = [record for record in records if record.get("method", "").startswith("tasks/")]
    (call,) = (record["call"] for record in records if record.get("method") == "tools/call")
    assert {(record["kind"], record["resumes"], record["name"]) for record in about} == {("intent", call, "job")}


async def test_a_task_that_asks_and_one_that_is_cancelled(tmp_path: Path, compiled: Path) -> None:
    async with stage(tmp_path, compiled) as at:
        token = (await at.client.call("ask"))["taskId"]
        asking = await at.get(token, "input_required")
        assert asking["inputRequests"]["name"]["params"]["message"] == ELICIT["message"]
        given = {"name": {"action": "accept", "content": {"name": "ana"}}}
        ack = await at.client.request("tasks/update", {"taskId": token, "inputResponses": given})
        assert ack.keys() == {"resultType", "_meta"}
        assert (await at.get(token, "completed"))["result"]["content"][0]["text"] == "accept"
        token = (await at.client.call("job"))["taskId"]
        await at.client.request("tasks/cancel", {"taskId": token})
        await at.get(token, "cancelled")


RULES = """
permit(principal, action in [Mcpg::Action::"tools/call", Mcpg::Action::"tasks/cancel"], resource);

@obligation("redact") @detail("{\\"paths\\": [\\"/content/*/text\\"]}")
permit(principal, action == Mcpg::Action::"tasks/get", resource);
"""


async def test_rules_hold_for_requests_about_tasks(tmp_path: Path, compiled: Path) -> None:
    async with stage(tmp_path, compiled, rules=RULES) as at:
        token = (await at.client.call("job"))["taskId"]
        at.jobs.release.set()
        assert (await at.get(token, "completed"))["result"]["content"][0]["text"] == "[redacted]"
        denied = await failed(at.client, "tasks/update", {"taskId": token, "inputResponses": {}})
        assert denied.code == -31002
        assert at.server.requests("tasks/update") == []
        token = (await at.client.call("ask"))["taskId"]
        await at.get(token, "completed")  # the form had no permit: it was declined
        assert [each.params["inputResponses"] for each in at.server.requests("tasks/update")] == [
            {"name": {"action": "decline"}}
        ]


async def test_an_id_is_its_callers_and_its_endpoints(tmp_path: Path, compiled: Path) -> None:
    keys = [
        {"id": who, "hash": "sha256:" + hashlib.sha256(key.encode()).hexdigest(), "groups": ["analysts"]}
        for who, key in (("ana", "mcpg_ana-" + "a" * 24), ("ben", BEN))
    ]
    plugins = anyone({})["plugins"]
    plugins["keys"]["config"]["keys"] = keys
    async with stage(tmp_path, compiled, plugins=plugins) as at:
        token = (await at.client.call("job"))["taskId"]
        async with at.door.connect(NEW, "/servers/jobs/mcp", capabilities=ABLE) as other:
            assert (await failed(other, "tasks/get", {"taskId": token})).code == -32602
        inner = next(iter(at.jobs.book.tasks))
        mine, headers = at.client.headers, {**at.client.headers, "authorization": f"Bearer {BEN}"}
        for method in ("tasks/get", "tasks/cancel"):
            at.client.headers = headers
            assert (await failed(at.client, method, {"taskId": token})).code == -32602
            at.client.headers = mine
            assert (await failed(at.client, method, {"taskId": inner})).code == -32602
        assert at.server.requests("tasks/get") == at.server.requests("tasks/cancel") == []
        await at.get(token, "working")


async def test_a_task_outlives_its_gateway(tmp_path: Path, compiled: Path) -> None:
    async with stage(tmp_path, compiled) as at:
        token = (await at.client.call("job"))["taskId"]
        await at.get(token, "working")
        upstreams = {"jobs": http_upstream(at.server)}
        (tmp_path / "again" / "state").mkdir(parents=True, mode=0o700)
        keys = tmp_path / "state" / "seal.keys"
        (tmp_path / "again" / "state" / "seal.keys").write_bytes(keys.read_bytes())
        (tmp_path / "again" / "state" / "seal.keys").chmod(0o600)
        async with (
            start_gateway(tmp_path / "again", upstreams, compiled=compiled) as door,
            door.connect(NEW, capabilities=ABLE) as client,
        ):
            assert (await client.request("tasks/get", {"taskId": token}))["status"] == "working"


async def test_tasks_over_stdio(tmp_path: Path, compiled: Path) -> None:
    async with start_server(NEW, "jobs") as server:
        jobs = server.features = Jobs(server)  # type: ignore[assignment]
        upstreams = {"jobs": http_upstream(server)}
        async with start_stdio(NEW, tmp_path, upstreams, compiled=compiled, capabilities=ABLE) as client:
            assert {tool["name"] for tool in await client.pages("tools")} == {"job", "ask", "need", "trick"}
            token = (await client.call("job"))["taskId"]
            jobs.release.set()
            found = await until(client, token, "completed")
            assert found["result"]["content"][0]["text"] == "the secret"
            assert (await failed(client, "tasks/get", {"taskId": "t"})).code == -32602
        assert client.problems == []


async def test_clients_without_tasks_are_served_or_told_what_is_missing(tmp_path: Path, compiled: Path) -> None:
    async with stage(tmp_path, compiled) as at, at.door.connect("2025-11-25", capabilities=ABLE) as old:
        assert "extensions" not in old.server["capabilities"]
        assert await old.text("job") == "done at once"
        result = await old.call("need")
        assert (result["isError"], EXTENSION in result["content"][0]["text"]) == (True, True)
        assert (await failed(old, "tasks/get", {"taskId": "t"})).code == -32601
        async with at.door.connect(NEW, capabilities={}) as plain:
            assert await plain.text("job") == "done at once"
            missing = {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
            lacking = await failed(plain, "tools/call", {"name": "need", "arguments": {}})
            assert (lacking.code, lacking.data) == (-32021, missing)
            for method in ("tasks/get", "tasks/update", "tasks/cancel"):
                lacking = await failed(plain, method, {"taskId": "t"})
                assert (lacking.code, lacking.data) == (-32021, missing)
            with pytest.raises(PeerError) as refused:
                await plain.listen(taskIds=["t"])
            assert (refused.value.code, refused.value.data) == (-32021, missing)
        stream = await at.client.listen(taskIds=["t"], toolsListChanged=True)
        assert stream.honoured == {"toolsListChanged": True}  # no task is told of unasked


async def test_nothing_is_offered_that_no_upstream_has(tmp_path: Path, compiled: Path) -> None:
    async with (
        start_server("2025-11-25") as server,
        start_gateway(tmp_path, {"peer": http_upstream(server)}, compiled=compiled) as door,
        door.connect(NEW, capabilities=ABLE) as client,
    ):
        assert "extensions" not in client.server["capabilities"]
        assert (await failed(client, "tasks/get", {"taskId": "t"})).code == -32601
        assert await client.text("echo", {"text": "hi"}) == "hi"
    assert not any(EXTENSION in each.get("extensions", {}) for each in server.capabilities)


HOSTILE: dict[str, dict[str, Any]] = {
    "an id of a megabyte": {"taskId": "x" * (1 << 20)},
    "a result type that nobody knows": {"resultType": "job"},
    "a task that says nothing of itself": {"status": None},
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_task_is_an_error_at_its_client(tmp_path: Path, compiled: Path, name: str) -> None:
    async with stage(tmp_path, compiled) as at:
        at.jobs.hostile = HOSTILE[name]
        result = await at.client.call("trick")
        assert (result["isError"], "taskId" in result) == (True, False)


async def test_a_server_that_answers_for_another_task_or_asks_for_ever(tmp_path: Path, compiled: Path) -> None:
    async with stage(tmp_path, compiled) as at:
        at.client.capabilities = {**ABLE, "sampling": {}}
        token = (await at.client.call("ask"))["taskId"]
        (inner,) = at.jobs.book.tasks.values()
        await at.get(token, "input_required")
        for number in range(20):  # a question for each answer: each is the client's own request, nothing waits here
            given = {"name": {"action": "accept", "content": {"name": str(number)}}}
            inner.asked = {"name": {"method": "elicitation/create", "params": dict(ELICIT)}}
            assert (await at.get(token, "input_required"))["inputRequests"].keys() == {"name"}
            if number == 19:
                inner.asked = {f"k{n}": {"method": "roots/list"} for n in range(10_000)}
                error = await failed(at.client, "tasks/get", {"taskId": token})
                assert error.code == -32603
                break
            await at.client.request("tasks/update", {"taskId": token, "inputResponses": {"other": given["name"]}})
        inner.id = "another"
        assert (await failed(at.client, "tasks/get", {"taskId": token})).code == -32603
