"""An API that streams its answer, on a server that others wrote: progress by JSON pointers reaches the SDK's client."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from tests.system.kit import Gateway, document, http_use, tool
from tests.system.test_clients import over_http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.real
mcp = pytest.importorskip("mcp")

STEPS = 3
PAUSE = 0.06
"""Seconds after a notification was seen, as what comes within 50 ms is skipped."""
STREAMS = {"sse": (b"event: step\ndata: %s\n\n", "text/event-stream"), "lines": (b"%s\n", "application/x-ndjson")}


class Api:
    """Sends its next event when the client has been told of the one before."""

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self.app = FastAPI()
        self.app.get("/{form}")(self.answer)

    async def answer(self, form: str) -> StreamingResponse:
        frame, media = STREAMS[form]

        async def events() -> AsyncIterator[bytes]:
            for number in range(1, STEPS + 1):
                self.told.clear()
                state = {"done": number, "of": STEPS, "a/b": [f"step {number}"]}
                yield frame % json.dumps({"state": state}).encode()
                await self.told.wait()
                await asyncio.sleep(PAUSE)
            yield frame % b'{"answer": 42}'

        return StreamingResponse(events(), media_type=media)


@asynccontextmanager
async def serving(api: Api) -> AsyncIterator[int]:
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(api.app, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve([bound]))
    try:
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        await task


def _tool(form: str, *, last: bool) -> dict[str, Any]:
    stream = {"format": form, "progress": "/state/done", "total": "/state/of", "message": "/state/a~1b/0", "last": last}
    return tool("api", request={"method": "GET", "path": f"/{form}", "stream": stream})


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_progress_of_a_streamed_answer_reaches_the_client(gateway: Gateway, mode: str) -> None:
    api = Api()
    told: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))
        api.told.set()

    async with serving(api) as port:
        tools = {"sse": _tool("sse", last=True), "lines": _tool("lines", last=False)}
        gateway.write(document(plugins={"api": http_use(port)}, tools=tools))
        await asyncio.to_thread(gateway.start)
        async with asyncio.timeout(60), mcp.Client(over_http(gateway, "ana"), mode=mode) as client:
            for name in tools:
                told.clear()
                result = await client.call_tool(name, {}, progress_callback=note)
                found = json.loads(result.content[0].text)
                assert (found if name == "sse" else found[-1]) == {"answer": 42}
                assert name == "sse" or len(found) == STEPS + 1
                assert told == [(number, STEPS, f"step {number}") for number in range(1, STEPS + 1)]
