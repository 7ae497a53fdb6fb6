"""The official Python SDK of the first major: handshakes, over HTTP, HTTP+SSE and stdio. Run by a Python that has it.

One argument, JSON: `way`, `url`, `prefix`, `headers`, `command`. Prints what happened, JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from mcp import ClientSession, McpError, StdioServerParameters, types
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamablehttp_client


async def elicited(_context: Any, _params: Any) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"name": "Ana"})


def transport(given: dict[str, Any]) -> Any:
    if given["way"] == "stdio":
        program, *arguments = given["command"]
        return stdio_client(StdioServerParameters(command=program, args=arguments, env=dict(os.environ)))
    if given["way"] == "sse":
        return sse_client(given["url"], headers=given["headers"])
    return streamablehttp_client(given["url"], headers=given["headers"])


async def main(given: dict[str, Any]) -> dict[str, Any]:
    """Talk and return what was said."""
    prefix = given["prefix"]
    async with (
        transport(given) as (reader, writer, *_),
        ClientSession(reader, writer, elicitation_callback=elicited) as session,
    ):
        opened = await session.initialize()
        tools = [tool.name for tool in (await session.list_tools()).tools]
        said = await session.call_tool(prefix + "echo", {"text": "grüße"})
        asked = await session.call_tool(prefix + "elicit", {})
        refused = ""
        try:
            await session.call_tool("no-such-tool", {})
        except McpError as error:
            refused = f"{error.error.code} {error.error.message}"
        resources = [str(resource.uri) for resource in (await session.list_resources()).resources]
        note = next(uri for uri in resources if uri.endswith("note"))
        read = (await session.read_resource(types.AnyUrl(note))).contents[0]
        prompt = (await session.get_prompt(prefix + "greet", {"who": "Bea"})).messages[0].content
        return {
            "version": opened.protocolVersion,
            "tools": tools,
            "said": said.model_dump(mode="json", exclude_none=True),
            "asked": asked.model_dump(mode="json", exclude_none=True),
            "refused": refused,
            "resources": resources,
            "read": read.text,
            "prompt": prompt.text,
        }


print(json.dumps(asyncio.run(main(json.loads(sys.argv[1])))))  # noqa: T201 - it is what the test reads
