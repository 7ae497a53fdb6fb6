"""The `http` driver at work against local servers: bodies, secrets, retries, streams, deadlines."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from tests.effects.kit import Memory, Use, using
from tests.effects.peer import Handler, Names, Peer, Request, Writer, answers, reply, serve

from mcpg.contract.documents import Credential
from mcpg.contract.problems import EffectDenied
from mcpg.effects.connector import GuardedConnector
from mcpg.effects.http import HttpDriver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcpg.contract.documents import Caller

VALUE = "s3cr3t/+value"
SECRETS = {"env": Memory(TOKEN=VALUE, SHORT="abc")}
TOKEN = {"$secret": "secret://env/TOKEN", "prefix": "Bearer "}


@asynccontextmanager
async def api(handler: Handler, grant: dict[str, Any] | None = None, **more: Any) -> AsyncIterator[tuple[Use, Peer]]:
    connector = GuardedConnector(Names())
    async with serve(handler) as peer:
        place = {"host": "peer.example", "header": "authorization"}
        grants = {
            "http": {
                "hosts": ["peer.example", "other.example"],
                "schemes": ["http"],
                "ports": [peer.port],
                "private": True,
                "methods": ["GET", "HEAD", "POST", "PUT"],
                **(grant or {}),
            },
            "secrets": {"secret://env/TOKEN": place, "secret://env/SHORT": place, "cred://hub/repos": place},
        }
        async with using(HttpDriver(connector), grants, secrets=SECRETS, **more) as use:
            yield use, peer
    await connector.stop()


async def echo(request: Request, writer: Writer) -> None:
    writer.write(reply(200, request.body, f"content-type: {request.headers.get('content-type', 'text/plain')}"))


async def test_json_goes_out_and_comes_back() -> None:
    async with api(echo) as (use, peer):
        answer = await use.ok(method="POST", url=peer.url("/a?b=1"), json={"x": [1, None]}, headers={"X-A": "1"})
        assert answer["status"] == 200
        assert answer["json"] == {"x": [1, None]}
        assert answer["media"] == "application/json"
        assert peer.requests[0].headers["x-a"] == "1"


async def test_text_and_bytes_come_back_as_what_they_are() -> None:
    async with api(echo) as (use, peer):
        url = peer.url()
        assert (await use.ok(method="POST", url=url, body="höh"))["body"] == "höh"
        raw = base64.b64encode(b"\xff\x00").decode()
        assert (await use.ok(method="POST", url=url, body_base64=raw))["body_base64"] == raw
        assert (await use.failed(method="POST", url=url, body_base64="!"))[0] == "effect-denied"
        wrong = await use.ok(method="POST", url=url, body="{", headers={"content-type": "application/json"})
        assert (wrong["media"], wrong["body"]) == ("application/json", "{")


async def test_a_large_body_stays_in_the_host_and_can_be_sent_on() -> None:
    large = b"x" * 70_000
    async with api(echo) as (use, peer):
        use.blobs.put(large, "image/png")
        reference = {"$ref": "blob-0", "size": len(large), "sha256": "", "media": "image/png"}
        answer = await use.ok(method="POST", url=peer.url(), body=reference)
        assert peer.requests[0].body == large
        assert answer["body"]["size"] == len(large)
        assert answer["body"]["media"] == "image/png"
        assert use.blobs.get(answer["body"]["$ref"]) == large
        gone = {**reference, "$ref": "blob-9"}
        assert "no body `blob-9`" in (await use.failed(method="POST", url=peer.url(), body=gone))[1]


async def test_max_request_holds_for_bodies_from_the_host_too() -> None:
    async with api(echo, {"max_request": 10}) as (use, peer):
        use.blobs.put(b"x" * 11, "a/b")
        reference = {"$ref": "blob-0", "size": 1, "sha256": ""}
        for body in ({"body": reference}, {"body_base64": base64.b64encode(b"x" * 11).decode()}):
            assert "max_request" in (await use.failed(method="POST", url=peer.url(), **body))[1]
        assert not peer.requests


async def test_max_response_allows_and_denies() -> None:
    async with api(answers(200, b"x" * 100), {"max_response": 100}) as (use, peer):
        assert (await use.ok(url=peer.url()))["body"] == "x" * 100
    async with api(answers(200, b"x" * 101), {"max_response": 100}) as (use, peer):
        assert (await use.failed(url=peer.url()))[0] == "too-large"


async def test_the_grants_timeout_ends_a_request() -> None:
    async def silent(_: Request, __: Writer) -> None:
        await asyncio.Event().wait()

    async with api(silent, {"timeout": "50ms"}) as (use, peer):
        assert (await use.failed(url=peer.url("/hang")))[0] == "timeout"
        code, said = await use.failed(method="POST", url=peer.url("/hang"))
        assert (code, "may have taken effect" in said) == ("outcome-unknown", True)
        assert (await use.failed(url=peer.url("/hang"), timeout=20))[0] == "timeout"
    async with api(silent) as (use, peer):
        assert (await use.failed(url=peer.url("/hang"), seconds=0.05))[0] == "timeout"
    async with api(answers(), {"timeout": "5s"}) as (use, peer):
        assert (await use.ok(url=peer.url()))["status"] == 200


async def test_redirects_allow_and_deny() -> None:
    async def handler(request: Request, writer: Writer) -> None:
        away = {"/a": "/b", "/x": "http://evil.example/"}.get(request.path)
        writer.write(reply(302, b"", f"location: {away}") if away else reply(200, b"end"))

    async with api(handler, {"redirects": 1}) as (use, peer):
        assert (await use.ok(url=peer.url("/a")))["body"] == "end"
        assert "host `evil.example` is not granted" in (await use.failed(url=peer.url("/x")))[1]
    async with api(handler) as (use, peer):
        assert (await use.ok(url=peer.url("/a")))["status"] == 302


async def test_a_secret_arrives_where_it_is_granted_and_as_text_stays_text() -> None:
    async with api(answers(200, b"fine")) as (use, peer):
        await use.ok(url=peer.url(), headers={"Authorization": TOKEN, "x-text": "secret://env/TOKEN"})
        assert peer.requests[0].headers["authorization"] == f"Bearer {VALUE}"
        assert peer.requests[0].headers["x-text"] == "secret://env/TOKEN"
        url = peer.url(host="other.example")
        assert "is not granted for" in (await use.failed(url=url, headers={"authorization": TOKEN}))[1]
        short = {"$secret": "secret://env/SHORT"}
        assert "shorter than" in (await use.failed(url=peer.url(), headers={"authorization": short}))[1]
        assert len(peer.requests) == 1


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        quote(VALUE, safe=""),
        "%73%33" + VALUE[2:],
        base64.b64encode(f"user:{VALUE}".encode()).decode(),
        base64.b64encode(f"a{VALUE}".encode()).decode(),
        base64.urlsafe_b64encode(f"ab{VALUE}cd".encode()).decode(),
        VALUE.encode().hex(),
        json.dumps({"deep": [f"\\u0073{VALUE[1:]}"]}).replace("\\\\", "\\"),
    ],
)
async def test_an_answer_that_holds_the_secret_is_refused(form: str) -> None:
    for media, padding in (("text/plain", ""), ("application/json", ""), ("text/plain", " " * 70_000)):
        async with api(answers(200, (form + padding).encode(), f"content-type: {media}")) as (use, peer):
            code, said = await use.failed(url=peer.url(), headers={"authorization": TOKEN})
            assert code == "secret-echoed"
            assert VALUE not in said
            assert (await use.ok(url=peer.url()))["status"] == 200
            assert len(use.blobs.kept) == (1 if padding else 0)
    async with api(answers(200, b"", f"x-echo: {form}")) as (use, peer):
        assert (await use.failed(url=peer.url(), headers={"authorization": TOKEN}))[0] == "secret-echoed"


async def test_a_secret_never_shows_in_logs_or_errors(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with serve(answers()) as gone:
        pass
    async with api(answers(), {"ports": [gone.port]}) as (use, _):
        case = await use.perform(url=gone.url(), headers={"authorization": TOKEN})
        assert VALUE not in repr(case) + caplog.text + repr(use.effects)


async def test_a_credential_is_asked_for_the_runs_caller() -> None:
    async def vault(issuer: str, target: str, caller: Caller) -> Credential:
        if caller.id != "ana":
            raise EffectDenied("not for you")
        return Credential(value=f"{issuer}-{target}-{caller.id}")

    async with api(answers(), vault=vault) as (use, peer):
        await use.ok(url=peer.url(), headers={"authorization": {"$secret": "cred://hub/repos"}})
        assert peer.requests[0].headers["authorization"] == "Bearer hub-repos-ana"


def breaking(times: int) -> Handler:
    left = [times]

    async def handler(request: Request, writer: Writer) -> None:
        left[0] -= 1
        if left[0] >= 0:
            writer.close()
        else:
            writer.write(reply(200, request.headers.get("idempotency-key", "").encode()))

    return handler


@pytest.mark.parametrize(
    ("request_", "sent", "outcome"),
    [
        ({"method": "GET"}, 2, "ok"),
        ({"method": "PUT", "body": "x"}, 2, "ok"),
        ({"method": "POST", "body": "x"}, 1, "outcome-unknown"),
        ({"method": "POST", "body": "x", "idempotent": True}, 2, "ok"),
    ],
)
async def test_a_request_is_sent_again_only_where_that_is_safe(
    request_: dict[str, Any], sent: int, outcome: str
) -> None:
    async with api(breaking(1)) as (use, peer):
        case = await use.perform(url=peer.url(), **request_)
        assert (case.tag if case.tag == "ok" else case.value.code) == outcome
        assert len(peer.requests) == sent
        if request_.get("idempotent"):
            assert {request.headers["idempotency-key"] for request in peer.requests} == {"run-1-3"}


async def test_a_request_is_sent_twice_at_most() -> None:
    async with api(breaking(9)) as (use, peer):
        assert (await use.failed(url=peer.url()))[0] == "broken"
        assert len(peer.requests) == 2


async def test_what_is_expected_is_checked() -> None:
    async with api(answers(404, b"no")) as (use, peer):
        assert (await use.ok(url=peer.url(), expect=[404]))["status"] == 404
        assert await use.failed(url=peer.url(), expect=[200]) == ("unexpected-status", "the server answered 404")


async def test_cookies_and_hop_headers_stay_in_the_host() -> None:
    async with api(answers(200, b"", "set-cookie: sid=1", "keep-alive: timeout=5", "x-a: 1", "x-a: 2")) as (use, peer):
        assert (await use.ok(url=peer.url()))["headers"] == {"x-a": "1, 2"}


def streaming(*chunks: bytes, media: str = "text/event-stream") -> Handler:
    async def handler(_: Request, writer: Writer) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {media}\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        for chunk in chunks:
            writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    return handler


async def test_a_stream_tells_of_progress_while_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpg.effects.http_stream._QUIET", 0)
    chunks = (
        b': hello\n\ndata: {"done": 1, "of": 3, "say": "one"}\r\n\r',
        b'\nevent: x\ndata: {"done": 2,\ndata: "of": 3}\n\nda',
        b'ta: {"done": 1}\n\ndata: [DONE]\n\ndata: cut off',
    )
    wanted = {"format": "sse", "progress": "/done", "total": "/of", "message": "/say"}
    async with api(streaming(*chunks)) as (use, peer):
        answer = await use.ok(url=peer.url(), stream=wanted)
        assert answer["json"] == [{"done": 1, "of": 3, "say": "one"}, {"done": 2, "of": 3}, {"done": 1}, "[DONE]"]
        assert use.told == [
            ("notifications/progress", {"progress": 1, "total": 3, "message": "one"}),
            ("notifications/progress", {"progress": 2, "total": 3}),
        ]
        monkeypatch.undo()
        last = await use.ok(url=peer.url(), stream={**wanted, "last": True})
        assert len(use.told) == 3, "what comes within 50 ms is skipped"
        assert last["json"] == {"done": 1}


async def test_json_lines_are_read_and_a_long_list_stays_in_the_host() -> None:
    async with api(streaming(b'{"a":1}\n\n{"a"', b':2}\n{"a":3}', media="application/jsonl")) as (use, peer):
        assert (await use.ok(url=peer.url(), stream={"format": "lines"}))["json"] == [{"a": 1}, {"a": 2}, {"a": 3}]
    async with api(streaming(b'"' + b"x" * 70_000 + b'"\n')) as (use, peer):
        answer = await use.ok(url=peer.url(), stream={"format": "lines"})
        assert json.loads(use.blobs.get(answer["body"]["$ref"])) == ["x" * 70_000]


async def test_a_stream_is_bounded_and_never_tells_the_secret() -> None:
    async with api(streaming(b"data: x\n\n", b"data: " + b"y" * 200), {"max_response": 100}) as (use, peer):
        assert (await use.failed(url=peer.url(), stream={"last": True}))[0] == "too-large"
    said = json.dumps({"p": 1, "m": VALUE}).encode()
    async with api(streaming(b"data: " + said + b"\n\n")) as (use, peer):
        wanted = {"progress": "/p", "message": "/m"}
        code, _ = await use.failed(url=peer.url(), stream=wanted, headers={"authorization": TOKEN})
        assert (code, use.told) == ("secret-echoed", [])
