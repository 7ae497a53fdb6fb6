"""A server on the official SDK over stdio that has tools, prompts, resources and a template; argv[1] is its name."""

from __future__ import annotations

import sys

from mcp.server.mcpserver import Context, MCPServer

NAME = sys.argv[1]
server = MCPServer(NAME)


@server.tool(structured_output=False)  # free text of progress passes only where no output schema applies
async def count(to: int, context: Context) -> str:
    for number in range(to):
        await context.report_progress(number, to, f"{number} of {NAME}")
    return f"counted by {NAME}"


@server.tool()
def records() -> dict[str, object]:
    return {"card": 4111111111111111, "ana@example.com": 1, "n": 7}


@server.prompt()
def greet(who: str) -> str:
    return f"Greet {who} (ana@example.com) from {NAME}."


@server.resource("note://shared")
def shared() -> str:
    return f"shared by {NAME}"


@server.resource(f"note://{NAME}/items/{{number}}")
def item(number: str) -> str:
    return f"item {number} of {NAME}, ana@example.com"


server.run(transport="stdio")
