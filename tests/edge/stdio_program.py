"""A program that serves the tests' small service over its standard streams; prints what must not reach the protocol."""

from __future__ import annotations

import asyncio
import os

from tests.edge.kit import FakeService

from mcpg.contract.documents import Caller, How
from mcpg.edge.pipes import open_stdio
from mcpg.edge.stdio import StdioServer


async def main() -> None:
    caller = Caller(id="ana", kind="user", how=How(credential="config"), trust="verified")
    reader, writer = await open_stdio()
    os.write(1, b"a stray print\n")
    server = StdioServer(FakeService(), caller, writer)
    serving = asyncio.create_task(server.run(reader))
    server.notify_changed("tools")
    await serving


asyncio.run(main())
