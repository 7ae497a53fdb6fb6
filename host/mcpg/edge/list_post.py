"""`POST /admin/v1/revocations`: a signed list from whoever has the token. It judges no list; it bounds what comes.

Few bodies are read at once, each within a size and a time; so many are taken in a while, and the rest are refused
before a byte of theirs is verified.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from mcpg.contract.problems import McpgError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

__all__ = ["ListPost", "PostLimits"]

_CONFLICTS = frozenset({"revocation-rollback", "revocation-split", "revocation-chain"})
MAX_TEXT = 1024
"""Characters of a refusal that are told: a list may be quoted in it."""
_STATUS = {"revocation-list": 400, "revocation-size": 413, "store-unavailable": 503, "ledger-unavailable": 503}


@dataclass(frozen=True, slots=True)
class PostLimits:
    """Bounds: bytes and seconds of one body, bodies at once, and lists in a burst with one more per `every` seconds."""

    size: int
    seconds: float = 30.0
    at_once: int = 2
    burst: int = 10
    every: float = 1.0


class ListPost:
    """Answers the request; `offer` gets the bytes and returns what to say, or raises `McpgError`."""

    def __init__(self, offer: Callable[[bytes], Awaitable[dict[str, Any]]], limits: PostLimits) -> None:
        self._offer = offer
        self._limits = limits
        self._reading = self._judging = 0
        self._left = float(limits.burst)
        self._at = 0.0

    async def answer(self, request: Request) -> JSONResponse:
        """Return 200 with what came of it, or 400, 408, 409, 413, 422, 429 or 503 with the reason."""
        try:
            async with asyncio.timeout(self._limits.seconds):
                taken = await self._taken(request)
            if isinstance(taken, JSONResponse):
                return taken
            return await self._judged(taken)
        except TimeoutError:
            return _refused(408, "too-slow", f"the list did not come in {self._limits.seconds:g} seconds")
        except ClientDisconnect:
            return _refused(400, "cut-off", "the list is not whole")

    async def _taken(self, request: Request) -> bytes | JSONResponse:
        """Return the body, or the refusal of one that is too much: it is then read to its end and not kept."""
        again = 1 if self._reading + self._judging >= self._limits.at_once else math.ceil(self._wait())
        if again:
            if await self._body(request, keep=False) is None:
                return self._too_large()
            return _refused(429, "too-many-lists", "too many lists are being posted", again=again)
        self._reading += 1
        try:
            self._left -= 1
            text = await self._body(request)
        finally:
            self._reading -= 1
        return self._too_large() if text is None else text

    async def _judged(self, text: bytes) -> JSONResponse:
        self._judging += 1
        try:
            return JSONResponse(await self._offer(text))
        except McpgError as error:
            status = 409 if error.code in _CONFLICTS else _STATUS.get(error.code, 422)
            return _refused(status, error.code, error.message[:MAX_TEXT], remedy=error.remedy)
        finally:
            self._judging -= 1

    def _wait(self) -> float:
        """Return how many seconds until one more list may come; 0 for now."""
        now = asyncio.get_running_loop().time()
        if self._at:
            self._left = min(float(self._limits.burst), self._left + (now - self._at) / self._limits.every)
        self._at = now
        return 0.0 if self._left >= 1 else (1 - self._left) * self._limits.every

    async def _body(self, request: Request, *, keep: bool = True) -> bytes | None:
        """Return the body (nothing of it unless `keep`), None when it is larger than allowed."""
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self._limits.size:
            return None
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > self._limits.size:
                return None
            if keep:
                parts.append(part)
        return b"".join(parts)

    def _too_large(self) -> JSONResponse:
        return _refused(413, "revocation-size", f"the list has more than {self._limits.size} bytes")


def _refused(status: int, code: str, message: str, *, remedy: str = "", again: int = 0) -> JSONResponse:
    """Return a refusal; where what is left of the body is not read, the connection ends."""
    headers = {"connection": "close"} if status in {408, 413} else {}
    if again:
        headers["retry-after"] = str(again)
    content = {"detail": message, "code": code, **({"remedy": remedy} if remedy else {})}
    return JSONResponse(content, status_code=status, headers=headers)
