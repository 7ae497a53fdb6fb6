"""What a site remembers: over restarts, between processes, after a kill, with other keys; and what may load when."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.revocations.lists_made import DIGEST, NOW, A, entry
from tests.simulator.plugins import Chest
from tests.simulator.publisher import Publisher

from mcpg.contract.problems import ConfigError, PluginRefused
from mcpg_registry.trust.keys import PrivateKey
from mcpg_revocations import state as stating
from mcpg_revocations.envelopes import Anchor
from mcpg_revocations.freshness import freshness_of
from mcpg_revocations.index import Subject, check
from mcpg_revocations.lists import DAY, Action
from mcpg_revocations.standing import Site, Standing

SUBJECT = Subject(manifest=DIGEST)
PUBLISHERS = {name: PrivateKey.generate() for name in ("list-1", "list-2", "list-3")}
forks = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
"""The children touch files only; whatever threads the test runner has are none of theirs."""


@pytest.fixture
def publisher() -> Publisher:
    return Publisher(Chest(), lambda: NOW)


@pytest.fixture
def site(tmp_path: Path, publisher: Publisher) -> Site:
    return Site(tmp_path / "state", publisher.anchor())


def code(error: pytest.ExceptionInfo[PluginRefused]) -> str:
    return error.value.code


def test_a_site_without_a_feed_goes_by_what_ships_at_any_time(tmp_path: Path) -> None:
    standing = Standing.open(Site(tmp_path / "state"), NOW)
    for now in (0, NOW, NOW + 3 * 366 * DAY):
        freshness = standing.freshness(now)
        assert (freshness.state, freshness.source, freshness.expires) == ("fresh", "shipped", None)
        assert standing.for_loading(now, locked=False, at_least=1, shipped_at_least=1).version == freshness.version
        assert standing.index(now).digest
    assert standing.known() is None
    assert not (tmp_path / "state").exists()
    with pytest.raises(ConfigError) as caught:
        standing.offer(b"{}", NOW)
    assert caught.value.code == "no-revocation-anchor"
    with pytest.raises(PluginRefused, match="found version 1, wanted at least 2") as refused:
        standing.for_loading(NOW, locked=True, at_least=2)
    assert code(refused) == "revocation-rollback"


def test_what_was_taken_is_remembered(site: Site, publisher: Publisher) -> None:
    standing = Standing.open(site, NOW)
    first = standing.offer(publisher.issue(entry(id="1", manifest=DIGEST)), NOW)
    assert (first.changed, first.version, [each.id for each in first.added()], first.removed()) == (True, 1, ["1"], ())
    again = standing.offer(publisher.held[-1], NOW + 5)
    assert (again.changed, again.added(), again.freshness.checked) == (False, (), NOW + 5)
    restarted = Standing.open(site, NOW)
    assert check(SUBJECT, restarted.index(NOW)).action is Action.BLOCK
    assert (restarted.index(NOW).version, restarted.index(NOW).digest) == (1, first.digest)
    assert restarted.freshness(NOW) == standing.freshness(NOW)
    second = standing.offer(publisher.issue(entries=()), NOW)
    assert [each.id for each in second.removed()] == ["1"]
    assert len(list((site.state / "lists").iterdir())) == 1


def test_a_feed_that_says_the_same_again_confirms_it_and_changes_nothing(site: Site, publisher: Publisher) -> None:
    standing = Standing.open(site, NOW)
    standing.confirm(NOW)
    assert standing.freshness(NOW).state == "dead"
    standing.offer(publisher.issue(), NOW)
    index, before = standing.index(NOW), (site.state / "state.json").read_bytes()
    standing.confirm(NOW + 50)
    assert standing.freshness(NOW).checked == NOW + 50
    assert standing.index(NOW + 50) is index
    assert (site.state / "state.json").read_bytes() == before
    assert standing.refresh(NOW + DAY) is False
    assert standing.index(NOW + DAY) is index


def test_a_list_that_another_process_took_counts_although_an_addition_is_torn(
    site: Site, publisher: Publisher, tmp_path: Path
) -> None:
    site = replace(site, additions=tmp_path)
    standing, other = Standing.open(site, NOW), Standing.open(site, NOW)
    other.offer(publisher.issue(entry(manifest=DIGEST, action="kill")), NOW)
    (tmp_path / "torn.json").write_text("{")
    with pytest.raises(ConfigError):
        standing.refresh(NOW)
    assert check(SUBJECT, standing.index(NOW)).action is Action.KILL


def test_two_standings_of_one_site_see_each_other(site: Site, publisher: Publisher) -> None:
    one, two = Standing.open(site, NOW), Standing.open(site, NOW)
    one.offer(publisher.issue(), NOW)
    assert two.freshness(NOW).state == "dead"
    assert two.refresh(NOW) is True
    assert two.refresh(NOW) is False
    two.offer(publisher.issue(), NOW)
    with pytest.raises(PluginRefused) as caught:
        one.offer(publisher.held[0], NOW)
    assert code(caught) == "revocation-rollback"
    assert one.freshness(NOW).version == 2


def test_what_may_load_when(site: Site, publisher: Publisher) -> None:
    standing = Standing.open(site, NOW)
    standing.offer(publisher.issue(), NOW)
    stale, dead = NOW + DAY + 1, NOW + 15 * DAY + 1
    states = [standing.freshness(now).state for now in (NOW, stale - 1, stale, dead - 1, dead)]
    assert states == ["fresh", "fresh", "stale", "stale", "dead"]
    assert [standing.freshness(now).next_change for now in (NOW, stale, dead)] == [stale, dead, None]
    assert standing.for_loading(NOW, locked=False, at_least=1).version == 1
    assert standing.for_loading(stale, locked=True).version == 1
    for now, locked, wanted in ((stale, False, "stale"), (dead, False, "dead"), (dead, True, "dead")):
        with pytest.raises(PluginRefused) as caught:
            standing.for_loading(now, locked=locked)
        assert (code(caught), caught.value.step, bool(caught.value.remedy)) == (f"revocation-{wanted}", 4, True)
    with pytest.raises(PluginRefused) as caught:
        standing.for_loading(NOW, locked=True, at_least=2)
    assert code(caught) == "revocation-rollback"


def test_the_latest_time_seen_is_written_and_bounds_the_present(site: Site, publisher: Publisher) -> None:
    standing = Standing.open(site, NOW)
    standing.offer(publisher.issue(), NOW)
    standing.refresh(NOW + 20 * DAY)
    restarted = Standing.open(site, NOW)
    assert restarted.freshness(NOW).state == "dead"
    assert restarted.freshness(NOW).clock_set_back
    restarted.accept_clock(NOW)
    assert restarted.freshness(NOW).state == "fresh"
    assert Standing.open(site, NOW).freshness(NOW).state == "fresh"


def test_a_small_step_back_of_the_clock_means_nothing() -> None:
    publisher = Publisher(Chest(), lambda: NOW)
    held = publisher.draft()
    assert freshness_of(held, now=NOW - 3600, seen=NOW, checked=0).state == "fresh"
    assert freshness_of(held, now=NOW - 3601, seen=NOW, checked=0).code == "revocation-clock"
    assert freshness_of(held, now=0, seen=NOW + 2 * DAY, checked=0).code == "revocation-stale"


RANKS = ("fresh", "stale", "dead")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-2 * DAY, 18 * DAY), min_size=1, max_size=8))
def test_whatever_a_clock_does_it_makes_no_list_younger(offsets: list[int]) -> None:
    publisher = Publisher(Chest({name: PUBLISHERS[name] for name in PUBLISHERS}), lambda: NOW)
    with tempfile.TemporaryDirectory() as folder:
        site, latest = Site(Path(folder) / "state", publisher.anchor()), NOW
        Standing.open(site, NOW).offer(publisher.issue(), NOW)
        for offset in offsets:
            now = NOW + offset
            latest = max(latest, now)
            standing = Standing.open(site, now)
            standing.refresh(now)
            known = standing.known()
            assert known is not None
            least = freshness_of(known.held, now=latest - 60, seen=0, checked=0).state
            found = standing.freshness(now)
            assert RANKS.index(found.state) >= RANKS.index(least)
            assert found.state != "fresh" or now >= latest - 3600 - 60


def test_other_keys_in_the_file_begin_anew_but_not_in_time(site: Site, publisher: Publisher) -> None:
    standing = Standing.open(site, NOW)
    standing.offer(publisher.issue(), NOW)
    standing.offer(publisher.issue(), NOW)
    other = Publisher(Chest(), lambda: NOW)
    moved = Standing.open(replace(site, anchor=other.anchor()), NOW)
    assert moved.freshness(NOW).code == "revocation-missing"
    assert moved.offer(other.issue(), NOW).version == 1
    assert moved.freshness(NOW - DAY).code == "revocation-clock"


def test_keys_that_came_by_rotation_are_remembered(site: Site, publisher: Publisher) -> None:
    standing = Standing.open(site, NOW)
    standing.offer(publisher.issue(), NOW)
    standing.offer(publisher.announce("new-1", "new-2"), NOW)
    known = Standing.open(site, NOW).known()
    assert known is not None
    assert known.announced == Anchor(tuple(publisher.chest[name].public for name in ("new-1", "new-2")), 2)
    assert standing.offer(publisher.hand_over("new-1", "new-2"), NOW).rotated
    restarted = Standing.open(site, NOW)
    assert restarted.offer(publisher.issue(), NOW).rotated is False
    found = restarted.known()
    assert found is not None
    assert {key.id for key in found.anchor.keys} == {publisher.chest[name].public.id for name in ("new-1", "new-2")}


@pytest.mark.parametrize(
    "damage",
    [
        lambda state: (state / "state.json").write_bytes(b"{"),
        lambda state: (state / "state.json").write_bytes(b""),
        lambda state: next((state / "lists").iterdir()).unlink(),
        lambda state: next((state / "lists").iterdir()).write_bytes(b"{}"),
        lambda state: edit(state, version=1),
        lambda state: edit(state, keys={"next": [A.public.pem], "threshold": 1}),
        lambda state: edit(state, keys={"next": ["no key"], "threshold": 1}),
        lambda state: edit(state, digest="sha256:../../x"),
        lambda state: edit(state, more=1),
    ],
)
def test_a_memory_that_is_damaged_is_an_error_and_not_a_fresh_start(site: Site, publisher: Publisher, damage) -> None:
    standing = Standing.open(site, NOW)
    standing.offer(publisher.issue(), NOW)
    standing.offer(publisher.issue(), NOW)
    damage(site.state)
    with pytest.raises(PluginRefused) as caught:
        Standing.open(site, NOW)
    assert (code(caught), caught.value.step) == ("revocation-state", 4)


def edit(state: Path, **changes: object) -> None:
    path = state / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_disk_that_is_full_changes_nothing(site: Site, publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    standing = Standing.open(site, NOW)
    standing.offer(publisher.issue(), NOW)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stating, "write_whole", full)
    with pytest.raises(OSError, match="No space"):
        standing.offer(publisher.issue(entry(manifest=DIGEST)), NOW)
    assert standing.freshness(NOW).version == 1
    monkeypatch.undo()
    assert Standing.open(site, NOW).freshness(NOW).version == 1
    assert standing.offer(publisher.held[-1], NOW).version == 2


def _offer_all(site: Site, texts: list[bytes], barrier) -> None:
    standing = Standing.open(site, NOW)
    barrier.wait(30)
    for text in texts:
        try:
            standing.offer(text, NOW)
        except PluginRefused as error:
            assert error.code == "revocation-rollback"  # noqa: PT017 - in another process


@forks
def test_processes_that_offer_at_once_end_with_the_newest(site: Site, publisher: Publisher) -> None:
    texts = [publisher.issue() for _ in range(12)]
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(3)
    runs = [context.Process(target=_offer_all, args=(site, texts[start::3], barrier)) for start in range(3)]
    for each in runs:
        each.start()
    for each in runs:
        each.join(60)
    assert [each.exitcode for each in runs] == [0, 0, 0]
    assert Standing.open(site, NOW).freshness(NOW).version == 12
    assert len(list((site.state / "lists").iterdir())) == 1


def test_threads_that_read_see_one_list_or_the_other(site: Site, publisher: Publisher) -> None:
    standing = Standing.open(site, NOW)
    texts = [publisher.issue(entry(id=str(number), manifest=DIGEST)) for number in range(3)]
    done = False

    def read() -> int:
        while not done:
            index = standing.index(NOW)
            assert len(index) == index.version
        return 1

    with ThreadPoolExecutor(3) as pool:
        reads = [pool.submit(read) for _ in range(3)]
        for text in texts:
            standing.offer(text, NOW)
        done = True
        assert sum(each.result(30) for each in reads) == 3


def _die_at(site: Site, text: bytes, step: int) -> None:
    """Offer, and be killed at the given system call of the writing."""
    count = 0

    def counted(real):
        def call(*arguments, **options):
            nonlocal count
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        return call

    for name in ("fsync", "open", "fdopen", "fchmod", "unlink"):
        setattr(os, name, counted(getattr(os, name)))
    Path.replace = counted(Path.replace)  # type: ignore[method-assign]
    Standing.open(site, NOW).offer(text, NOW)


@forks
def test_a_process_killed_at_any_moment_leaves_one_list_or_the_other(site: Site, publisher: Publisher) -> None:
    Standing.open(site, NOW).offer(publisher.issue(), NOW)
    context, seen = multiprocessing.get_context("fork"), []
    for step in range(1, 60):
        text = publisher.issue(entry(id=str(step), manifest=DIGEST))
        process = context.Process(target=_die_at, args=(site, text, step))
        process.start()
        process.join(60)
        found = Standing.open(site, NOW).freshness(NOW).version
        assert found in {len(publisher.held), len(publisher.held) - 1}
        seen.append(found == len(publisher.held))
        Standing.open(site, NOW).offer(text, NOW)
        if process.exitcode == 0:
            break
    assert seen[0] is False
    assert seen[-1] is True
    assert len(seen) > 8
    assert sorted(path.name[-5:] for path in site.state.rglob("*") if path.is_file()) == [".json", ".json", "lock"]
