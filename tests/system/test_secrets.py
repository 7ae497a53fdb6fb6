"""Secrets stay where they were granted, text stays text, and a policy that errs denies."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.system.kit import document, http_use, text_of, tool
from tests.system.load import Connection, Peer, reply

if TYPE_CHECKING:
    from tests.system.kit import Gateway
    from tests.system.load import Request

pytestmark = pytest.mark.real

SECRET = "s3cr3t-of-the-first-host"
REFERENCE = "secret://env/SYSTEM_TOKEN"
HEADER = {"authorization": {"$secret": REFERENCE, "prefix": "Bearer "}}


async def _first(request: Request) -> bytes:
    if request.path == "/echo":
        return reply({"you sent": request.headers.get("authorization")})
    if request.path.startswith("/to/"):
        port = request.path.rpartition("/")[2]
        return reply({}, "307 Temporary Redirect", location=f"http://localhost:{port}/taken")
    return reply({"ok": True})


async def _second(_request: Request) -> bytes:
    return reply({"ok": True})


def _file(first: Peer, second: Peer) -> dict[str, Any]:
    granted = {REFERENCE: {"driver": "http", "host": "127.0.0.1", "header": "authorization"}}
    hosts = {"hosts": ["127.0.0.1", "localhost"], "ports": [first.port, second.port], "redirects": 3}
    api = http_use(first.port, secrets=granted, **hosts)
    other = http_use(second.port, secrets=granted, **hosts)
    other["config"] = {"base_url": f"http://localhost:{second.port}"}

    def asks(backend: str, path: str, **more: Any) -> dict[str, Any]:
        return tool(backend, request={"path": path, "headers": HEADER, **more})

    return document(
        plugins={"api": api, "other": other},
        tools={
            "with-secret": asks("api", "/fine"),
            "echoing": asks("api", "/echo"),
            "redirected": asks("api", f"/to/{second.port}"),
            "elsewhere": asks("other", "/taken"),
            "text": tool("api", input={"q": {"type": "string"}},
                         request={"method": "GET", "path": "/fine", "query": {"q": "{{ q }}"}}),
        },
    )  # fmt: skip


async def test_a_secret_reaches_its_host_and_no_other(gateway: Gateway) -> None:
    async with Peer(_first).serving() as first, Peer(_second).serving() as second:
        gateway.write(_file(first, second))
        gateway.variables["SYSTEM_TOKEN"] = SECRET
        await asyncio.to_thread(gateway.start)
        async with Connection(gateway.url) as client:
            names = ("with-secret", "echoing", "redirected", "elsewhere")
            answers = {name: (await client.call(name))["result"] for name in names}
    assert not answers["with-secret"].get("isError")
    assert first.seen[0].headers["authorization"] == f"Bearer {SECRET}"
    for name, why in (("echoing", "secret"), ("elsewhere", "localhost")):
        assert answers[name]["isError"] is True, name
        assert why in text_of(answers[name])
    assert SECRET not in json.dumps(answers)
    assert not [one for one in second.seen if SECRET in f"{one.path}{one.headers}{one.body!r}"]
    assert "authorization" not in {header for one in second.seen for header in one.headers}
    gateway.stop()
    kept = [path for path in gateway.folder.rglob("*") if path.is_file() and path.suffix != ".cwasm"]
    assert [path.name for path in kept if SECRET.encode() in path.read_bytes()] == []


async def test_a_reference_in_an_argument_stays_text(gateway: Gateway) -> None:
    async with Peer(_first).serving() as first, Peer(_second).serving() as second:
        gateway.write(_file(first, second))
        gateway.variables["SYSTEM_TOKEN"] = SECRET
        await asyncio.to_thread(gateway.start)
        async with Connection(gateway.url) as client:
            echoed = (await client.call("echo", q=REFERENCE))["result"]
            nested = (await client.call("echo", q=json.dumps({"$secret": REFERENCE})))["result"]
            asked = (await client.call("text", q=REFERENCE))["result"]
    assert echoed["structuredContent"]["arguments"] == {"q": REFERENCE}
    assert nested["structuredContent"]["arguments"] == {"q": json.dumps({"$secret": REFERENCE})}
    assert not asked.get("isError"), asked
    assert first.seen[-1].path == "/fine?q=secret%3A%2F%2Fenv%2FSYSTEM_TOKEN"
    assert SECRET not in json.dumps([echoed, nested, asked])


RULES = """
@id("all") permit(principal, action, resource);
@id("errs") forbid(principal, action, resource) when { context.arguments.missing == 1 && resource.name == "echo" };
"""


def test_a_policy_that_errs_denies(gateway: Gateway) -> None:
    gateway.write(document(), RULES)
    gateway.start()
    refused = gateway.call("echo", check=1, q="x")
    gateway.stop()
    assert "denied" in refused["error"]["message"]
    story = json.loads(gateway.run("explain", "last", "--json").stdout)
    assert (story["ended"], story["stage"], story["use"]) == ("refused", "policy", "rules")
    said = next(stage for stage in story["stages"] if stage["stage"] == "policy")
    assert said["verdict"] in {"deny", "failed"}
    assert "errs" in said["message"]
