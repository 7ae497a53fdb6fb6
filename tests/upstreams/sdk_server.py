"""A server on the official SDK: `stdio`, or `http PORT [json]`."""

from __future__ import annotations

import sys

import uvicorn
from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("official")


@server.tool()
def echo(text: str) -> str:
    return text


@server.tool()
async def count(to: int, context: Context) -> str:
    for number in range(to):
        await context.report_progress(number, to)
    return "counted"


@server.tool()
async def ask(context: Context) -> str:
    result = await context.session.list_roots()
    return str(result)


@server.prompt()
def greet(name: str) -> str:
    return f"Greet {name}."


@server.resource("note://one")
def note() -> str:
    return "a note"


if sys.argv[1] == "stdio":
    server.run(transport="stdio")
else:
    app = server.streamable_http_app(json_response="json" in sys.argv[3:])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
