"""Many calls at once over plain sockets, and small HTTP servers to stand behind a gateway. It tests nothing itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from tests.edge.kit import modern
from tests.system.kit import KEYS, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


class Connection:
    """One kept connection to a gateway; one call at a time."""

    def __init__(self, url: str, key: str = "ana") -> None:
        parts = urlsplit(url)
        self.host, self.port, self.path, self.key = parts.hostname, parts.port, parts.path, key
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Return the JSON-RPC answer; `ConnectionError` when the gateway goes away before it."""
        message, headers = modern("tools/call", {"name": name, "arguments": arguments})
        if self.streams is None:
            self.streams = await asyncio.open_connection(self.host, self.port, limit=2**22)
        reader, writer = self.streams
        body = json.dumps(message).encode()
        lines = [
            f"POST {self.path} HTTP/1.1", f"host: {self.host}:{self.port}", f"authorization: Bearer {KEYS[self.key]}",
            "accept: application/json, text/event-stream", "content-type: application/json",
            f"content-length: {len(body)}", *(f"{header}: {value}" for header, value in headers.items()),
        ]  # fmt: skip
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
            answer: dict[str, Any] = json.loads(await reader.readexactly(length))
        except asyncio.IncompleteReadError:
            raise ConnectionResetError from None
        return answer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.streams is not None:
            await _end(self.streams[1])


@dataclass
class Load:
    """What a load has seen: how many good answers, and each answer that was not good."""

    good: int = 0
    bad: list[Any] = field(default_factory=list)

    def note(self, answer: dict[str, Any]) -> None:
        if "result" in answer and not answer["result"].get("isError"):
            self.good += 1
        else:
            self.bad.append(answer)


@contextlib.asynccontextmanager
async def load_on(url: str, name: str, *, connections: int = 8, **arguments: Any) -> AsyncIterator[Load]:
    """Call one tool again and again over some connections until the block ends."""
    load, over = Load(), asyncio.Event()

    async def one() -> None:
        try:
            async with Connection(url) as connection:
                while not over.is_set():
                    load.note(await connection.call(name, **arguments))
        except OSError as error:
            load.bad.append(repr(error))

    tasks = [asyncio.create_task(one()) for _ in range(connections)]
    try:
        yield load
    finally:
        over.set()
        await asyncio.gather(*tasks)


async def reached(load: Load, more: int) -> None:
    """Wait until some more good answers have come, so that what is tested was under load."""
    wanted = load.good + more
    async with asyncio.timeout(60):
        while load.good < wanted and not load.bad:  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.01)


@dataclass
class Peer:
    """A small HTTP server: what it was asked, and how it answers."""

    answer: Callable[[Request], Awaitable[bytes]]
    port: int = 0
    seen: list[Request] = field(default_factory=list)
    most: int = 0
    now: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Peer]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=2048)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._answer_all(reader, writer)
        finally:
            self.tasks.discard(task)
            await _end(writer)

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            request = Request(*first.split(" ")[:2], headers, body)
            self.seen.append(request)
            self.now += 1
            self.most = max(self.most, self.now)
            try:
                writer.write(await self.answer(request))
            finally:
                self.now -= 1


async def _end(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def reply(value: Any, status: str = "200 OK", **headers: str) -> bytes:
    """Return an HTTP answer with a JSON body."""
    body = json.dumps(value).encode()
    lines = [f"HTTP/1.1 {status}", "content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, *(f"{name}: {text}" for name, text in headers.items()), "", ""]).encode() + body


def tally(answers: list[dict[str, Any]]) -> Counter[str]:
    """Count the answers by `ok`, by the text of a tool's error or by the message of an error."""
    return Counter(_kind(answer) for answer in answers)


def _kind(answer: dict[str, Any]) -> str:
    if "result" not in answer:
        return str(answer["error"])
    return text_of(answer["result"]) if answer["result"].get("isError") else "ok"
