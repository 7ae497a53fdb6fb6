"""A client that starts its server as a child process: every revision over standard input and output.

`command` is the whole command line. For 2026-07-28 `subscribe` and `watch` are subscriptions on the one channel.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from tests.peers.client import RESERVED, ROUNDS, encode
from tests.peers.client_modern import LISTS, SUBSCRIPTION, inputs
from tests.peers.client_sse import ChannelClient
from tests.peers.record import PeerError
from tests.peers.revisions import MODERN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.peers.client import Pending

__all__ = ["StdioClient", "spawn"]


class StdioClient(ChannelClient):
    """One child; `stderr` is what it said beside."""

    where = "stdio"

    def __init__(self, revision_name: str, command: Sequence[str], *, env: dict[str, str] | None = None, **more: Any):
        super().__init__(revision_name, "", **more)
        self._command = command
        self._env = env
        self._child: asyncio.subprocess.Process | None = None
        self.stderr = b""
        self.acknowledged: dict[Any, dict[str, Any]] = {}
        self.ended: list[Any] = []
        """Ids of subscriptions that the server has ended."""

    async def open(self) -> None:
        pipe = asyncio.subprocess.PIPE
        self._child = await asyncio.create_subprocess_exec(
            *self._command, stdin=pipe, stdout=pipe, stderr=pipe, env=self._env, limit=16 * 1024 * 1024
        )
        self.spawn(self._read(self._child))
        self.spawn(self._read_errors(self._child))
        if self.revision.modern:
            self.server = await self.request("server/discover", seconds=30)
        else:
            await super().open()

    async def close(self) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        self._child.stdin.close()
        try:
            async with asyncio.timeout(10):
                await self._child.wait()
        except TimeoutError:
            self.problem("the child did not leave when its input had ended")
            self._child.kill()
        await super().close()

    async def send(self, message: Any) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        self._child.stdin.write(encode(message) + b"\n")
        await self._child.stdin.drain()

    async def exchange(self, pending: Pending, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if not self.revision.modern:
            return await super().exchange(pending, method, params)
        sent = params
        for _ in range(ROUNDS):
            answer = await super().exchange(pending, method, sent | {"_meta": self._meta() | params.get("_meta", {})})
            result = answer.get("result", {})
            if result.get("resultType") != "input_required":
                return answer
            sent = params | await self._inputs(result)
        raise PeerError(0, "was asked again and again")

    async def listen(self, **wanted: Any) -> dict[str, Any]:
        """Open a subscription of 2026-07-28 and return what was honoured."""
        number = self.number()
        params = {"notifications": wanted, "_meta": self._meta()}
        await self.send({"jsonrpc": "2.0", "id": number, "method": "subscriptions/listen", "params": params})
        return await self.until(lambda: self.acknowledged.get(number))

    async def watch(self) -> None:
        if self.revision.modern:
            await self.listen(**dict.fromkeys(LISTS, True))

    async def subscribe(self, uri: str) -> None:
        if self.revision.modern:
            await self.listen(resourceSubscriptions=[uri])
        else:
            await super().subscribe(uri)

    async def set_level(self, level: str) -> None:
        self.log_level = level
        if not self.revision.modern:
            await super().set_level(level)

    def take(self, message: Any) -> None:
        params = message.get("params") or {}
        if message.get("method") == "notifications/subscriptions/acknowledged":
            self.acknowledged[params["_meta"][SUBSCRIPTION]] = params["notifications"]
            self.wake()
            return
        if message.get("id") in self.acknowledged and "result" in message:
            self.ended.append(message["id"])
            return
        super().take(message)

    def _meta(self) -> dict[str, Any]:
        level = {RESERVED + "logLevel": self.log_level} if self.log_level else {}
        return {
            RESERVED + "protocolVersion": MODERN,
            RESERVED + "clientCapabilities": self.capabilities,
            RESERVED + "clientInfo": {"name": "peer-client", "version": "1"},
            **level,
        }

    async def _inputs(self, result: dict[str, Any]) -> dict[str, Any]:
        return await inputs(self, "tools/call", result)

    async def _read(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        while line := await child.stdout.readline():
            self.take(json.loads(line))
        self.broken("the child has left")

    async def _read_errors(self, child: asyncio.subprocess.Process) -> None:
        assert child.stderr is not None
        while part := await child.stderr.read(65536):
            self.stderr += part


@asynccontextmanager
async def spawn(revision_name: str, command: Sequence[str], **options: Any) -> AsyncIterator[StdioClient]:
    """Start a server and open a client to it."""
    client = StdioClient(revision_name, command, **options)
    try:
        await client.open()
        yield client
    finally:
        with suppress(BrokenPipeError, ConnectionResetError):
            await client.close()
