"""The endpoint without sockets: both eras, sessions and their owners, what is refused and how."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.edge.kit import MODERN, Client, FakeService, call, modern, request

from mcpg.contract.ports import Refusal
from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.settings import EdgeSettings


async def test_a_modern_call_is_one_whole_answer(client: Client, service: FakeService) -> None:
    answered = await client.modern("tools/call", {"name": "echo", "arguments": {"text": "hi"}})
    assert (answered.status, answered.sends, answered.headers["content-type"]) == (200, 2, "application/json")
    assert answered.json["result"] == {
        "content": [{"type": "text", "text": "ana: hi"}],
        "resultType": "complete",
        "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "mcpg-test", "version": "1", "title": "Test"}},
    }
    assert "mcp-session-id" not in answered.headers
    assert service.calls[0].version == MODERN
    assert "_meta" not in service.calls[0].params


async def test_discover_names_modern_versions_and_who_we_are(client: Client) -> None:
    result = (await client.modern("server/discover")).json["result"]
    assert result["supportedVersions"] == [MODERN]
    assert result["cacheScope"] == "private"
    assert result["ttlMs"] == 0
    assert result["instructions"] == "Be brief."


async def test_modern_lists_carry_caching_hints(client: Client) -> None:
    result = (await client.modern("tools/list")).json["result"]
    assert [tool["name"] for tool in result["tools"]] == ["echo", "slow", "progress", "structured"]
    assert {"ttlMs", "cacheScope", "resultType"} <= result.keys()


@pytest.mark.parametrize("method", ["ping", "initialize", "logging/setLevel", "resources/subscribe", "tasks/list", "x"])
async def test_a_method_that_modern_versions_do_not_know_is_404(client: Client, method: str) -> None:
    answered = await client.modern(method)
    assert (answered.status, answered.error, answered.json["id"]) == (404, -32601, 1)


async def test_a_method_that_the_service_lacks_is_404_for_modern_clients_and_200_for_sessions(client: Client) -> None:
    params = {"ref": {"type": "ref/prompt", "name": "p"}, "argument": {"name": "a", "value": ""}}
    answered = await client.modern("completion/complete", params)
    assert (answered.status, answered.error) == (404, -32601)
    await client.open()
    answered = await client.post(request("completion/complete", params))
    assert (answered.status, answered.error) == (200, -32601)


async def test_a_session_from_initialize_to_delete(client: Client, service: FakeService) -> None:
    opened = await client.open()
    assert opened.json["result"]["protocolVersion"] == "2025-11-25"
    assert opened.json["result"]["serverInfo"]["name"] == "mcpg-test"
    assert client.session.isascii()
    assert len(client.session) >= 32
    noted = await client.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (noted.status, noted.body) == (202, b"")
    assert (await client.post(request("ping"))).json == {"jsonrpc": "2.0", "id": 1, "result": {}}
    answered = await client.post(call("echo", text="x"), {"mcp-protocol-version": "2025-11-25"})
    assert answered.json["result"] == {"content": [{"type": "text", "text": "ana: x"}]}
    assert service.calls[0].capabilities == {"roots": {}}
    ended = await client.send("DELETE", headers={"mcp-session-id": client.session})
    assert ended.status == 204
    assert (await client.post(request("ping"))).status == 404


@pytest.mark.parametrize("version", ["2025-03-26", "2025-06-18", "2024-11-05"])
async def test_older_versions_are_agreed_to(client: Client, version: str) -> None:
    opened = await client.open(version)
    assert opened.json["result"]["protocolVersion"] == version
    assert ("title" in opened.json["result"]["serverInfo"]) == (version == "2025-06-18")


async def test_initialize_never_answers_a_modern_version(client: Client) -> None:
    assert (await client.open(MODERN)).json["result"]["protocolVersion"] == "2025-11-25"


async def test_a_session_is_nobody_elses(client: Client, endpoint: McpEndpoint) -> None:
    await client.open()
    thief = Client(endpoint, token="bot")
    thief.session = client.session
    for method in ("POST", "GET", "DELETE"):
        if method == "POST":
            answered = await thief.post(request("ping"))
        else:
            lines = {"mcp-session-id": client.session, "accept": "text/event-stream"}
            answered = await thief.send(method, headers=lines)
        assert (answered.status, answered.error) == (404, -32600)
    assert (await client.post(request("ping"))).status == 200


async def test_requests_without_a_session_or_with_an_unknown_one(client: Client) -> None:
    assert (await client.post(request("tools/list"))).status == 400
    client.session = "not-one"
    answered = await client.post(request("tools/list", request_id="a"))
    assert answered.status == 404


async def test_sessions_are_bounded_for_each_caller_and_the_oldest_ends(service: FakeService) -> None:
    client = Client(McpEndpoint(service, EdgeSettings(max_sessions_each=2)))
    await client.open()
    first = client.session
    await client.open()
    await client.open()
    assert (await client.post(request("ping"))).status == 200
    client.session = first
    assert (await client.post(request("ping"))).status == 404


async def test_a_full_table_refuses_other_callers(service: FakeService) -> None:
    endpoint = McpEndpoint(service, EdgeSettings(max_sessions=1))
    await Client(endpoint).open()
    refused = await Client(endpoint, token="bot").open()
    assert (refused.status, refused.headers["retry-after"], refused.error) == (503, "30", -32603)


async def test_an_idle_session_is_over(service: FakeService) -> None:
    client = Client(McpEndpoint(service, EdgeSettings(session_idle=-1.0)))
    await client.open()
    assert (await client.post(request("ping"))).status == 404


async def test_every_request_is_identified_and_nobody_else_gets_in(client: Client, service: FakeService) -> None:
    client.base["authorization"] = "Bearer wrong"
    message, headers = modern("tools/list", request_id="q")
    answered = await client.post(message, headers)
    assert (answered.status, answered.headers["www-authenticate"]) == (401, 'Bearer scope="mcp"')
    assert answered.json["id"] == "q"
    assert not service.calls
    assert (await client.open()).status == 401


@pytest.mark.parametrize("error", [ValueError("hunter2"), RuntimeError("x")])
async def test_an_identity_that_fails_is_503_and_nobody(client: Client, service: FakeService, error: Exception) -> None:
    service.identity_error = error
    answered = await client.modern("tools/list")
    assert (answered.status, answered.error) == (503, -32603)
    assert b"hunter2" not in answered.body
    assert not service.calls


@pytest.mark.parametrize("name", ["ledger", "crash"])
async def test_what_went_wrong_inside_stays_inside(client: Client, name: str, caplog: pytest.LogCaptureFixture) -> None:
    answered = await client.modern("tools/call", {"name": name})
    assert answered.error == -32603
    for secret in ("hunter2", "/secret/place", "ValueError"):
        assert secret not in answered.body.decode()
    assert "hunter2" not in caplog.text
    assert "failed with" in caplog.text


async def test_resource_not_found_has_each_eras_code(client: Client) -> None:
    answered = await client.modern("resources/read", {"uri": "test://none"})
    assert (answered.status, answered.error, answered.json["error"]["data"]) == (200, -32602, {"uri": "test://none"})
    await client.open()
    answered = await client.post(request("resources/read", {"uri": "test://none"}))
    assert (answered.status, answered.error) == (200, -32002)


async def test_structured_content_that_is_no_object_becomes_text_in_a_session(client: Client) -> None:
    modern_result = (await client.modern("tools/call", {"name": "structured"})).json["result"]
    assert modern_result["structuredContent"] == [1, 2]
    await client.open()
    result = (await client.post(call("structured"))).json["result"]
    assert result == {"content": [{"type": "text", "text": "[1,2]"}]}
    tools = (await client.post(request("tools/list"))).json["result"]["tools"]
    assert "outputSchema" not in tools[3]


async def test_mirrored_headers_reach_who_knows_the_schema(client: Client) -> None:
    params = {"name": "echo", "arguments": {"text": "a", "region": "eu"}}
    assert (await client.modern("tools/call", params, headers={"mcp-param-region": "eu"})).status == 200
    refused = await client.modern("tools/call", params, headers={"mcp-param-region": "us"})
    assert (refused.status, refused.error) == (400, -32020)
    assert (await client.modern("tools/call", params)).error == -32020


async def test_set_level_belongs_to_its_session(client: Client, service: FakeService) -> None:
    await client.open()
    assert (await client.post(request("logging/setLevel", {"level": "error"}))).json["result"] == {}
    await client.post(call("echo"))
    assert service.calls[-1].log_level == "error"
    assert (await client.post(request("logging/setLevel", {"level": "loud"}))).error == -32602


async def test_batches_in_the_one_version_that_has_them(client: Client) -> None:
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    await client.open("2025-03-26")
    answered = await client.post([request("ping", request_id="a"), 5, note, call("echo", request_id=2)])
    assert [message.get("id") for message in answered.json] == ["a", None, 2]
    assert answered.json[1]["error"]["code"] == -32600
    assert (await client.post([note])).status == 202
    twice = await client.post([request("ping"), request("ping")])
    assert (twice.status, twice.error) == (400, -32600)
    assert (await client.post([request("initialize")])).status == 400
    for version in ("2025-06-18", "2025-11-25"):
        await client.open(version)
        refused = await client.post([request("ping")])
        assert (refused.status, refused.error) == (400, -32600)
    refused = await client.post([request("ping")], {"mcp-protocol-version": MODERN})
    assert (refused.status, refused.error) == (400, -32600)


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
@pytest.mark.parametrize("body", [request("ping"), [request("ping")]], ids=["message", "batch"])
async def test_a_session_names_no_version_that_is_none(client: Client, method: str, body: Any) -> None:
    await client.open("2025-03-26")
    lines = [
        ("mcp-session-id", client.session),
        ("accept", "application/json, text/event-stream"),
        ("content-type", "application/json"),
    ]
    bad = [[("mcp-protocol-version", "1999-01-01")], [("mcp-protocol-version", "2025-03-26")] * 2]
    for more in bad:
        refused = await client.send(method, json.dumps(body).encode() if method == "POST" else b"", [*lines, *more])
        assert refused.status == 400
    assert (await client.post(request("ping"), {"mcp-protocol-version": "2025-03-26"})).status == 200


async def test_a_refused_request_knows_its_answer_by_its_id(client: Client) -> None:
    refused = await client.post(call("echo", 7), {"mcp-session-id": "x"})
    assert (refused.status, refused.json["id"]) == (404, 7)
    refused = await client.post(call("echo", "a"))
    assert (refused.status, refused.json["id"]) == (400, "a")


async def test_notifications_and_answers_that_nobody_asked_for(client: Client) -> None:
    answered = await client.post({"jsonrpc": "2.0", "method": "n"}, {"mcp-protocol-version": MODERN})
    assert (answered.status, answered.body) == (202, b"")
    answered = await client.post({"jsonrpc": "2.0", "id": 1, "result": {}}, {"mcp-protocol-version": MODERN})
    assert (answered.status, answered.error) == (400, -32600)
    await client.open()
    assert (await client.post({"jsonrpc": "2.0", "id": 1, "result": {}})).status == 202


async def test_bad_initialize_parameters(client: Client) -> None:
    for params in ({}, {"protocolVersion": 1}, {"protocolVersion": "x", "capabilities": [], "clientInfo": {}}):
        answered = await client.post(request("initialize", params))
        assert (answered.status, answered.error) == (400, -32602)
    fat = {"protocolVersion": "2025-11-25", "capabilities": {"x": "y" * 9000}, "clientInfo": {}}
    assert (await client.post(request("initialize", fat))).error == -32602


@pytest.mark.parametrize("batch", [False, True])
async def test_the_service_hears_of_changed_roots_and_of_nothing_else(
    client: Client, service: FakeService, *, batch: bool
) -> None:
    await client.open("2025-03-26")
    notes = [
        {"jsonrpc": "2.0", "method": f"notifications/{what}", "params": {}}
        for what in ("roots/list_changed", "initialized", "message", "tools/list_changed")
    ]
    for message in [notes] if batch else notes:
        assert (await client.post(message)).status == 202
    assert service.noted == [("ana", "notifications/roots/list_changed")]


async def test_a_notification_that_goes_wrong_is_taken_all_the_same(client: Client, service: FakeService) -> None:
    await client.open()
    for error in (Refusal(-32603, "no"), RuntimeError("secret")):

        async def note(*_: Any, error: Exception = error, **__: Any) -> None:
            raise error

        service.note = note  # type: ignore[method-assign]
        answered = await client.post({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"})
        assert (answered.status, answered.body) == (202, b"")
