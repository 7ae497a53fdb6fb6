"""A ledger with three tenants in it, and a place for one."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from mcpg.ledger import Head, SqliteLedger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TENANTS = ("red", "green", "blåå")


@dataclass
class Place:
    """Where a ledger is, and the heads that it has logged."""

    directory: Path
    heads: list[Head] = field(default_factory=list, repr=False)
    public_key: str = ""

    @property
    def path(self) -> Path:
        return self.directory / "ledger.db"

    async def open(self, **options: object) -> SqliteLedger:
        ledger = await SqliteLedger.open(self.path, state=self.directory, on_head=self.heads.append, **options)
        self.public_key = ledger.key.public.text
        return ledger

    def copy(self, directory: Path) -> Place:
        shutil.copytree(self.directory, directory)
        return Place(directory, self.heads, self.public_key)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[SqliteLedger]:
    opened = await place.open()
    yield opened
    await opened.close()


async def fill(place: Place) -> None:
    ledger = await place.open()
    for round_ in range(4):
        calls = [(tenant, f"{tenant}-{round_}-{number}") for tenant in TENANTS for number in range(3)]
        await asyncio.gather(*(ledger.append(each, {"kind": "intent", "call": call}) for each, call in calls))
        done = {"kind": "outcome", "status": "ok", "note": "ünï\u2028"}
        await asyncio.gather(*(ledger.append(each, {**done, "call": call}) for each, call in calls))
    await ledger.close()


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A closed ledger of three tenants, each with 12 calls in two records; not to be changed: copy it."""
    place = Place(tmp_path_factory.mktemp("full"))
    asyncio.run(fill(place))
    return place
