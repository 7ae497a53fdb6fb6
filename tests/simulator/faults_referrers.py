"""Faults of what is said about signatures: of another subject, too many, unfiltered, no index, hostile digests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.simulator.faults_bodies import Change
from tests.simulator.wire import Reply

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.registry import Exchange, Fault

__all__ = ["REFERRERS", "hidden", "no_api", "referrers_of", "unfiltered"]

Entries = list[dict[str, Any]]
MANY = 5000


def _index(entries: Entries) -> bytes:
    return json.dumps({"schemaVersion": 2, "mediaType": media.INDEX, "manifests": entries}).encode()


def _edited(edit: Callable[[Entries], Entries]) -> Change:
    def change(_: Exchange, reply: Reply) -> Reply:
        assert isinstance(reply.body, bytes)
        return Reply(200, reply.headers, _index(edit(json.loads(reply.body)["manifests"])))

    return Change(change, ("referrers",))


def _entry(number: int) -> dict[str, Any]:
    digest = digest_bytes(str(number).encode())
    return {"mediaType": media.MANIFEST, "digest": digest, "size": 700, "artifactType": media.BUNDLE}


def _not_an_index(_: Exchange, reply: Reply) -> Reply:
    body = {"schemaVersion": 2, "mediaType": media.MANIFEST, "config": _entry(0), "layers": []}
    return Reply(200, {"Content-Type": media.MANIFEST}, json.dumps(body).encode())


REFERRERS: dict[str, Callable[[], Change]] = {
    "referrers-too-many": lambda: _edited(lambda entries: entries + [_entry(number) for number in range(MANY)]),
    "referrers-traversal": lambda: _edited(lambda entries: [e | {"digest": "sha256:../../../x"} for e in entries]),
    "referrers-of-other-sizes": lambda: _edited(lambda entries: [e | {"size": e["size"] + 1} for e in entries]),
    "referrers-of-huge-size": lambda: _edited(lambda entries: [e | {"size": 1 << 40} for e in entries]),
    "referrers-that-are-missing": lambda: _edited(lambda entries: [_entry(0)]),
    "referrers-that-are-indexes": lambda: _edited(lambda entries: [e | {"mediaType": media.INDEX} for e in entries]),
    "referrers-empty": lambda: _edited(lambda entries: []),
    "referrers-doubled-keys": lambda: Change(
        lambda _, reply: Reply(200, reply.headers, b'{"schemaVersion":2,"schemaVersion":2,"manifests":[]}'),
        ("referrers",),
    ),
    "referrers-no-index": lambda: Change(_not_an_index, ("referrers",)),
}


def referrers_of(digest: str) -> Fault:
    """Answer every question for referrers with those of `digest`, whole and well-formed."""

    async def fault(exchange: Exchange) -> Reply:
        reply = await exchange.proceed()
        if exchange.is_about("referrers"):
            held = exchange.registry.contents.repository(exchange.route.name)
            return Reply(200, reply.headers, _index(held.referrers(digest)))
        return reply

    return fault


def unfiltered(api: str = "all") -> Fault:
    """Ignore `artifactType`, as a registry may: all referrers are listed, and no header says that any was filtered."""

    async def fault(exchange: Exchange) -> Reply:
        if exchange.is_about("referrers"):
            exchange.request.query.pop("artifactType", None)
        return await exchange.proceed()

    return fault


def no_api(code: int = 404) -> Fault:
    """Have no referrers API: 404, or what old registries answer."""

    async def fault(exchange: Exchange) -> Reply:
        return (
            Reply(code, {"Content-Type": "text/plain"}, b"404 page not found\n")
            if exchange.is_about("referrers")
            else await exchange.proceed()
        )

    return fault


def hidden(digest: str) -> Fault:
    """Answer 404 for one blob or manifest, whatever else says that it is there."""

    async def fault(exchange: Exchange) -> Reply:
        if exchange.route.reference == digest:
            return Reply(404, {}, b"")
        return await exchange.proceed()

    return fault
