"""Clients of every version post anything at all, in any order: each gets an answer of its version, or a listed refusal.

The machine is an edge without I/O: classify, the handshake, sessions, calls, shapes, frames. What a service answers is
any value too.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule
from tests.protocol.posts import bodies, header_lines, requests, versions
from tests.protocol.values import FUZZ, junk, objects, values
from tests.protocol.wire import faults_of_result

from mcpg.contract.ports import McpCall, Refusal
from mcpg.protocol import frames
from mcpg.protocol.classify import ModernCall, ModernNote, Opening, SessionTraffic, classify, session_call
from mcpg.protocol.frames import FrameError, Request
from mcpg.protocol.handshake import discover_result, initialize_result, shake
from mcpg.protocol.headers import fold
from mcpg.protocol.refusals import error_for
from mcpg.protocol.sessions import Session, SessionLimits, SessionTable, no_session
from mcpg.protocol.shapes import SUBSCRIPTION_KEY, shape
from mcpg.protocol.versions import HANDSHAKE, LATEST_HANDSHAKE, LATEST_MODERN, MODERN

INFO = {"name": "gateway", "version": "1"}
DESCRIPTION = {"serverInfo": INFO, "capabilities": {"tools": {}, "completions": {}, "logging": {}}}
OWN = {"initialize", "server/discover", "ping", "logging/setLevel"}
NOT_MODERN = {frames.RESOURCE_NOT_FOUND, frames.URL_ELICITATION_REQUIRED}
NOT_LEGACY = {frames.HEADER_MISMATCH, frames.MISSING_CAPABILITY, frames.UNSUPPORTED_VERSION}
LIMITS = SessionLimits(most=4, per_caller=2, per_tenant=4, idle=10.0, age=100.0, tombstones=3)
OWNERS = [("t", "p", "i", name) for name in "abc"]


class Clients(RuleBasedStateMachine):
    """Some clients, some sessions, and a clock."""

    opened = Bundle("opened")

    def __init__(self) -> None:
        super().__init__()
        self.table = SessionTable(LIMITS)
        self.now = 1.0
        self.made = 0

    @rule(target=opened, version=st.sampled_from(HANDSHAKE) | versions, owner=st.sampled_from(OWNERS), spoiled=objects)
    def open(self, version: str, owner: tuple[str, str, str, str], spoiled: dict[str, Any]) -> Any:
        params = {"protocolVersion": version, "capabilities": {"roots": {}}, "clientInfo": INFO, **spoiled}
        posted = classify(_encoded(1, "initialize", params), fold([]))
        assert isinstance(posted, Opening)
        try:
            agreed = shake(posted.request.params)
            self.made += 1
            session = Session(f"s{self.made}", owner, agreed.version, created=self.now, touched=self.now)
            self.table.add(session, self.now, new=True)
        except Refusal as refusal:
            _check_failure(refusal, LATEST_HANDSHAKE, 1)
            return multiple()
        assert agreed.version == (version if version in HANDSHAKE else LATEST_HANDSHAKE)
        result = shape("initialize", initialize_result(DESCRIPTION, agreed.version), agreed.version, INFO)
        assert faults_of_result("initialize", agreed.version, result) == []
        return session

    @rule(session=opened, request=requests(modern=False), data=st.data())
    def call_in_session(self, session: Session, request: dict[str, Any], data: st.DataObject) -> None:
        self._post(json.dumps(request).encode(), [], session, data)

    @rule(session=opened, parts=st.lists(requests(modern=False), min_size=1, max_size=3), data=st.data())
    def batch_in_session(self, session: Session, parts: list[dict[str, Any]], data: st.DataObject) -> None:
        self._post(json.dumps(parts).encode(), [], session, data)

    @rule(request=requests(modern=True), data=st.data())
    def call_without_session(self, request: dict[str, Any], data: st.DataObject) -> None:
        body = json.dumps(request).encode()
        self._post(body, data.draw(header_lines(body)), None, data)

    @rule(session=st.none() | opened, body=bodies(), data=st.data())
    def post_anything(self, session: Session | None, body: bytes, data: st.DataObject) -> None:
        self._post(body, data.draw(header_lines(body)), session, data)

    @rule(line=bodies(), data=st.data())
    def write_a_line(self, line: bytes, data: st.DataObject) -> None:
        """A transport without headers."""
        self._post(line, None, None, data)

    @rule(session=opened)
    def end(self, session: Session) -> None:
        was = self.table.get(session.id) is session
        assert self.table.end(session) == was
        assert self.table.get(session.id) is None

    @rule(seconds=st.sampled_from([1.0, 1.0, 1.0, 11.0, 101.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.table.expire(self.now)
        self.table.sweep(self.now)

    @invariant()
    def no_more_than_the_limits(self) -> None:
        assert len(self.table) <= LIMITS.most
        assert all(self.table.alive(session, self.now) for session in self.table.all())

    def _post(
        self, body: bytes, lines: list[tuple[bytes, bytes]] | None, session: Session | None, data: st.DataObject
    ) -> None:
        version = LATEST_HANDSHAKE if session is None else session.version
        try:
            posted = classify(body, None if lines is None else fold(lines), tasks=data.draw(st.booleans()))
        except Refusal as refusal:
            _check_failure(refusal, LATEST_MODERN, getattr(refusal, "request_id", None))
            return
        match posted:
            case ModernCall(call):
                assert call.version in MODERN
                _check_reply(call, data)
            case SessionTraffic(messages, batch):
                self._in_session(messages, session, version, data)
                assert batch == (body.lstrip(b" \t\r\n")[:1] == b"[")
            case Opening() | ModernNote():
                pass

    def _in_session(self, messages: list[Any], session: Session | None, version: str, data: st.DataObject) -> None:
        if session is None or not self.table.alive(session, self.now):
            assert no_session().status == 404
            return
        self.table.touch(session, self.now)
        for message in messages:
            if isinstance(message, FrameError):
                _check_failure(Refusal(message.code, message.message), version, message.request_id)
            elif isinstance(message, Request):
                try:
                    call = session_call(message, session, tasks=data.draw(st.booleans()))
                except Refusal as refusal:
                    _check_failure(refusal, version, message.id)
                else:
                    _check_reply(call, data)


def _check_reply(call: McpCall, data: st.DataObject) -> None:
    """Answer a call with any value of a service, and check the bytes."""
    kind = f"result {call.method}"
    try:
        if call.method == "server/discover":
            result = discover_result(DESCRIPTION)
        elif call.method == "subscriptions/listen":
            result = {"_meta": {SUBSCRIPTION_KEY: call.request_id}}
        elif call.method in OWN or call.method not in KIND_NAMES:
            result = {}
        else:
            result = data.draw(values(kind) | st.dictionaries(st.sampled_from(["resultType", "_meta", "x"]), junk))
        body = frames.encode_response(call.request_id, shape(call.method, result, call.version, INFO))
    except Refusal as refusal:
        _check_failure(refusal, call.version, call.request_id, call.method)
        return
    reply = json.loads(body)
    assert reply.keys() == {"jsonrpc", "id", "result"}
    assert (reply["id"], type(reply["id"])) == (call.request_id, type(call.request_id))
    assert faults_of_result(call.method, call.version, reply["result"]) == []


def _check_failure(refusal: Refusal, version: str, request_id: Any, method: str = "") -> None:
    """A refusal becomes an error of its version, of one line and bounded length."""
    status, code, message, detail = error_for(refusal, version, method)
    reply = json.loads(frames.encode_failure(request_id, code, message, detail))
    assert reply["id"] == request_id
    assert isinstance(reply["error"]["code"], int)
    assert len(reply["error"]["message"]) < 1000
    assert reply["error"]["code"] not in (NOT_MODERN if version in MODERN else NOT_LEGACY)
    assert status in {200, 400, 404, 431, 503}


def _encoded(request_id: Any, method: str, params: dict[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}).encode()


KIND_NAMES = {
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "completion/complete",
}

TestClients = Clients.TestCase
TestClients.settings = settings(
    max_examples=15 * FUZZ,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
