"""The stdio server: one client, one configured caller, newline-delimited messages of both eras. It opens no stream.

What is written waits until it is read, and what is read waits until it is written: a client that does not read is not
read either. The session is the process. When the input ends, requests in work have `grace` seconds to finish.
Source: MCP basic/transports (stdio), basic/utilities/cancellation.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg.contract.documents import Caller, Credentials
from mcpg.edge.answers import Answers, internal
from mcpg.edge.asks import Asks
from mcpg.edge.conversation import Conversation
from mcpg.edge.measures import EdgeMeasures
from mcpg.edge.session_ids import new_name
from mcpg.edge.settings import EdgeSettings
from mcpg.edge.streams import Streams
from mcpg.protocol import frames
from mcpg.protocol.classify import classify
from mcpg.protocol.lines import LineDecoder
from mcpg.protocol.refusals import Rejected
from mcpg.protocol.sessions import Session

if TYPE_CHECKING:
    from mcpg.contract.ports import Service

__all__ = ["StdioServer", "StdioSettings"]

_CHUNK = 64 * 1024
_NOBODY = ("", "", "", "")


@dataclass(frozen=True, slots=True)
class StdioSettings:
    """Bounds of the stdio server; times in seconds, sizes in bytes."""

    max_line: int = 4 * 1024 * 1024
    max_pending: int = 256
    """Requests in work, subscriptions among them; further ones are refused."""
    max_asks: int = 16
    """Requests of ours that the client has open."""
    max_watches: int = 64
    """Resources that the client, and each of its subscriptions, watches."""
    grace: float = 10.0


class StdioServer:
    """Serves one client. `who` is the configured caller, or credentials that are judged anew for each request."""

    def __init__(
        self,
        service: Service,
        who: Caller | Credentials,
        writer: asyncio.StreamWriter,
        settings: StdioSettings | None = None,
    ) -> None:
        self._settings = settings or StdioSettings()
        self._answers = Answers(service)
        self._who = who
        self._writer = writer
        self._lock = asyncio.Lock()
        measures = EdgeMeasures()
        self._streams = Streams(EdgeSettings(), measures)
        self._session = Session(new_name(), who.identity if isinstance(who, Caller) else _NOBODY, "")
        self._conversation = Conversation(
            self._answers,
            Asks(per_session=self._settings.max_asks, measures=measures),
            self._streams,
            self._session,
            self._write,
            modern=True,
            max_pending=self._settings.max_pending,
            max_watches=self._settings.max_watches,
            measures=measures,
        )

    async def run(self, reader: asyncio.StreamReader) -> None:
        """Serve until the input ends, then let go of what the service holds for this process."""
        lines = LineDecoder(self._settings.max_line)
        try:
            while chunk := await reader.read(_CHUNK):
                for line in lines.feed(chunk):
                    await self._line(line)
            await self._conversation.finish(self._settings.grace)
        except ConnectionError:
            return  # the client has closed our output
        finally:
            self._session.ended = True
            self._conversation.close()
            self._streams.close_all()
            await self._release()

    def notify_changed(self, kind: str) -> None:
        """Tell the client that the list of `tools`, `prompts` or `resources` has changed, if it has for this caller."""
        self._answers.forget()
        self._streams.tell(kind)

    async def _line(self, line: bytes | None) -> None:
        if line is None:
            text = f"message is longer than {self._settings.max_line} bytes"
            await self._write(frames.encode_failure(None, frames.INVALID_REQUEST, text))
            return
        try:
            posted = classify(line, None)
        except Rejected as refusal:
            await self._write(frames.encode_failure(refusal.request_id, refusal.code, str(refusal), refusal.data))
            return
        await self._conversation.take(posted, self._identify)

    async def _identify(self) -> Caller:
        return self._who if isinstance(self._who, Caller) else await self._answers.identify(self._who)

    async def _release(self) -> None:
        if self._session.caller is not None:
            try:
                await self._answers.service.release(self._session.caller, session=self._session.id)
            except Exception as error:  # noqa: BLE001 - nobody is left to tell
                internal(error, "release")

    async def _write(self, message: bytes) -> None:
        async with self._lock:
            self._writer.write(message + b"\n")
            await self._writer.drain()
