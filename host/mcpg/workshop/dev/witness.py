"""A server on this machine that says whether it was shown a credential, and never which. It serves one session."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["shown_headers"]

HEAD: Final = 64 * 1024
SECONDS: Final = 5.0


@asynccontextmanager
async def shown_headers() -> AsyncIterator[int]:
    """Serve on a free port of the loopback interface, and yield the port."""
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, limit=HEAD)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(SECONDS):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            fields = dict(line.split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
            value = next((value.strip() for name, value in fields.items() if name.lower() == "authorization"), "")
            scheme, _, secret = value.rpartition(" ")
            body = json.dumps({"authorization": bool(value), "scheme": scheme, "characters": len(secret)}).encode()
            length = f"content-length: {len(body)}\r\n"
            writer.write(
                f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{length}connection: close\r\n\r\n".encode()
            )
            writer.write(body)
            await writer.drain()
    except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # whoever asks so gets no answer
    finally:
        writer.close()
