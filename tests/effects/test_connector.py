"""The guarded connector against real local servers, honest and hostile."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
from typing import TYPE_CHECKING

import pytest
from tests.effects.certificates import new_authority
from tests.effects.peer import Handler, Names, Request, Writer, answers, reply, serve

from mcpg.contract.problems import EffectDenied
from mcpg.effects.addresses import Private
from mcpg.effects.connector import GuardedConnector
from mcpg.effects.transport import HttpFailed, Outgoing, Reach, Tls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcpg.effects.targets import Target

LOCAL = Reach(private=Private(everywhere=True))


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
async def connector(names: Names) -> AsyncIterator[GuardedConnector]:
    made = GuardedConnector(names)
    yield made
    await made.stop()


def soon(seconds: float = 5.0) -> float:
    return asyncio.get_running_loop().time() + seconds


def get(url: str, *headers: tuple[str, str]) -> Outgoing:
    return Outgoing("GET", url, headers, sensitive=frozenset({"x-secret"}))


async def test_answers_come_over_one_reused_connection(connector: GuardedConnector) -> None:
    async with serve(answers(200, b"hello", "X-A: 1")) as peer:
        for _ in range(3):
            answer = await connector.request(get(peer.url("/x?y=1")), LOCAL, deadline=soon())
            assert (answer.status, answer.body, answer.header("x-a")) == (200, b"hello", "1")
        assert peer.connections == 1
        assert peer.requests[0].headers["host"] == f"peer.example:{peer.port}"
        assert peer.requests[0].path == "/x?y=1"


async def test_environment_proxies_are_not_used(connector: GuardedConnector, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with serve(answers(200, b"direct")) as peer:
        assert (await connector.request(get(peer.url()), LOCAL, deadline=soon())).body == b"direct"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
     "2002:7f00:1::", "2001:0:1::1", "fe80::1", "fc00::1", "224.0.0.1", "ff02::1", "0.0.0.0", "240.0.0.1", "::7f00:1"],
)  # fmt: skip
async def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    connector = GuardedConnector(Names(peer_example=[[address]]))
    try:
        with pytest.raises(EffectDenied, match="which `private` does not open"):
            await connector.request(get("http://peer.example/"), Reach(), deadline=soon())
    finally:
        await connector.stop()


async def test_one_bad_address_among_good_ones_refuses_the_host() -> None:
    connector = GuardedConnector(Names(peer_example=[["93.184.216.34", "10.0.0.1"]]))
    try:
        with pytest.raises(EffectDenied, match="private address"):
            await connector.request(get("http://peer.example/"), Reach(), deadline=soon())
    finally:
        await connector.stop()


async def test_rebinding_between_two_requests_is_refused_and_a_pin_is_kept_within_one() -> None:
    names = Names(peer_example=[["127.0.0.1"], ["10.0.0.1"]])
    only_local = Reach(private=Private(networks=(ipaddress.ip_network("127.0.0.1/32"),)))
    connector = GuardedConnector(names)
    try:
        async with serve(answers(200, b"ok")) as peer:
            assert (await connector.request(get(peer.url()), only_local, deadline=soon())).status == 200
            assert names.asked == ["peer.example"]
            with pytest.raises(EffectDenied, match="private address"):
                await connector.request(get(peer.url()), only_local, deadline=soon())
            assert len(peer.requests) == 1
    finally:
        await connector.stop()


async def test_the_next_address_is_tried_when_one_does_not_listen() -> None:
    connector = GuardedConnector(Names(peer_example=[["127.0.0.2", "127.0.0.1"]]))
    try:
        async with serve(answers(200, b"second")) as peer:
            assert (await connector.request(get(peer.url()), LOCAL, deadline=soon())).body == b"second"
    finally:
        await connector.stop()


async def test_connections_are_bounded_and_an_idle_one_gives_way() -> None:
    connector = GuardedConnector(Names(), connections=2, idle=2)
    try:
        async with serve(slow) as busy, serve(answers(200, b"ok")) as peer:
            for number in range(5):
                url = peer.url(host=f"h{number}.example")
                assert (await connector.request(get(url), LOCAL, deadline=soon())).status == 200
                assert connector._pins._open <= 2
            async with (
                connector.stream(get(busy.url()), LOCAL, deadline=None),
                connector.stream(get(busy.url()), LOCAL, deadline=None),
            ):
                with pytest.raises(HttpFailed, match="too many connections"):
                    await connector.request(get(peer.url()), LOCAL, deadline=soon())
            assert connector._pins._open == 0
    finally:
        await connector.stop()


async def test_tls_verifies_the_name_at_the_pinned_address(tmp_path: Path, connector: GuardedConnector) -> None:
    authority = new_authority()
    trusted = Reach(private=LOCAL.private, tls=Tls(ca=authority.file(tmp_path)))
    async with serve(answers(200, b"safe"), authority.server("peer.example", tmp_path)) as peer:
        answer = await connector.request(get(peer.url(scheme="https")), trusted, deadline=soon())
        assert answer.body == b"safe"
        for url, reach in (
            (peer.url(scheme="https", host="other.example"), trusted),
            (peer.url(scheme="https"), LOCAL),
            (peer.url(scheme="https"), Reach(private=LOCAL.private, tls=Tls(ca=new_authority("else").file(tmp_path)))),
        ):
            with pytest.raises(HttpFailed) as caught:
                await connector.request(get(url), reach, deadline=soon())
            assert (caught.value.sent, "certificate" in caught.value.message) == ("no", True)
        assert len(peer.requests) == 1


async def test_a_client_certificate_is_shown_only_where_it_is_given(
    tmp_path: Path, connector: GuardedConnector
) -> None:
    authority = new_authority()
    identity = tmp_path / "gateway.pem"
    identity.write_bytes(authority.issue("gateway", client=True))
    async with serve(answers(200, b"known"), authority.server("peer.example", tmp_path, wants_client=True)) as peer:
        url = peer.url(scheme="https")
        with_key = Reach(private=LOCAL.private, tls=Tls(authority.file(tmp_path), str(identity)))
        assert (await connector.request(get(url), with_key, deadline=soon())).body == b"known"
        with pytest.raises(HttpFailed):
            await connector.request(
                get(url), Reach(private=LOCAL.private, tls=Tls(authority.file(tmp_path))), deadline=soon()
            )


@pytest.mark.parametrize("text", ["-----BEGIN PRIVATE KEY-----\nhidden\n", ""])
async def test_a_broken_certificate_is_named_without_its_text(tmp_path: Path, text: str) -> None:
    connector = GuardedConnector(Names())
    (tmp_path / "bad.pem").write_text(text)
    for tls in (Tls(certificate=str(tmp_path / "bad.pem")), Tls(ca=str(tmp_path / "bad.pem")), Tls(ca="/nowhere")):
        with pytest.raises(HttpFailed, match="cannot be used") as caught:
            await connector.request(get("https://peer.example/"), Reach(LOCAL.private, tls), deadline=soon())
        assert "hidden" not in str(caught.value)
    await connector.stop()


def redirecting(location: str, status: int = 302) -> Handler:
    async def handler(request: Request, writer: Writer) -> None:
        if request.path.startswith("/from"):
            writer.write(reply(status, b"", f"location: {location}"))
        else:
            writer.write(reply(200, b"there"))

    return handler


async def test_redirects_are_answers_unless_they_are_granted(connector: GuardedConnector) -> None:
    async with serve(redirecting("/to")) as peer:
        answer = await connector.request(get(peer.url("/from")), LOCAL, deadline=soon())
        assert (answer.status, answer.header("location")) == (302, "/to")
        followed = await connector.request(get(peer.url("/from")), Reach(LOCAL.private, redirects=1), deadline=soon())
        assert (followed.body, followed.target.path) == (b"there", "/to")


async def test_redirects_end_at_their_limit(connector: GuardedConnector) -> None:
    async with serve(redirecting("/from")) as peer:
        with pytest.raises(HttpFailed, match="more than 3 redirects"):
            await connector.request(get(peer.url("/from")), Reach(LOCAL.private, redirects=3), deadline=soon())
        assert len(peer.requests) == 4


async def test_a_redirect_to_a_private_address_is_refused() -> None:
    connector = GuardedConnector(Names(inner_example=[["10.0.0.1"]]))
    reach = Reach(private=Private(networks=(ipaddress.ip_network("127.0.0.1/32"),)), redirects=3)
    try:
        for location in ("http://inner.example/", "http://169.254.169.254/latest", "http://[::1]/", "//inner.example/"):
            async with serve(redirecting(location)) as peer:
                with pytest.raises(EffectDenied):
                    await connector.request(get(peer.url("/from")), reach, deadline=soon())
    finally:
        await connector.stop()


async def test_a_redirect_passes_the_grant_again(connector: GuardedConnector) -> None:
    seen: list[tuple[str, str]] = []

    def admit(target: Target, method: str) -> None:
        seen.append((target.path, method))
        if target.path == "/to":
            raise EffectDenied("not there")

    async with serve(redirecting("/to", 303)) as peer:
        reach = Reach(LOCAL.private, redirects=2, admit=admit)
        with pytest.raises(EffectDenied, match="not there"):
            await connector.request(Outgoing("POST", peer.url("/from"), body=b"x"), reach, deadline=soon())
        assert seen == [("/from", "POST"), ("/to", "GET")]


async def test_credentials_do_not_follow_to_another_host(connector: GuardedConnector) -> None:
    reach = Reach(LOCAL.private, redirects=1)
    headers = (("authorization", "Bearer t"), ("x-secret", "s"), ("cookie", "c"), ("x-plain", "p"))
    async with serve(answers(200)) as other, serve(redirecting(other.url("/to", host="other.example"))) as peer:
        await connector.request(get(peer.url("/from"), *headers), reach, deadline=soon())
        first, second = peer.requests[0].headers, other.requests[0].headers
        assert (first["authorization"], first["x-secret"], first["cookie"]) == ("Bearer t", "s", "c")
        assert not {"authorization", "x-secret", "cookie"} & set(second)
        assert second["x-plain"] == "p"


async def test_https_never_falls_back_to_http(tmp_path: Path, connector: GuardedConnector) -> None:
    authority = new_authority()
    reach = Reach(LOCAL.private, Tls(ca=authority.file(tmp_path)), redirects=1)
    tls = authority.server("peer.example", tmp_path)
    async with serve(redirecting("http://peer.example/"), tls) as peer:
        with pytest.raises(EffectDenied, match="from https to http"):
            await connector.request(get(peer.url("/from", scheme="https")), reach, deadline=soon())


async def endless(_: Request, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
        await writer.drain()


async def slow(_: Request, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n")
    await asyncio.Event().wait()


async def silent(_: Request, writer: Writer) -> None:
    await asyncio.Event().wait()


async def many_headers(_: Request, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n" + b"".join(b"x-%d: %s\r\n" % (n, b"y" * 1000) for n in range(90)))
    writer.write(b"content-length: 0\r\n\r\n")


async def one_endless_header(_: Request, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nx: ")
    while True:
        writer.write(b"y" * 8192)
        await writer.drain()


async def not_http(_: Request, writer: Writer) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")


async def cut_short(_: Request, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc")
    writer.close()


async def closes_unanswered(_: Request, writer: Writer) -> None:
    writer.close()


async def resets_unanswered(_: Request, writer: Writer) -> None:
    writer.transport.abort()


async def upgrades(_: Request, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")


async def endless_interim(_: Request, writer: Writer) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n")
        await writer.drain()


async def endless_extension(_: Request, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;")
    while True:
        writer.write(b"x" * 8192)
        await writer.drain()


async def endless_trailer(_: Request, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
    while True:
        writer.write(b"x: " + b"y" * 4096 + b"\r\n")
        await writer.drain()


async def both_lengths(_: Request, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd")


BOMB = gzip.compress(bytes(50 << 20))


@pytest.mark.parametrize(
    ("handler", "code", "sent"),
    [
        (endless, "too-large", "answered"),
        (slow, "timeout", "answered"),
        (silent, "timeout", "maybe"),
        (many_headers, "too-large", "maybe"),
        (one_endless_header, "too-large", "maybe"),
        (not_http, "broken", "maybe"),
        (cut_short, "broken", "answered"),
        (closes_unanswered, "broken", "maybe"),
        (resets_unanswered, "broken", "maybe"),
        (upgrades, "broken", "maybe"),
        (endless_interim, "broken", "maybe"),
        (endless_extension, "too-large", "answered"),
        (endless_trailer, "too-large", "answered"),
        (both_lengths, "broken", "maybe"),
        (answers(200, BOMB, "content-encoding: gzip"), "too-large", "answered"),
        (answers(200, b"nonsense", "content-encoding: gzip"), "bad-reply", "answered"),
        (answers(200, gzip.compress(b"abc")[:-9], "content-encoding: gzip"), "bad-reply", "answered"),
        (answers(200, gzip.compress(b"abc") + b"tail", "content-encoding: gzip"), "bad-reply", "answered"),
        (answers(200, b"abc", "content-encoding: br"), "bad-reply", "answered"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_hostile_answers_are_contained(
    connector: GuardedConnector, handler: Handler, code: str, sent: str
) -> None:
    async with serve(handler) as peer:
        with pytest.raises(HttpFailed) as caught:
            await connector.request(get(peer.url("/hang")), LOCAL, deadline=soon(0.2 if code == "timeout" else 10))
        assert (caught.value.code, caught.value.sent) == (code, sent)
        await asyncio.wait_for(peer.gone.wait(), 5)


async def test_gzip_is_read(connector: GuardedConnector) -> None:
    body = bytes(range(256)) * 2000
    async with serve(answers(200, gzip.compress(body), "content-encoding: gzip")) as peer:
        assert (await connector.request(get(peer.url()), LOCAL, deadline=soon())).body == body


async def test_a_live_stream_gives_each_chunk_as_it_comes(connector: GuardedConnector) -> None:
    more = asyncio.Event()

    async def handler(_: Request, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        await more.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    async with serve(handler) as peer, connector.stream(get(peer.url()), LOCAL, deadline=None) as incoming:
        chunks = incoming.chunks()
        assert await anext(chunks) == b"one"
        more.set()
        assert [chunk async for chunk in chunks] == [b"two"]


async def test_leaving_a_stream_closes_its_connection(connector: GuardedConnector) -> None:
    async with serve(slow) as peer:
        async with connector.stream(get(peer.url("/hang")), LOCAL, deadline=None) as incoming:
            assert await anext(incoming.chunks()) == b"x"
        await asyncio.wait_for(peer.gone.wait(), 5)


async def test_silence_is_bounded_on_a_stream_without_a_deadline(connector: GuardedConnector) -> None:
    reach = Reach(LOCAL.private, idle=0.05)
    async with serve(slow) as peer, connector.stream(get(peer.url("/hang")), reach, deadline=None) as incoming:
        with pytest.raises(HttpFailed, match="did not end in time"):
            await incoming.read()


async def test_cancelling_a_request_closes_its_connection(connector: GuardedConnector) -> None:
    async with serve(silent) as peer:
        task = asyncio.create_task(connector.request(get(peer.url("/hang")), LOCAL, deadline=soon(60)))
        await asyncio.wait_for(peer.asked.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(peer.gone.wait(), 5)


async def test_a_refused_connection_was_surely_not_sent(connector: GuardedConnector) -> None:
    async with serve(answers()) as peer:
        pass
    with pytest.raises(HttpFailed) as caught:
        await connector.request(get(peer.url()), LOCAL, deadline=soon())
    assert (caught.value.code, caught.value.sent) == ("unreachable", "no")


async def test_a_name_without_address_is_unresolved() -> None:
    connector = GuardedConnector(Names(peer_example=[[]]))
    try:
        with pytest.raises(HttpFailed, match="has no address"):
            await connector.request(get("http://peer.example/"), Reach(), deadline=soon())
    finally:
        await connector.stop()


async def test_a_stray_answer_ends_the_connection_instead_of_answering_the_next(connector: GuardedConnector) -> None:
    async def handler(request: Request, writer: Writer) -> None:
        writer.write(reply(200, request.path.encode()) + reply(200, b"smuggled"))

    async with serve(handler) as peer:
        for path in ("/one", "/two"):
            assert (await connector.request(get(peer.url(path)), LOCAL, deadline=soon())).body == path.encode()
        assert peer.connections == 2


async def test_a_body_that_nobody_took_never_meets_the_next_answer(connector: GuardedConnector) -> None:
    async def handler(request: Request, writer: Writer) -> None:
        writer.write(reply(302, b"stale body", "location: /to") if request.path == "/from" else reply(200, b"fresh"))

    async with serve(handler) as peer:
        followed = await connector.request(get(peer.url("/from")), Reach(LOCAL.private, redirects=1), deadline=soon())
        assert followed.body == b"fresh"
        async with connector.stream(get(peer.url("/from")), LOCAL, deadline=soon()) as incoming:
            assert incoming.status == 302
        assert (await connector.request(get(peer.url("/x")), LOCAL, deadline=soon())).body == b"fresh"
        async with connector.stream(get(peer.url("/x")), LOCAL, deadline=soon()) as incoming:
            incoming.close()
        assert connector._pins._open == 0


async def test_a_head_answer_has_no_body(connector: GuardedConnector) -> None:
    async def handler(_: Request, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")

    async with serve(handler) as peer:
        for _ in range(2):
            answer = await connector.request(Outgoing("HEAD", peer.url()), LOCAL, deadline=soon())
            assert (answer.status, answer.body, answer.header("content-length")) == (200, b"", "5")


async def test_an_interim_answer_is_skipped_and_a_body_may_end_with_the_connection(connector: GuardedConnector) -> None:
    async def handler(_: Request, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc")
        writer.close()

    async with serve(handler) as peer:
        assert (await connector.request(get(peer.url()), LOCAL, deadline=soon())).body == b"abc"


@pytest.mark.parametrize(
    ("name", "value"),
    [("host", "x"), ("Content-Length", "1"), ("transfer-encoding", "chunked"), ("connection", "close"), ("a b", "c"),
     ("x", "a\r\nb: c"), ("x", "a\0"), ("x\n", "a"), ("x", "\u00e9"), ("", "a")],
)  # fmt: skip
async def test_headers_that_break_the_framing_are_refused(connector: GuardedConnector, name: str, value: str) -> None:
    async with serve(answers()) as peer:
        with pytest.raises(EffectDenied, match="header"):
            await connector.request(get(peer.url(), (name, value)), LOCAL, deadline=soon())
        assert not peer.requests
