"""Faults of where clients are sent: redirects, links, locations, ranges and tags that move."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.simulator.distribution import failure
from tests.simulator.faults_bodies import Change
from tests.simulator.wire import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.registry import Exchange, Fault

__all__ = ["RANGES", "links", "located", "ranged", "redirects", "status", "tag_moves"]


def redirects(
    to: str, kinds: str = "blob", *, status: int = 307, methods: str = "GET HEAD", times: int | None = None
) -> Fault:
    """Send clients to `to`; `{target}` stands for the path that they asked for, `{number}` for how often they did."""
    done = 0

    async def fault(exchange: Exchange) -> Reply:
        nonlocal done
        if not exchange.is_about(*kinds.split(), "none", methods=methods) or done == times:
            return await exchange.proceed()
        done += 1
        return Reply(status, {"Location": to.format(target=exchange.request.target, number=done)})

    return fault


def links(kind: str, link: str) -> Fault:
    """Answer pages of tags or referrers that name `link` as the next; `{target}` and `{number}` as above."""
    done = 0

    async def fault(exchange: Exchange) -> Reply:
        nonlocal done
        reply = await exchange.proceed()
        if exchange.is_about(kind):
            done += 1
            reply.headers["Link"] = f'<{link.format(target=exchange.request.target, number=done)}>; rel="next"'
        return reply

    return fault


def located(location: str | None, methods: str = "POST", **options: Any) -> Change:
    """Answer uploads with another Location, or with none."""

    def change(_: Exchange, reply: Reply) -> Reply:
        headers = {name: text for name, text in reply.headers.items() if name != "Location"}
        return Reply(reply.status, headers | ({"Location": location} if location is not None else {}), reply.body)

    return Change(change, ("upload",), methods, **options)


def status(code: int, kinds: str = "", *, methods: str = "GET HEAD", times: int | None = None, **headers: str) -> Fault:
    """Answer with an error: the first `times` requests, or all; without kinds, requests of every kind."""
    done = 0

    async def fault(exchange: Exchange) -> Reply:
        nonlocal done
        about = kinds or exchange.route.kind
        if not exchange.is_about(*about.split(), methods=methods) or done == times:
            return await exchange.proceed()
        done += 1
        return failure(code, {401: "UNAUTHORIZED", 403: "DENIED", 404: "NOT_FOUND"}.get(code, "UNKNOWN"), **headers)

    return fault


def tag_moves(name: str, tag: str, to: str) -> Fault:
    """Point a tag elsewhere as soon as somebody has asked where it points."""

    async def fault(exchange: Exchange) -> Reply:
        reply = await exchange.proceed()
        if exchange.is_about("manifest", methods="GET HEAD") and exchange.route.reference == tag:
            exchange.registry.contents.repository(name).tags[tag] = to
        return reply

    return fault


def _ignored(data: bytes, start: int) -> Reply:
    return Reply(200, {}, data)


def _other(data: bytes, start: int) -> Reply:
    return Reply(206, {"Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}"}, data)


def _nameless(data: bytes, start: int) -> Reply:
    return Reply(206, {}, data[start:])


def _lying(data: bytes, start: int) -> Reply:
    return Reply(206, {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, b"\0" * (len(data) - start))


def _larger(data: bytes, start: int) -> Reply:
    return Reply(206, {"Content-Range": f"bytes {start}-{len(data)}/{len(data) + 1}"}, data[start:] + b"x")


def _refused(data: bytes, start: int) -> Reply:
    return failure(416, "RANGE_INVALID")


RANGES: dict[str, Callable[[bytes, int], Reply]] = {
    "range-ignored": _ignored,
    "range-of-another-part": _other,
    "range-unnamed": _nameless,
    "range-of-wrong-bytes": _lying,
    "range-of-a-larger-blob": _larger,
    "range-refused": _refused,
}


def ranged(answer: str) -> Fault:
    """Answer requests for a part of a blob in one of the ways of `RANGES`."""

    async def fault(exchange: Exchange) -> Reply:
        asked = re.match(r"bytes=(\d+)-", exchange.request.headers.get("range", ""))
        if not exchange.is_about("blob") or asked is None:
            return await exchange.proceed()
        data = exchange.registry.contents.repository(exchange.route.name).blobs[exchange.route.reference]
        return RANGES[answer](data, int(asked[1]))

    return fault
