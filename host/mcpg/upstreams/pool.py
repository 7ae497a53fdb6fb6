"""The links of one upstream by whom they serve: which call goes over which, and when one ends. It calls nothing.

One main link is the gateway's own: over it the upstream is described and watched. A server that keeps state of its
client (every child process; a legacy server over HTTP with a session) has one more link for each caller, or session of
a caller, or for all, and for each set of capabilities, because a legacy server is told those once, with initialize.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.protocol.capabilities import capabilities_of, relayable
from mcpg.protocol.versions import KNOWN, LATEST_MODERN
from mcpg.upstreams.breaker import Breaker
from mcpg.upstreams.clients import DESCRIBING, PLAIN, Role
from mcpg.upstreams.specs import HttpSpec
from mcpg.upstreams.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mcpg.contract.ports import Party
    from mcpg.upstreams.eras import Agreement
    from mcpg.upstreams.link import Link
    from mcpg.upstreams.specs import UpstreamSpec

    Changed = Callable[[str], None]
    MakeLink = Callable[[UpstreamSpec, Changed, Role], Link]

__all__ = ["MAX_LINKS", "Ability", "Lane", "LinkCount", "Pool"]

MAX_LINKS = 1024
"""Links beside the main ones, of all upstreams."""
MAX_ABILITIES = 512
MAX_ABILITY_BYTES = 16 * 1024
"""Of what a client declares; one that declares more can be asked nothing."""
MAX_VARIANTS = 8
"""Links for one scope that differ in capabilities only: a client could declare something else each time."""


class LinkCount:
    """How many links there are beside the main ones, over all upstreams; an unused one makes room for another."""

    def __init__(self, most: int = MAX_LINKS) -> None:
        self.most = most
        self.pools: list[Pool] = []

    def make_room(self) -> bool:
        """Return whether there is room for one more link, at the cost of an unused one if need be."""
        return sum(map(len, self.pools)) < self.most or _end_unused(
            (pool, lane) for pool in self.pools for lane in pool
        )


def _end_unused(among: Iterable[tuple[Pool, Lane]]) -> bool:
    """End the link among these that was unused for longest; return whether there was one."""
    unused = [(lane.used, pool, lane) for pool, lane in among if not lane.users]
    if not unused:
        return False
    _, pool, lane = min(unused, key=lambda one: one[0])
    pool.end(lane)
    return True


class Ability(msgspec.Struct, frozen=True, gc=False):
    """What clients of one kind can be asked: by whomever, by a server of this version, as it is told, and as a key."""

    declared: dict[str, Any]
    capabilities: dict[str, Any]
    told: dict[str, Any]
    key: bytes


_NONE = Ability({}, {}, {}, b"")


class Lane:
    """One supervised link and whom it serves. `users` counts the calls that hold it."""

    __slots__ = ("breaker", "caller", "key", "role", "session", "supervisor", "used", "users")

    def __init__(self, key: Any, role: Role, caller: tuple[str, ...], session: str, supervisor: Supervisor) -> None:
        self.key = key
        self.role = role
        self.caller = caller
        self.session = session
        self.supervisor = supervisor
        self.breaker = Breaker(supervisor.spec.failures, supervisor.spec.cooldown)
        self.users = 0
        self.used = 0.0


class Pool:
    """The lanes of one upstream; `main` is there from the start."""

    def __init__(
        self, spec: UpstreamSpec, make_link: MakeLink, on_change: Callable[[str, str], None], count: LinkCount
    ) -> None:
        self.spec = spec
        self._make_link = make_link
        self._count = count
        self._lanes: dict[Any, Lane] = {}
        self._abilities: dict[tuple[str, str, bytes], Ability] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._stateful = True
        self._time = asyncio.get_running_loop().time
        role = PLAIN if spec.sessions == "shared" else DESCRIBING
        supervisor = Supervisor(spec, lambda changed: make_link(spec, changed, role), on_change)
        count.pools.append(self)
        self.main = Lane(None, role, (), "", supervisor)

    def __len__(self) -> int:
        return len(self._lanes)

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    async def stop(self) -> None:
        """End all links."""
        if self._timer is not None:
            self._timer.cancel()
        for lane in list(self._lanes.values()):
            self.end(lane)
        if self in self._count.pools:
            self._count.pools.remove(self)
        await self.main.supervisor.stop()
        if self._ending:
            await asyncio.wait(self._ending)

    def ability(self, party: Party, agreement: Agreement) -> Ability:
        """Return what this party's client can be asked by a server of that version."""
        if not party.capabilities:
            return _NONE
        version = party.version if party.version in KNOWN else LATEST_MODERN
        raw = (version, agreement.version, msgspec.json.encode(party.capabilities))
        if len(raw[2]) > MAX_ABILITY_BYTES:
            return _NONE
        found = self._abilities.get(raw)
        if found is None:
            if len(self._abilities) >= MAX_ABILITIES:
                self._abilities.clear()
            found = self._abilities[raw] = self._weighed(party.capabilities, version, agreement)
        return found

    def _weighed(self, declared: Mapping[str, Any], version: str, agreement: Agreement) -> Ability:
        normal = capabilities_of(version, declared)
        if self.spec.sessions == "shared" and not agreement.modern:
            normal.pop("roots", None)  # one server's process cannot have the roots of many clients
        told = relayable(normal, agreement.version)
        known = {kind: value for kind, value in normal.items() if kind in told}
        if "url" in known.get("elicitation", {}) and "url" not in told["elicitation"]:
            known["elicitation"] = {"form": {}}
        key = hashlib.sha256(msgspec.json.encode(told, order="sorted")).digest() if told else b""
        return Ability(normal, known, told, key)

    def lane(self, party: Party, agreement: Agreement, ability: Ability) -> Lane | None:
        """Return the link for a call of this party, begun if there was none; None when there are too many."""
        if not party.caller and not party.session and not party.capabilities:
            return self.main
        http = isinstance(self.spec.transport, HttpSpec)
        if agreement.modern and http:
            return self.main
        signature = b"" if agreement.modern else ability.key
        if (link := self.main.supervisor.link) is not None:
            self._stateful = not http or link.old or bool(agreement.session)
        caller, session = self._scope(party)
        if self.spec.sessions == "shared" and not signature:
            return self.main
        key = (caller, session, signature, agreement.modern)
        lane = self._lanes.get(key)
        return lane if lane is not None else self._begin(key, caller, session, agreement, ability)

    def _scope(self, party: Party) -> tuple[tuple[str, ...], str]:
        """Return whose link it is. Strangers without a name are told apart by their sessions, where they have one."""
        if self.spec.sessions == "shared" or not self._stateful:
            return (), ""
        nameless = not party.caller or not party.caller[-1]
        return party.caller, party.session if nameless or self.spec.sessions == "session" else ""

    def _begin(
        self, key: Any, caller: tuple[str, ...], session: str, agreement: Agreement, ability: Ability
    ) -> Lane | None:
        same = [lane for lane in self._lanes.values() if lane.caller == caller and lane.session == session]
        if not self._room(same):
            return None
        private = bool(session or (caller and caller[-1]))
        role = Role(private=private)
        if not agreement.modern:
            role = Role(ability.capabilities, ability.told, private=private)
        http = isinstance(self.spec.transport, HttpSpec)
        spec = replace(
            self.spec,
            mode="modern" if agreement.modern else "legacy",
            listen=http and bool(role.declared),
            refresh=0.0,
        )

        def make(changed: Changed) -> Link:
            link = self._make_link(spec, changed, role)
            link.lost.add_done_callback(lambda _: self._lost(lane))
            return link

        lane = Lane(key, role, caller, session, Supervisor(spec, make, _ignore))
        lane.used = self._time()
        self._lanes[key] = lane
        lane.supervisor.start()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.spec.idle, self._sweep)
        return lane

    def _room(self, same: list[Lane]) -> bool:
        """Return whether there is room for one more link beside those of the `same` scope; an unused one makes it."""
        for lanes, most in ((same, MAX_VARIANTS), (list(self), self.spec.max_links)):
            if len(lanes) >= most and not _end_unused((self, lane) for lane in lanes):
                return False
        return self._count.make_room()

    def release(self, lane: Lane) -> None:
        """Note that a call no longer holds its lane."""
        lane.users -= 1
        lane.used = self._time()

    def end(self, lane: Lane) -> None:
        """End a link; calls on it fail."""
        if self._lanes.get(lane.key) is not lane:
            return
        del self._lanes[lane.key]
        task = asyncio.create_task(lane.supervisor.stop(), name=f"upstream {self.spec.name} link ending")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def of(self, party: Party) -> list[Lane]:
        """Return the links that serve this party's session: its own, and those of its caller for all sessions."""
        return [
            lane
            for lane in self._lanes.values()
            if lane.caller == party.caller and lane.session in ("", party.session) and (lane.caller or lane.session)
        ]

    def end_session(self, party: Party) -> None:
        """End the links that serve this session of the party only."""
        for lane in self.of(party):
            if lane.session and lane.session == party.session:
                self.end(lane)

    def _lost(self, lane: Lane) -> None:
        """A link that ended while nobody used it is not begun again."""
        if not lane.users:
            self.end(lane)

    def _sweep(self) -> None:
        """End the links that were not used for as long as the operator said."""
        now = self._time()
        due = []
        for lane in list(self._lanes.values()):
            if lane.users:
                due.append(now + self.spec.idle)
            elif lane.used + self.spec.idle <= now:
                self.end(lane)
            else:
                due.append(lane.used + self.spec.idle)
        self._timer = asyncio.get_running_loop().call_at(min(due), self._sweep) if due else None


def _ignore(_upstream: str, _kind: str) -> None:
    """Do not tell of changes on a scoped link: what there is, is described by the main one."""
