"""Whether what an upstream says of its tools, prompts and resources is what the operator goes by. It asks no upstream.

An upstream that is seen for the first time is believed, and everything that it says recorded. From then on a definition
that differs from the lock is held back or let through with a warning, as the operator wishes, until
`mcpg upstream approve`. What disappears stays in the lock: it cannot come back as something else.

A lock that cannot be read or written lets nothing new through: what was described before stays.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from mcpg.gateway.pinning_lock import (
    INSTRUCTIONS,
    Seen,
    alone,
    definitions_of,
    digest_of_definition,
    lock_path,
    read_lock,
    read_seen,
    stamp_of,
    write_lock,
    write_seen,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mcpg.config import Loaded
    from mcpg.gateway.pinning_lock import Digests, Key
    from mcpg.gateway.routing import Described

__all__ = ["Finding", "Pinning", "Rules", "compare", "judge", "rules_of"]

log = logging.getLogger("mcpg.gateway")
LOOK_SECONDS = 1.0
"""How often the locks are looked at for an approval."""
MOST_PINNED = 50_000
"""Definitions of one upstream in its lock; beyond them those that it has no more are forgotten."""
MOST_INSTRUCTIONS = 16 * 1024
"""Characters of what a server says of its use; no client is told more."""
MOST_NAMED = 50
"""Definitions that one event names."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator says of one upstream's definitions."""

    lock: Path
    changed: Literal["block", "warn"] = "block"
    new: Literal["allow", "warn", "block"] = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """How what an upstream says differs from its lock; digests by kind and name."""

    upstream: str
    first: bool = False
    count: int = 0
    changed: Mapping[Key, str] = field(default_factory=dict)
    new: Mapping[Key, str] = field(default_factory=dict)
    gone: frozenset[Key] = frozenset()
    approved: Mapping[Key, str] = field(default_factory=dict)
    """What the lock has that it had not when it was last obeyed: somebody has approved it since."""
    held: Mapping[Key, str] = field(default_factory=dict)
    stamp: tuple[int, ...] = ()
    """The lock's file as it was left."""


def rules_of(loaded: Loaded) -> dict[str, Rules]:
    """Return the rules of every upstream in the file."""
    rules = {}
    for name, upstream in loaded.config.upstreams.items():
        section = upstream.definitions
        named = loaded.resolve(section.lock) if section.lock else None
        rules[name] = Rules(lock_path(loaded.state, named), section.changed, section.new)
    return rules


def judge(upstream: str, catalog: Mapping[str, Any], rules: Rules, state: Path, *, instructions: str = "") -> Finding:
    """Compare what an upstream says with its lock, and record in both files what may be; blocks.

    Raises `ConfigError` when the lock cannot be read, or has to be written and cannot.
    """
    said = definitions_of(catalog, instructions)
    digests = {key: digest_of_definition(definition) for key, definition in said.items()}
    with alone(rules.lock):
        pins = read_lock(rules.lock)
        pinned = pins.of(upstream)
        before = read_seen(state, upstream)
        finding = compare(upstream, digests, pinned, before.known, rules)
        after = _after(digests, pinned, finding, rules)
        if before.digests != digests or before.known != after:
            texts = {**before.texts, **{digests[key]: definition for key, definition in said.items()}}
            write_seen(state, upstream, Seen.of(int(time.time()), digests, after, texts))
        if pinned is None or after != pinned:  # last: what is recorded there counts
            write_lock(rules.lock, pins.with_upstream(upstream, after))
        return replace(finding, stamp=stamp_of(rules.lock))


def compare(upstream: str, digests: Digests, pinned: Digests | None, known: Digests, rules: Rules) -> Finding:
    """Return how what was seen differs from what is pinned, None if nothing was; `known` was pinned before."""
    if pinned is None:
        return Finding(upstream, first=True, count=len(digests))
    changed = {key: digest for key, digest in digests.items() if key in pinned and pinned[key] != digest}
    new = {key: digest for key, digest in digests.items() if key not in pinned}
    held = {key: _reason(upstream, key, "has changed") for key in changed if rules.changed == "block"}
    held |= {key: _reason(upstream, key, "is new") for key in new if rules.new == "block"}
    approved = {key: digest for key, digest in pinned.items() if known and known.get(key) != digest}
    gone = frozenset(pinned.keys() - digests.keys())
    return Finding(upstream, count=len(digests), changed=changed, new=new, gone=gone, approved=approved, held=held)


def _after(digests: Digests, pinned: Digests | None, finding: Finding, rules: Rules) -> Digests:
    """Return what the lock says from now on."""
    if pinned is None:
        return dict(digests)
    if rules.new == "block" or not finding.new:
        return pinned
    after = {**pinned, **finding.new}
    if len(after) > MOST_PINNED:
        log.warning("the lock of upstream `%s` is full: what it offers no more is forgotten", finding.upstream)
        after = {key: digest for key, digest in after.items() if key in digests}
    return after


def _reason(upstream: str, key: Key, what: str) -> str:
    thing = f"{key[0]} `{_plain(key[1], 128)}`"
    return f"the definition of {thing} {what} and waits for approval: mcpg upstream approve {upstream}"


