"""Whatever a client of a two-way connection sends, in whatever order: it is answered at most once, in JSON-RPC."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.edge.kit import FakeService, modern, request
from tests.edge.test_stdio import ANA, INIT, Line

from mcpg.edge.stdio import StdioSettings
from mcpg.protocol.methods import LEGACY_METHODS, MODERN_METHODS

_IDS = st.sampled_from([1, 2, "1", "a"])
_METHODS = st.sampled_from([*sorted((LEGACY_METHODS | MODERN_METHODS) - {"initialize"}), "no/such"])
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.text(max_size=5))
_PARAMS = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.one_of(st.sampled_from(["echo", "progress", "crash", "ask"]), _SCALARS),
            "uri": st.one_of(st.sampled_from(["file:a", "secret:x"]), _SCALARS),
            "arguments": st.one_of(st.just({"method": "roots/list"}), _SCALARS),
            "notifications": st.one_of(st.just({"toolsListChanged": True, "resourceSubscriptions": ["u"]}), _SCALARS),
            "requestId": st.one_of(_IDS, _SCALARS),
            "level": st.one_of(st.just("error"), _SCALARS),
            "_meta": st.one_of(st.just({"progressToken": 1}), _SCALARS),
        },
    ),
    st.lists(_SCALARS, max_size=2),
    _SCALARS,
)
_LEGACY = st.builds(lambda method, params, id_: {"jsonrpc": "2.0", "id": id_, "method": method, "params": params},
                    _METHODS, _PARAMS, _IDS)  # fmt: skip
_MODERN = st.builds(lambda method, params, id_: modern(method, params if isinstance(params, dict) else None, id_)[0],
                    _METHODS, _PARAMS, _IDS)  # fmt: skip
_NOTES = st.builds(
    lambda method, params: {"jsonrpc": "2.0", "method": method, "params": params},
    st.sampled_from(["notifications/initialized", "notifications/cancelled", "notifications/roots/list_changed", "n"]),
    _PARAMS,
)
_ANSWERS = st.builds(lambda id_, result: {"jsonrpc": "2.0", "id": id_, "result": result}, _IDS, _PARAMS)
_OPENINGS = st.sampled_from([request("initialize", INIT | {"protocolVersion": version}, 2)
                             for version in ("2024-11-05", "2025-03-26", "2025-11-25", "?")])  # fmt: skip
_ONE = st.one_of(_LEGACY, _MODERN, _NOTES, _ANSWERS, _OPENINGS, _SCALARS)
_LINES = st.one_of(_ONE, st.lists(_ONE, max_size=3)).map(lambda message: json.dumps(message).encode())
_INPUT = st.lists(st.one_of(_LINES, st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b""))), max_size=12)


@settings(deadline=None, max_examples=80)
@given(_INPUT)
def test_whatever_is_sent_is_answered_in_json_rpc(lines: list[bytes]) -> None:
    asyncio.run(_exchange(lines))


async def _exchange(lines: list[bytes]) -> None:
    service = FakeService()
    line = await Line(service, ANA, StdioSettings(max_line=10_000, max_pending=3, grace=0.01)).begin()
    for raw in lines:
        line.raw(raw + b"\n")
    line.writer.write_eof()
    written = (await asyncio.wait_for(line.reader.read(), 10)) if line.task.done() else b""
    await asyncio.wait_for(line.task, 10)
    line.far.close()
    written += await asyncio.wait_for(line.reader.read(), 10)
    line.writer.close()
    messages = [each for text in written.splitlines() for each in _flat(json.loads(text))]
    assert all(each["jsonrpc"] == "2.0" for each in messages)
    answered = Counter(repr(each.get("id")) for each in messages if "method" not in each and each.get("id") is not None)
    asked = Counter(repr(id_) for raw in lines for id_ in _asked(raw))
    assert not answered - asked
    assert not [each for each in messages if "hunter2" in json.dumps(each)]
    left = line.server._conversation
    assert (service.watches, left._running, left._by_id) == ({uri: [] for uri in service.watches}, set(), {})


def _flat(message: Any) -> list[Any]:
    return message if isinstance(message, list) else [message]


def _asked(raw: bytes) -> list[Any]:
    try:
        messages = _flat(json.loads(raw))
    except ValueError:
        return []
    return [each.get("id") for each in messages if isinstance(each, dict)]
