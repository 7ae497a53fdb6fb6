"""Strategies of what a client may post: good requests of every method, bad ones, batches, and bytes of any kind."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from tests.protocol.values import junk, objects, texts

from mcpg.protocol.headers import encode_value
from mcpg.protocol.methods import LEGACY_METHODS, METHODS, MODERN_METHODS, NAME_KEYS, NOTICES, TASK_METHODS
from mcpg.protocol.versions import KNOWN, MODERN

ALL_METHODS = sorted(frozenset().union(*METHODS.values(), *TASK_METHODS.values()))
PREFIX = "io.modelcontextprotocol/"

methods = st.sampled_from([*ALL_METHODS, *ALL_METHODS, "vendor/x", "tools/burn", ""]) | texts
_KNOWN = {True: st.sampled_from(sorted(MODERN_METHODS)), False: st.sampled_from(sorted(LEGACY_METHODS))}
ids = st.integers(-5, 5) | texts
versions = st.sampled_from([*KNOWN, *KNOWN, "2099-01-01", "", "x"]) | texts

_GOOD: dict[str, dict[str, Any]] = {
    "initialize": {
        "protocolVersion": "2025-11-25",
        "capabilities": {"roots": {}},
        "clientInfo": {"name": "c", "version": "1"},
    },
    "tools/call": {"name": "t", "arguments": {"a": 1}},
    "prompts/get": {"name": "p", "arguments": {"a": "1"}},
    "resources/read": {"uri": "test://a"},
    "resources/subscribe": {"uri": "test://a"},
    "resources/unsubscribe": {"uri": "test://a"},
    "completion/complete": {"ref": {"type": "ref/prompt", "name": "p"}, "argument": {"name": "a", "value": ""}},
    "logging/setLevel": {"level": "info"},
    "subscriptions/listen": {"notifications": {"toolsListChanged": True}},
    **{name: {"taskId": "t"} for name in frozenset().union(*TASK_METHODS.values())},
}
metas = st.fixed_dictionaries(
    {PREFIX + "protocolVersion": st.sampled_from(MODERN), PREFIX + "clientCapabilities": st.just({}) | objects},
    optional={"progressToken": ids | junk, PREFIX + "logLevel": st.just("info") | junk, PREFIX + "x": junk, "a": junk},
)


@st.composite
def requests(draw: st.DrawFn, *, modern: bool | None = None) -> dict[str, Any]:
    """A request; a good one more often than not, with the `_meta` of modern ones where that is wanted."""
    wanted = methods if modern is None or draw(st.integers(0, 3)) == 0 else _KNOWN[modern]
    method = draw(wanted)
    params = dict(_GOOD.get(method, {}))
    if draw(st.integers(0, 3)) == 0:
        params |= draw(
            st.dictionaries(st.sampled_from([*params, "cursor", "_meta", "requestState", "inputResponses"]), junk)
        )
    if modern or (modern is None and draw(st.booleans())):
        params["_meta"] = draw(metas)
    return {"jsonrpc": "2.0", "id": draw(ids), "method": method, "params": params}


notes = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": st.sampled_from(sorted(NOTICES)) | texts}, optional={"params": objects}
)
answers = st.fixed_dictionaries({"jsonrpc": st.just("2.0"), "id": ids}, optional={"result": objects, "error": objects})
messages = requests() | requests() | notes | answers | objects


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """The bytes of a message, of a batch, of a message with a hole in it, or any."""
    kind = draw(st.sampled_from(["one", "one", "one", "batch", "torn", "any"]))
    if kind == "any":
        return draw(st.binary(max_size=40))
    what = draw(st.lists(messages, max_size=4)) if kind == "batch" else draw(messages)
    body = json.dumps(what).encode()
    if kind == "torn":
        start = draw(st.integers(0, len(body)))
        return body[:start] + draw(st.binary(max_size=3)) + body[start + draw(st.integers(0, 3)) :]
    return body


@st.composite
def header_lines(draw: st.DrawFn, body: bytes) -> list[tuple[bytes, bytes]]:
    """Headers that fit the body, with some of them spoiled, left out or given twice."""
    lines = [(name.encode(), value.encode("latin-1", "replace")) for name, value in _fitting(body).items()]
    spoil = draw(st.sampled_from(["", "", "", "drop", "twice", "other", "more"]))
    if spoil == "drop" and lines:
        lines.pop(draw(st.integers(0, len(lines) - 1)))
    elif spoil == "twice" and lines:
        lines.append(draw(st.sampled_from(lines)))
    elif spoil == "other":
        lines.append((b"MCP-Protocol-Version", draw(versions).encode("latin-1", "replace")))
    elif spoil == "more":
        lines.append((draw(st.sampled_from([b"mcp-param-a", b"Mcp-Session-Id", b"x"])), draw(st.binary(max_size=9))))
    return lines


def _fitting(body: bytes) -> dict[str, str]:
    try:
        message = json.loads(body)
        params = message["params"]
        version = params["_meta"][PREFIX + "protocolVersion"]
    except (ValueError, KeyError, TypeError):
        return {}
    lines = {"mcp-protocol-version": str(version), "mcp-method": str(message.get("method"))}
    name = params.get(NAME_KEYS.get(message.get("method"), ""))
    return lines | {"mcp-name": encode_value(name)} if isinstance(name, str) else lines
