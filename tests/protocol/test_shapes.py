"""Shapes: what each version gets of a result, an error, a notification, and a handshake."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mcpg.contract.ports import McpCall, Refusal
from mcpg.protocol.handshake import discover_result, initialize_result
from mcpg.protocol.lines import LineDecoder
from mcpg.protocol.notices import Notices
from mcpg.protocol.refusals import error_for, missing_capability
from mcpg.protocol.shapes import SERVER_INFO_KEY, shape
from mcpg.protocol.versions import HANDSHAKE, KNOWN, MODERN

NEW = MODERN[-1]
INFO = {"name": "g", "version": "1"}
CALL: dict[str, Any] = {
    "content": [
        {"type": "text", "text": "a", "vendor": 1},
        {"type": "resource_link", "uri": "x://y", "name": "n"},
        {"type": "audio", "data": "AA==", "mimeType": "audio/wav"},
        {"type": "future", "what": 1},
    ],
    "structuredContent": {"a": 1},
    "isError": True,
    "resultType": "complete",
    "ttlMs": 5,
    "cacheScope": "public",
    "_meta": {SERVER_INFO_KEY: {}, "mine": 1},
}
TOOL = {
    "name": "t",
    "title": "T",
    "icons": [],
    "annotations": {"readOnlyHint": True},
    "execution": {"taskSupport": "required"},
    "inputSchema": {"type": "object"},
    "outputSchema": {"type": "object"},
    "_meta": {"ui": 1},
    "vendor": 1,
}


@pytest.mark.parametrize("version", KNOWN)
@pytest.mark.parametrize(("method", "result"), [("tools/call", CALL), ("tools/list", {"tools": [TOOL]})])
def test_the_services_own_value_is_never_changed(method: str, result: dict[str, Any], version: str) -> None:
    before = copy.deepcopy(result)
    shape(method, result, version, INFO)
    assert result == before


def test_a_modern_result() -> None:
    shaped = shape("tools/call", CALL, NEW, INFO)
    unknown = {"type": "text", "text": '{"type":"future","what":1}'}
    assert shaped["content"] == [*CALL["content"][:3], unknown]
    kept = CALL.keys() - {"content", "_meta", "ttlMs", "cacheScope"}
    assert {key: shaped[key] for key in kept} == {key: CALL[key] for key in kept}
    assert shaped["_meta"] == {SERVER_INFO_KEY: INFO, "mine": 1}
    assert shape("resources/read", {"contents": []}, NEW, INFO) == {
        "contents": [],
        "resultType": "complete",
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": {SERVER_INFO_KEY: INFO},
    }
    kept = shape("tools/list", {"tools": [], "ttlMs": 7, "cacheScope": "public"}, NEW, INFO)
    assert (kept["ttlMs"], kept["cacheScope"]) == (7, "public")


def test_asking_for_input() -> None:
    asked = {"resultType": "input_required", "requestState": "s", "ttlMs": 5, "cacheScope": "public"}
    shaped = shape("resources/read", asked, NEW, INFO)
    assert shaped.keys() == {"resultType", "requestState", "_meta"}
    for method, version in [("tools/list", NEW), ("tools/call", "2025-11-25")]:
        with pytest.raises(Refusal) as caught:
            shape(method, asked, version, INFO)
        assert caught.value.code == -32603


@pytest.mark.parametrize("version", HANDSHAKE)
def test_a_call_in_a_session(version: str) -> None:
    shaped = shape("tools/call", CALL, version, INFO)
    assert shaped["isError"] is True
    assert shaped["_meta"] == {"mine": 1}
    assert not {"resultType", "ttlMs", "cacheScope"} & shaped.keys()
    assert ("structuredContent" in shaped) == (version >= "2025-06-18")
    kinds = [block["type"] for block in shaped["content"]]
    assert kinds == [
        "text",
        "resource_link" if version >= "2025-06-18" else "text",
        "audio" if version >= "2025-03-26" else "resource",
        "text",
    ]
    assert shaped["content"][0]["vendor"] == 1


def test_a_failure_stays_one_whatever_its_content() -> None:
    for block in ({"type": "text"}, {"type": "future"}, 5, None, {"type": ["text"]}, {"type": "image", "data": 1}):
        for version in KNOWN:
            shaped = shape("tools/call", {"content": [block], "isError": True}, version, INFO)
            assert shaped["isError"] is True
            assert shaped["content"][0]["type"] == "text"
            assert shaped["content"][0]["text"]


@pytest.mark.parametrize("value", [[1], "x", 5, None, True])
def test_structured_content_that_is_no_object(value: object) -> None:
    assert shape("tools/call", {"structuredContent": value}, NEW, INFO)["structuredContent"] == value
    shaped = shape("tools/call", {"content": [], "structuredContent": value}, "2025-11-25", INFO)
    assert shaped.keys() == {"content"}
    assert shaped["content"][0]["type"] == "text"
    kept = shape(
        "tools/call", {"content": [{"type": "text", "text": "t"}], "structuredContent": value}, "2025-06-18", {}
    )
    assert kept == {"content": [{"type": "text", "text": "t"}]}


def test_lists_in_sessions() -> None:
    loose = TOOL | {"outputSchema": {"type": "array"}}
    for version, absent in [
        ("2025-11-25", {"execution"}),
        ("2025-06-18", {"execution", "icons"}),
        ("2025-03-26", {"execution", "icons", "title", "outputSchema", "_meta"}),
        ("2024-11-05", {"execution", "icons", "title", "outputSchema", "_meta", "annotations"}),
    ]:
        first, second = shape("tools/list", {"tools": [TOOL, loose]}, version, INFO)["tools"]
        assert TOOL.keys() - first.keys() == absent
        assert TOOL.keys() - second.keys() == absent | {"outputSchema"}
    prompts = {"prompts": [{"name": "p", "title": "P", "icons": []}]}
    assert shape("prompts/list", prompts, "2025-03-26", INFO)["prompts"] == [{"name": "p"}]
    assert shape("prompts/list", prompts, "2025-11-25", INFO)["prompts"] == prompts["prompts"]
    message = {"role": "user", "content": {"type": "resource_link", "uri": "u", "title": "T"}}
    shaped = shape("prompts/get", {"messages": [message]}, "2025-03-26", INFO)
    assert shaped["messages"] == [{"role": "user", "content": {"type": "text", "text": "T u"}}]


@pytest.mark.parametrize(
    ("refusal", "modern", "legacy"),
    [
        (Refusal(-32601, "m"), (404, -32601), (200, -32601)),
        (Refusal(-32602, "m"), (200, -32602), (200, -32602)),
        (Refusal(-32602, "m", data={"uri": "u"}), (200, -32602), (200, -32002)),
        (Refusal(-32002, "m", data={"uri": "u"}), (200, -32602), (200, -32002)),
        (Refusal(-32042, "m", data={"elicitations": []}), (200, -32603), (200, -32042)),
        (Refusal(-32020, "m"), (400, -32020), (200, -32603)),
        (missing_capability({"roots": {}}), (400, -32021), (200, -32603)),
        (Refusal(-32603, "m", status=503), (503, -32603), (503, -32603)),
        (Refusal(7, "m", status=403), (403, 7), (403, 7)),
    ],
)
def test_errors_in_each_era(refusal: Refusal, modern: tuple[int, int], legacy: tuple[int, int]) -> None:
    assert error_for(refusal, NEW, "resources/read")[:2] == modern
    assert error_for(refusal, "2025-11-25", "resources/read")[:2] == legacy


def test_a_missing_capability_is_named() -> None:
    assert error_for(missing_capability({"roots": {}}), NEW)[3] == {"requiredCapabilities": {"roots": {}}}


def test_handshakes() -> None:
    description = {
        "serverInfo": {"name": "g", "version": "1", "title": "T", "icons": [], "websiteUrl": "w"},
        "capabilities": {"tools": {"listChanged": True}, "tasks": {}},
    }
    assert initialize_result(description, "2025-11-25")["serverInfo"].keys() == {
        "name",
        "version",
        "title",
        "icons",
        "websiteUrl",
    }
    assert initialize_result(description, "2025-06-18")["serverInfo"].keys() == {"name", "version", "title"}
    assert initialize_result(description, "2025-03-26")["serverInfo"].keys() == {"name", "version"}
    assert "instructions" not in initialize_result(description, "2025-11-25")
    assert discover_result(description)["capabilities"] == {"tools": {"listChanged": True}}


def _admitted(call: McpCall, level: str) -> bool:
    return Notices(call).admit("notifications/message", {"level": level}) is not None


def test_log_messages_by_level_and_era() -> None:
    modern, legacy = McpCall("m", {}, NEW, 1), McpCall("m", {}, "2025-11-25", 1)
    assert not _admitted(modern, "emergency")
    assert _admitted(legacy, "debug")
    strict = McpCall("m", {}, NEW, 1, log_level="error")
    assert [_admitted(strict, level) for level in ("warning", "error", "alert", "nonsense")] == [
        False,
        True,
        True,
        False,
    ]


def test_progress_rises_under_the_clients_own_token() -> None:
    notices = Notices(McpCall("m", {}, NEW, 1, progress_token=0))
    steps: list[object] = [1, 1, 0.5, 1.5, "x", True, None]
    admitted = [notices.admit("notifications/progress", {"progressToken": "up", "progress": step}) for step in steps]
    assert [note["progress"] for note in admitted if note] == [1, 1.5]
    assert {note["progressToken"] for note in admitted if note} == {0}
    assert Notices(McpCall("m", {}, NEW, 1)).admit("notifications/progress", {"progress": 1}) is None
    assert notices.admit("notifications/other", {"a": 1}) == {"a": 1}


def test_lines_are_cut_and_bounded() -> None:
    decoder = LineDecoder(max_line=5)
    assert decoder.feed(b"ab") == []
    assert decoder.feed(b"c\r\n\n  \nd\n123456") == [b"abc", b"d"]
    assert decoder.feed(b"789\nok\n") == [None, b"ok"]
    assert decoder.feed(b"x" * 100) == []
    assert decoder.feed(b"x" * 100) == []
    assert len(decoder._buffer) == 0
    assert decoder.feed(b"\n1234567\nend\n") == [None, None, b"end"]
