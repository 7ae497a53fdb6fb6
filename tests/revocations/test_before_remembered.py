"""What a verified list kills is told before the list is remembered, and nothing is told of any other list."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from tests.simulator.plugins import Chest
from tests.simulator.publisher import Publisher

from mcpg.contract.problems import PluginRefused
from mcpg_revocations.lists import Entry
from mcpg_revocations.standing import Site, Standing

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg_revocations.index import RevocationIndex

KILL = Entry(id="K", action="kill", reason="bad", plugin="acme/x", versions="*")


def test_news_is_told_once_and_before_it_is_on_the_disk(tmp_path: Path) -> None:
    now = int(time.time())
    publisher = Publisher(Chest(), clock=lambda: now)
    standing = Standing.open(Site(tmp_path, publisher.anchor()), now)
    told: list[tuple[int, set[str], int, int]] = []

    def verified(index: RevocationIndex) -> None:
        files = len(list(tmp_path.glob("lists/*")))
        told.append((index.version, {entry.id for entry in index.entries()}, standing.index(now).version, files))

    first, second = publisher.issue(), publisher.issue(KILL)
    standing.offer(first, now, verified=verified)
    standing.offer(second, now, verified=verified)
    standing.offer(second, now, verified=verified)
    for refused in (first, publisher.forged(), publisher.split()):
        with pytest.raises(PluginRefused):
            standing.offer(refused, now, verified=verified)
    shipped = {entry.id for entry in Standing.open(Site(tmp_path / "other"), now).index(now).entries()}
    assert told == [(1, shipped, 0, 0), (2, shipped | {"K"}, 1, 1)]
    assert standing.index(now).version == 2
