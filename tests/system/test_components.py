"""Every kind of built-in component through the real program: what an operator writes is what a caller meets."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.system.kit import Gateway, document, http_use, text_of, tool
from tests.system.load import Connection, Peer, reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.system.load import Request

pytestmark = pytest.mark.real

TOKEN = "token-that-only-the-issuer-names"
RULES = """
@id("analysts") permit(principal in Mcpg::Group::"analysts", action, resource);
@id("bot") permit(principal == Mcpg::Caller::"bot", action, resource) when { resource.name != "private" };
@id("names-go") @obligation("redact") @detail("{\\"paths\\": [\\"/structuredContent/rows/*/name\\"]}")
@obligation_2("annotate") @detail_2("{\\"notes\\": {\\"rule\\": \\"names-go\\"}}")
permit(principal == Mcpg::Caller::"bot", action, resource == Mcpg::Tool::"accounts");
@id("unheard-of") @obligation("sing") permit(principal, action, resource == Mcpg::Tool::"song");
@id("ask-first") @obligation("require-approval") permit(principal, action, resource == Mcpg::Tool::"risky");
@id("no-nines") @reason("nines are unlucky") forbid(principal, action, resource)
when { context has arguments && context.arguments has q && context.arguments.q == "nine" };
"""
PROGRAMS = [
    {"path": "/bin/echo", "arguments": ["hi"], "rest": "[a-z]+"},
    {"path": "/bin/sleep", "arguments": ["[0-9]"], "timeout": "200ms"},
]
MOVE = [
    {"sql": "update account set amount = amount + :much where name = 'b'", "mode": "count"},
    {"sql": "update account set amount = amount - :much where name = 'a'", "mode": "count"},
]
SECRET = {"authorization": {"$secret": "cred://vault/api"}}
CURATED = [
    {"tools": ["plain"], "rename": "better", "description": "A better one.", "annotations": {"readOnlyHint": True}},
    {"tools": ["hidden"], "hide": True},
    {"tools": ["ours"], "hide": True, "except_groups": ["analysts"]},
]


async def _answer(_request: Request) -> bytes:
    return reply({"ok": True})


def _plugins(port: int) -> dict[str, Any]:
    granted = {"cred://vault/api": {"host": "127.0.0.1", "header": "authorization"}}
    sink = http_use(port, methods=["POST"]) | {"from": "builtin:sink-http"}
    issued = {"api": {"secret": "secret://env/API_TOKEN", "groups": ["analysts"]}}
    rule = {"per": ["caller", "tool"], "burst": 2, "per_second": 0.01, "tools": ["limited"]}
    database = {"from": "builtin:backend-sql", "config": {"connection": "bank"}}
    return {
        "curated": {"from": "builtin:catalog-curate", "config": {"rules": CURATED}},
        "fair": {"from": "builtin:limit-rate", "config": {"rules": [rule]}},
        "run": {"from": "builtin:backend-command", "grants": {"command": {"programs": PROGRAMS}}},
        "bank": {**database, "grants": {"sql": {"connections": ["bank"], "read_only": False}}},
        "reader": {**database, "grants": {"sql": {"connections": ["bank"]}}},
        "api": http_use(port, secrets=granted),
        "other-api": http_use(port),
        "issuer": {"from": "builtin:credential-static", "config": {"credentials": issued}},
        "copies": {**sink, "config": {"url": f"http://127.0.0.1:{port}/copies"}},
    }


def _tools() -> dict[str, Any]:
    word = {"word": {"type": "string"}}
    return {
        "echo": tool("fake", mock={"echo": True}, input={"q": {"type": "string", "default": "x"}}),
        **{name: tool("fake", mock={"text": name}) for name in ("song", "risky", "limited", "plain", "hidden", "ours")},
        "say": tool("run", input=word, command={"argv": ["/bin/echo", "hi", "{{ word }}"]}),
        "other": tool("run", command={"argv": ["/bin/ls"]}),
        "sleep": tool("run", command={"argv": ["/bin/sleep", "9"]}),
        "move": tool("bank", input={"much": {"type": "integer"}}, transaction=MOVE),
        "accounts": tool("reader", query={"sql": "select * from account order by name"}),
        "overwrite": tool("reader", query={"sql": "update account set amount = 9", "mode": "count"}),
        "issued": tool("api", request={"path": "/issued", "headers": SECRET}),
        "not-granted": tool("other-api", request={"path": "/issued", "headers": SECRET}),
    }


def _database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as made:
        made.execute("create table account (name text primary key, amount integer check (amount >= 0))")
        made.executemany("insert into account values (?, ?)", [("a", 10), ("b", 0)])
        made.commit()


class Served:
    """A gateway with every component, and what stands behind it."""

    def __init__(self, gateway: Gateway, peer: Peer) -> None:
        self.gateway = gateway
        self.peer = peer

    async def call(self, name: str, key: str = "ana", **arguments: Any) -> dict[str, Any]:
        async with Connection(self.gateway.url, key) as client:
            answer = await client.call(name, **arguments)
        result: dict[str, Any] = answer.get("result") or answer["error"]
        return result

    async def text(self, name: str, key: str = "ana", **arguments: Any) -> str:
        return text_of(await self.call(name, key, **arguments))


@pytest.fixture
async def served(gateway: Gateway) -> AsyncIterator[Served]:
    async with Peer(_answer).serving() as peer:
        _database(gateway.folder / "bank.db")
        gateway.write(
            document(
                plugins=_plugins(peer.port), tools=_tools(), catalog=["curated"], limits=["fair"], sinks=["copies"],
                credentials={"vault": "issuer"}, connections={"bank": {"url": "sqlite+aiosqlite:///bank.db"}},
            ),
            RULES,
        )  # fmt: skip
        gateway.variables["API_TOKEN"] = TOKEN
        await asyncio.to_thread(gateway.start)
        yield Served(gateway, peer)


async def test_what_the_file_says_is_what_a_caller_meets(served: Served) -> None:
    await _obligations(served)
    await _limits(served)
    await _catalog(served)
    await _commands(served)
    await _databases(served)
    await _credentials(served)
    await _copies(served)


async def _obligations(served: Served) -> None:
    assert "denied: nines are unlucky (`no-nines`)" in (await served.call("echo", q="nine"))["message"]
    assert "obligation `sing` is not known" in (await served.call("song"))["message"]
    assert "an approval is required" in (await served.call("risky"))["message"]
    whole, less = await served.call("accounts"), await served.call("accounts", "bot")
    assert [row["name"] for row in whole["structuredContent"]["rows"]] == ["a", "b"]
    assert {row["name"] for row in less["structuredContent"]["rows"]} == {"[redacted]"}
    assert '"a"' not in text_of(less)
    assert less["_meta"]["dev.mcpg/annotations"] == {"rule": "names-go"}


async def _limits(served: Served) -> None:
    assert [await served.text("limited") for _ in range(2)] == ["limited", "limited"]
    refused = await served.call("limited")
    assert refused["code"] == -31003
    assert 90_000 < refused["data"]["retryAfterMs"] <= 100_000
    assert await served.text("limited", "bot") == "limited"


async def _catalog(served: Served) -> None:
    assert await served.text("better") == "plain"
    for name, key in (("plain", "ana"), ("hidden", "ana"), ("ours", "bot")):
        assert (await served.call(name, key))["message"] == f"unknown tool: {name}"
    assert await served.text("ours") == "ours"


async def _commands(served: Served) -> None:
    assert await served.text("say", word="there") == "hi there\n"
    for word, why in (("LOUD", "are not granted (`arguments`)"), ("-n", "would be an option")):
        assert why in await served.text("say", word=word)
    assert "is not granted (`programs`)" in await served.text("other")
    assert "was killed It may have happened" in await served.text("sleep")


async def _databases(served: Served) -> None:
    assert (await served.call("move", much=4))["structuredContent"] == {"results": [{"count": 1}, {"count": 1}]}
    for name, arguments in (("move", {"much": 100}), ("overwrite", {})):
        assert (await served.call(name, **arguments))["isError"] is True, name
    rows = (await served.call("accounts"))["structuredContent"]["rows"]
    assert rows == [{"name": "a", "amount": 6}, {"name": "b", "amount": 4}]


async def _credentials(served: Served) -> None:
    assert not (await served.call("issued")).get("isError")
    asked = [one for one in served.peer.seen if one.path == "/issued"]
    assert [one.headers["authorization"] for one in asked] == [f"Bearer {TOKEN}"]
    assert "not for this caller" in await served.text("issued", "bot")
    assert "is not granted to `other-api` (`secrets`)" in await served.text("not-granted")
    assert len([one for one in served.peer.seen if one.path == "/issued"]) == 1


async def _copies(served: Served) -> None:
    await asyncio.to_thread(served.gateway.stop)
    batches = [json.loads(one.body) for one in served.peer.seen if one.path == "/copies"]
    copied = {record["call"] for batch in batches for record in batch if record["kind"] in {"intent", "refusal"}}
    written = {record["call"] for record in served.gateway.records() if record["kind"] in {"intent", "refusal"}}
    assert copied == written
    assert TOKEN not in json.dumps(batches)
