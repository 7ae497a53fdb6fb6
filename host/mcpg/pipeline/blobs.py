"""Large bodies of one run, kept in the host and named by `$ref` nodes. It does not write to disk.

Source: plugin contract, "Runs": bodies over 64 KiB stay in the host.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import RunFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LARGE", "RunBlobs"]

LARGE = 64 * 1024


class RunBlobs:
    """The bodies of one call, bounded in number and bytes; the node's `$ref` is unique to the call."""

    __slots__ = ("_bodies", "_bytes", "_known", "_limit", "_most")

    def __init__(self, *, most: int = 256, limit: int = 64 * 1024 * 1024) -> None:
        self._bodies: dict[str, bytes] = {}
        self._known: dict[str, dict[str, Any]] = {}
        self._bytes = 0
        self._limit = limit
        self._most = most

    def __len__(self) -> int:
        return len(self._bodies)

    def put(self, body: bytes, media: str) -> dict[str, Any]:
        """Keep `body` and return its `$ref` node; `RunFailed` when the call holds too much already.

        The same body is kept once, so that each of many plugins may be shown it.
        """
        digest = hashlib.sha256(body).hexdigest()
        known = self._known.get(digest)
        if known is not None:
            return {**known, "media": media}
        if len(self._bodies) >= self._most or self._bytes + len(body) > self._limit:
            raise RunFailed(
                f"the bodies of this call exceed {self._limit} bytes or {self._most} pieces", code="bodies-too-large"
            )
        reference = f"blob:{len(self._bodies)}"
        self._bodies[reference] = body
        self._bytes += len(body)
        node = self._known[digest] = {"$ref": reference, "size": len(body), "sha256": digest, "media": media}
        return dict(node)

    def get(self, reference: str) -> bytes:
        """Return the body; `KeyError` when this call has none of that name."""
        return self._bodies[reference]

    def saved(self) -> list[tuple[str, str, bytes]]:
        """Return every body with its reference and media type, to be kept with a run that waits."""
        by_reference = {node["$ref"]: node["media"] for node in self._known.values()}
        return [(reference, by_reference[reference], body) for reference, body in self._bodies.items()]

    @property
    def size(self) -> int:
        """Bytes of all bodies."""
        return self._bytes

    @classmethod
    def of_saved(cls, saved: Iterable[tuple[str, str, bytes]]) -> RunBlobs:
        """Return the bodies that `saved` returned, under the same references."""
        blobs = cls()
        for _, media, body in saved:  # all of them, in their order: each gets its number again
            blobs.put(body, media)
        return blobs

    def restore(self, value: Any) -> Any:
        """Return `value` with every `$ref` node replaced by its body as text.

        `RunFailed` for an unknown one, and when one body named many times makes more than a call may hold.
        """
        if not self._bodies:
            return value
        return self._walk(value, [self._limit])

    def shrink(self, value: Any) -> Any:
        """Return `value` with every string over 64 KiB replaced by a `$ref` node."""
        if type(value) is str:
            if len(value) <= LARGE // 4:
                return value
            raw = value.encode()
            return self.put(raw, "text/plain") if len(raw) > LARGE else value
        if type(value) is dict:
            return {name: self.shrink(item) for name, item in value.items()}
        if type(value) is list:
            return [self.shrink(item) for item in value]
        return value

    def _walk(self, value: Any, room: list[int]) -> Any:
        if type(value) is dict:
            reference = value.get("$ref")
            if isinstance(reference, str) and reference.startswith("blob:") and "sha256" in value:
                return self._text(reference, value, room)
            return {name: self._walk(item, room) for name, item in value.items()}
        if type(value) is list:
            return [self._walk(item, room) for item in value]
        return value

    def _text(self, reference: str, node: dict[str, Any], room: list[int]) -> str:
        digest = node["sha256"]
        known = self._known.get(digest) if isinstance(digest, str) else None
        if known is None or known["$ref"] != reference:
            raise RunFailed("the plugin returned a `$ref` that is no body of this call", code="unknown-body")
        body = self._bodies[reference]
        room[0] -= len(body)
        if room[0] < 0:
            raise RunFailed(f"the bodies of this answer exceed {self._limit} bytes", code="bodies-too-large")
        try:
            return body.decode()
        except UnicodeDecodeError:
            import base64  # noqa: PLC0415 - rare

            return base64.b64encode(body).decode()
