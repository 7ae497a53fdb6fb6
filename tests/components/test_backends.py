"""The backend components through the sandbox: what they ask for fits the drivers, what they answer fits MCP."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mcpg.contract.effects import CommandRequest, HttpRequest, McpRequest, SqlRequest
from mcpg.contract.verdicts import Effect, failed, ok

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.contract.verdicts import Case

MODELS = {"http": HttpRequest, "sql": SqlRequest, "command": CommandRequest, "mcp": McpRequest}


def call(binding: Any, arguments: Any, **more: Any) -> dict[str, Any]:
    return {"method": "tools/call", "name": "t", "target": "t", "arguments": arguments, "binding": binding, **more}


def request_of(effect: Effect) -> Any:
    return msgspec.json.decode(effect.request, type=MODELS[effect.driver])


def always(reply: Any) -> Callable[[Effect], Case]:
    def serve(effect: Effect) -> Case:
        request_of(effect)
        return ok(json.dumps(reply))

    return serve


async def test_http(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    http = await plugin("backend-http", {"base_url": "https://api.example", "headers": {"accept": "application/json"}})
    secret = {"$secret": "secret://env/TOKEN", "prefix": "Bearer "}
    binding = {
        "request": {
            "path": "/v1/{{ city }}",
            "query": {"days": "{{ days }}"},
            "headers": {"authorization": secret},
            "stream": {"format": "lines", "last": True},
            "expect": [200],
        }
    }
    serve = always({"status": 200, "media": "application/json", "json": {"t": 1.50}})
    answer, effects = await http.run("call", {}, call(binding, {"city": "a/b", "days": 3}), serve=serve)
    request = request_of(effects[0])
    assert request.url == "https://api.example/v1/a%2Fb?days=3"
    assert request.headers["authorization"].reference == "secret://env/TOKEN"
    assert request.stream.last
    result = json.loads(answer.value)
    assert (answer.tag, result["structuredContent"]) == ("done", {"t": 1.5})


@pytest.mark.parametrize(
    "value",
    [{"$secret": "secret://env/TOKEN"}, [{"deep": {"$secret": "cred://a/b"}}], {"$ref": "blob:0", "sha256": "x"}],
)
@pytest.mark.parametrize("place", ["json", "headers", "query"])
async def test_no_argument_becomes_a_typed_node(
    plugin: Callable[[str, Any], Awaitable[Any]], place: str, value: Any
) -> None:
    http = await plugin("backend-http", {"base_url": "https://api.example"})
    binding = {"request": {"method": "POST", place: {"a": "{{ a }}"}}}
    answer, effects = await http.run("call", {}, call(binding, {"a": value}), serve=always({"status": 200}))
    assert (answer.tag, answer.value.code, effects) == ("failed", "bad-arguments", [])


async def test_http_failures(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    http = await plugin("backend-http", {"base_url": "https://api.example"})
    asked = call({"request": {}}, {})
    answer, _ = await http.run("call", {}, asked, serve=always({"status": 503, "media": "text/plain", "body": "busy"}))
    assert json.loads(answer.value) == {"content": [{"type": "text", "text": "HTTP 503: busy"}], "isError": True}
    answer, _ = await http.run("call", {}, asked, serve=lambda _: failed("timeout", "the host did not answer"))
    assert (answer.tag, answer.value.code) == ("failed", "timeout")


async def test_sql_against_a_real_database(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.execute("create table t (name text, n int)")
    database.executemany("insert into t values (?, ?)", [("a", 1), ("b", 2), ("x' or '1'='1", 3)])

    def serve(effect: Effect) -> Case:
        request = request_of(effect)
        rows = database.execute(request.statement, request.parameters).fetchall()
        return ok(json.dumps({"rows": [dict(row) for row in rows]}))

    sql = await plugin("backend-sql", {"connection": "sales"})
    binding = {"query": {"sql": "select n, name from t where name = :name or :name is null order by n limit :limit"}}
    answer, _ = await sql.run("call", {}, call(binding, {"name": "x' or '1'='1", "limit": 9}), serve=serve)
    assert json.loads(answer.value)["structuredContent"] == {"rows": [{"n": 3, "name": "x' or '1'='1"}]}
    answer, effects = await sql.run("call", {}, call(binding, {"limit": 2}), serve=serve)
    assert [row["n"] for row in json.loads(answer.value)["structuredContent"]["rows"]] == [1, 2]
    assert request_of(effects[0]).connection == "sales"
    database.close()


async def test_command(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    command = await plugin("backend-command", {})
    binding = {"command": {"argv": ["/bin/echo", ["-n", "{{ n }}"], "{{ text }}"], "stdin": "{{ text }}"}}
    serve = always({"status": 0, "stdout": "out", "stderr": ""})
    answer, effects = await command.run("call", {}, call(binding, {"text": "a; b"}), serve=serve)
    assert request_of(effects[0]).argv == ("/bin/echo", "a; b")
    assert json.loads(answer.value)["content"][0]["text"] == "out"
    for text in ("-e", "--help", "a\0b"):
        answer, effects = await command.run("call", {}, call(binding, {"text": text}), serve=serve)
        assert (answer.tag, answer.value.code, effects) == ("failed", "bad-arguments", [])


async def test_mock(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    tools = [{"name": "hi", "inputSchema": {"type": "object"}, "mock": {"text": "hello"}}]
    mock = await plugin("backend-mock", {"tools": tools})
    described = await mock.ask("describe", replies=[])
    assert json.loads(described.value) == {"tools": [{"name": "hi", "inputSchema": {"type": "object"}}]}
    answer = await mock.ask("call", {}, call({}, {}, target="hi"), replies=[])
    assert json.loads(answer.value)["content"][0]["text"] == "hello"
    broken = {"mock": {"error": {"code": "down", "message": "gone"}}}
    assert (await mock.ask("call", {}, call(broken, {}), replies=[])).value.code == "down"


@pytest.mark.parametrize("name", ["backend-http", "backend-sql", "backend-command", "backend-mcp", "backend-mock"])
@pytest.mark.parametrize("text", ["", "[]", "{", '{"binding": 5}', "null"])
async def test_a_bad_call_fails_and_never_traps(
    plugin: Callable[[str, Any], Awaitable[Any]], name: str, text: str
) -> None:
    config = {"base_url": "https://x", "connection": "x", "upstream": "x"}
    backend = await plugin(name, config)
    answer = await backend.ask("call", "{}", text, replies=[])
    assert answer.tag in {"failed", "done"}
    assert backend.pool.stats.traps == 0
