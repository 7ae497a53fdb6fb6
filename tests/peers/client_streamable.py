"""A client of Streamable HTTP with sessions: 2025-03-26, 2025-06-18, 2025-11-25; resumes a stream that was cut.

Source: basic/transports of those revisions.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from tests.peers.client import encode
from tests.peers.client_handshake import HandshakeClient
from tests.peers.fetch import fetch
from tests.peers.record import PeerError

if TYPE_CHECKING:
    from tests.peers.client import Pending
    from tests.peers.fetch import Event, Reply

__all__ = ["StreamableClient"]

BOTH = "application/json, text/event-stream"
RESUMES = 10


class StreamableClient(HandshakeClient):
    """`session` is the id that the server gave, `resumes` how often a stream was taken up again."""

    session = ""
    resumes = 0
    last_event = ""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._event_ids: set[str] = set()
        self._watching: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def close(self) -> None:
        await super().close()
        if self.session:
            (await fetch("DELETE", self.url, self._headers())).close()

    async def send(self, message: Any) -> None:
        """Send a notification or an answer, or several of them."""
        reply = await fetch("POST", self.url, self._headers(accept=BOTH), encode(message))
        body = await reply.body()
        if reply.status != 202 or body:
            self.problem(f"{message!r:.100} was answered {reply.status} {body[:200]!r}")

    async def batch(self, messages: list[dict[str, Any]]) -> tuple[int, list[Any]]:
        """Send a batch; returns the status and all messages of the answer."""
        reply = await fetch("POST", self.url, self._headers(accept=BOTH), encode(messages))
        if reply.media == "text/event-stream":
            answers = []
            async for event in reply.events():
                message = json.loads(event.data) if event.data else []
                for each in message if isinstance(message, list) else [message]:
                    if "method" not in each:
                        answers.append(each)
                    else:
                        self.hear(each, "post")
            return reply.status, answers
        body = await reply.body()
        answer = json.loads(body) if body else []
        return reply.status, answer if isinstance(answer, list) else [answer]

    async def exchange(self, pending: Pending, method: str, params: dict[str, Any]) -> dict[str, Any]:
        pending.id = self.number()
        message = {"jsonrpc": "2.0", "id": pending.id, "method": method, "params": params}
        reply = await fetch("POST", self.url, self._headers(accept=BOTH), encode(message))
        if method == "initialize":
            self.session = reply.headers.get("mcp-session-id", "")
            if not all(0x21 <= ord(letter) <= 0x7E for letter in self.session):
                self.problem(f"the session id is {self.session!r}")
        try:
            if reply.media == "text/event-stream":
                return await self._read(reply, pending)
            body = await reply.body()
        finally:
            reply.close()
        if not body.startswith(b"{"):
            raise PeerError(-reply.status, f"HTTP {reply.status}", body.decode(errors="replace"))
        answer: dict[str, Any] = json.loads(body)
        if answer.get("id") != pending.id and "result" in answer:
            self.problem(f"request {pending.id} got the answer to {answer.get('id')!r}")
        return answer

    async def watch(self) -> None:
        if self._watching is None:
            self._watching = self.spawn(self._general())
        await self._listening.wait()

    async def subscribe(self, uri: str) -> None:
        await self.watch()
        await super().subscribe(uri)

    def session_headers(self) -> dict[str, str]:
        """Return the headers that a test needs to speak in this client's name."""
        return self._headers()

    def _headers(self, **more: str) -> dict[str, str]:
        headers = {**self.headers, "content-type": "application/json", **more}
        if self.session:
            headers["mcp-session-id"] = self.session
            if self.revision.version_header:
                headers["mcp-protocol-version"] = self.revision.name
        return headers

    async def _read(self, reply: Reply, pending: Pending) -> dict[str, Any]:
        """Read a stream to its answer, resuming it as often as it is cut."""
        last, retry = "", 0
        for _ in range(RESUMES):
            answer = None
            async for event in reply.events():
                last, retry = event.id or last, event.retry if event.retry is not None else retry
                self._check_event(event)
                if not event.data:
                    continue
                if answer is not None:
                    self.problem(f"after the answer came {event.data:.100}")
                answer = await self._event(json.loads(event.data), pending) or answer
            if answer is not None:
                return answer
            if not last:
                break
            await asyncio.sleep(retry / 1000)
            self.resumes += 1
            headers = self._headers(accept="text/event-stream")
            reply = await fetch("GET", self.url, {**headers, "last-event-id": last})
            if reply.status != 200:
                raise PeerError(-reply.status, "cannot resume")
        raise PeerError(0, "the stream ended without an answer")

    async def _event(self, message: Any, pending: Pending) -> dict[str, Any] | None:
        for each in message if isinstance(message, list) else [message]:
            if "method" in each:
                self.hear(each, "post")
            elif each.get("id") == pending.id:
                return each
            else:
                self.problem(f"the answer to {each.get('id')!r} on the stream of {pending.id}")
        return None

    async def _general(self) -> None:
        reply = await fetch("GET", self.url, self._headers(accept="text/event-stream"))
        if reply.status != 200:
            self.problem(f"GET was answered {reply.status}")
            return
        self._listening.set()
        try:
            async for event in reply.events():
                self._check_event(event)
                message = json.loads(event.data) if event.data else {"method": "", "jsonrpc": "2.0"}
                if "method" not in message:
                    self.problem("an answer on the general stream")
                elif event.data:
                    self.hear(message, "get")
        finally:
            reply.close()

    def _check_event(self, event: Event) -> None:
        if event.id and event.id in self._event_ids:
            self.problem(f"event id {event.id!r} came twice")
        if event.id:
            self._event_ids.add(event.id)
            self.last_event = event.id
        if event.name != "message":
            self.problem(f"an event named {event.name!r}")
