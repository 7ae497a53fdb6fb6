"""The listeners as the file has them: TLS with client certificates, Host and Origin, the admin listener on a socket."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from tests.edge.kit import modern
from tests.edge.test_tls import Authority
from tests.system.kit import KEYS, Gateway, document

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.real

TOKEN = "a-token-of-the-admin-listener"
ORIGIN = "https://app.example"


@pytest.fixture(scope="module")
def secured(new_gateway: Callable[[str], Gateway]) -> Gateway:
    gateway = new_gateway("secured")
    authority = Authority(gateway.folder)
    authority.issue("server", x509.DNSName("localhost"))
    chain, key = authority.issue("client", x509.UniformResourceIdentifier("spiffe://example.org/agent"))
    whole = gateway.folder / "client-whole.pem"
    whole.write_text("".join((gateway.folder / name).read_text() for name in (chain, key)))
    (gateway.folder / "server.key").chmod(0o600)
    tls = {"certificate": "server.pem", "key": "server.key", "client_ca": "ca.pem"}
    gateway.variables["ADMIN_TOKEN"] = TOKEN
    gateway.write(
        document(server={
            "listen": "127.0.0.1:0", "tls": tls, "origins": [ORIGIN],
            "admin": "unix:admin.sock", "admin_token": "secret://env/ADMIN_TOKEN",
        })
    )  # fmt: skip
    return gateway.start()


def _ask(gateway: Gateway, *, certificate: bool = True, **headers: str) -> tuple[int, Any]:
    context = ssl.create_default_context(cafile=gateway.folder / "ca.pem")
    context.check_hostname = False  # the test dials an address
    if certificate:
        context.load_cert_chain(gateway.folder / "client-whole.pem")
    message, routing = modern("tools/list")
    usual = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    connection = http.client.HTTPSConnection("127.0.0.1", urlsplit(gateway.url).port or 0, context=context, timeout=20)
    try:
        body = json.dumps(message)
        sent = {**usual, **routing, "authorization": f"Bearer {KEYS['ana']}", **headers}
        connection.request("POST", "/mcp", body, sent)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_only_clients_with_a_certificate_are_heard(secured: Gateway) -> None:
    assert secured.url.startswith("https://")
    status, answer = _ask(secured)
    assert (status, [tool["name"] for tool in answer["result"]["tools"]]) == (200, ["echo", "private"])
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _ask(secured, certificate=False)


def test_the_terminal_client_brings_its_certificate(secured: Gateway) -> None:
    url = secured.url.replace("127.0.0.1", "localhost")
    call = ("call", "echo", "--url", url, "--key", KEYS["ana"], "--json")
    trusting = ("--ca", str(secured.folder / "ca.pem"))
    known = secured.run(*call, *trusting, "--certificate", str(secured.folder / "client-whole.pem"))
    assert json.loads(known.stdout)["structuredContent"]["name"] == "echo"
    stranger = secured.run(*call, check=1)
    assert "--ca" in json.loads(stranger.stderr)["error"]["remedy"]
    assert secured.run(*call, *trusting, check=1).stdout == ""
    assert "TLS" in secured.run(*call, *trusting, "--certificate", str(secured.config), check=1).stderr


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [("origin", ORIGIN, 200), ("origin", "https://evil.example", 403), ("host", "evil.example", 421),
     ("host", "localhost:1", 200), ("authorization", "Bearer mcpg_nobody", 401)],
)  # fmt: skip
def test_origin_host_and_key_are_looked_at(secured: Gateway, header: str, value: str, status: int) -> None:
    assert _ask(secured, **{header: value})[0] == status


async def _admin(gateway: Gateway, path: str, token: str) -> tuple[int, str]:
    reader, writer = await asyncio.open_unix_connection(gateway.folder / "admin.sock")
    head = f"GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    writer.write(head.encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return int(head.split(" ")[1]), body


async def test_the_admin_listener_is_a_socket_of_its_own_with_a_token(secured: Gateway) -> None:
    path = secured.folder / "admin.sock"
    assert path.stat().st_mode & 0o777 == 0o600
    status, body = await _admin(secured, "/metrics", TOKEN)
    assert status == 200
    assert "mcpg_requests_total" in body
    status, body = await _admin(secured, "/admin/v1/tools", TOKEN)
    assert (status, [tool["name"] for tool in json.loads(body)]) == (200, ["echo", "private"])
    for wanted in ("/metrics", "/admin/v1/status", "/nothing"):
        assert (await _admin(secured, wanted, "wrong"))[0] == 401
    with socket.create_connection(("127.0.0.1", urlsplit(secured.url).port or 0)):
        assert (await _admin(secured, "/mcp", TOKEN))[0] == 404