class Pinning:
    """Judges what upstreams are described as, and tells `changed(upstream)` when a lock was changed by somebody else.

    `record(event, facts)` writes an event to the ledger, `instructions(upstream)` is what a server says of itself now.
    """

    def __init__(
        self,
        record: Callable[[str, Mapping[str, Any]], None],
        changed: Callable[[str], None],
        instructions: Callable[[str], str] = lambda _upstream: "",
    ) -> None:
        self._record = record
        self._changed = changed
        self._instructions = instructions
        self._words: dict[str, str] = {}
        self._rules: dict[str, Rules] = {}
        self._state: Path | None = None
        self._findings: dict[str, Finding] = {}
        self._judged: dict[str, tuple[Mapping[str, Any], str, Rules]] = {}
        self._told: dict[str, set[tuple[Key, str]]] = {}
        self._stamps: dict[Path, tuple[int, ...]] = {}
        self._task: asyncio.Task[None] | None = None

    def obey(self, loaded: Loaded) -> None:
        """Go by this file from now on."""
        self._rules, self._state = rules_of(loaded), loaded.state
        for name in self._findings.keys() - self._rules.keys():
            del self._findings[name]
            self._judged.pop(name, None)
            self._words.pop(name, None)
            self._told.pop(name, None)
        if self._rules and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._look())

    async def stop(self) -> None:
        """Look for approvals no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def judge(self, described: Described) -> Described:
        """Return what was described with what is held back of it; raises `ConfigError` when the lock cannot be used."""
        rules = self._rules.get(described.upstream)
        if rules is None or self._state is None:
            return described
        name, said = described.upstream, self._instructions(described.upstream)[:MOST_INSTRUCTIONS]
        if not await self._unchanged(described, said, rules):
            self._words.pop(name, None)  # what it says now has not been judged
            finding = await asyncio.to_thread(judge, name, described.catalog, rules, self._state, instructions=said)
            self._judged[name] = (described.catalog, said, rules)
            self._stamps[rules.lock] = finding.stamp
            self._findings[name] = finding
            self._tell(finding, rules)
        held = self._findings[name].held
        self._words[name] = "" if INSTRUCTIONS in held else said
        return replace(described, held=held)

    def watches(self, path: Path) -> bool:
        """Whether a changed path is a lock, which is looked at here and is no reason to reload."""
        return any(path in {rules.lock, rules.lock.resolve()} for rules in self._rules.values())

    @property
    def words(self) -> Mapping[str, str]:
        """What each upstream tells models of its use, as far as it is let through."""
        return self._words

    async def _unchanged(self, described: Described, said: str, rules: Rules) -> bool:
        """Whether this was judged before, by the same rules and the same lock."""
        before = self._judged.get(described.upstream)
        if before is None or before[1:] != (said, rules) or before[0] != described.catalog:
            return False
        return await asyncio.to_thread(stamp_of, rules.lock) == self._findings[described.upstream].stamp

    def status(self) -> dict[str, dict[str, int]]:
        """Return, by upstream, how many definitions there are, differ from the lock, and are held back."""
        return {
            name: {
                "definitions": each.count,
                "changed": len(each.changed),
                "new": len(each.new) if self._rules[name].new == "block" else 0,
                "held": len(each.held),
            }
            for name, each in self._findings.items()
        }

    def _tell(self, finding: Finding, rules: Rules) -> None:
        """Say in log and ledger what was not said before."""
        name, told = finding.upstream, self._told.setdefault(finding.upstream, set())
        if finding.first:
            log.warning(
                "upstream `%s` is seen for the first time: its %d definitions are believed and recorded in `%s`",
                name, finding.count, rules.lock,
            )  # fmt: skip
            self._record("definition-recorded", {"upstream": name, "count": finding.count})
        if finding.approved:
            log.info("%d definitions of upstream `%s` have been approved", len(finding.approved), name)
            self._record("definition-approved", _facts(name, finding.approved, "approved"))
        if fresh := _fresh(finding.changed, told):
            action = "blocked" if rules.changed == "block" else "let through"
            log.warning(
                "upstream `%s` has changed %s: %s, see `mcpg upstream diff %s`",
                name, _named(fresh), action, name,
            )  # fmt: skip
            self._record("definition-changed", _facts(name, fresh, action))
        if finding.new and rules.new != "allow" and (fresh := _fresh(finding.new, told)):
            action = "blocked" if rules.new == "block" else "let through"
            log.warning("upstream `%s` offers %s, which is new: %s", name, _named(fresh), action)
            self._record("definition-new", _facts(name, fresh, action))
        told.intersection_update({*finding.changed.items(), *finding.new.items()})

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            locks = {rules.lock for rules in self._rules.values()}
            stamps = await asyncio.to_thread(lambda: {lock: stamp_of(lock) for lock in locks})  # noqa: B023 - awaited
            for name, rules in self._rules.items():
                if stamps.get(rules.lock, ()) != self._stamps.get(rules.lock, stamps.get(rules.lock)):
                    self._changed(name)
            self._stamps |= stamps


def _fresh(found: Mapping[Key, str], told: set[tuple[Key, str]]) -> dict[Key, str]:
    fresh = {key: digest for key, digest in found.items() if (key, digest) not in told}
    told.update(fresh.items())
    return fresh


def _facts(upstream: str, found: Mapping[Key, str], action: str) -> dict[str, Any]:
    few = list(found.items())[:MOST_NAMED]
    named = [{"kind": kind, "name": name[:256], "digest": digest} for (kind, name), digest in few]
    return {"upstream": upstream, "action": action, "count": len(found), "definitions": named}


def _named(found: Mapping[Key, str]) -> str:
    """Return a few of the names for a log: one line, of bounded length, that steers no terminal."""
    few = [f"{kind} `{_plain(name, 64)}`" for kind, name in list(found)[:3]]
    return ", ".join(few) + (f" and {len(found) - len(few)} more" if len(found) > len(few) else "")


def _plain(name: str, most: int) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in name[:most])
