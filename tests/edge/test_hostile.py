"""What strangers send: each refused under its own status, none with an answer that tells more, none kept for long."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.edge.kit import MODERN, Client, FakeService, modern, request

from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.settings import EdgeSettings

PING = json.dumps(request("ping")).encode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"accept": "application/json"}, 406),
        ({"accept": "text/event-stream"}, 406),
        ({"accept": ""}, 406),
        ({"accept": "text/html, */*;q=0"}, 406),
        ({"accept": "application/json;q=0, */*"}, 406),
        ({"accept": "*/*"}, 400),
        ({"accept": "application/*, text/*;q=0.5"}, 400),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": ""}, 415),
        ({"content-encoding": "gzip"}, 415),
        ({"content-encoding": "identity, br"}, 415),
        ({"content-type": "application/json; charset=utf-16"}, 415),
        ({"content-type": "application/json; charset=UTF-8"}, 400),
        ({"content-length": "99999999"}, 413),
        ({"content-length": "99999999999999999999999999"}, 400),
        ({"content-length": "-1"}, 400),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"x-big": "x" * 40_000}, 431),
    ],
)
async def test_a_request_is_refused_before_its_body(client: Client, headers: dict[str, str], status: int) -> None:
    answered = await client.post(PING, headers)  # 400: it got as far as having no session
    assert (answered.status, answered.error) == (status, -32600)


async def test_too_many_headers(client: Client) -> None:
    assert (await client.send("POST", PING, [(f"x-{n}", "1") for n in range(101)])).status == 431


@pytest.mark.parametrize("name", ["authorization", "host", "origin", "mcp-session-id", "content-type"])
async def test_a_header_that_two_readers_would_read_differently(client: Client, name: str) -> None:
    assert (await client.send("POST", PING, [(name, "a"), (name, "b")])).status == 400


@pytest.mark.parametrize("name", ["mcp-protocol-version", "mcp-method", "mcp-name", "mcp-param-region"])
async def test_a_routing_header_given_twice(client: Client, name: str) -> None:
    message, headers = modern("tools/call", {"name": "echo"}, request_id=9)
    media = {"accept": "*/*", "content-type": "application/json"}
    lines = [*headers.items(), *media.items(), (name, headers.get(name, "x"))]
    lines += [(name, "x")] if name not in headers else []
    answered = await client.send("POST", json.dumps(message).encode(), lines)
    assert (answered.status, answered.error, answered.json["id"]) == (400, -32020, 9)


HOSTILE_BODIES = {
    "empty": (b"", -32700),
    "deep": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":' + b'{"a":' * 5000 + b"1" + b"}" * 5001, -32600),
    "deep array": (b"[" * 100_000, -32600),
    "invalid UTF-8": (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700),
    "NaN": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":NaN}}', -32700),
    "huge id": (b'{"jsonrpc":"2.0","id":' + b"9" * 400 + b',"method":"x"}', -32600),
    "long id": (b'{"jsonrpc":"2.0","id":"' + b"9" * 4000 + b'","method":"x"}', -32600),
    "wrong types": (b'{"jsonrpc":"2.0","id":[],"method":{},"params":7}', -32600),
    "nul": (b"\x00" * 100, -32700),
}


@pytest.mark.parametrize("name", HOSTILE_BODIES)
async def test_a_hostile_body(client: Client, service: FakeService, name: str) -> None:
    body, code = HOSTILE_BODIES[name]
    for headers in ({}, {"mcp-protocol-version": MODERN}):
        answered = await client.post(body, headers)
        assert (answered.status, answered.error) == (400, code)
        assert len(answered.body) < 500
    assert not service.seen


async def test_of_a_name_given_twice_the_checked_one_is_called(client: Client, service: FakeService) -> None:
    message, headers = modern("tools/call", {"name": "echo"})
    body = json.dumps(message).encode().replace(b'"name": "echo"', b'"name": "crash", "name": "echo"')
    assert (await client.post(body, headers)).status == 200
    assert service.calls[0].params["name"] == "echo"
    assert (await client.post(body, headers | {"mcp-name": "crash"})).error == -32020


@pytest.mark.parametrize(
    "request_id",
    [None, True, [1], {"a": 1}, 1.5, "unknown"],
    ids=["none", "true", "list", "object", "float", "unknown"],
)
async def test_cancelling_what_is_no_request(client: Client, request_id: object) -> None:
    await client.open()
    note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": request_id}}
    assert (await client.post(note)).status == 202


async def test_a_body_in_many_parts_is_bounded_too(service: FakeService) -> None:
    client = Client(McpEndpoint(service, EdgeSettings(max_body=1000)))
    answered = await client.post([b" " * 400] * 3)
    assert (answered.status, answered.headers["connection"]) == (413, "close")
    assert (await client.post([PING[:10], PING[10:]])).status == 400


async def test_a_body_that_never_ends_is_given_up(service: FakeService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(body_timeout=0.01))
    client = Client(endpoint)
    held = asyncio.Event()

    async def drip() -> dict[str, object]:
        await held.wait()
        raise AssertionError("nobody lets it go")

    sent: list[dict[str, object]] = []

    async def take(message: dict[str, object]) -> None:
        sent.append(message)

    headers = [(b"accept", b"*/*"), (b"content-type", b"application/json"), (b"authorization", b"Bearer ana")]
    await client.app({"type": "http", "method": "POST", "headers": headers}, drip, take)
    assert sent[0]["status"] == 408


async def test_all_unfinished_bodies_together_are_bounded(service: FakeService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(max_reading=500))
    client = Client(endpoint)
    answered = await client.post([b" " * 300, b" " * 300, b" "])
    assert (answered.status, answered.headers["retry-after"]) == (503, "1")
    assert endpoint.shared.intake.reading == 0


async def test_a_client_that_leaves_before_its_body_is_whole(client: Client, endpoint: McpEndpoint) -> None:
    client.leave()
    lines = {"accept": "*/*", "content-type": "application/json"}
    answered = await client.send("POST", [b"{"], lines)
    assert answered.status == 0
    assert endpoint.pending == 0


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "OPTIONS", "GET", "DELETE", "BREW" * 100])
async def test_methods_that_mean_nothing_here(client: Client, method: str) -> None:
    answered = await client.send(method, headers={"accept": "text/event-stream"})
    assert (answered.status, answered.headers["allow"]) == (405, "POST, GET, DELETE")
    for verb in ("GET", "DELETE"):
        headers = {"mcp-session-id": "x", "mcp-protocol-version": MODERN}
        assert (await client.send(verb, headers=headers)).status == 405


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8787", 200),
        ("localhost", 200),
        ("[::1]:80", 200),
        ("LOCALHOST:1", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost:1:2", 421),
        ("localhost@evil", 421),
        ("", 421),
        ("169.254.169.254", 421),
        ("0.0.0.0", 421),
    ],
)
async def test_a_listener_on_loopback_answers_to_its_own_name_only(
    service: FakeService, host: str, status: int
) -> None:
    client = Client(McpEndpoint(service, EdgeSettings(loopback=True)), host=host)
    assert (await client.modern("tools/list")).status == status


@pytest.mark.parametrize(
    "forwarding", ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via", "x-forwarded-proto"]
)
async def test_a_forwarded_request_is_never_local(service: FakeService, forwarding: str) -> None:
    client = Client(McpEndpoint(service, EdgeSettings(loopback=True)), host="localhost")
    client.base["authorization"] = ""
    assert (await client.modern("tools/list")).status == 200
    assert service.seen[-1].peer.local
    assert (await client.modern("tools/list", headers={forwarding: "10.0.0.1"})).status == 401
    assert service.seen[-1].peer.address == "192.0.2.7"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8787", 200),
        ("https://LOCALHOST:8787", 200),
        ("http://localhost:3000", 403),
        ("http://localhost", 403),
        ("http://127.0.0.1:8787", 403),
        ("null", 403),
    ],
)
async def test_on_loopback_our_own_origin_may_call(service: FakeService, origin: str, status: int) -> None:
    client = Client(McpEndpoint(service, EdgeSettings(loopback=True)), host="localhost:8787")
    assert (await client.modern("tools/list", headers={"origin": origin})).status == status
    public = Client(McpEndpoint(service, EdgeSettings()), host="localhost:8787")
    assert (await public.modern("tools/list", headers={"origin": origin})).status == 403


async def test_a_public_listener_has_no_local_callers(service: FakeService) -> None:
    client = Client(McpEndpoint(service, EdgeSettings()), host="localhost")
    client.base["authorization"] = ""
    assert (await client.modern("tools/list")).status == 401


async def test_an_allowed_origin_may_read_answers_and_ask_first(client: Client) -> None:
    origin = {"origin": "https://app.example"}
    answered = await client.modern("tools/list", headers=origin)
    assert answered.headers["access-control-allow-origin"] == "https://app.example"
    assert "mcp-session-id" in answered.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answered.headers
    asked = origin | {
        "access-control-request-method": "POST",
        "access-control-request-headers": "Mcp-Method, mcp-param-x,authorization, bad name",
    }
    answered = await client.send("OPTIONS", headers=asked)
    assert answered.status == 204
    assert answered.headers["access-control-allow-headers"] == "mcp-method, mcp-param-x, authorization"
    refused = await client.send("OPTIONS", headers=asked | {"origin": "https://evil.example"})
    assert refused.status == 403
    assert "access-control-allow-origin" not in refused.headers
    client.base["authorization"] = "Bearer wrong"
    refused = await client.modern("tools/list", headers=origin)
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, "https://app.example")


async def test_a_websocket_is_none_of_ours(endpoint: McpEndpoint) -> None:
    with pytest.raises(RuntimeError, match="websocket"):
        await endpoint({"type": "websocket"}, None, None)  # type: ignore[arg-type]
