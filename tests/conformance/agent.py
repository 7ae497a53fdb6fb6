"""The client that the suite starts: the official SDK's, through a gateway in front of the suite's server.

`python -m tests.conformance.agent URL` with the scenario's name in the environment, as the suite sets it, and in
`CONFORMANCE_FOLDER` a folder for the gateway (it holds `compiled`). It judges nothing: the suite's server does.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import mcp
from mcp import types
from tests.conformance.rules import document
from tests.system.kit import Gateway

__all__: list[str] = []


def defaults_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a form holds that its reader only confirms."""
    held = {name: each["default"] for name, each in schema.get("properties", {}).items() if "default" in each}
    plain = {"boolean": True, "string": "text", "integer": 1, "number": 1.5}
    wanted = {
        name: plain[schema["properties"][name]["type"]] for name in schema.get("required", ()) if name not in held
    }
    return held | wanted


async def elicited(_context: Any, params: Any) -> types.ElicitResult:
    schema = getattr(params, "requested_schema", None) or {}
    return types.ElicitResult(action="accept", content=defaults_of(dict(schema)))


async def sampled(_context: Any, _params: Any) -> types.CreateMessageResult:
    content = types.TextContent(type="text", text="sampled")
    return types.CreateMessageResult(role="assistant", model="none", content=content)


async def listed_roots(_context: Any) -> types.ListRootsResult:
    return types.ListRootsResult(roots=[types.Root(uri="file:///conformance", name="conformance")])


def arguments_for(tool: Any) -> dict[str, Any]:
    """Return arguments that fit a tool's schema."""
    plain = {"number": 5, "integer": 5, "string": "text", "boolean": True}
    schema = tool.input_schema
    return {
        name: plain[each["type"]] for name, each in schema.get("properties", {}).items() if each.get("type") in plain
    }


async def act(client: Any, scenario: str, context: dict[str, Any]) -> None:
    """Do what a user of an agent would: list, and call what there is."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    if scenario == "json-schema-2020-12-preservation":
        focal, echo = tools["json_schema_2020_12_tool"], next(name for name in tools if "echo" in name)
        await client.call_tool(echo, {"schema": focal.input_schema})
        return
    if calls := context.get("toolCalls"):
        for call in calls:  # an optional argument that is null is left out: its schema takes no null
            given = {name: value for name, value in call["arguments"].items() if value is not None}
            await client.call_tool(call["name"], given)
        return
    for name, tool in tools.items():
        await client.call_tool(name, arguments_for(tool))


def issuer_of(url: str) -> str:
    """Return what the operator would know: the authorization server, without which no secret is sent anywhere."""
    place = urlsplit(url)
    where = f"{place.scheme}://{place.netloc}/.well-known/oauth-protected-resource{place.path}"
    with urlopen(where, timeout=10) as answer:
        return str(json.load(answer)["authorization_servers"][0])


def over(gateway: Gateway, revision: str) -> Any:
    """Return a client of the gateway; `revision` says in which era it speaks."""
    return mcp.Client(
        gateway.url,
        mode="2026-07-28" if revision == "2026-07-28" else "legacy",
        elicitation_callback=elicited,
        sampling_callback=sampled,
        list_roots_callback=listed_roots,
    )


async def main(url: str) -> None:
    """Start a gateway in front of `url`, act through it, and end it."""
    scenario = os.environ["MCP_CONFORMANCE_SCENARIO"]
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
    revision = os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION", "")
    shared = Path(os.environ["CONFORMANCE_FOLDER"])
    folder = Path(tempfile.mkdtemp(dir=shared))
    gateway = Gateway(folder, shared / "compiled")
    if "client_secret" in context:
        context["issuer"] = issuer_of(url)
    written, files = document(url, context)
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    gateway.write(written, "permit(principal, action, resource);")
    gateway.start()
    try:
        async with over(gateway, revision) as client:
            await act(client, scenario, context)
    finally:
        sys.stderr.write(gateway.log())
        gateway.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[-1]))
