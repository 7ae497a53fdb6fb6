"""The front door: which application a path gets, the metadata of RFC 9728 and the challenge that names it, CORS."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.edge.kit import Answered, Client, FakeService, request

from mcpg.edge.front import embed, front_doors
from mcpg.edge.hub import Hub
from mcpg.edge.public import public_app
from mcpg.edge.settings import EdgeSettings
from mcpg.edge.wellknown import Protected, base_of, challenge

APP = "https://app.example"
KNOWN = "/.well-known/oauth-protected-resource"
PROTECTED = Protected(("https://issuer.example",), ("mcp", "files:read"), "https://gateway.example")


class Doors:
    """Two endpoints, one of which is protected, behind the front door."""

    def __init__(self, service: FakeService, **options: Any) -> None:
        self.hub = Hub(EdgeSettings(origins=frozenset({APP}), **options))
        main = self.hub.endpoint("mcp", service, protected=PROTECTED)
        self.paths: dict[str, Any] = {"/mcp": main, "/servers/sse/mcp": self.hub.endpoint("servers/sse", service)}
        self.app = front_doors(self.paths.get, public_app(lambda: True), root="/mcp")
        self.host = "gateway.example"

    async def __call__(
        self, method: str, path: str, headers: dict[str, str] | None = None, token: str = ""
    ) -> Answered:
        async def routed(scope: Any, receive: Any, send: Any) -> None:
            await self.app({**scope, "path": path, "query_string": b"", "scheme": "https"}, receive, send)

        client = Client(routed, token, self.host)
        if not token:
            del client.base["authorization"]
        return await client.send(method, headers=headers or {})


@pytest.fixture
def doors(service: FakeService) -> Doors:
    return Doors(service)


@pytest.mark.parametrize("path", ["/mcp", "/mcp/sse", "/mcp/messages", KNOWN, "/health", "/ready", "/", "/nowhere"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
async def test_no_path_is_without_the_guard(service: FakeService, path: str, method: str) -> None:
    doors = Doors(service, loopback=True)
    asking = {"accept": "*/*", "access-control-request-method": "GET"}
    assert (await doors(method, path, asking)).status == 421
    doors.host = "127.0.0.1:8787"
    assert (await doors(method, path, asking | {"origin": "https://evil.example"})).status == 403
    assert (await Doors(service)(method, path, asking | {"origin": "null"})).status == 403
    if path in {"/health", "/ready"} and method == "GET":
        assert (await doors(method, path)).status == (await doors(method, path, {"origin": APP})).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/mcp", 405),
        ("/servers/sse/mcp", 405),
        ("/mcp/sse", 406),
        ("/servers/sse/mcp/sse", 406),
        ("/servers/sse", 404),
        ("/mcp/", 404),
        ("/mcp/sse/sse", 404),
        ("/sse", 404),
        ("/messages", 404),
        ("/health", 200),
        (KNOWN, 200),
        (KNOWN + "/mcp", 200),
        (KNOWN + "/mcp/sse", 404),
        (KNOWN + "/servers/sse/mcp", 404),
        (KNOWN + "x", 404),
    ],
)
async def test_each_path_has_one_place(doors: Doors, path: str, status: int) -> None:
    assert (await doors("GET", path)).status == status


async def test_paths_may_come_and_go(doors: Doors, service: FakeService) -> None:
    doors.paths["/team/mcp"] = doors.hub.endpoint("team", service)
    assert (await doors("GET", "/team/mcp")).status == 405
    del doors.paths["/team/mcp"]
    assert (await doors("GET", "/team/mcp")).status == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [("/mcp", 405), ("/mcp/sse", 406), ("/mcp/messages", 405), (KNOWN, 200), (KNOWN + "/mcp", 200), ("/health", 200)],
)
async def test_an_application_gets_it_all(doors: Doors, path: str, status: int) -> None:
    rest = public_app(lambda: True)
    embed(rest, "/mcp", doors.paths["/mcp"])
    doors.app = rest
    assert (await doors("GET", path)).status == status


@pytest.mark.parametrize("path", [KNOWN, KNOWN + "/mcp"])
async def test_the_metadata_of_a_protected_endpoint(doors: Doors, path: str) -> None:
    answered = await doors("GET", path)
    assert answered.headers["content-type"] == "application/json"
    assert answered.json == {
        "resource": "https://gateway.example/mcp",
        "authorization_servers": ["https://issuer.example"],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["mcp", "files:read"],
    }
    assert (await doors("DELETE", path)).status == 405


@pytest.mark.parametrize(("method", "path"), [("GET", "/mcp/sse"), ("POST", "/mcp")])
async def test_a_401_names_the_metadata(doors: Doors, method: str, path: str) -> None:
    headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    client = Client(doors.paths["/mcp"], "nobody")
    refused = await client.post(request("ping")) if method == "POST" else await doors("GET", path, headers, "nobody")
    assert refused.status == 401
    assert refused.headers["www-authenticate"] == (
        'Bearer scope="mcp", resource_metadata="https://gateway.example/.well-known/oauth-protected-resource/mcp"'
    )


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        ("Bearer", f'Bearer scope="mcp files:read", resource_metadata="https://b{KNOWN}/mcp"'),
        (
            'bearer error="invalid_token"',
            f'Bearer error="invalid_token", scope="mcp files:read", resource_metadata="https://b{KNOWN}/mcp"',
        ),
        ('Bearer resource_metadata="https://other"', 'Bearer resource_metadata="https://other"'),
        ("DPoP algs=ES256", "DPoP algs=ES256"),
    ],
)
def test_a_challenge_keeps_what_was_given(given: str, answered: str) -> None:
    assert challenge(given, PROTECTED, "https://b", "/mcp") == answered
    assert challenge("Bearer", PROTECTED, "", "/mcp") == "Bearer"


@given(st.binary(max_size=60))
def test_a_hostile_host_never_reaches_a_challenge(host: bytes) -> None:
    base = base_of(Protected(("https://issuer.example",)), {"scheme": "https", "headers": [(b"host", host)]})
    named = base.removeprefix("https://")
    assert set(named) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]")
    assert base == "" or named.encode() == host


async def test_without_an_address_of_our_own_clients_are_told_theirs(service: FakeService) -> None:
    doors = Doors(service)
    doors.hub.endpoint("mcp", service, protected=Protected(("https://issuer.example",)))
    doors.host = "[::1]:8787"
    assert (await doors("GET", KNOWN)).json["resource"] == "https://[::1]:8787/mcp"


EVERYWHERE = ["/mcp", "/mcp/sse", "/mcp/messages", KNOWN, KNOWN + "/mcp", "/servers/sse/mcp"]


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
async def test_a_foreign_origin_gets_nothing_anywhere(doors: Doors, path: str, method: str) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    refused = await doors(method, path, asked, "ana")
    assert refused.status == 403
    assert not [name for name in refused.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_a_foreign_host_gets_nothing_from_loopback(service: FakeService, path: str) -> None:
    doors = Doors(service, loopback=True)
    doors.host = "evil.example"
    assert (await doors("GET", path)).status == 421


SENT = (
    "accept, authorization, content-type, last-event-id, mcp-method, mcp-name, mcp-param-region, mcp-protocol-version, "
    "mcp-session-id"
)


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_a_listed_origin_may_send_what_clients_send(doors: Doors, path: str) -> None:
    asked = {"origin": APP, "access-control-request-method": "POST", "access-control-request-headers": SENT}
    allowed = await doors("OPTIONS", path, asked)
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (204, APP)
    assert allowed.headers["access-control-allow-headers"] == SENT
    assert allowed.headers["vary"] == "origin"
    assert "*" not in "".join(value for name, value in allowed.headers.items() if name.startswith("access-control"))


@pytest.mark.parametrize("path", EVERYWHERE)
async def test_a_listed_origin_may_read_what_it_needs(doors: Doors, path: str) -> None:
    answered = await doors("GET", path, {"origin": APP})
    exposed = {name.strip() for name in answered.headers["access-control-expose-headers"].split(",")}
    assert {"mcp-session-id", "www-authenticate"} <= exposed
    assert answered.headers["access-control-allow-origin"] == APP
    assert "access-control-allow-credentials" not in answered.headers


@pytest.mark.parametrize("origin", ["null", APP + ".evil.example", APP.upper(), APP + "/", "http://app.example", "*"])
async def test_origins_are_compared_as_they_are_sent(doors: Doors, origin: str) -> None:
    assert (await doors("GET", "/mcp", {"origin": origin})).status == 403
