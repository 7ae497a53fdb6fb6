"""The catalog, credential and sink components through the sandbox."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mcpg.contract.documents import Catalog, Credential
from mcpg.contract.effects import HttpRequest
from mcpg.contract.problems import PluginRefused
from mcpg.contract.verdicts import failed, ok

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def test_catalog_curate(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    rules = [
        {"tools": ["db.*"], "hide": True, "except_groups": ["admins"]},
        {"tools": ["now"], "rename": "clock", "description": "The time."},
    ]
    curate = await plugin("catalog-curate", {"rules": rules})
    catalog = {"tools": [{"name": name, "inputSchema": {}, "target": name} for name in ("db.drop", "now")]}
    tag, shaped = await curate.ask("shape", {"groups": ["staff"]}, catalog)
    assert tag == "ok"
    [tool] = msgspec.json.decode(shaped, type=Catalog).tools
    assert (tool.name, tool.target, tool.description) == ("clock", "now", "The time.")
    _, shaped = await curate.ask("shape", {"groups": ["admins"]}, catalog)
    assert len(msgspec.json.decode(shaped, type=Catalog).tools) == 2
    assert (await curate.ask("shape", "x", "y")).tag == "err"


async def test_ten_thousand_tools_are_curated_within_the_limits(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    curate = await plugin("catalog-curate", {"rules": [{"tools": ["*7"], "hide": True}]})
    schema = {"type": "object", "properties": {"a": {"type": "string", "description": "d" * 200}}}
    catalog = {"tools": [{"name": f"tool-{n}", "inputSchema": schema, "target": f"tool-{n}"} for n in range(10_000)]}
    _, shaped = await curate.ask("shape", {}, catalog)
    assert len(json.loads(shaped)["tools"]) == 9_000


async def test_credential_static_gives_references(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    known = {"docs": {"secret": "secret://env/DOCS", "groups": ["staff"]}}
    static = await plugin("credential-static", {"credentials": known})
    tag, issued = await static.ask("issue-for", {"groups": ["staff"]}, "docs", replies=[])
    assert tag == "issued"
    assert msgspec.json.decode(issued, type=Credential) == Credential(value="secret://env/DOCS")
    assert (await static.ask("issue-for", {"groups": []}, "docs", replies=[])).tag == "deny"
    assert (await static.ask("issue-for", {"groups": ["staff"]}, "other", replies=[])).tag == "deny"


async def test_credential_static_refuses_a_secret_in_its_configuration(
    plugin: Callable[[str, Any], Awaitable[Any]],
) -> None:
    with pytest.raises(PluginRefused) as refused:
        await plugin("credential-static", {"credentials": {"docs": {"secret": "hunter2"}}})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "tag"), [(200, "delivered"), (204, "delivered"), (429, "retry"), (503, "retry"), (400, "failed")]
)
async def test_sink_http(plugin: Callable[[str, Any], Awaitable[Any]], status: int, tag: str) -> None:
    sink = await plugin("sink-http", {"url": "https://logs.example/in"})
    batch = '[{"seq": 1}, {"seq": 2}]'
    answer, effects = await sink.run("deliver", batch, serve=lambda _: ok(json.dumps({"status": status})))
    request = msgspec.json.decode(effects[0].request, type=HttpRequest)
    assert (answer.tag, request.method, request.body) == (tag, "POST", batch)
    assert request.headers["x-mcpg-batch"] == hashlib.sha256(batch.encode()).hexdigest()


async def test_sink_http_tries_again_when_nobody_answers(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    sink = await plugin("sink-http", {"url": "https://logs.example/in"})
    answer, _ = await sink.run("deliver", "[]", serve=lambda _: failed("connect-failed", "nobody is there"))
    assert (answer.tag, answer.value.code) == ("retry", "connect-failed")
