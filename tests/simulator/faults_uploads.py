"""Faults of a registry that takes pushes: it answers another digest, forgets an upload, refuses a mount or a blob."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulator.distribution import failure
from tests.simulator.faults_bodies import Change
from tests.simulator.wire import Reply

from mcpg_registry.digests import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.registry import Exchange, Fault

__all__ = ["OTHER", "UPLOADS"]

OTHER = digest_bytes(b"another")


def _answers(digest: str, kind: str, methods: str) -> Change:
    def change(_: Exchange, reply: Reply) -> Reply:
        return Reply(reply.status, reply.headers | {"Docker-Content-Digest": digest}, reply.body)

    return Change(change, (kind,), methods)


def _subject(digest: str) -> Change:
    def change(_: Exchange, reply: Reply) -> Reply:
        return Reply(reply.status, reply.headers | {"OCI-Subject": digest}, reply.body)

    return Change(change, ("manifest",), "PUT")


def _no_mount() -> Fault:
    """Begin an upload where a mount was asked for, as a registry may."""

    async def fault(exchange: Exchange) -> Reply:
        if exchange.is_about("upload", methods="POST"):
            exchange.request.query.pop("mount", None)
        return await exchange.proceed()

    return fault


def _forgets() -> Fault:
    """Take an upload's first request and know nothing of it at the second."""

    async def fault(exchange: Exchange) -> Reply:
        if exchange.is_about("upload", methods="PUT PATCH"):
            return failure(404, "BLOB_UPLOAD_UNKNOWN")
        return await exchange.proceed()

    return fault


def _loses() -> Fault:
    """Say 201 to manifests and keep none."""

    async def fault(exchange: Exchange) -> Reply:
        reply = await exchange.proceed()
        if exchange.is_about("manifest", methods="PUT") and reply.status == 201:
            exchange.registry.contents.repository(exchange.route.name).manifests.pop(
                reply.headers["Docker-Content-Digest"]
            )
        return reply

    return fault


UPLOADS: dict[str, Callable[[], Fault]] = {
    "push-answers-another-manifest": lambda: _answers(OTHER, "manifest", "PUT"),
    "push-answers-another-blob": lambda: _answers(OTHER, "upload", "PUT POST"),
    "push-answers-traversal": lambda: _answers("sha256:../../x", "manifest", "PUT"),
    "push-answers-another-subject": lambda: _subject(OTHER),
    "mount-not-done": _no_mount,
    "upload-forgotten": _forgets,
    "manifest-lost": _loses,
}
