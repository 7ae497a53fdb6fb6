"""Faults of what is sent: bytes changed, cut, stalled, endless, packed, under a wrong type, length or digest."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.simulator.wire import RESET, Reply, chunks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.simulator.registry import Exchange, Registry

__all__ = ["BODIES", "Change", "digest_header", "replaced", "retyped"]

MIB = b"\0" * (1 << 20)


@dataclass(slots=True)
class Change:
    """A fault that changes honest answers to requests of `kinds`: the first `times` of them, or all.

    `digest` (of a blob or manifest, or a tag) and `name` restrict it to one reference and one repository.
    """

    change: Callable[[Exchange, Reply], Reply]
    kinds: tuple[str, ...]
    methods: str = "GET"
    times: int | None = None
    digest: str = ""
    name: str = ""
    done: int = 0

    async def __call__(self, exchange: Exchange) -> Reply:
        reply = await exchange.proceed()
        hit = exchange.is_about(*self.kinds, methods=self.methods) and reply.status in range(200, 300)
        hit = hit and self.digest in {"", exchange.route.reference} and self.name in {"", exchange.route.name}
        if not hit or self.done == self.times:
            return reply
        self.done += 1
        return self.change(exchange, reply)


def _bytes(reply: Reply) -> bytes:
    assert isinstance(reply.body, bytes)
    return reply.body


def _with(reply: Reply, body: bytes | AsyncIterator[bytes], promised: int | None = None, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(reply.status, reply.headers | named, body, promised)


def changed(_: Exchange, reply: Reply) -> Reply:
    data = _bytes(reply)
    return _with(reply, data[:-1] + bytes([data[-1] ^ 1]))


def longer(_: Exchange, reply: Reply) -> Reply:
    return _with(reply, _bytes(reply) + b"x")


def shorter(_: Exchange, reply: Reply) -> Reply:
    return _with(reply, _bytes(reply)[:-1])


def empty(_: Exchange, reply: Reply) -> Reply:
    return _with(reply, b"")


def cut(_: Exchange, reply: Reply) -> Reply:
    data = _bytes(reply)
    return _with(reply, chunks(data[: len(data) // 2]), len(data))


def reset(_: Exchange, reply: Reply) -> Reply:
    data = _bytes(reply)
    return _with(reply, chunks(data[: len(data) // 2], RESET), len(data))


def reset_at_once(_: Exchange, reply: Reply) -> Reply:
    return _with(reply, chunks(RESET), len(_bytes(reply)))


def endless(exchange: Exchange, reply: Reply) -> Reply:
    async def body() -> AsyncIterator[bytes]:
        yield _bytes(reply)
        while not exchange.registry.wire.closing.is_set():
            yield MIB

    return _with(reply, body())


def huge(exchange: Exchange, reply: Reply) -> Reply:
    """Promise a terabyte, and begin to send it."""
    return _with(reply, endless(exchange, reply).body, 1 << 40)


def stalled(exchange: Exchange, reply: Reply) -> Reply:
    data, registry = _bytes(reply), exchange.registry

    async def body() -> AsyncIterator[bytes]:
        yield data[: len(data) // 2]
        await _end(registry)

    return _with(reply, body(), len(data))


def mute(exchange: Exchange, reply: Reply) -> Reply:
    """Send the head, and then nothing for ever."""

    async def body() -> AsyncIterator[bytes]:
        await _end(exchange.registry)
        yield b""

    return _with(reply, body(), len(_bytes(reply)))


def gzipped(_: Exchange, reply: Reply) -> Reply:
    return _with(reply, gzip.compress(_bytes(reply)), Content_Encoding="gzip")


@cache
def _bomb() -> bytes:
    return gzip.compress(MIB * 128, 9)


def bomb(_: Exchange, reply: Reply) -> Reply:
    return _with(reply, _bomb(), Content_Encoding="gzip")


def garbage(_: Exchange, reply: Reply) -> Reply:
    return _with(reply, b"<html>not what you asked for</html>", Content_Type="text/html")


async def _end(registry: Registry) -> None:
    await registry.wire.closing.wait()


BODIES = (
    changed, longer, shorter, empty, cut, reset, reset_at_once, endless, huge, stalled, mute, gzipped, bomb, garbage,
)  # fmt: skip


def replaced(kind: str, data: bytes, media_type: str = "", **options: Any) -> Change:
    """Answer `data` whenever something of `kind` is asked for."""

    def change(_: Exchange, reply: Reply) -> Reply:
        headers = {
            name: value for name, value in reply.headers.items() if name not in {"Docker-Content-Digest", "ETag"}
        }
        return Reply(200, headers | ({"Content-Type": media_type} if media_type else {}), data)

    return Change(change, (kind,), **options)


def retyped(kind: str, media_type: str, **options: Any) -> Change:
    """Answer the right bytes under a wrong content type."""
    return Change(lambda _, reply: _with(reply, reply.body, Content_Type=media_type), (kind,), "GET HEAD", **options)


def digest_header(value: str | None, kinds: str = "manifest", *, methods: str = "GET HEAD", **options: Any) -> Change:
    """Answer with `value` as Docker-Content-Digest, or without one."""

    def change(_: Exchange, reply: Reply) -> Reply:
        headers = {name: text for name, text in reply.headers.items() if name != "Docker-Content-Digest"}
        more = {} if value is None else {"Docker-Content-Digest": value}
        return Reply(reply.status, headers | more, reply.body)

    return Change(change, tuple(kinds.split()), methods, **options)
