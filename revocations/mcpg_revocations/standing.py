"""What a site knows of revocations and remembers: the list that ships, its feed's, its own additions and overrides.

It takes lists from wherever they come and answers for them; it polls nothing (`feeds` does), stops no plugin and
records nothing: what it returns says what to record. Methods that block on the disk say so; the others take no lock.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError, McpgError, reason_of
from mcpg_revocations.envelopes import refused
from mcpg_revocations.freshness import Freshness, freshness_of, refusal_of
from mcpg_revocations.index import RevocationIndex, Table
from mcpg_revocations.lists import digest_of
from mcpg_revocations.local import Local, hidden_by, read_local
from mcpg_revocations.rules import accept_chain
from mcpg_revocations.shipped import load_list
from mcpg_revocations.state import Memory, StateDirectory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mcpg_registry.trust.keys import PublicKey
    from mcpg_revocations.envelopes import Anchor
    from mcpg_revocations.lists import Entry, Override, RevocationList
    from mcpg_revocations.rules import Known

__all__ = ["Offered", "Site", "Standing"]

STEP = 60
"""Seconds that the clock must have moved before the latest time seen is written again."""
FOREVER = 2**60


@dataclass(frozen=True, slots=True)
class Site:
    """What an operator has set up. Without an `anchor` the site goes by the list that ships, which is always there.

    `state` is a directory of its own. `additions` and `overrides` are directories of `*.json`; `site_keys` are those
    that may sign an override. `shipped` is the directory of the list that ships, by default the package's own.
    """

    state: Path
    anchor: Anchor | None = None
    additions: Path | None = None
    overrides: Path | None = None
    site_keys: tuple[PublicKey, ...] = ()
    shipped: Path | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """A list that was taken: `changed` is false for the one that was held already."""

    changed: bool
    version: int
    digest: str
    emergency: bool
    rotated: bool
    index: RevocationIndex
    freshness: Freshness
    before: RevocationList | None = field(repr=False)
    after: RevocationList = field(repr=False)

    def added(self) -> tuple[Entry, ...]:
        """Return the entries that are new or changed."""
        return _beyond(self.after, self.before)

    def removed(self) -> tuple[Entry, ...]:
        """Return the entries that are gone, or that stand there changed, as they were."""
        return _beyond(self.before, self.after)


@dataclass(frozen=True, slots=True)
class _View:
    """One moment of everything; exchanged whole, so that no reader sees half a change."""

    shipped: Table
    shipped_digest: str
    local: Local
    memory: Memory | None = None
    feed: Table | None = None
    stamp: tuple[int, int] = (0, 0)

    def tables(self) -> tuple[Table, ...]:
        return (self.shipped, *([self.feed] if self.feed else []), *self.local.additions)

    def signed(self) -> tuple[Table, ...]:
        return (self.shipped, *([self.feed] if self.feed else []))


@dataclass(frozen=True, slots=True)
class _Made:
    """The index over a view while no override begins or ends: from `since` until before `until`."""

    view: _View
    since: int
    until: int
    overrides: tuple[Override, ...]
    index: RevocationIndex

    def of(self, view: _View) -> bool:
        """Whether it is the index over `view`; times alone change nothing."""
        return self.view.feed is view.feed and self.view.local is view.local


class Standing:
    """The revocations of one site. Make it with `open`; any thread may use it."""

    def __init__(self, site: Site, view: _View, directory: StateDirectory | None) -> None:
        self._site = site
        self._view = view
        self._directory = directory
        self._changing = threading.Lock()
        self._made: _Made | None = None

    @classmethod
    def open(cls, site: Site, now: int) -> Standing:
        """Read everything; it blocks. `PluginRefused` at step 4 for a list or state, `ConfigError` for an addition.

        `McpgError` when the disk does not let us; `offer`, `refresh` and `accept_clock` raise `OSError` then. `now` is
        in seconds since 1970, here and everywhere.
        """
        shipped = load_list(site.shipped, now=now)
        table = Table(shipped.entries, issuer=shipped.issuer, version=shipped.version)
        local = read_local(site.additions, site.overrides, site.site_keys)
        directory = StateDirectory(site.state, site.anchor) if site.anchor else None
        standing = cls(site, _View(table, digest_of(shipped), local), directory)
        if directory is not None:
            try:
                with directory.locked():
                    standing._read_state(directory)
            except OSError as error:
                raise _unavailable(site.state, error) from error
        return standing

    def offer(self, text: bytes, now: int, *, verified: Callable[[RevocationIndex], None] = lambda _: None) -> Offered:
        """Take a list from a feed, a mirror or a person, and remember it before it counts; it blocks.

        `PluginRefused` at step 4 when a rule of `rules` forbids it, and then nothing has changed. Bytes beyond
        `MAX_OFFER` are refused unparsed. `ConfigError` when the site has no anchor. `verified` gets the index over a
        list that is news, before it is remembered: who stops what runs need not wait for the disk.
        """
        if self._directory is None:
            raise ConfigError(
                "this site has no anchor to judge a list by",
                where="revocations",
                remedy="configure the keys and the threshold of the feed's publisher",
                code="no-revocation-anchor",
            )
        with self._changing, self._directory.locked():
            self._read_state(self._directory)
            memory = self._directory.remembered(self._view.memory)
            before, time = memory.known, max(now, memory.seen)
            known = accept_chain(before, text, now=time)
            if known.held is None or known.held.expires is None:
                raise refused("it never expires, and a feed's list must", remedy="ask its publisher for one that does")
            memory = Memory(known, checked=time, seen=time)
            view = self._with(memory)
            if known.digest != before.digest:
                verified(self._make(view, time).index)
            self._directory.write(memory)
            self._view = replace(view, stamp=self._directory.stamp())
        return Offered(
            changed=known.digest != before.digest,
            version=known.version,
            digest=known.digest,
            emergency=known.held.emergency,
            rotated=known.anchor != before.anchor,
            index=self.index(now),
            freshness=self.freshness(now),
            before=before.held,
            after=known.held,
        )

    def refresh(self, now: int) -> bool:
        """Read again what other processes and people write, and remember the time; it blocks.

        Returns whether anything changed. `ConfigError` for an addition, and then those that were known stay.
        """
        with self._changing:
            before = self._view
            if self._directory is not None:
                with self._directory.locked():
                    self._read_state(self._directory)
                    self._remember(self._directory, now)
            local = read_local(self._site.additions, self._site.overrides, self._site.site_keys)
            if local != before.local:
                self._view = replace(self._view, local=local)
            after = self._view
            return (after.local, after.feed) != (before.local, before.feed)

    def confirm(self, now: int) -> None:
        """Note that the feed has said again that its list is the one held; it blocks nothing and writes nothing."""
        if self._changing.acquire(blocking=False):
            try:
                view = self._view
                if view.memory is not None:
                    checked = max(now, view.memory.seen)
                    self._view = replace(view, memory=replace(view.memory, checked=checked))
            finally:
                self._changing.release()

    def accept_clock(self, now: int) -> None:
        """Take `now` for the latest time seen, after a clock that ran ahead was set right; it blocks.

        Only a person may decide that: it is what an attacker with the clock wants.
        """
        if self._directory is not None:
            with self._changing, self._directory.locked():
                self._read_state(self._directory)
                memory = replace(self._directory.remembered(self._view.memory), seen=now)
                self._directory.write(memory)
                self._take(self._directory, memory)

    def index(self, now: int) -> RevocationIndex:
        """Return the index over every list, without the entries that overrides in force take out."""
        return self._at(now).index

    def overrides(self, now: int) -> tuple[Override, ...]:
        """Return the overrides in force: whoever goes by the index records them."""
        return self._at(now).overrides

    def _at(self, now: int) -> _Made:
        view, made = self._view, self._made
        time = max(now, view.memory.seen if view.memory else 0)
        if made is None or not made.of(view) or not made.since <= time < made.until:
            made = self._made = self._make(view, time)
        return made

    def _make(self, view: _View, time: int) -> _Made:
        turns = [turn for each in view.local.overrides for turn in (each.issued, each.expires)]
        overrides, hidden = hidden_by(view.local.overrides, view.signed(), time)
        version, digest = view.shipped.version, view.shipped_digest
        if self._directory is not None:
            known = self._directory.remembered(view.memory).known
            version, digest = known.version, known.digest
        return _Made(
            view,
            since=max((turn for turn in turns if turn <= time), default=0),
            until=min((turn for turn in turns if turn > time), default=FOREVER),
            overrides=overrides,
            index=RevocationIndex(view.tables(), version=version, digest=digest, hidden=hidden),
        )

    def faults(self) -> tuple[str, ...]:
        """Return why overrides that are there do not count."""
        return self._view.local.faults

    def freshness(self, now: int) -> Freshness:
        """Return the state of the list that the site goes by."""
        view = self._view
        if self._directory is None:
            return Freshness("fresh", "shipped", view.shipped.version, view.shipped.issuer)
        memory = self._directory.remembered(view.memory)
        return freshness_of(memory.known.held, now=now, seen=memory.seen, checked=memory.checked)

    @property
    def site(self) -> Site:
        """What the operator has set up."""
        return self._site

    def signed_tables(self) -> tuple[Table, ...]:
        """Return the lists that others have signed, whose entries an override may name."""
        return self._view.signed()

    def known(self) -> Known | None:
        """Return the feed's list as it is held, and whose signatures count next; nothing without an anchor."""
        return self._directory.remembered(self._view.memory).known if self._directory else None

    def for_loading(self, now: int, *, locked: bool, at_least: int = 0, shipped_at_least: int = 0) -> RevocationIndex:
        """Return the index for a load; `PluginRefused` at step 4 when the lists do not allow one.

        Dead: nothing loads. Stale: only what is `locked` does. `at_least` is the version in the lock of the site,
        `shipped_at_least` that in the lock of what is built in.
        """
        freshness = self.freshness(now)
        if freshness.state == "dead" or (freshness.state == "stale" and not locked):
            raise refusal_of(freshness)
        shipped = self._view.shipped.version
        for found, wanted in ((freshness.version, at_least), (shipped, shipped_at_least)):
            if found < wanted:
                message = f"found version {found}, wanted at least {wanted}, which the lock was made with"
                raise refused(message, "revocation-rollback", remedy="bring the newer list, or lock anew on purpose")
        return self.index(now)

    def _read_state(self, directory: StateDirectory) -> None:
        """Bring the view up to what is on the disk, if another process has changed it."""
        stamp = directory.stamp()
        if self._view.memory is None or stamp != self._view.stamp:
            self._take(directory, directory.read())

    def _remember(self, directory: StateDirectory, now: int) -> None:
        memory = self._view.memory
        if memory is not None and now > memory.seen + STEP:
            memory = replace(memory, seen=now)
            directory.write(memory)
            self._take(directory, memory)

    def _take(self, directory: StateDirectory, memory: Memory) -> None:
        self._view = replace(self._with(memory), stamp=directory.stamp())

    def _with(self, memory: Memory) -> _View:
        """Return the view with another memory; its list is indexed only if it is another one."""
        held, before = memory.known.held, self._view
        feed = before.feed
        if before.memory is None or memory.known.digest != before.memory.known.digest:
            feed = Table(held.entries, issuer=held.issuer, version=held.version) if held else None
        return replace(before, memory=memory, feed=feed)


def _unavailable(directory: Path, error: OSError) -> McpgError:
    reason = reason_of(error)
    return McpgError(
        f"what this site knows of revocations cannot be read: {reason}",
        where=f"`{directory}`",
        remedy="look at the disk and at the rights of the folder",
        code="store-unavailable",
    )


def _beyond(one: RevocationList | None, other: RevocationList | None) -> tuple[Entry, ...]:
    there = {entry.id: entry for entry in other.entries} if other else {}
    return tuple(entry for entry in one.entries if there.get(entry.id) != entry) if one else ()
