"""The same servers over standard input and output: `python -m tests.peers.stdio --revision 2025-11-25 --name peer`.

What its revision forbids is written to standard error, a line `problem: ...` each. Leaves when its input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from tests.peers.modern import ModernCore
from tests.peers.record import PeerError, Seen
from tests.peers.revisions import ALL, MODERN
from tests.peers.server import Server
from tests.peers.session import Session, kind_of

__all__: list[str] = []

MOST_GROWN = 50


def write(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class LegacyStdio(Server):
    """One session for the process."""

    def __init__(self, name: str, revision_name: str) -> None:
        super().__init__(name, revision_name)
        self._session = Session(self)
        self._tasks: set[asyncio.Task[None]] = set()

    def problem(self, what: str) -> None:
        super().problem(what)
        sys.stderr.write(f"problem: {what}\n")
        sys.stderr.flush()

    async def changed(self, method: str, params: dict[str, Any]) -> None:
        if method != "notifications/resources/updated" or params["uri"] in self._session.subscriptions:
            write({"jsonrpc": "2.0", "method": method} | ({"params": params} if params else {}))

    def take(self, message: Any) -> None:
        task = asyncio.ensure_future(self._session.take(message, write))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class ModernStdio(ModernCore):
    """Requests and subscriptions by their ids, on one channel."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._working: dict[Any, asyncio.Task[None]] = {}

    def problem(self, what: str) -> None:
        super().problem(what)
        sys.stderr.write(f"problem: {what}\n")
        sys.stderr.flush()

    def take(self, message: Any) -> None:
        kind = kind_of(message)
        if kind == "request":
            self._working[message["id"]] = asyncio.ensure_future(self._answer(message))
        elif kind == "note" and message["method"] == "notifications/cancelled":
            number = message["params"]["requestId"]
            if number in self._subscriptions:
                self.unsubscribe(number)
            elif (task := self._working.get(number)) is not None:
                task.cancel()
        elif message.get("method") != "notifications/initialized":
            self.problem(f"a {kind}: {message!r:.200}")

    async def _answer(self, message: dict[str, Any]) -> None:
        number = message["id"]
        self.note(Seen(message["method"], message.get("params") or {}, number))
        try:
            self.check_params(message["method"], message.get("params") or {})
            self.check(message)
            if message["method"] == "subscriptions/listen":
                self.subscribe(number, message, write)
                return
            write({"jsonrpc": "2.0", "id": number, "result": await self.answer(message, write)})
        except PeerError as error:
            write({"jsonrpc": "2.0", "id": number, "error": error.body()})
        finally:
            self._working.pop(number, None)


async def change(server: Server, seconds: float) -> None:
    """Change a resource and the list of tools, over and over, as a server does on its own account."""
    while True:
        await asyncio.sleep(seconds)
        await server.touch()
        if len(server.features.grown) < MOST_GROWN:
            await server.grow()


async def serve(name: str, revision_name: str, restless: float = 0.0) -> None:
    """Serve until the input ends; a `restless` server changes every so many seconds."""
    server = ModernStdio(name) if revision_name == MODERN else LegacyStdio(name, revision_name)
    reader = asyncio.StreamReader(limit=16 * 1024 * 1024)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    changing = asyncio.ensure_future(change(server, restless)) if restless else None
    while line := await reader.readline():
        server.take(json.loads(line))
    if changing is not None:
        changing.cancel()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--revision", choices=ALL, required=True)
    parser.add_argument("--name", default="peer")
    parser.add_argument("--restless", type=float, default=0.0)
    options = parser.parse_args()
    asyncio.run(serve(options.name, options.revision, options.restless))


if __name__ == "__main__":
    main()
