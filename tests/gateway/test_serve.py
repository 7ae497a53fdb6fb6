"""What stands around a gateway: settings of the edge, the second listener, stdio, and an application that embeds it."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from tests.gateway.conftest import KEYS, tool

from mcpg.contract.problems import ConfigError
from mcpg.edge.front import embed, front_door, front_doors
from mcpg.edge.public import public_app
from mcpg.gateway import serve
from mcpg.gateway.logs import set_up_logs
from mcpg.gateway.served import Served, edge_settings

TOKEN = "admin-token-of-sixteen"
MODERN = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


async def http(app, method, path, body=b"", **headers):
    """One request to an ASGI application in this process: (status, headers, body)."""
    given = [(b"host", b"127.0.0.1"), *((k.replace("_", "-").encode(), v.encode()) for k, v in headers.items())]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
             "raw_path": path.encode(), "root_path": "", "scheme": "http", "query_string": b"", "headers": given,
             "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "extensions": {}}  # fmt: skip
    inbox = [{"type": "http.request", "body": body, "more_body": False}]
    sent = []

    async def receive():
        return inbox.pop() if inbox else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    text = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), text


async def mcp(app, who, name, path="/mcp"):
    params = {"name": name, "arguments": {}, "_meta": MODERN}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    return await http(
        app, "POST", path, body, content_type="application/json", accept="application/json, text/event-stream",
        mcp_protocol_version="2026-07-28", mcp_method="tools/call", mcp_name=name, authorization=f"Bearer {KEYS[who]}",
    )  # fmt: skip


@pytest.fixture
async def served(house):
    served = Served(house.file(server={"admin": "127.0.0.1:0", "admin_token": TOKEN}), loopback=True)
    async with served.lifespan() as endpoint:
        yield served, endpoint


def test_the_edge_obeys_the_file(house):
    limits = {"max_body": "2KiB", "max_in_flight": 7, "max_sessions": 9, "session_idle": "5s"}
    config = house.file(server={"origins": ["https://app.example"], "limits": limits}).config
    settings = edge_settings(config, loopback=False)
    assert (settings.loopback, settings.origins) == (False, frozenset({"https://app.example"}))
    assert (settings.max_body, settings.max_pending, settings.max_sessions, settings.session_idle) == (2048, 7, 9, 5.0)


async def test_the_second_listener_shows_the_gateway_to_who_has_the_token(served):
    gateway, endpoint = served
    app = await serve._admin(gateway.gateway.loaded, gateway)
    await mcp(endpoint, "ana", "echo")
    for path in ("/metrics", "/admin/v1/status", "/admin/v1/nothing"):
        assert (await http(app, "GET", path))[0] == 401
        assert (await http(app, "GET", path, authorization="Bearer wrong-token-of-sixteen"))[0] == 401
    shown = {}
    for view in ("status", "plugins", "upstreams", "tools"):
        status, _, body = await http(app, "GET", f"/admin/v1/{view}", authorization=f"Bearer {TOKEN}")
        assert status == 200
        shown[view] = json.loads(body)
    assert shown["status"]["generation"] == 1
    assert {plugin["use"]: plugin["state"] for plugin in shown["plugins"]} == dict.fromkeys(
        ("fake", "keys", "rules"), "ready"
    )
    assert [each["name"] for each in shown["tools"]] == ["echo", "private"]
    status, _, body = await http(app, "GET", "/metrics", authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert b"mcpg_sessions" in body
    assert TOKEN.encode() not in body + json.dumps(shown).encode()


async def test_ready_says_what_is_not_as_it_should_be():
    ready, alarms = [True], {"revocations": "stale"}
    app = public_app(lambda: ready[0], alarms=lambda: alarms)
    status, _, body = await http(app, "GET", "/ready")
    assert (status, json.loads(body)) == (200, {"status": "ready", "revocations": "stale"})
    ready[0] = False
    status, _, body = await http(app, "GET", "/ready")
    assert (status, json.loads(body)) == (503, {"status": "not ready", "revocations": "stale"})


@pytest.mark.parametrize("server", [{}, {"admin_token": "short"}])
async def test_a_second_listener_without_a_good_token_is_refused(house, served, server):
    gateway, _ = served
    with pytest.raises(ConfigError) as refused:
        await serve._admin(house.file(server=server), gateway)
    assert refused.value.where == "server.admin_token"
    assert "short`" not in refused.value.diagnostics()


async def test_an_application_that_embeds_the_gateway_answers_both(house):
    served = Served(house.file(), loopback=True)

    @asynccontextmanager
    async def lifespan(app: FastAPI):
        async with served.lifespan() as endpoint:
            embed(app, "/tools/mcp", endpoint)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/hello")
    async def hello() -> str:
        return "hello"

    async with app.router.lifespan_context(app):
        assert (await http(app, "GET", "/hello"))[2] == b'"hello"'
        status, _, body = await mcp(app, "ana", "private", path="/tools/mcp")
        assert status == 200
        assert json.loads(body)["result"]["content"][0]["text"] == "for analysts"
        status, _, body = await mcp(app, "bot", "private", path="/tools/mcp")
        assert "unknown tool: private" in json.loads(body)["error"]["message"]
        assert (await http(app, "POST", "/tools/mcp", b"{}"))[0] >= 400
        assert (await http(app, "POST", "/tools/mcp/more"))[0] == 404


async def test_beside_an_application_the_endpoint_stands_in_front(served):
    _, endpoint = served
    app = FastAPI()
    app.get("/hello")(lambda: "hello")
    door = front_door(endpoint, app, path="/mcp")
    assert (await http(door, "GET", "/hello"))[2] == b'"hello"'
    assert (await mcp(door, "ana", "private"))[0] == 200


async def test_the_endpoint_is_told_which_lists_have_changed(house, served, monkeypatch):
    gateway, _ = served
    told = []
    gateway.listeners.append(lambda endpoint, kind: told.append((endpoint, kind)))
    await gateway.gateway.reload(house.file(tools={"third": tool()}))
    assert told == [("mcp", "tools")]


async def test_stdio_has_the_caller_that_the_file_names_and_no_other(house, monkeypatch):
    reader, written = asyncio.StreamReader(), io.BytesIO()
    for number, name in enumerate(("echo", "private"), 1):
        params = {"name": name, "arguments": {}, "_meta": MODERN}
        line = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
        reader.feed_data(json.dumps(line).encode() + b"\n")
    reader.feed_eof()

    class Writer:
        def write(self, data):
            written.write(data)

        async def drain(self): ...

    async def pipes():
        return reader, Writer()

    monkeypatch.setattr(serve, "open_stdio", pipes)
    with pytest.raises(ConfigError) as nobody:
        await serve._serve_stdio(house.file())
    assert nobody.value.where == "server.stdio.caller"
    await serve._serve_stdio(house.file(server={"stdio": {"caller": {"id": "bot", "kind": "service"}}}))
    answers = {answer["id"]: answer for answer in map(json.loads, written.getvalue().splitlines())}
    assert "result" in answers[1]
    assert "unknown tool: private" in answers[2]["error"]["message"]


async def test_a_file_that_cannot_be_obeyed_is_reported_and_the_next_one_is_obeyed(house, served, monkeypatch):
    gateway, _ = served
    said: asyncio.Queue[str] = asyncio.Queue()
    monkeypatch.setattr(serve, "say", said.put_nowait)
    sign, failed = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(serve._reload_on(gateway, sign))
    path = house.folder / "mcpg.yaml"
    good = path.read_text()

    async def reloaded(text):
        path.write_text(text)
        sign.set()
        return await said.get()

    async def bug(loaded):
        failed.set()
        raise KeyError("a value")

    assert "did you mean `tools`" in await reloaded("version: 1\ntoools: {}\n")
    assert (await reloaded(good.replace("A tool.", "Another tool."))).startswith("reloaded")
    with monkeypatch.context() as patch:
        patch.setattr(gateway.gateway, "reload", bug)
        sign.set()
        await failed.wait()
    assert (await reloaded(good)).startswith("reloaded")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("shape", ["json", "text"])
def test_a_line_of_the_log_is_one_line(house, shape, capsys):
    root = logging.getLogger("mcpg")
    kept = root.handlers[:], root.level, root.propagate
    try:
        set_up_logs(house.file(telemetry={"logs": {"format": shape, "level": "warning"}}).config.telemetry.logs)
        logging.getLogger("mcpg.gateway").info("not this")
        logging.getLogger("mcpg.gateway").warning("this: %s", "ä")
    finally:
        root.handlers[:], root.level, root.propagate = kept
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "this: ä" if shape == "json" else line.endswith("this: ä")


async def test_metadata_of_protected_endpoints_is_what_the_file_says_for_each(house):
    said = {"servers": ["https://login.example"], "scopes": ["mcp"], "public_url": "https://mcp.example"}
    profiles = {"own": {"authorization": {"servers": ["https://other.example"]}}, "same": {}}
    loaded = house.file(server={"authorization": said}, profiles=profiles)
    served = Served(loaded, loopback=True, progress=lambda _: None)
    async with served.lifespan():
        door = front_doors(served.resolve, public_app(lambda: True))
        for path, resource, server in (
            ("", "https://mcp.example/mcp", "https://login.example"),
            ("/same/mcp", "https://mcp.example/same/mcp", "https://login.example"),
            ("/own/mcp", "/own/mcp", "https://other.example"),
        ):
            status, _, body = await http(door, "GET", f"/.well-known/oauth-protected-resource{path}")
            document = json.loads(body)
            assert status == 200
            assert document["resource"].endswith(resource)
            assert document["authorization_servers"] == [server]
        assert (await http(door, "GET", "/.well-known/oauth-protected-resource/none/mcp"))[0] == 404


async def test_sessions_are_kept_where_the_file_says(house):
    for store, kept in (("memory", False), ("sqlite", True)):
        served = Served(house.file(server={"sessions": store}), loopback=True, progress=lambda _: None)
        async with served.lifespan():
            assert (house.folder / "state" / "sessions.db").exists() is kept


async def test_over_stdio_one_endpoint_is_told_of_its_own_changes_only(house, monkeypatch):
    reader, told = asyncio.StreamReader(), []

    class Server:
        def __init__(self, service, caller, writer):
            self.service = service

        def notify_changed(self, kind):
            told.append(kind)

        async def run(self, _reader):
            served = self.service._plan.func.__self__
            assert self.service.describe()["instructions"] == "Be quick."
            more = {"third": tool()}
            profiles = {"one": {"tools": {"include": ["echo"]}, "instructions": "Be quick."}}
            await served.reload(house.file(server=server, profiles=profiles, tools=more))

    async def pipes():
        return reader, None

    server = {"stdio": {"caller": {"id": "ana"}}}
    profiles = {"one": {"tools": {"include": ["echo"]}, "instructions": "Be quick."}}
    monkeypatch.setattr(serve, "open_stdio", pipes)
    monkeypatch.setattr(serve, "StdioServer", Server)
    await serve._serve_stdio(house.file(server=server, profiles=profiles), None, "one")
    assert told == []
