"""Which files of a site are watched for revocations, and that a source that fails ends nothing."""

from __future__ import annotations

import asyncio
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway.killing import Authority, kill

from mcpg.gateway.revocation_sources import Sources, Watched
from mcpg.gateway.revoking import Revoking
from mcpg_revocations.feeds import Feed
from mcpg_revocations.sources import Fetched
from mcpg_revocations.standing import Site, Standing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


def test_a_folder_is_watched_or_the_one_that_it_would_be_made_in(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    folders = (tmp_path / "there", tmp_path / "missing", tmp_path / "no" / "where")
    assert Watched(tmp_path / "there" / "feed.json", folders).places() == {tmp_path / "there", tmp_path}
    assert Watched().places() == set()


def test_only_a_sites_own_files_count(tmp_path: Path) -> None:
    watched = Watched(tmp_path / "feeds" / "list", (tmp_path / "ours",))
    for name in ("feeds/list", "ours/a.json", "ours", "feeds", "ours/..data"):
        assert watched.hit(tmp_path / name), name
    for name in ("feeds/other.json", "ours/.a.json", "ours/a.json.new", "else/a.json", "mcpg.yaml"):
        assert not watched.hit(tmp_path / name), name
    assert watched.lost(tmp_path / "ours")
    assert not watched.lost(tmp_path / "ours" / "a.json")


class House:
    """A site without a gateway: what it fenced by, and what it told."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self.folder = folder
        site = Site(folder / "state", self.authority.publisher.anchor(), additions=folder / "additions")
        self.revoking = Revoking(Standing.open(site, int(time.time())))
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.entries: set[str] = set()
        self.fenced_by: set[str] = set()
        self.revoking.bind(
            self._enforce, self._fence, lambda what, facts: self.told.append((what, facts)), lambda: None
        )

    def _fence(self, index: Any) -> tuple[str, ...]:
        self.fenced_by = {entry.id for entry in index.entries()}
        return ()

    def _enforce(self, index: Any) -> tuple[str, ...]:
        self.entries = {entry.id for entry in index.entries()}
        return ()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 - watched files have no event of ours
                await asyncio.sleep(0.005)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    await made.revoking.close()


async def test_a_folder_that_goes_and_comes_again_is_watched_anew(house: House) -> None:
    additions = house.folder / "additions"
    additions.rmdir()
    sources = Sources(house.revoking, None, Watched(None, (additions,)))
    sources.start()
    try:
        for name in ("K1", "K2"):
            additions.mkdir()
            house.authority.add(kill("backend-mock", name))
            await house.until(lambda name=name: house.entries == {name})  # type: ignore[misc]
            shutil.rmtree(additions)
            await house.until(lambda: not house.entries)
    finally:
        await sources.stop()


class Broken:
    """A source with a mistake in it, and then a list."""

    name = "broken"

    def __init__(self, text: bytes) -> None:
        self.asked = 0
        self._text = text

    async def fetch(self, mark: str) -> Fetched | None:
        self.asked += 1
        if self.asked <= 2:
            raise KeyError(mark)
        return Fetched(self._text, "")


async def test_a_mistake_in_a_source_keeps_nothing_down(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpg.gateway.revocation_sources.AGAIN", 0.01)
    source = Broken(house.authority.publisher.issue(kill("backend-mock")))
    sources = Sources(house.revoking, Feed(source), Watched())
    await sources.first()
    assert source.asked == 1
    sources.start()
    try:
        await house.until(lambda: house.entries == {"K1"})
    finally:
        await sources.stop()
    assert house.revoking.taken == {("feed", "taken"): 1}


async def test_an_addition_that_cannot_be_read_is_told_and_what_was_known_stays(house: House) -> None:
    house.authority.add(kill("backend-mock"))
    await house.revoking.refresh("files")
    assert house.entries == {"K1"}
    (house.folder / "additions" / "ours.json").write_text("{")
    sources = Sources(house.revoking, None, Watched())
    sources.hurry("signal")
    await house.until(lambda: bool(house.revoking.status()["complaints"]))
    assert house.revoking.status()["complaints"] == {"signal": "bad-revocations"}
    assert house.entries == {"K1"}
    assert [facts["code"] for what, facts in house.told if what == "revocations-refused"] == ["bad-revocations"]
    await sources.stop()


async def test_a_list_counts_although_who_brought_it_has_gone(house: House) -> None:
    posting = asyncio.create_task(house.revoking.offer(house.authority.publisher.issue(kill("backend-mock")), "post"))
    await asyncio.sleep(0)
    posting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await posting
    await house.until(lambda: house.entries == {"K1"})


async def test_where_the_state_cannot_be_written_what_a_list_kills_is_fenced_all_the_same(house: House) -> None:
    (house.folder / "state" / "lists").write_text("in the way")
    with pytest.raises(Exception, match="cannot be stored") as refused:
        await house.revoking.offer(house.authority.publisher.issue(kill("backend-mock")), "post")
    assert getattr(refused.value, "code", "") == "store-unavailable"
    assert (house.fenced_by, house.entries, house.revoking.version) == ({"K1"}, set(), 0)
