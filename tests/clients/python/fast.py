"""fastmcp's client, over HTTP and stdio. Run by a Python that has it.

One argument, JSON: `way`, `url`, `prefix`, `headers`, `command`. Prints what happened, JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from fastmcp import Client
from fastmcp.client.transports import SSETransport, StdioTransport, StreamableHttpTransport


async def elicited(_message: str, _kind: Any, _params: Any, _context: Any) -> dict[str, str]:
    return {"name": "Ana"}


def transport(given: dict[str, Any]) -> Any:
    if given["way"] == "stdio":
        program, *arguments = given["command"]
        return StdioTransport(program, arguments, env=dict(os.environ))
    kind = SSETransport if given["way"] == "sse" else StreamableHttpTransport
    return kind(given["url"], headers=given["headers"])


async def main(given: dict[str, Any]) -> dict[str, Any]:
    """Talk and return what was said."""
    prefix = given["prefix"]
    async with Client(transport(given), elicitation_handler=elicited) as client:
        tools = [tool.name for tool in await client.list_tools()]
        said = await client.call_tool(prefix + "echo", {"text": "grüße"})
        asked = await client.call_tool(prefix + "elicit", {})
        refused = ""
        try:
            await client.call_tool("no-such-tool", {})
        except Exception as error:  # noqa: BLE001 - its majors raise different ones
            refused = str(error)
        resources = [str(resource.uri) for resource in await client.list_resources()]
        read = (await client.read_resource(next(uri for uri in resources if uri.endswith("note"))))[0]
        prompt = (await client.get_prompt(prefix + "greet", {"who": "Bea"})).messages[0].content
        return {
            "version": "",
            "tools": tools,
            "said": {"content": [block.model_dump(mode="json") for block in said.content]},
            "asked": {"content": [block.model_dump(mode="json") for block in asked.content]},
            "refused": refused,
            "resources": resources,
            "read": read.text,
            "prompt": prompt.text,
        }


print(json.dumps(asyncio.run(main(json.loads(sys.argv[1])))))  # noqa: T201 - it is what the test reads
