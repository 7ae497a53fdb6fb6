"""A small HTTP/1.1 client: one connection for each request, bodies whole or as events. It knows no MCP."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Event", "Reply", "fetch"]


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream."""

    data: str
    name: str = "message"
    id: str = ""
    retry: int | None = None


class Reply:
    """An answer of which the head has come."""

    def __init__(
        self, status: int, headers: dict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.status = status
        self.headers = headers
        self._reader = reader
        self._writer = writer

    @property
    def media(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip()

    async def body(self) -> bytes:
        """Return the whole body and close the connection."""
        return b"".join([part async for part in self._parts()])

    async def json(self) -> Any:
        return json.loads(await self.body())

    async def events(self) -> AsyncIterator[Event]:
        """Yield events until the stream ends; ends too when the connection breaks."""
        waiting = b""
        fields: dict[str, str] = {}
        data: list[str] = []
        async for part in self._parts():
            *lines, waiting = (waiting + part).replace(b"\r\n", b"\n").split(b"\n")
            for line in lines:
                name, _, value = line.decode().partition(":")
                if name == "data":
                    data.append(value.removeprefix(" "))
                elif name:
                    fields[name] = value.removeprefix(" ")
                elif data or fields:
                    if data or "id" in fields:
                        yield _event(fields, data)
                    fields, data = {}, []

    def close(self) -> None:
        """Leave: the server sees that nobody reads any more."""
        self._writer.transport.abort()

    async def _parts(self) -> AsyncIterator[bytes]:
        with suppress(asyncio.IncompleteReadError, ConnectionError), closing(self):
            if self.headers.get("transfer-encoding") == "chunked":
                while (size := int((await self._reader.readline() or b"0").strip() or b"0", 16)) > 0:
                    yield (await self._reader.readexactly(size + 2))[:-2]
            elif length := int(self.headers.get("content-length", "0")):
                yield await self._reader.readexactly(length)


def _event(fields: dict[str, str], data: list[str]) -> Event:
    retry = fields.get("retry", "")
    return Event(
        data="\n".join(data),
        name=fields.get("event", "message"),
        id=fields.get("id", ""),
        retry=int(retry) if retry.isdecimal() else None,
    )


async def fetch(verb: str, url: str, headers: dict[str, str], body: bytes = b"") -> Reply:
    """Send one request and return its answer once the head is there; cancelling it closes the connection."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=16 * 1024 * 1024)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"{verb} {target} HTTP/1.1", f"host: {parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body or verb == "POST":
            lines.append(f"content-length: {len(body)}")
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except BaseException:
        writer.transport.abort()
        raise
    first, *lines = head.split("\r\n")[:-2]
    pairs = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    return Reply(int(first.split()[1]), pairs, reader, writer)
