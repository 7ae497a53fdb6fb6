"""Calls of others to one upstream: a place, a ready link, one deadline, what a failure means. It keeps no link."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from mcpg.contract.ports import GATEWAY, Party, Refusal
from mcpg.protocol import frames
from mcpg.protocol.versions import LATEST_MODERN
from mcpg.upstreams.answers import asking, error_of, outcome_of
from mcpg.upstreams.blame import UNAVAILABLE, UNKNOWN, Blame
from mcpg.upstreams.completing_tasks import TaskTools
from mcpg.upstreams.deliveries import Delivery
from mcpg.upstreams.exchanges import Exchange
from mcpg.upstreams.faults import Fault, Lost
from mcpg.upstreams.inputs import Unfit, retry_params
from mcpg.upstreams.states import State, digest_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mcpg.upstreams.eras import Agreement
    from mcpg.upstreams.link import Link
    from mcpg.upstreams.parking import Parking
    from mcpg.upstreams.pool import Lane, Pool
    from mcpg.upstreams.tickets import Answer, Notify

__all__ = ["Calls"]

WAITING_PER_PLACE = 4
MAX_AGAIN = 10
"""How often a modern server may want a request once more without any input."""
AGAIN_SECONDS = 0.1
OPENING_SECONDS = 30.0
"""How long a server has to say that a URL was dealt with before it is asked again; at most half of what is left."""


def _accepted(response: Any) -> bool:
    """Whether the client went to open a URL: only then is it of use to ask again."""
    result = response.get("result") if isinstance(response, dict) else None
    return isinstance(result, dict) and result.get("action") == "accept"


class Calls:
    """The calls in flight to one upstream."""

    def __init__(self, pool: Pool, parking: Parking) -> None:
        spec = pool.spec
        self._pool = pool
        self._parking = parking
        self._spec = spec
        self._places = asyncio.Semaphore(spec.max_in_flight)
        self._max_waiting = spec.max_in_flight * WAITING_PER_PLACE
        self._time = asyncio.get_running_loop().time
        self._blame = Blame(spec)
        self._task_tools = TaskTools(spec.call_timeout + spec.ask_timeout)
        self.in_flight = 0
        self.waiting = 0
        self.parked = 0
        self._emptied = asyncio.Event()
        """Set when there is no call left while the upstream is leaving."""
        self._leaving = False

    async def request(
        self, method: str, params: dict[str, Any], deadline: float, notify: Notify | None, party: Party = GATEWAY
    ) -> dict[str, Any]:
        """Return `{"result"}`, `{"error"}` or `{"asking"}`; raises `UpstreamFailed`.

        Its code says what may have happened: `upstream-unavailable` nothing, `upstream-unknown` anything.
        """
        self._admit()
        delivery = Delivery(method, params, notify, party, self._time())
        return await self._bounded(delivery, deadline, self._begin)

    async def resume(
        self,
        method: str,
        params: dict[str, Any],
        *,
        state: State,
        responses: Mapping[str, Any],
        deadline: float,
        notify: Notify | None,
        party: Party,
    ) -> dict[str, Any]:
        """Go on with a request that asked; returns as `request` does."""
        if state.digest != digest_of(self._spec.name, method, params):
            raise self._blame.failed("did not ask this in answer to this request", UNKNOWN)
        self._admit()
        if state.kind == "parked":
            return await self._go_on(state, responses, deadline, notify, party)
        try:
            answers = self._answered(params, state, responses)
        except Refusal as refusal:
            answers = frames.Failure(None, refusal.code, refusal.message, refusal.data)
        if isinstance(answers, frames.Failure):
            return error_of(answers)
        delivery = Delivery(method, answers, notify, party, self._time())
        delivery.awaits = tuple(state.keys) if state.kind == "again" else ()
        return await self._bounded(delivery, deadline, self._begin)

    def _answered(
        self, params: dict[str, Any], state: State, responses: Mapping[str, Any]
    ) -> dict[str, Any] | frames.Failure:
        """Return the parameters with which a request is sent again, or the error with which it ends here."""
        if state.kind == "input":
            agreement = self._pool.main.supervisor.agreement
            return retry_params(params, state, responses, agreement.version if agreement is not None else LATEST_MODERN)
        if all(_accepted(responses.get(key)) for key in state.keys):
            return params
        return frames.Failure(None, frames.INTERNAL_ERROR, "the client did not open what the upstream wants opened")

    async def idle(self) -> None:
        """Return once no call is in flight, waiting or parked, or nobody has the time for that."""
        self._leaving = True
        if self.in_flight or self.waiting or self.parked:
            await self._emptied.wait()

    def hurry(self) -> None:
        """Wait for no call any more."""
        self._emptied.set()

    def _admit(self) -> None:
        if self.waiting >= self._max_waiting:
            raise self._blame.failed("has too many calls waiting", UNAVAILABLE)

    async def _bounded(
        self,
        delivery: Delivery,
        deadline: float,
        work: Callable[[Delivery], Awaitable[dict[str, Any]]],
        *,
        has_place: bool = False,
    ) -> dict[str, Any]:
        delivery.until = min(deadline, delivery.began + self._spec.call_timeout)
        limit = asyncio.timeout_at(delivery.until)
        self.waiting += 1
        try:
            async with limit, nullcontext() if has_place else self._places:
                self.waiting -= 1
                self.in_flight += 1
                delivery.placed = True
                return await work(delivery)
        except Fault as fault:
            raise self._blame.of(fault, delivery.lane or self._pool.main, self._time()) from fault
        except Refusal as refusal:  # its version has no words for this
            return error_of(frames.Failure(None, refusal.code, refusal.message, refusal.data))
        except Unfit as unfit:
            raise self._blame.failed(str(unfit), UNKNOWN if unfit.done else UNAVAILABLE) from unfit
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise self._blame.late(delivery, delivery.lane or self._pool.main, self._time()) from error
        finally:
            if delivery.placed:
                self.in_flight -= 1
            else:
                self.waiting -= 1
            self._note_empty()

    def _note_empty(self) -> None:
        if self._leaving and not (self.in_flight or self.waiting or self.parked):
            self._emptied.set()

    async def _begin(self, delivery: Delivery) -> dict[str, Any]:
        agreement = self._pool.main.supervisor.agreement or await self._described(delivery)
        if not agreement.serves(delivery.method):
            return error_of(frames.Failure(None, frames.METHOD_NOT_FOUND, "the server has declared no such capability"))
        ability = self._pool.ability(delivery.party, agreement)
        lane = self._pool.lane(delivery.party, agreement, ability)
        if lane is None:
            raise self._blame.failed("serves as many callers as it may", UNAVAILABLE)
        main = self._pool.main
        if lane.supervisor.link is None and main.supervisor.state == "broken":
            raise self._blame.not_connected(main)  # nobody waits for what the gateway itself could not reach
        delivery.lane = lane
        if (wait := lane.breaker.admit(self._time())) > 0:
            raise self._blame.left_alone(wait)
        delivery.prepare(agreement, ability, baggage=self._spec.baggage)
        if (tools := self._task_tools).names and delivery.method == "tools/call" and tools.wants(delivery.params):
            delivery.ttl = tools.ttl
        lane.users += 1
        try:
            if delivery.may_be_asked(agreement):
                return await self._exchange(delivery, lane, agreement)
            for attempt in range(MAX_AGAIN):
                outcome = self._accept(delivery, await self._deliver(delivery))
                if outcome is not None:
                    return outcome
                await asyncio.sleep(AGAIN_SECONDS * attempt)
            raise self._blame.failed("wants the same request again and again", UNKNOWN)
        finally:
            self._pool.release(lane)

    async def _exchange(self, delivery: Delivery, lane: Lane, agreement: Agreement) -> dict[str, Any]:
        """Begin a call that lives on while its client is asked."""
        link = lane.supervisor.link
        version = (link.agreement if link is not None else agreement).version
        exchange = Exchange(delivery, self, version)
        delivery.listen_through(exchange)
        exchange.start(self._deliver(delivery))
        return await self._follow(exchange)

    async def _follow(self, exchange: Exchange) -> dict[str, Any]:
        """Return the answer of an exchange, or what it asks; in all other cases the exchange is over."""
        try:
            answer = await exchange.next(exchange.delivery.hearer)
            if answer is None:
                return self._park(exchange)
        except BaseException:
            await exchange.close()
            raise
        await exchange.close()
        outcome = self._accept(exchange.delivery, answer)
        assert outcome is not None  # noqa: S101 - only modern servers want a request again
        return outcome

    def _park(self, exchange: Exchange) -> dict[str, Any]:
        delivery = exchange.delivery
        lane = delivery.lane
        assert lane is not None  # noqa: S101 - it was sent

        def freed() -> None:
            self.parked -= 1
            self._pool.release(lane)
            self._note_empty()

        room = self.parked < self._spec.max_parked
        place = self._parking.park(exchange, self._spec.ask_timeout, freed) if room else ""
        if not place:
            raise self._blame.failed("has too many calls that wait for their clients", UNKNOWN)
        self.parked += 1
        lane.users += 1
        digest = digest_of(self._spec.name, delivery.method, delivery.params)
        return asking(exchange.waiting(), State("parked", digest, place))

    async def _go_on(
        self, state: State, responses: Mapping[str, Any], deadline: float, notify: Notify | None, party: Party
    ) -> dict[str, Any]:
        """Give a parked exchange its answers and follow it on; it needs no place: parked ones are bounded."""
        exchange = self._parking.take(state.place, party)
        if exchange is None:
            raise self._blame.failed("no longer waits for this answer", UNKNOWN)
        delivery = exchange.delivery
        delivery.begin_again(self._time(), notify)
        lane = delivery.lane
        assert lane is not None  # noqa: S101 - it was sent
        lane.users += 1

        async def go_on(_: Delivery) -> dict[str, Any]:
            try:
                await exchange.answer(responses)
            except Fault as fault:
                await exchange.close()
                if not fault.processed and delivery.link is not None:
                    lane.supervisor.drop(delivery.link, fault)
                raise Lost(f"could not be given an answer: it {fault}") from fault
            except BaseException:
                await exchange.close()
                raise
            return await self._follow(exchange)

        try:
            return await self._bounded(delivery, deadline, go_on, has_place=True)
        finally:
            self._pool.release(lane)

    async def _deliver(self, delivery: Delivery) -> Answer:
        """Send once; once more over a new link if the first surely processed nothing because it had ended."""
        lane = delivery.lane
        assert lane is not None  # noqa: S101 - a delivery is sent only after it has one
        link = lane.supervisor.link or await self._ready(lane)
        if delivery.awaits:
            await link.completions.of(delivery.awaits, min(OPENING_SECONDS, (delivery.until - self._time()) / 2))
        try:
            return await delivery.send(link)
        except Fault as fault:
            if fault.processed or not delivery.may_go_again(fault):
                raise
            delivery.link = None
            lane.supervisor.drop(link, fault)
        return await delivery.send(await self._ready(lane))

    async def _described(self, delivery: Delivery) -> Agreement:
        """Wait until the main link has agreed on a version: before that nobody knows over which link a call goes."""
        link = await self._ready(self._pool.main)
        delivery.link = None
        return link.agreement

    async def _ready(self, lane: Lane) -> Link:
        limit = asyncio.timeout(self._spec.connect_timeout)
        try:
            async with limit:
                link = await lane.supervisor.ready()
        except TimeoutError:
            if not limit.expired():
                raise
            link = None
        if link is None:
            raise self._blame.not_connected(lane)
        return link

    def _accept(self, delivery: Delivery, answer: Answer) -> dict[str, Any] | None:
        """Return what the answer means, None if the request is to be sent again; raises `Unfit`.

        The upstream lives, whatever it said.
        """
        lane, main = delivery.lane, self._pool.main
        assert lane is not None  # noqa: S101 - it was sent
        lane.supervisor.useful = True
        if lane.breaker.succeeded() and lane is main and main.supervisor.agreement is not None:
            main.supervisor.changed_all(main.supervisor.agreement)
        if lane is main and isinstance(answer, frames.Response):
            main.supervisor.listed(delivery.method, answer.result)
            if delivery.method == "tools/list" and delivery.link is not None:
                self._task_tools.learn(answer.result, delivery.link.agreement)
        return outcome_of(self._spec.name, delivery, answer)
