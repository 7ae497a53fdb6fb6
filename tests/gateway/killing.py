"""A gateway with an anchor, and the publisher that it believes. It tests nothing."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tests.simulator.plugins import Chest
from tests.simulator.publisher import Publisher

from mcpg_registry.trust.keys import PrivateKey
from mcpg_revocations.envelopes import sign_override
from mcpg_revocations.lists import Additions, Entry, Override, digest_of, encode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from mcpg.gateway.gateway import Gateway
    from mcpg.gateway.revoking import Applied

SITE = PrivateKey.generate()


class Authority:
    """Who publishes lists for one folder, and what a site there would write by itself."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.folder = folder
        self.publisher = Publisher(Chest(), clock=lambda: int(time.time()), **more)
        for number, key in enumerate(self.publisher.anchor().keys, 1):
            (folder / f"list-{number}.pem").write_text(key.pem)
        (folder / "site.pem").write_text(SITE.public.pem)
        for name in ("additions", "overrides"):
            (folder / name).mkdir(exist_ok=True)

    def section(self, **more: Any) -> dict[str, Any]:
        """Return the section `revocations` of a file in the folder."""
        keys = [f"list-{number}.pem" for number in (1, 2, 3)]
        local = {"additions": "additions", "overrides": "overrides", "override_keys": ["site.pem"]}
        return {"anchor": {"keys": keys}, **local, **more}

    def store(self, text: bytes, name: str = "feed.json") -> Path:
        """Put a list into the folder, whole."""
        path = self.folder / name
        fresh = path.with_name(f".{path.name}")
        fresh.write_bytes(text)
        return fresh.replace(path)

    def add(self, *entries: Entry, name: str = "ours.json") -> None:
        self.store(encode(Additions(schema=1, entries=entries)), f"additions/{name}")

    def override(self, entry: Entry, *, seconds: int = 3600, since: int | None = None) -> None:
        issued = int(time.time()) if since is None else since
        word = Override(
            schema=1, entry=entry.id, digest=digest_of(entry), reason="we need it", by="ops", issued=issued,
            expires=issued + seconds,
        )  # fmt: skip
        self.store(sign_override(word, SITE), "overrides/ours.json")


def kill(plugin: str, name: str = "K1", action: Any = "kill") -> Entry:
    """Return the entry that kills a built-in plugin in every version."""
    return Entry(id=name, action=action, reason="it leaks", plugin=f"mcpg/{plugin}", versions="*")


def offer(gateway: Gateway, text: bytes) -> Awaitable[Applied]:
    return gateway.rooms.revoking.offer(text, "test")


def records(folder: Path, event: str) -> list[dict[str, Any]]:
    """Return the events of a name in the ledger of the gateway in `folder`."""
    with closing(sqlite3.connect(folder / "state" / "ledger.db")) as ledger:
        found = [json.loads(body) for (body,) in ledger.execute("select body from records order by rowid")]
    return [record for record in found if record.get("event") == event]


async def settled(gateway: Gateway) -> None:
    """Wait until what a list has set going is done."""
    await asyncio.sleep(0)
    while gateway._background:
        await asyncio.wait(gateway._background)


async def until(condition: Callable[[], Any]) -> None:
    """Wait for what a changed file does: it has no event of ours."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - as the docstring says
            await asyncio.sleep(0.005)
