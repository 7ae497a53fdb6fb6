"""Posting a revocation list: what is bounded before a byte of it is verified, and how each refusal is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from mcpg.contract.problems import ConfigError, McpgError
from mcpg.edge.admin import AdminViews, admin_app
from mcpg.edge.list_post import ListPost, PostLimits
from mcpg_revocations.envelopes import refused

TOKEN = "admin-token-of-sixteen"
PATH = "/admin/v1/revocations"


class Desk:
    """What the listener hands lists to: it counts them and answers as it is told."""

    def __init__(self) -> None:
        self.offered: list[bytes] = []
        self.gate: asyncio.Event | None = None
        self.error: McpgError | None = None

    async def offer(self, text: bytes) -> dict[str, Any]:
        self.offered.append(text)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return {"version": 7, "fenced": ["fake"]}

    def app(self, **limits: Any) -> Any:
        post = ListPost(self.offer, PostLimits(**{"size": 100, **limits}))
        nothing: dict[str, Any] = {}
        views = AdminViews(str, dict, dict, dict, dict, revocations=lambda: nothing | {"version": 7}, post=post)
        return admin_app(TOKEN, views)


async def send(
    app: Any, *parts: bytes, token: str = TOKEN, method: str = "POST", declared: str = "", more: Any = None
) -> tuple[int, dict[str, str], Any]:
    """Post a body in parts and return status, headers and what was said."""
    headers = [(b"host", b"x"), (b"authorization", f"Bearer {token}".encode())]
    if declared:
        headers.append((b"content-length", declared.encode()))
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": PATH,
             "raw_path": PATH.encode(), "root_path": "", "scheme": "http", "query_string": b"", "headers": headers,
             "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "extensions": {}}  # fmt: skip
    inbox = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    inbox.append(more or {"type": "http.request", "body": b"", "more_body": False})
    sent: list[Any] = []

    async def receive() -> Any:
        return inbox.pop(0) if inbox and inbox[0] is not WAIT else await asyncio.Event().wait()

    async def take(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, take)
    said = json.loads(b"".join(message.get("body", b"") for message in sent[1:]))
    return sent[0]["status"], {k.decode(): v.decode() for k, v in sent[0]["headers"]}, said


WAIT: Any = {"type": "never"}


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_list_is_taken_and_what_came_of_it_is_said(desk: Desk) -> None:
    app = desk.app()
    status, _, said = await send(app, b'{"a":', b"1}")
    assert (status, said) == (200, {"version": 7, "fenced": ["fake"]})
    assert desk.offered == [b'{"a":1}']
    assert (await send(app, method="GET"))[2] == {"version": 7}


async def test_without_the_token_nothing_is_read(desk: Desk) -> None:
    app = desk.app()
    for token in ("", "wrong-token-of-sixteen"):
        assert (await send(app, b"{}", token=token, more=WAIT))[0] == 401
    assert desk.offered == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (refused("x", "revocation-rollback"), 409),
        (refused("x", "revocation-split"), 409),
        (refused("x", "revocation-chain"), 409),
        (refused("x", "revocation-list"), 400),
        (refused("x", "revocation-size"), 413),
        (refused("x", "revocation-signature"), 422),
        (refused("x", "revocation-expired"), 422),
        (ConfigError("no anchor", code="no-revocation-anchor"), 422),
        (McpgError("the disk is full", code="store-unavailable"), 503),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
async def test_each_refusal_has_its_status_and_its_code(desk: Desk, error: McpgError, status: int) -> None:
    desk.error = error
    found, _, said = await send(desk.app(), b"{}")
    assert (found, said["code"], said["detail"]) == (status, error.code, error.message)


async def test_a_refusal_that_quotes_the_list_is_cut(desk: Desk) -> None:
    desk.error = refused("found payload type `" + "x" * 100_000, "revocation-list")
    assert len((await send(desk.app(), b"{}"))[2]["detail"]) == 1024


async def test_one_byte_too_many_is_refused_as_soon_as_it_is_known(desk: Desk) -> None:
    app = desk.app()
    assert (await send(app, b"x" * 100, declared="100"))[0] == 200
    for given in (
        send(app, declared="101", more=WAIT),
        send(app, declared="9" * 30, more=WAIT),
        send(app, b"x" * 60, b"x" * 41, more=WAIT),
    ):
        status, headers, said = await given
        assert (status, said["code"], headers["connection"]) == (413, "revocation-size", "close")
    assert len(desk.offered) == 1


async def test_a_slow_and_a_cut_body_are_given_up(desk: Desk) -> None:
    app = desk.app(seconds=0.01)
    status, headers, said = await send(app, b"x", more=WAIT)
    assert (status, said["code"], headers["connection"]) == (408, "too-slow", "close")
    assert (await send(app, b"x", more={"type": "http.disconnect"}))[2]["code"] == "cut-off"
    assert desk.offered == []


async def test_after_a_burst_lists_are_refused_before_they_are_verified(desk: Desk) -> None:
    desk.error = refused("x", "revocation-signature")
    app = desk.app(burst=3, every=3600.0)
    assert [(await send(app, b"{}"))[0] for _ in range(3)] == [422] * 3
    status, headers, said = await send(app, b"x" * 60, b"x" * 40)  # read to its end, so that the answer is heard
    assert (status, said["code"]) == (429, "too-many-lists")
    assert 3500 < int(headers["retry-after"]) <= 3600
    assert (await send(app, b"x" * 60, b"x" * 41, more=WAIT))[0] == 413
    assert len(desk.offered) == 3


async def test_only_few_bodies_are_read_at_once_and_a_place_comes_back(desk: Desk) -> None:
    desk.gate = asyncio.Event()
    app = desk.app(at_once=2)
    posts = [asyncio.create_task(send(app, b"{}")) for _ in range(2)]
    while len(desk.offered) < 2:  # noqa: ASYNC110 - the desk has no event for it
        await asyncio.sleep(0)
    assert (await send(app, b"{}"))[1]["retry-after"] == "1"
    desk.gate.set()
    assert [status for status, _, _ in await asyncio.gather(*posts)] == [200, 200]
    assert (await send(app, b"{}"))[0] == 200
