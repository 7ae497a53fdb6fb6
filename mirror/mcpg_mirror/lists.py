"""What a site makes of the revocation list in a bundle: whether it is believed, and what then holds. All of it blocks.

A list is first judged on a copy of what the site remembers, so that looking at a bundle changes nothing; `take` offers
it for good. A site without an anchor of its own goes by the list that ships, and believes lists of the same publisher.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mcpg.contract.problems import PluginRefused
from mcpg_registry.layout import read_file
from mcpg_registry.steps import at_step
from mcpg_registry.trust.keys import load_public_keys
from mcpg_revocations import shipped
from mcpg_revocations.envelopes import open_chain, read_list
from mcpg_revocations.index import RevocationIndex, Table
from mcpg_revocations.rules import MAX_LIST, REMEDY, Anchor, Known, accept_chain
from mcpg_revocations.standing import Standing
from mcpg_revocations.state import StateDirectory

if TYPE_CHECKING:
    from mcpg_revocations.freshness import State
    from mcpg_revocations.lists import RevocationList
    from mcpg_revocations.standing import Site

__all__ = ["Believed", "Lists", "SiteLists", "held_text", "shipped_anchor", "shipped_text"]

MAX_PEM = 64 * 1024
WHERE = "the revocation list in the bundle"


@dataclass(frozen=True, slots=True)
class Believed:
    """A list that the site believes, and its state at the time; `digest` is of its payload, `held` the site's version.

    `index` is what holds once the list is taken. Times in seconds since 1970.
    """

    index: RevocationIndex
    state: State
    version: int
    digest: str
    held: int
    issued: int
    expires: int | None
    entries: int
    reason: str = ""


class Lists(Protocol):
    """The site's side of revocations."""

    def judge(self, text: bytes, now: int) -> Believed:
        """Return what the site makes of a list, without taking it; `PluginRefused` when it does not believe it."""
        ...

    def take(self, text: bytes, now: int) -> bool:
        """Go by the list from now on; return whether that changed anything. `PluginRefused` as in `judge`."""
        ...


class SiteLists:
    """The revocations of one site, as its operator has set them up."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def judge(self, text: bytes, now: int) -> Believed:
        """Return what the site makes of a list, without taking it; `PluginRefused` when it does not believe it."""
        if self._site.anchor is None:
            return self._by_shipped(text, now)
        with tempfile.TemporaryDirectory(prefix="mcpg-trial-") as folder:
            state = Path(folder) / "state"
            with at_step(4, where=WHERE, remedy="look at the rights of its folder", code="revocation-state"):
                if self._site.state.is_dir():
                    shutil.copytree(self._site.state, state)
            trial = Standing.open(replace(self._site, state=state), now)
            held = trial.freshness(now).version
            try:
                offered = trial.offer(text, now)
            except PluginRefused as error:
                if error.code != "revocation-expired":
                    raise
                known = StateDirectory(state, self._site.anchor).read().known
                late = accept_chain(known, text, now=read_list(open_chain(text)[-1]).issued)
                return _believed(_with(trial, _held(late), now), "dead", late, held, error.message)
        taken = Known(self._site.anchor, held=offered.after, digest=offered.digest)
        return _believed(offered.index, offered.freshness.state, taken, held, offered.freshness.reason)

    def take(self, text: bytes, now: int) -> bool:
        """Go by the list from now on; return whether that changed anything. A list that is dead is not taken."""
        if self._site.anchor is None:
            return False
        try:
            return Standing.open(self._site, now).offer(text, now).changed
        except PluginRefused as error:
            if error.code == "revocation-expired":
                return False
            raise

    def _by_shipped(self, text: bytes, now: int) -> Believed:
        standing = Standing.open(self._site, now)
        own = accept_chain(Known(shipped_anchor(self._site.shipped)), shipped_text(self._site.shipped), now=now)
        known = accept_chain(own, text, now=now)
        listed = _held(known)
        expired = listed.expires is not None and now > listed.expires
        reason = f"version {listed.version} has expired" if expired else ""
        index = _with(standing, listed, now)
        return _believed(index, "stale" if expired else "fresh", known, own.version, reason)


def held_text(site: Site) -> bytes:
    """Return the list that a site goes by, as it came, chain and all, to hand on; `PluginRefused` when it has none."""
    if site.anchor is None:
        return shipped_text(site.shipped)
    text = StateDirectory(site.state, site.anchor).read().known.text
    if not text:
        raise PluginRefused(
            "the site's feed has never delivered a list",
            code="revocation-missing",
            where="the revocation list",
            remedy="wait for the feed, bring a list with `mcpg revocations import`, or name one with --revocations",
        )
    return text


def shipped_anchor(directory: Path | None = None) -> Anchor:
    """Return whose list ships with the program; `PluginRefused` at step 4."""
    with at_step(4, where=WHERE, remedy=REMEDY, code="revocation-list"):
        return Anchor(load_public_keys(_shipped(directory, shipped.ANCHOR, MAX_PEM).decode()))


def shipped_text(directory: Path | None = None) -> bytes:
    """Return the list that ships, as it was signed; `PluginRefused` at step 4."""
    with at_step(4, where=WHERE, remedy=REMEDY, code="revocation-list"):
        return _shipped(directory, shipped.LIST, 2 * MAX_LIST)


def _shipped(directory: Path | None, name: str, limit: int) -> bytes:
    return read_file((directory or Path(shipped.__file__).parent) / name, limit)


def _held(known: Known) -> RevocationList:
    if known.held is None:
        raise PluginRefused("the chain holds no list", code="revocation-list", where=WHERE, remedy=REMEDY)
    return known.held


def _with(standing: Standing, listed: RevocationList, now: int) -> RevocationIndex:
    """Return the site's index with one list more."""
    index = standing.index(now)
    table = Table(listed.entries, issuer=listed.issuer, version=listed.version)
    return RevocationIndex((*index.tables, table), version=max(index.version, listed.version), hidden=index.hidden)


def _believed(index: RevocationIndex, state: State, known: Known, held: int, reason: str) -> Believed:
    listed = _held(known)
    return Believed(
        index=index,
        state=state,
        version=listed.version,
        digest=known.digest,
        held=held,
        issued=listed.issued,
        expires=listed.expires,
        entries=len(listed.entries),
        reason=reason,
    )
