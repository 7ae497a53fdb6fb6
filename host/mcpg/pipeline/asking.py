"""What a suspended run wants of its client, judged, redacted, recorded and asked. It performs no effect.

1 every request is judged as an action of its own: its method, on the tool, prompt or resource that is being called
2 what is permitted passes the obligations of that permit and the outgoing transforms; the rest is refused
3 the client must have declared what it takes
4 the ledger has it before the client
5 a client of a version with a handshake is asked at once, on the stream of its call, for as long as the run waits;
a modern one gets `input_required` and comes back with a new request
6 what it answers is checked, passes the incoming transforms, and is recorded before the run goes on
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mcpg.contract.ports import CannotAsk, Refusal
from mcpg.contract.problems import McpgError, RunFailed
from mcpg.contract.verdicts import Problem
from mcpg.pipeline import obligations as duties
from mcpg.pipeline import records
from mcpg.pipeline.answers import fault_of, in_place_of, method_of, missing_for, named, plain_error, refused
from mcpg.pipeline.refusals import unavailable
from mcpg.pipeline.rounds import METHODS, AskLimits, Round, Slot
from mcpg.pipeline.runs import History
from mcpg.protocol.frames import INVALID_PARAMS
from mcpg.protocol.refusals import missing_capability
from mcpg.protocol.versions import Era, era_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.ports import Channel, Ledger
    from mcpg.pipeline.flight import Flight
    from mcpg.pipeline.policy import PolicyChain
    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.stages import Stage
    from mcpg.pipeline.suspend import Suspender
    from mcpg.pipeline.transforms import TransformChain

__all__ = ["Asking"]

_encode = msgspec.json.Encoder(order="deterministic").encode
PAUSE = 0.25
"""Seconds before a run is resumed whose upstream only wants to be asked again; twice as long each time."""


class _Judged(NamedTuple):
    """What became of one request: what is shown of it, or why it is refused."""

    shown: dict[str, Any] | None
    problem: Problem | None = None


class Asking:
    """Asks clients on behalf of suspended runs."""

    def __init__(
        self,
        *,
        policy: PolicyChain,
        transforms: TransformChain,
        suspender: Suspender,
        ledger: Ledger,
        runner: Runner,
        limits: AskLimits,
    ) -> None:
        self._policy = policy
        self._transforms = transforms
        self._suspender = suspender
        self._ledger = ledger
        self._runner = runner
        self._limits = limits

    async def put(self, flight: Flight, stage: Stage, waits: Round) -> dict[str, Any] | None:
        """Have every request of a round answered: None when they are, else the `input_required` result to answer with.

        Raises `RunFailed` (`input-needed`, `ask-refused`, `too-many-rounds`, ...) and `Refusal` -32021.
        """
        if waits.number > self._limits.rounds:
            raise RunFailed(f"the call asks its client more than {self._limits.rounds} times", code="too-many-rounds")
        waits.origin = waits.origin or flight.work.call_id
        modern = era_of(flight.call.version) is Era.MODERN
        shown = await self._judge(flight, waits, "sealed" if modern else "live")
        if not waits.open() and waits.slots:
            return None
        if not modern:
            await self._live(flight, stage, waits, shown)
            return None
        token = await self._suspender.suspend(flight.call, stage, waits, flight.text, flight.work)
        asking = {"resultType": "input_required", "requestState": token}
        return {**asking, "inputRequests": shown} if shown else asking

    async def take(self, flight: Flight, waits: Round) -> None:
        """Take the answers that a modern client came back with; raises `Refusal` for what is none.

        What it has not answered is asked again, in a further round.
        """
        given = flight.call.params.get("inputResponses") or {}
        fresh: dict[str, dict[str, Any]] = {}
        for key in waits.open():
            if key in given:
                if fault := fault_of(waits.method(key), given[key]):
                    raise Refusal(INVALID_PARAMS, f"inputResponses has no answer to `{key[:80]}`: {fault}")
                fresh[key] = {"result": given[key]}
        if fresh:
            await self._admit(flight, waits, fresh, {})
        if waits.open():
            waits.number += 1

    async def of_task(
        self, flight: Flight, requests: dict[str, dict[str, Any]], origin: str
    ) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
        """Return what a client may be shown of a task's requests, and the responses to those that are refused.

        `origin` is the call that began the task. Raises `Refusal` -32021 for what the client has not declared.
        """
        waits = _of_task(requests, origin)
        return await self._judge(flight, waits, "sealed"), waits.responses

    async def taken(self, flight: Flight, given: Mapping[str, Any], origin: str) -> dict[str, Any]:
        """Return the answers to a task's requests that go on to its server, transformed and recorded.

        Nobody kept the requests: what an answer looks like says of which method it is, and what looks like none stays
        here, as a server ignores it too.
        """
        waits = _of_task({key: {"method": method_of(result)} for key, result in given.items()}, origin)
        answers = {key: {"result": result} if waits.method(key) else {} for key, result in given.items()}
        ways = {key: "invalid" for key in given if not waits.method(key)}
        if answers:
            await self._admit(flight, waits, answers, ways)
        return {key: response["result"] for key, response in waits.responses.items() if "result" in response}

    async def _judge(self, flight: Flight, waits: Round, how: str) -> dict[str, dict[str, Any]]:
        """Return what is shown of each open request; what is refused has its response then (1 to 4)."""
        keys = waits.open()
        judged: dict[str, _Judged] = {}
        size = len(_encode(waits.requests))
        crowded = len(waits.slots) > self._limits.requests or size > self._limits.bytes
        for key in keys:
            judged[key] = _CROWDED if crowded else await self._judge_one(flight, waits.requests[key])
        shown = {key: verdict.shown for key, verdict in judged.items() if verdict.shown is not None}
        if shown and flight.transforms:
            shown = await self._transformed(flight, shown, judged)
        missing = missing_for(shown.values(), flight.call.version, flight.call.capabilities)
        told: list[dict[str, Any]] = []
        for key in keys:
            method, problem = waits.method(key), judged[key].problem
            told.append(records.ask(key, method, shown.get(key), problem, flight.work))
            if problem is not None:
                waits.responses[key] = refused(method, problem.code)
        if told:
            way = "impossible" if missing else how
            await self._write(flight, records.asked(flight.work, waits, told[: self._limits.requests], way))
        if missing and how == "sealed":
            raise missing_capability(missing)
        if missing:
            text = f"the client has not declared what it would be asked for: {named(missing)}"
            raise RunFailed(text, code="input-needed")
        _fail_refused(waits)
        return shown

    async def _judge_one(self, flight: Flight, request: dict[str, Any]) -> _Judged:
        method, params = request.get("method"), request.get("params") or {}
        if method not in METHODS or not isinstance(params, dict):
            return _Judged(None, Problem("unknown-method", "the client cannot be asked this"))
        plan, work = flight.plan, flight.work
        action = {**flight.action(), "method": method, "arguments": params}
        judgement = await self._policy.decide(plan.policy, plan.combine, action, work)
        if not judgement.permitted:
            return _Judged(None, judgement.problem or Problem("denied", "not permitted"))
        if (why := duties.unmet(judgement.obligations)) is not None:
            return _Judged(None, Problem("unmet-obligation", why))
        if flight.redacts and not any(duty.kind == "redact" for duty in judgement.obligations):
            return _Judged(None, Problem("redacted-call", "the call is redacted and the request is not"))
        try:
            return _Judged({"method": method, "params": duties.apply(judgement.obligations, params)})
        except ValueError as error:
            return _Judged(None, Problem("unmet-obligation", str(error)))

    async def _transformed(
        self, flight: Flight, shown: dict[str, dict[str, Any]], judged: dict[str, _Judged]
    ) -> dict[str, dict[str, Any]]:
        outcome = {"status": "ok", "result": {"inputRequests": shown}, "problem": ""}
        passed = await self._transforms.outbound(flight.transforms, flight.document(), outcome, flight.work)
        changed = passed.get("inputRequests")
        kept: dict[str, dict[str, Any]] = {}
        for key, request in shown.items():
            new = changed.get(key) if isinstance(changed, dict) else None
            if not isinstance(new, dict) or new.get("method") != request["method"]:
                judged[key] = _Judged(None, Problem("transformed-away", "a transform has taken the request out"))
            elif not isinstance(new.get("params"), dict):
                judged[key] = _Judged(None, Problem("transformed-away", "a transform has taken the params out"))
            else:
                kept[key] = new
        return kept

    async def _live(self, flight: Flight, stage: Stage, waits: Round, shown: dict[str, dict[str, Any]]) -> None:
        """Ask on the call's own stream (5); the person's time is none of the call's."""
        work, loop = flight.work, asyncio.get_running_loop()
        if not shown:
            await asyncio.sleep(min(PAUSE * 2 ** (waits.number - 1), max(0.0, work.deadline - loop.time())))
            return
        if work.channel is None:
            raise RunFailed("there is no client that could be asked", code="input-needed")
        if work.notices is not None:
            work.notices.shown(shown.values())
        began = loop.time()
        limit = asyncio.timeout(self._limits.seconds)
        answers: dict[str, dict[str, Any]] = {}
        ways: dict[str, str] = {}
        try:
            async with limit:
                with self._runner.held(limit, stage.use, stage.guest.digest):
                    await _race(work.channel, stage, waits, shown, answers)
        except TimeoutError:
            if not limit.expired():
                raise
            if limit.when() == 0:
                raise RunFailed(f"`{stage.use}` was fenced while its client was asked", code="plugin-fenced") from None
        finally:
            work.deadline += loop.time() - began
        for key in waits.open():
            if key not in answers:
                answers[key], ways[key] = in_place_of(waits.method(key)), "timeout"
        await self._admit(flight, waits, answers, ways)

    async def _admit(
        self, flight: Flight, waits: Round, answers: dict[str, dict[str, Any]], ways: dict[str, str]
    ) -> None:
        """Take answers in: transforms on their way in, then the record, then they count (6)."""
        taken: dict[str, dict[str, Any]] = {}
        for key, answer in answers.items():
            method = waits.method(key)
            if "result" not in answer:
                taken[key] = answer if key in ways else plain_error(answer.get("error"))
                ways.setdefault(key, "error")
            elif fault_of(method, answer["result"]):
                taken[key] = plain_error(None)
                ways[key] = "invalid"
            else:
                taken[key] = {"result": await self._inbound(flight, method, answer["result"])}
        told = [
            records.answer(key, waits.method(key), ways.get(key, "answered"), response, flight.work)
            for key, response in taken.items()
        ]
        await self._write(flight, records.answered(flight.work, waits, told))
        waits.responses.update(taken)
        _fail_refused(waits)

    async def _inbound(self, flight: Flight, method: str, result: dict[str, Any]) -> dict[str, Any]:
        if not flight.transforms:
            return result
        document = {**flight.document(), "method": method, "arguments": result, "binding": {}}
        changed = await self._transforms.inbound(flight.transforms, document, flight.work)
        if changed is None:
            return result
        if fault_of(method, changed):
            raise RunFailed("a transform has made something else of the client's answer", code="bad-document")
        return changed

    async def _write(self, flight: Flight, record: dict[str, Any]) -> None:
        work = flight.work
        record["stages"] = work.trace[flight.recorded :]
        flight.recorded = len(work.trace)
        try:
            await self._ledger.append(work.known.caller.tenant, record)
        except McpgError as error:
            raise unavailable("the ledger cannot be written, so nothing is done", work.call_id) from error


