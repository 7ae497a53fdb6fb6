"""One request on its way to an upstream: what it says, over which link, on whose behalf. It judges no failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mcpg.protocol.capabilities import lacking, relayable
from mcpg.protocol.methods import SEVERITY, SUSPENDABLE
from mcpg.protocol.shapes import lower_call
from mcpg.protocol.versions import LATEST_MODERN
from mcpg.upstreams.clients import EVERYTHING, Client
from mcpg.upstreams.completing_tasks import call_as_task, takes_tasks
from mcpg.upstreams.faults import NotSent, SessionGone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.ports import Party
    from mcpg.upstreams.eras import Agreement
    from mcpg.upstreams.exchanges import Exchange
    from mcpg.upstreams.faults import Fault
    from mcpg.upstreams.link import Link
    from mcpg.upstreams.pool import Ability, Lane
    from mcpg.upstreams.tickets import Answer, Notify

__all__ = ["Delivery"]

_DESCRIBED: Final = relayable(EVERYTHING, LATEST_MODERN)


class Delivery:
    """How far one request has come. `heard` is what had been heard of the link when it was given the request."""

    __slots__ = (
        "_notify", "ability", "awaits", "began", "client", "heard", "lacked", "lane", "link", "method", "notify",
        "params", "party", "placed", "ttl", "until",
    )  # fmt: skip

    def __init__(self, method: str, params: dict[str, Any], notify: Notify | None, party: Party, began: float) -> None:
        self.method = method
        self.params = params
        self.notify = notify
        self.party = party
        self.began = began
        self.placed = False
        self.lane: Lane | None = None
        self.link: Link | None = None
        self.heard = 0
        self.awaits: tuple[str, ...] = ()
        """Elicitations that had better be complete before this is sent."""
        self.until = 0.0
        """When its time is over."""
        self.ttl = 0
        """Of the task that the tool must be called with, in milliseconds; 0 for all other requests."""
        self.client: Client | None = None
        self.ability: Ability | None = None
        self.lacked: dict[str, Any] | None = None
        """What its client would have had to declare for what the upstream asked meanwhile."""
        self._notify = notify

    def prepare(self, agreement: Agreement, ability: Ability, *, baggage: bool) -> None:
        """Put together what the upstream is told of the client; nothing for most calls."""
        party = self.party
        self.ability = ability
        if ability.told or party.meta or party.log_level or baggage:
            told = ability.told if agreement.modern else {}
            self.client = Client(told, party.log_level, party.meta, baggage)
            if party.log_level and not agreement.modern and self.notify is not None:
                self._notify = _from_level(self.notify, party.log_level)
        elif agreement.modern and not party.caller and self.method.endswith("/list"):
            self.client = Client(_DESCRIBED)  # the gateway looks at all that there is

    def may_be_asked(self, agreement: Agreement) -> bool:
        """Return whether a legacy upstream could ask this call's client something meanwhile."""
        assert self.lane is not None  # noqa: S101 - it has been chosen
        role = self.lane.role
        asks = bool(role.capabilities) and not role.describes
        return asks and not agreement.modern and self.method in SUSPENDABLE

    @property
    def about(self) -> tuple[Any, ...]:
        """What policy could tell this call from another by, when its server asks something."""
        name = self.params.get("uri") if self.method == "resources/read" else self.params.get("name")
        shown = name if isinstance(name, str) else None
        if not self.party.session and not (self.party.caller and self.party.caller[-1]):
            return (self,)  # of strangers no two are alike
        return (self.party.caller, self.party.session, self.party.version, self.method, shown)

    def listen_through(self, exchange: Exchange) -> None:
        """Let `exchange` take what the upstream asks and tells."""
        self.client = self.client or Client()
        self.client.sink = exchange
        self._notify = exchange.tell if self.notify is not None else None

    @property
    def told(self) -> Mapping[str, Any]:
        """What of its client an upstream of this version may know."""
        return self.ability.told if self.ability is not None else {}

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What the client can be asked by an upstream of this version, normalised."""
        return self.ability.capabilities if self.ability is not None else {}

    @property
    def hearer(self) -> Notify | None:
        """Who hears the notifications of an exchange, below the client's own log level left out."""
        if self.notify is None or not self.party.log_level:
            return self.notify
        return _from_level(self.notify, self.party.log_level)

    def begin_again(self, now: float, notify: Notify | None) -> None:
        """Go on after the client was asked: time and silence count anew."""
        self.began = now
        self.notify = notify
        self.placed = False
        if self.link is not None:
            self.heard = self.link.heard

    def may_go_again(self, fault: Fault) -> bool:
        """Return whether the link has ended without the upstream having processed anything."""
        gone = isinstance(fault, NotSent) and self.link is not None and self.link.lost.done()
        return gone or isinstance(fault, SessionGone)

    async def send(self, link: Link) -> Answer:
        """Send the request over `link` and return its answer; raises `Fault`, `Unfit`, or `Refusal` unsent."""
        self.link = link
        self.heard = link.heard
        agreement = link.agreement
        params = lower_call(self.method, self.params, agreement.version)
        client = self.client
        if client is not None and client.level and not agreement.modern:
            await _lower_level(link, client.level)
        if self.ttl and takes_tasks(agreement):
            answer = await call_as_task(link, params, self._notify, client, self.ttl)
        else:
            answer = await link.exchange(self.method, params, self._notify, client)
        if link.lacking and type(answer.id) is int:
            declared = self.ability.declared if self.ability is not None else {}
            self.lacked = lacking(link.lacking.pop(answer.id, {}), declared)  # not what only its version cannot ask
        return answer


async def _lower_level(link: Link, level: str) -> None:
    """Ask a legacy server for more log messages than it sends so far; what it answers does not matter."""
    if level not in SEVERITY or not isinstance(link.agreement.capabilities.get("logging"), dict):
        return
    if link.level and SEVERITY[link.level] <= SEVERITY[level]:
        return
    link.level = level
    await link.exchange("logging/setLevel", {"level": level})


def _from_level(notify: Notify, level: str) -> Notify:
    """Return `notify` without log messages below `level`: a link may have been asked for more by others."""
    least = SEVERITY.get(level, 0)

    async def hear(method: str, params: dict[str, Any]) -> None:
        given = params.get("level") if method == "notifications/message" else None
        if not isinstance(given, str) or SEVERITY.get(given, least) >= least:
            await notify(method, params)

    return hear
