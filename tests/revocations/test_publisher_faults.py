"""A publisher, a relay or a clock that lies is refused, each fault by its name, and nothing that is known changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.registry.artifacts import NOW
from tests.simulator.plugins import Chest
from tests.simulator.publisher import Publisher

from mcpg.contract.problems import PluginRefused
from mcpg_registry.digests import digest_bytes
from mcpg_revocations.envelopes import MAX_OFFER
from mcpg_revocations.index import Subject, check
from mcpg_revocations.lists import DAY, MAX_ENTRIES, Action, Entry, NextKeys
from mcpg_revocations.standing import Site, Standing

if TYPE_CHECKING:
    from pathlib import Path

BAD, WORSE = digest_bytes(b"bad"), digest_bytes(b"worse")
YEAR = 365 * DAY


def entry(manifest: str, name: str = "", action: str = "kill") -> Entry:
    return Entry(id=name or manifest[7:15], action=action, reason="malware", manifest=manifest)


class World:
    """A publisher, a site that has taken its first two lists, and a clock that both look at."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.folder = folder
        self.chest = Chest()
        self.publisher = Publisher(self.chest, lambda: self.now)
        self.site = Site(folder / "state", self.publisher.anchor())
        self.standing = Standing.open(self.site, self.now)
        self.take(self.publisher.issue())
        self.take(self.publisher.issue(entry(BAD)))

    def take(self, text: bytes) -> None:
        self.standing.offer(text, self.now)

    def action(self, manifest: str) -> Action:
        return check(Subject(manifest=manifest), self.standing.index(self.now)).action

    def files(self) -> dict[str, bytes]:
        state = self.folder / "state"
        return {str(path.relative_to(state)): path.read_bytes() for path in state.rglob("*") if path.is_file()}

    def restart(self) -> None:
        self.standing = Standing.open(self.site, self.now)

    def refuses(self, text: bytes, code: str) -> None:
        """Assert that an offer is refused under `code`, and that nothing of what is known has changed for it."""
        before, freshness = self.files(), self.standing.freshness(self.now)
        with pytest.raises(PluginRefused) as caught:
            self.take(text)
        assert caught.value.code in code.split("|")
        assert caught.value.step == 4
        assert caught.value.message.startswith("step 4, revocation list: ")
        assert caught.value.remedy
        assert "\n" not in caught.value.message
        assert len(caught.value.message) < 500
        assert self.files() == before
        for _ in range(2):
            assert self.standing.freshness(self.now) == freshness
            assert self.action(BAD) is Action.KILL
            self.restart()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


