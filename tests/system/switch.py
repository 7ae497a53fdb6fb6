"""A gateway with an anchor and an admin socket, two tools on two backends, and who posts lists. It tests nothing."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from tests.gateway.killing import Authority
from tests.system.kit import document, http_use, tool

if TYPE_CHECKING:
    from tests.system.kit import Gateway

TOKEN = "a-token-of-the-admin-listener"
PATH = "/admin/v1/revocations"


class Site:
    """What stands in one gateway's folder: `fake` behind `echo` and `private`, `remote` behind `other`."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.authority = Authority(gateway.folder)
        self.publisher = self.authority.publisher

    def write(self, peer: int = 0, *, sinks: int = 0, certified: int = 0, **revocations: Any) -> None:
        """Write the file; the backend of `other` is a server on port `peer`, a sink's on port `sinks`.

        `localhost:certified` has a certificate under `ca.pem`.
        """
        given = {"on_dead": "warn", **revocations}
        server = {"listen": "127.0.0.1:0", "admin": "unix:admin.sock", "admin_token": TOKEN}
        sections: dict[str, Any] = {"server": server, "revocations": self.authority.section(**given)}
        if certified:
            sections["registries"] = {"hosts": {f"localhost:{certified}": {"ca": "ca.pem"}}}
        plugins: dict[str, Any] = {}
        if peer:
            plugins["remote"] = http_use(peer)
            sections["tools"] = {"other": tool("remote", request={"method": "GET", "path": "/"})}
        if sinks:
            url = f"http://127.0.0.1:{sinks}/in"
            plugins["copies"] = {
                **http_use(sinks, methods=["POST"]),
                "from": "builtin:sink-http",
                "config": {"url": url},
            }
            sections["sinks"] = ["copies"]
        self.gateway.write(document(plugins=plugins, **sections))

    async def start(self) -> None:
        await asyncio.to_thread(self.gateway.start)

    async def admin(self, method: str, path: str = PATH, body: bytes = b"", *, token: str = TOKEN) -> tuple[int, Any]:
        """Ask the admin socket; returns the status and what was said, as JSON where it is."""
        reader, writer = await asyncio.open_unix_connection(self.gateway.folder / "admin.sock", limit=2**24)
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        writer.write(head.encode() + body)
        try:
            answer = await reader.read()
        finally:
            writer.transport.abort()
        top, _, said = answer.decode().partition("\r\n\r\n")
        return int(top.split(" ")[1]), json.loads(said) if "application/json" in top else said

    async def post(self, text: bytes) -> tuple[int, Any]:
        return await self.admin("POST", body=text)

    async def status(self) -> Any:
        return (await self.admin("GET"))[1]

    async def until_version(self, version: int) -> None:
        """Wait until a list is in force."""
        async with asyncio.timeout(60):
            while (await self.status())["version"] != version:  # noqa: ASYNC110 - another process has no event of ours
                await asyncio.sleep(0.01)

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the ledger's events of a name."""
        return [record for record in self.gateway.records() if record.get("event") == name]