_CROWDED = _Judged(None, Problem("too-many-asks", "the call asks its client for too much at once"))


def _of_task(requests: dict[str, dict[str, Any]], origin: str) -> Round:
    return Round(History(), requests, {key: Slot(0, key) for key in requests}, origin=origin)


def _fail_refused(waits: Round) -> None:
    """A plugin's own ask has no place for an error: then the run fails, and says which request it was."""
    if not waits.ask:
        return
    for key, response in waits.responses.items():
        if "error" in response:
            text = f"the client was not asked, or did not answer: `{waits.method(key)}`"
            raise RunFailed(text, code="ask-refused")


async def _race(
    channel: Channel,
    stage: Stage,
    waits: Round,
    shown: dict[str, dict[str, Any]],
    answers: dict[str, dict[str, Any]],
) -> None:
    """Ask everything at once until all is answered, or those who asked want it no more; raises `RunFailed`."""
    asks: dict[asyncio.Future[Any], str] = {
        asyncio.ensure_future(channel.ask(r["method"], r["params"])): key for key, r in shown.items()
    }
    watches: dict[asyncio.Future[Any], int] = {
        asyncio.ensure_future(stage.effects.settled(waits.history.effects[place], suspension.state)): place
        for place, suspension in waits.history.waiting.items()
    }
    pending: set[asyncio.Future[Any]] = {*asks, *watches}
    try:
        while any(task in pending for task in asks):
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if task in asks:
                    answers[asks[task]] = _answer(task, shown[asks[task]]["method"])
                else:
                    waits.settled.add(watches[task])
                    gone = [ask for ask, key in asks.items() if waits.slots[key].place == watches[task]]
                    await _end(gone)
                    pending -= set(gone)
    finally:
        await _end(pending)


def _answer(task: asyncio.Future[dict[str, Any]], method: str) -> dict[str, Any]:
    try:
        return task.result()
    except (CannotAsk, Refusal) as error:
        raise RunFailed(f"the client cannot be asked for `{method}`: {error}", code="input-needed") from None


async def _end(tasks: Any) -> None:
    """Cancel what is still asked or watched, and wait until it has ended: a client is told that it is over."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
