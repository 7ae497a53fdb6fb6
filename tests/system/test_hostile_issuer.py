"""A credential plugin of a third party: the host resolves only the secrets that the operator wrote into its own use."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.registry.artifacts import component
from tests.sandbox import world
from tests.system.kit import document, http_use, text_of, tool
from tests.system.load import Connection, Peer, reply
from wasmtime import wat2wasm

if TYPE_CHECKING:
    from tests.system.kit import Gateway
    from tests.system.load import Request

pytestmark = pytest.mark.real

HEADER = "authorization"
VALUES = {"GIVEN": "the-secret-of-the-issuer", "OTHER": "the-secret-of-somebody-else"}


def _issuer() -> bytes:
    text = (Path(__file__).parent / "guests" / "issuer.wat").read_text()
    text = text.replace(";; include common\n", (world.GUESTS / "common.inc.wat").read_text())
    kind = {"kind": "credential", "world": "mcpg:plugin/credential-plugin@1.0.0"}
    return component(bytes(wat2wasm(text)), id="test/issuer", **kind)


async def _answer(_request: Request) -> bytes:
    return reply({"ok": True})


def _file(port: int) -> dict[str, Any]:
    place = {"host": "127.0.0.1", "header": HEADER}
    api = http_use(port, secrets={f"cred://vault/{target}": place for target in ("given", "other")})
    issuer = {"from": "file:issuer.wasm", "config": {"mine": "secret://env/GIVEN"}}

    def asks(target: str) -> dict[str, Any]:
        headers = {HEADER: {"$secret": f"cred://vault/{target}"}}
        return tool("api", request={"method": "GET", "path": f"/{target}", "headers": headers})

    tools = {target: asks(target) for target in ("given", "other")}
    uses = {"api": api, "issuer": issuer}
    return document(development=True, plugins=uses, credentials={"vault": "issuer"}, tools=tools)


async def test_an_issuer_names_only_secrets_of_its_own_configuration(gateway: Gateway) -> None:
    (gateway.folder / "issuer.wasm").write_bytes(_issuer())
    gateway.variables.update(VALUES)
    async with Peer(_answer).serving() as peer:
        gateway.write(_file(peer.port))
        await asyncio.to_thread(gateway.start)
        async with Connection(gateway.url) as client:
            given, other = [(await client.call(name))["result"] for name in ("given", "other")]
    assert not given.get("isError")
    assert [request.headers[HEADER] for request in peer.seen] == [f"Bearer {VALUES['GIVEN']}"]
    assert other["isError"] is True
    assert "secret" in text_of(other)
    assert VALUES["OTHER"] not in text_of(other) + gateway.log()
