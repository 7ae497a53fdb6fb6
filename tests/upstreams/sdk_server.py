"""A server on the official SDK: `stdio`, or `http PORT [json | sse]`; `sse` is the HTTP with SSE of 2024-11-05."""

import sys
from typing import Annotated

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.resolve import Elicit, ListRoots, Resolve, Sample
from mcp_types import CreateMessageResult, ListRootsResult, SamplingMessage, TextContent
from pydantic import BaseModel

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


class Name(BaseModel):
    name: str


def who() -> Elicit[Name]:
    return Elicit("Who are you?", Name)


def where() -> ListRoots:
    return ListRoots()


def hello(name: Annotated[Name, Resolve(who)]) -> Sample:
    said = SamplingMessage(role="user", content=TextContent(type="text", text=f"Greet {name.name}"))
    return Sample([said], max_tokens=10)


@server.tool()
async def learn(
    name: Annotated[Name, Resolve(who)],
    greeting: Annotated[CreateMessageResult, Resolve(hello)],
    roots: Annotated[ListRootsResult, Resolve(where)],
) -> str:
    """Asks for a form, then for a message, and for roots: in the middle of the call, or by rounds."""
    return f"{name.name}, {greeting.content.text}, {roots.roots[0].uri}"


@server.prompt()
def greet(name: str) -> str:
    return f"Greet {name}."


@server.resource("note://one")
def note() -> str:
    return "a note"


if sys.argv[1] == "stdio":
    server.run(transport="stdio")
else:
    how = sys.argv[3:]
    app = server.sse_app() if "sse" in how else server.streamable_http_app(json_response="json" in how)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
