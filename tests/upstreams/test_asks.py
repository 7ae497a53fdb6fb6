"""Whatever an upstream asks and whenever: each request is answered once, or withdrawn, and never by two calls."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from mcpg.protocol.frames import Notification, Request
from mcpg.upstreams.asks import MAX_EARLY, MAX_OPEN, Asks, unmet

ABLE: dict[str, Any] = {"elicitation": {"form": {}}, "sampling": {}, "roots": {}}
METHODS = ["elicitation/create", "sampling/createMessage", "roots/list", "ping", "tools/list", "no/such"]
ids = st.integers(0, 4) | st.sampled_from(["a", "1"])
calls = st.integers(1, 3)
steps = st.one_of(
    st.tuples(st.just("take"), ids, st.sampled_from(METHODS), st.none() | calls),
    st.tuples(st.just("begin"), calls),
    st.tuples(st.just("end"), calls),
    st.tuples(st.just("withdraw"), ids | st.none() | st.lists(ids)),
    st.tuples(st.just("answer"), calls),
)


class Call:
    """A sink with little room, which refuses what is left when it ends."""

    def __init__(self, about: int) -> None:
        self.about = about
        self.open: list[Any] = []

    def asked(self, ask: Any) -> bool:
        if len(self.open) >= 2:
            return False
        self.open.append(ask)
        return True

    def withdrawn(self, ask: Any) -> None:
        self.open.remove(ask)

    def end(self) -> None:
        left, self.open = self.open, []
        self.open = [ask for ask in left if not ask.pass_on(ask)]
        self.answer()

    def answer(self) -> None:
        for ask in self.open:
            ask.ended()
            ask.drop(msgspec.json.encode({"id": ask.id, "result": {}}))
        self.open.clear()


class Server:
    """What one end sent, and what the other said to it."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.taken: list[Any] = []
        self.withdrawn: list[Any] = []
        self.asks = Asks(ABLE, self.send, self.sent.append)
        self.calls: dict[int, Call] = {}

    async def send(self, body: bytes) -> None:
        self.sent.append(body)

    def step(self, kind: str, *given: Any) -> None:
        if kind == "take":
            self.taken.append(given[0])
            self.asks.take(Request(given[0], given[1], {}), given[2])
        elif kind == "begin" and given[0] not in self.calls:
            self.calls[given[0]] = Call(given[0] // 3)  # 1 and 2 are alike
            self.asks.begin(given[0], self.calls[given[0]])
        elif kind == "end" and given[0] in self.calls:
            self.asks.end(given[0])
            self.calls.pop(given[0]).end()
        elif kind == "withdraw" and self.asks.cancelled(
            Notification("notifications/cancelled", {"requestId": given[0]})
        ):
            self.withdrawn.append(given[0])
        elif kind == "answer" and given[0] in self.calls:
            self.calls[given[0]].answer()

    def finish(self) -> None:
        for number in list(self.calls):
            self.step("end", number)
        for ask in list(self.asks._early):
            self.asks._give_up(ask)


def same(values: list[Any]) -> list[tuple[str, Any]]:
    return sorted((type(value).__name__, value) for value in values)


@given(st.lists(steps, max_size=40))
@example([("take", 1, "roots/list", None), ("withdraw", 1), ("take", 1, "roots/list", None), ("begin", 1)])
def test_each_request_is_answered_once_or_withdrawn(script):
    async def play() -> Server:
        server = Server()
        for step in script:
            server.step(*step)
            assert len(server.asks._early) <= MAX_EARLY
            assert len(server.asks._open) <= MAX_OPEN
            held = [id(ask) for call in server.calls.values() for ask in call.open]
            assert len(held) == len(set(held))
        server.finish()
        return server

    server = asyncio.run(play())
    answered = [msgspec.json.decode(body)["id"] for body in server.sent]
    assert same(answered + server.withdrawn) == same(server.taken)
    assert server.asks._open == {}


@given(
    st.sampled_from(METHODS),
    st.dictionaries(
        st.sampled_from(["mode", "tools", "toolChoice", "includeContext"]), st.sampled_from(["url", "form", 1, [1]])
    ),
    st.dictionaries(
        st.sampled_from(["elicitation", "sampling", "roots"]),
        st.dictionaries(st.sampled_from(["form", "url", "tools"]), st.just({})),
    ),
)
def test_what_was_not_declared_is_never_met(method, params, declared):
    kind = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}.get(
        method
    )
    lack = unmet(method, params, declared)
    assert bool(kind) or not lack
    assert not (kind and kind not in declared) or kind in lack
