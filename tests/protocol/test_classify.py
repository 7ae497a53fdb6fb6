"""Classification: each row of the status table, the order of the checks, and what reaches the call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcpg.contract.ports import Refusal
from mcpg.protocol.classify import ModernCall, ModernNote, Opening, SessionTraffic, classify, session_call
from mcpg.protocol.frames import Request
from mcpg.protocol.headers import Headers, fold
from mcpg.protocol.params import MAX_RESPONSES, MAX_STATE, MAX_URIS
from mcpg.protocol.refusals import Rejected
from mcpg.protocol.sessions import Session

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {"sampling": {}},
}
ARGUMENT = {"name": "a", "value": ""}
PROMPT = {"type": "ref/prompt", "name": "p"}
GOOD = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "add"}
LISTEN = {"mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen"}


def _headers(lines: dict[str, str]) -> Headers:
    return fold([(name.encode(), value.encode("latin-1")) for name, value in lines.items()])


def _body(method: str = "tools/call", meta: Any = META, **params: Any) -> bytes:
    whole = {"name": "add", **params} | ({} if meta is None else {"_meta": meta})
    return json.dumps({"jsonrpc": "2.0", "id": "i", "method": method, "params": whole}).encode()


ROWS: dict[str, tuple[bytes, dict[str, str], int, int]] = {
    "no JSON": (b"{", GOOD, 400, -32700),
    "no object": (b"5", GOOD, 400, -32600),
    "a batch": (b"[" + _body() + b"]", GOOD, 400, -32600),
    "an answer": (b'{"jsonrpc":"2.0","id":1,"result":{}}', GOOD, 400, -32600),
    "no _meta": (_body(meta=None), GOOD, 400, -32602),
    "_meta a list": (_body(meta=[]), GOOD, 400, -32602),
    "no version in _meta": (_body(meta={k: v for k, v in META.items() if "Version" not in k}), GOOD, 400, -32602),
    "no capabilities": (_body(meta={k: v for k, v in META.items() if "Version" in k}), GOOD, 400, -32602),
    "capabilities a list": (_body(meta={**META, "io.modelcontextprotocol/clientCapabilities": []}), GOOD, 400, -32602),
    "no version header": (_body(), {k: v for k, v in GOOD.items() if "version" not in k}, 400, -32020),
    "another version header": (_body(), GOOD | {"mcp-protocol-version": "2025-11-25"}, 400, -32020),
    "version in _meta a number": (
        _body(meta={**META, "io.modelcontextprotocol/protocolVersion": 1}),
        GOOD,
        400,
        -32020,
    ),
    "no method header": (_body(), {k: v for k, v in GOOD.items() if "method" not in k}, 400, -32020),
    "another method header": (_body(), GOOD | {"mcp-method": "tools/list"}, 400, -32020),
    "method header in capitals": (_body(), GOOD | {"mcp-method": "TOOLS/CALL"}, 400, -32020),
    "no name header": (_body(), {k: v for k, v in GOOD.items() if "name" not in k}, 400, -32020),
    "another name header": (_body(), GOOD | {"mcp-name": "sub"}, 400, -32020),
    "name header without a name": (_body(name=None), GOOD, 400, -32020),
    "name header broken": (_body(), GOOD | {"mcp-name": "=?base64?###?="}, 400, -32020),
    "an older version": (
        _body(meta={**META, "io.modelcontextprotocol/protocolVersion": "2025-11-25"}),
        GOOD | {"mcp-protocol-version": "2025-11-25"},
        400,
        -32022,
    ),
    "a version of the future": (
        _body(meta={**META, "io.modelcontextprotocol/protocolVersion": "2099-01-01"}),
        GOOD | {"mcp-protocol-version": "2099-01-01"},
        400,
        -32022,
    ),
    "an unknown method": (_body("tools/burn"), GOOD | {"mcp-method": "tools/burn"}, 404, -32601),
    "ping": (_body("ping"), GOOD | {"mcp-method": "ping"}, 404, -32601),
    "initialize": (_body("initialize"), GOOD | {"mcp-method": "initialize"}, 404, -32601),
    "tasks/list, which the extension has not": (_body("tasks/list"), GOOD | {"mcp-method": "tasks/list"}, 404, -32601),
    "tasks/get without its header": (
        _body("tasks/get", taskId="t"),
        {**GOOD, "mcp-method": "tasks/get", "mcp-name": "u"},
        400,
        -32020,
    ),
    "a subscription to tasks without the extension": (
        _body("subscriptions/listen", notifications={"taskIds": ["t"]}),
        LISTEN,
        400,
        -32021,
    ),
    "arguments a list": (_body(arguments=[]), GOOD, 200, -32602),
    "a subscription to nothing": (_body("subscriptions/listen"), LISTEN, 200, -32602),
    "a subscription to a number": (
        _body("subscriptions/listen", notifications={"toolsListChanged": 1}),
        LISTEN,
        200,
        -32602,
    ),
    "a subscription to too many": (
        _body("subscriptions/listen", notifications={"resourceSubscriptions": ["x:"] * (MAX_URIS + 1)}),
        LISTEN,
        200,
        -32602,
    ),
    "a subscription to resources that are no text": (
        _body("subscriptions/listen", notifications={"resourceSubscriptions": [5]}),
        LISTEN,
        200,
        -32602,
    ),
    "progress token a list": (_body(meta={**META, "progressToken": []}), GOOD, 200, -32602),
    "progress token true": (_body(meta={**META, "progressToken": True}), GOOD, 200, -32602),
    "log level unknown": (_body(meta={**META, "io.modelcontextprotocol/logLevel": 0}), GOOD, 400, -32602),
    "a header of the future, no session": (_body(meta=None), {"mcp-protocol-version": "2099-01-01"}, 400, -32602),
    "a header of the future in a session": (
        _body(meta=None),
        {"mcp-protocol-version": "2099-01-01", "mcp-session-id": "s"},
        400,
        -32600,
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_status_table(name: str) -> None:
    body, headers, status, code = ROWS[name]
    with pytest.raises(Rejected) as caught:
        classify(body, _headers(headers))
    assert (caught.value.status, caught.value.code) == (status, code)
    if name not in {"no JSON", "no object", "a batch", "an answer", "a header of the future in a session"}:
        assert caught.value.request_id == "i"


def test_an_unsupported_version_is_told_what_is_supported() -> None:
    body, headers, _, _ = ROWS["a version of the future"]
    with pytest.raises(Rejected) as caught:
        classify(body, _headers(headers))
    assert caught.value.data == {"requested": "2099-01-01", "supported": ["2026-07-28"]}


def test_the_order_of_the_checks() -> None:
    """Each message is wrong in this way and in all later ones."""
    later = {**META, "io.modelcontextprotocol/protocolVersion": "2099-01-01", "progressToken": []}
    twice = _headers({"mcp-protocol-version": "2099-01-01"})
    twice.repeated = "mcp-name"
    future = _headers({"mcp-protocol-version": "2099-01-01", "mcp-method": "x"})
    codes = []
    for body, headers in [
        (b"{", twice),
        (b"5", twice),
        (_body("x", meta=later), twice),
        (_body("x", meta={}), _headers({"mcp-protocol-version": "2026-07-28"})),
        (_body("x", meta=later), _headers({})),
        (_body("x", meta=later), future),
        (_body("x", meta=META | {"progressToken": []}), _headers(GOOD | {"mcp-method": "x"})),
        (_body(meta=META | {"progressToken": []}), _headers(GOOD)),
    ]:
        with pytest.raises(Rejected) as caught:
            classify(body, headers)
        codes.append(caught.value.code)
    assert codes == [-32700, -32600, -32020, -32602, -32020, -32022, -32601, -32602]


def test_a_modern_call_holds_what_the_envelope_said() -> None:
    meta = META | {
        "io.modelcontextprotocol/logLevel": "info",
        "io.modelcontextprotocol/clientInfo": {"name": "liar"},
        "progressToken": 5,
        "traceparent": "00-1-2-00",
    }
    posted = classify(_body(meta=meta, arguments={"a": 1}), _headers(GOOD | {"mcp-param-a": "1", "x": "y"}))
    assert isinstance(posted, ModernCall)
    call = posted.call
    assert call.params == {
        "name": "add",
        "arguments": {"a": 1},
        "_meta": {"progressToken": 5, "traceparent": "00-1-2-00"},
    }
    assert (call.version, call.request_id, call.session) == ("2026-07-28", "i", "")
    assert (call.progress_token, call.log_level, call.capabilities) == (5, "info", {"sampling": {}})
    assert call.mirrored == {"mcp-param-a": "1"}


def test_without_headers_only_the_envelope_counts() -> None:
    posted = classify(_body(), None)
    assert isinstance(posted, ModernCall)
    assert posted.call.mirrored is None


@pytest.mark.parametrize("name", ["ä", " edge ", "=?base64?YQ==?=", "日本"])
def test_names_in_the_sentinel(name: str) -> None:
    from mcpg.protocol.headers import encode_value  # noqa: PLC0415 - only here

    posted = classify(_body(name=name), _headers(GOOD | {"mcp-name": encode_value(name)}))
    assert isinstance(posted, ModernCall)


def test_what_opens_and_what_belongs_to_a_session() -> None:
    assert isinstance(classify(_body("initialize", meta=None), _headers({})), Opening)
    odd = _headers({"mcp-protocol-version": "2099-01-01"})
    assert isinstance(classify(_body("initialize", meta=None), odd), Opening)
    for headers in ({}, {"mcp-protocol-version": "2025-06-18"}):
        assert isinstance(classify(_body(meta=None), _headers(headers)), SessionTraffic)
    assert isinstance(classify(_body(meta={"progressToken": 1}), _headers({})), SessionTraffic)
    batch = classify(b"[" + _body(meta=None) + b"]", _headers({}))
    assert isinstance(batch, SessionTraffic)
    assert batch.batch


TASK_ROWS = [
    ("2025-06-18", "tasks/get", False),
    ("2025-11-25", "tasks/get", True),
    ("2025-11-25", "tasks/result", True),
    ("2025-11-25", "tasks/update", False),
]


@pytest.mark.parametrize(("version", "method", "known"), TASK_ROWS)
def test_tasks_exist_where_they_are_offered_and_only_in_their_versions(
    version: str, method: str, *, known: bool
) -> None:
    session = Session("s", ("t", "p", "i", "c"), version)
    request = Request(1, method, {"taskId": "t"})
    with pytest.raises(Refusal):
        session_call(request, session)
    if known:
        assert session_call(request, session, tasks=True).params == {"taskId": "t"}
    else:
        with pytest.raises(Refusal):
            session_call(request, session, tasks=True)


def test_tasks_of_the_extension_are_named_in_a_header() -> None:
    lines = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tasks/update", "mcp-name": "t"}
    assert isinstance(classify(_body("tasks/update", taskId="t"), _headers(lines), tasks=True), ModernCall)
    for wrong, code in [(lines | {"mcp-name": "u"}, -32020), (lines | {"mcp-method": "tasks/get"}, -32020)]:
        with pytest.raises(Rejected) as caught:
            classify(_body("tasks/update", taskId="t"), _headers(wrong), tasks=True)
        assert caught.value.code == code
    with pytest.raises(Rejected) as caught:
        classify(_body("tasks/list"), _headers(GOOD | {"mcp-method": "tasks/list"}), tasks=True)
    assert (caught.value.code, caught.value.status) == (-32601, 404)


def test_modern_notifications() -> None:
    note = b'{"jsonrpc":"2.0","method":"n"}'
    assert isinstance(classify(note, _headers({"mcp-protocol-version": "2026-07-28"})), ModernNote)
    with pytest.raises(Rejected) as caught:
        classify(note, _headers({"mcp-protocol-version": "2099-01-01"}))
    assert caught.value.code == -32022


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("initialize", {}, -32601),
        ("server/discover", {}, -32601),
        ("tasks/get", {}, -32601),
        ("tools/call", {}, -32602),
        ("tools/call", {"name": 5}, -32602),
        ("tools/call", {"name": ""}, -32602),
        ("tools/call", {"name": "x" * 5000}, -32602),
        ("tools/call", {"name": "x", "arguments": None}, -32602),
        ("prompts/get", {"name": "x", "arguments": {"a": 1}}, -32602),
        ("resources/read", {"uri": []}, -32602),
        ("tools/list", {"cursor": 5}, -32602),
        ("tools/list", {"_meta": 5}, -32602),
        ("tools/list", {"_meta": {"progressToken": 1.5}}, -32602),
        ("logging/setLevel", {"level": ["debug"]}, -32602),
        ("logging/setLevel", {}, -32602),
        ("tools/call", {"name": "x", "requestState": 5}, -32602),
        ("tools/call", {"name": "x", "requestState": "s" * (MAX_STATE + 1)}, -32602),
        ("tools/call", {"name": "x", "inputResponses": []}, -32602),
        ("tools/call", {"name": "x", "inputResponses": {"a": "yes"}}, -32602),
        ("prompts/get", {"name": "x", "inputResponses": {str(i): {} for i in range(MAX_RESPONSES + 1)}}, -32602),
        ("resources/read", {"uri": "x:", "requestState": None}, -32602),
        ("resources/subscribe", {}, -32602),
        ("resources/unsubscribe", {"uri": 5}, -32602),
        ("completion/complete", {}, -32602),
        ("completion/complete", {"ref": {"type": "ref/tool", "name": "x"}, "argument": ARGUMENT}, -32602),
        ("completion/complete", {"ref": {"type": ["ref/prompt"], "name": "x"}, "argument": ARGUMENT}, -32602),
        ("completion/complete", {"ref": {"type": "ref/prompt", "uri": "x"}, "argument": ARGUMENT}, -32602),
        ("completion/complete", {"ref": {"type": "ref/resource", "uri": ""}, "argument": ARGUMENT}, -32602),
        ("completion/complete", {"ref": PROMPT, "argument": "a"}, -32602),
        ("completion/complete", {"ref": PROMPT, "argument": {"name": "a"}}, -32602),
        ("completion/complete", {"ref": PROMPT, "argument": {"name": "a", "value": "x" * 100_000}}, -32602),
        ("completion/complete", {"ref": PROMPT, "argument": ARGUMENT, "context": []}, -32602),
        ("completion/complete", {"ref": PROMPT, "argument": ARGUMENT, "context": {"arguments": {"a": 1}}}, -32602),
    ],
)
def test_what_a_session_refuses(method: str, params: dict[str, Any], code: int) -> None:
    session = Session("s", ("t", "p", "i", "c"), "2025-11-25")
    with pytest.raises(Refusal) as caught:
        session_call(Request(1, method, params), session)
    assert (caught.value.code, caught.value.status) == (code, 200)


def test_a_sessions_call_holds_what_its_handshake_said() -> None:
    session = Session("s", ("t", "p", "i", "c"), "2025-06-18", {"roots": {}}, log_level="error")
    call = session_call(Request(1, "tools/list", {"cursor": "", "_meta": {"progressToken": "p"}}), session)
    assert (call.version, call.session, call.capabilities) == ("2025-06-18", "s", {"roots": {}})
    assert (call.progress_token, call.log_level, call.mirrored) == ("p", "error", None)


def test_trace_context_is_taken_from_the_body_else_from_the_headers() -> None:
    lines = GOOD | {"traceparent": "00-header", "tracestate": "h=1"}
    for meta, expected in (
        (META, {"traceparent": "00-header", "tracestate": "h=1"}),
        ({**META, "traceparent": "00-body"}, {"traceparent": "00-body"}),
    ):
        found = classify(_body(meta=meta), _headers(lines))
        assert isinstance(found, ModernCall)
        kept = found.call.params.get("_meta", {})
        assert {name: value for name, value in kept.items() if name.startswith("trace")} == expected
    found = classify(b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}', _headers({"traceparent": "00-header"}))
    assert isinstance(found, SessionTraffic)
    (message,) = found.messages
    assert isinstance(message, Request)
    assert message.params == {"_meta": {"traceparent": "00-header"}}
    found = classify(
        b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":5}}', _headers({"traceparent": "x"})
    )
    assert isinstance(found, SessionTraffic)