FAULTS = {
    "rolled-back": (lambda p: p.rolled_back(), "revocation-rollback"),
    "split": (lambda p: p.split(entry(WORSE)), "revocation-split"),
    "entries-dropped": (lambda p: p.dropped(), "revocation-signature"),
    "cut-to-nothing": (lambda p: b"", "revocation-list"),
    "cut-in-half": (lambda p: p.cut(len(p.held[-1]) // 2), "revocation-list"),
    "cut-by-a-byte": (lambda p: p.cut(len(p.held[-1]) - 1), "revocation-list"),
    "longer-by-a-byte": (lambda p: p.held[-1] + b"x", "revocation-list"),
    "unchained": (lambda p: p.unchained(), "revocation-chain"),
    "forged": (lambda p: p.forged(), "revocation-signature"),
    "forged-under-stolen-names": (lambda p: p.forged_hints(), "revocation-signature"),
    "one-signature-of-two": (lambda p: p.under_signed(entry(WORSE)), "revocation-signature"),
    "one-key-signs-twice": (lambda p: p.signed_twice(entry(WORSE)), "revocation-signature"),
    "unannounced-keys": (lambda p: p.usurped("new-1", "new-2"), "revocation-signature"),
    "rotation-without-old-keys": (lambda p: p.coup("new-1", "new-2"), "revocation-signature"),
    "emergency-takes-away": (lambda p: p.emergency_that(entries=()), "revocation-emergency"),
    "emergency-weakens": (lambda p: p.emergency_that(entries=(entry(BAD, action="warn"),)), "revocation-emergency"),
    "emergency-lives-longer": (lambda p: p.emergency_that(expires=p.clock() + YEAR), "revocation-emergency"),
    "emergency-rotates": (
        lambda p: p.emergency_that(keys=NextKeys(next=(p.chest["list-1"].public.pem,), threshold=1)),
        "revocation-emergency|revocation-rotation",
    ),
    "emergency-runs-ahead": (lambda p: p.emergency_that(version=1000), "revocation-emergency"),
    "emergency-by-a-stranger": (lambda p: p.sign(p.draft(emergency=True), "stranger"), "revocation-signature"),
    "bomb": (lambda p: p.bomb(MAX_OFFER + 1), "revocation-size"),
    "bomb-within-the-bound": (lambda p: p.bomb(MAX_OFFER - 1), "revocation-size|revocation-list"),
    "crowded": (lambda p: p.crowded(MAX_ENTRIES + 1), "revocation-list|revocation-size"),
    "nested": (lambda p: b'{"payload":' + b"[" * 100_000, "revocation-list"),
    "doubled-version": (lambda p: p.doubled_key(), "revocation-list"),
    "another-kind-of-document": (lambda p: p.of_another_type(), "revocation-list"),
    "immortal": (lambda p: p.immortal(), "revocation-list"),
    "another-issuer": (lambda p: p.sign(p.draft(issuer="other.example/list")), "revocation-issuer"),
    "dead-on-arrival": (lambda p: p.sign(p.draft(issued=0, expires=NOW - YEAR)), "revocation-expired"),
    "two-entries-of-one-id": (
        lambda p: p.raw(lambda document: document["entries"].append(document["entries"][0])),
        "revocation-list",
    ),
    "no-list-at-all": (lambda p: b'{"lists":[]}', "revocation-list"),
    "chain-that-ends-in-the-past": (lambda p: p.chain(2, 1), "revocation-rollback"),
    "chain-too-long": (lambda p: p.chain(*[1] * 17), "revocation-list"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_and_changes_nothing(world: World, name: str) -> None:
    make, codes = FAULTS[name]
    text = make(world.publisher)
    before = world.files()
    with pytest.raises(PluginRefused) as caught:
        world.take(text)
    assert caught.value.code in codes.split("|")
    assert world.files() == before
    world.refuses(text, caught.value.code)
    world.take(world.publisher.issue(entry(WORSE)))
    assert world.action(WORSE) is Action.KILL


def test_a_frozen_publisher_is_noticed(world: World) -> None:
    frozen = world.publisher.frozen()
    states = []
    for days in (0, 1, 2, 15, 16):
        world.now = NOW + days * DAY
        if days < 15:
            world.take(frozen)
        states.append(world.standing.freshness(world.now).state)
    assert states == ["fresh", "fresh", "stale", "stale", "dead"]
    world.refuses(frozen, "revocation-expired")


def test_a_dead_list_stays_dead_at_whatever_clock(world: World) -> None:
    world.now = NOW + 30 * DAY
    world.standing.refresh(world.now)
    assert world.standing.freshness(world.now).state == "dead"
    for back in (2 * DAY, 30 * DAY, YEAR):
        world.now = NOW + 30 * DAY - back
        world.restart()
        assert world.standing.freshness(world.now).state == "dead"
        with pytest.raises(PluginRefused) as caught:
            world.standing.for_loading(world.now, locked=True)
        assert caught.value.code == "revocation-dead"


def test_a_clock_set_back_makes_the_list_stale(world: World) -> None:
    world.now = NOW + DAY // 2
    world.take(world.publisher.issue())
    world.now = NOW
    world.restart()
    assert world.standing.freshness(world.now).state == "stale"
    with pytest.raises(PluginRefused) as caught:
        world.standing.for_loading(world.now, locked=False)
    assert caught.value.code == "revocation-clock"
    assert world.standing.for_loading(world.now, locked=True).version == 3


def test_a_clock_set_back_does_not_revive_a_list_that_was_refused_for_its_age(world: World) -> None:
    late = world.publisher.issue()
    world.now = NOW + 40 * DAY
    world.refuses(late, "revocation-expired")
    world.standing.refresh(world.now)
    world.now = NOW
    world.refuses(late, "revocation-expired")


def test_an_emergency_adds_under_one_signature_and_a_full_list_follows(world: World) -> None:
    world.take(world.publisher.emergency(entry(WORSE)))
    assert (world.action(BAD), world.action(WORSE)) == (Action.KILL, Action.KILL)
    world.refuses(world.publisher.rolled_back(), "revocation-rollback")
    world.take(world.publisher.issue())
    assert world.standing.freshness(world.now).version == 4


def test_keys_rotate_and_the_old_ones_are_through(world: World) -> None:
    old = world.publisher.signers
    world.take(world.publisher.rotate("new-1", "new-2", "new-3"))
    world.restart()
    world.refuses(world.publisher.sign(world.publisher.draft(), *old[:2]), "revocation-signature")
    world.take(world.publisher.issue(entry(WORSE)))
    assert world.action(WORSE) is Action.KILL


def test_announced_keys_count_only_with_the_old_ones(world: World) -> None:
    new, old = ("new-1", "new-2", "new-3"), world.publisher.signers
    world.take(world.publisher.announce(*new))
    world.restart()
    drafted = world.publisher.draft()
    for names in (new[:2], old[:2], (*old[:2], new[0]), (old[0], *new[:2])):
        world.refuses(world.publisher.sign(drafted, *names), "revocation-rotation|revocation-signature")
    world.take(world.publisher.hand_over(*new))
    world.refuses(world.publisher.sign(world.publisher.draft(), *old[:2]), "revocation-signature")
    world.take(world.publisher.issue(entry(WORSE)))
    assert world.action(WORSE) is Action.KILL


def test_a_site_that_was_away_catches_up_by_a_chain(world: World) -> None:
    world.publisher.rotate("new-1", "new-2", "new-3")
    last = world.publisher.issue(entry(WORSE))
    world.refuses(last, "revocation-signature")
    world.take(world.publisher.chain(3, 4))
    assert world.action(WORSE) is Action.KILL


def test_a_chain_through_a_forged_rotation_leads_nowhere(world: World) -> None:
    coup = world.publisher.coup("thief-1", "thief-2", "thief-3")
    thief = Publisher(world.chest, lambda: world.now, ("thief-1", "thief-2", "thief-3"))
    thief.lists, thief.held = [*world.publisher.lists], [*world.publisher.held, coup]
    thief.lists.append(thief.draft())
    thief.held.append(thief.sign(thief.draft(entries=())))
    world.refuses(thief.chain(3, 4), "revocation-signature")


def test_what_a_site_remembers_cannot_be_swapped_for_an_older_list(world: World) -> None:
    (held,) = (world.folder / "state" / "lists").iterdir()
    held.write_bytes(world.publisher.rolled_back())
    with pytest.raises(PluginRefused) as caught:
        world.restart()
    assert caught.value.code == "revocation-state"


def test_a_site_whose_feed_never_delivered_loads_nothing(tmp_path: Path) -> None:
    chest = Chest()
    publisher = Publisher(chest, lambda: NOW)
    standing = Standing.open(Site(tmp_path / "state", publisher.anchor()), NOW)
    with pytest.raises(PluginRefused) as caught:
        standing.for_loading(NOW, locked=True)
    assert caught.value.code == "revocation-missing"
    with pytest.raises(PluginRefused) as caught:
        standing.offer(publisher.sign(publisher.draft(emergency=True), "list-1"), NOW)
    assert caught.value.code == "revocation-emergency"
