"""The run loop: asks a plugin, performs what it asks for, asks again, until there is an answer. It judges no answer.

Where effects are suspended, the run ends with what it has; it goes on from there with the client's responses, under the
component and with the facts that it began with. Who asks the client, and may it be asked, is not decided here.

Steps of a pass, as the code numbers them. Source: plugin contract, "Runs".
 1 ask with all replies so far; anything but `perform` ends the run
 2 the effects named before must be the ones named now, by digest
 3 there must be something new, within the bounds
 4 every new effect must be one that the manifest lists and the operator grants; else the run ends and nothing is
   performed
 5 perform the new ones concurrently, within the deadline, and go on with their replies
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mcpg.contract.ports import GATEWAY, EffectContext
from mcpg.contract.problems import EffectDenied, NondeterministicPlugin, PluginRefused, RunFailed
from mcpg.contract.verdicts import Case, failed
from mcpg.pipeline.records import kept

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Mapping, Sequence

    from mcpg.contract.documents import RunFacts
    from mcpg.contract.manifest import Manifest
    from mcpg.contract.ports import Guest
    from mcpg.contract.verdicts import Effect, Suspension
    from mcpg.pipeline.memo import Memo
    from mcpg.pipeline.stages import Stage
    from mcpg.pipeline.work import Work

MOST_TEXT = 1024
"""Characters of a plugin's own words that a record keeps."""

_encode = msgspec.json.Encoder(order="deterministic").encode

__all__ = ["Bounds", "History", "Question", "Runner", "effect_digest"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one run may use: passes, effects, bytes of replies; a description is read once and may be larger."""

    passes: int = 64
    effects: int = 256
    reply_bytes: int = 1024 * 1024
    described_bytes: int = 16 * 1024 * 1024


class History:
    """What the world has answered so far in one run, and the digests of what was asked.

    A reply may be `suspended`: the run waits there, and goes on once `responses` has the client's for each request of
    it, by place and key. `first` is the place of the first effect of the last round.
    """

    __slots__ = ("asked", "bytes", "digests", "effects", "facts", "first", "made_by", "replies", "request", "responses")

    def __init__(self, digests: Sequence[str] = (), replies: Sequence[Case] = (), *, first: int = 0) -> None:
        self.digests: list[str] = list(digests)
        self.replies: list[Case] = list(replies)
        self.first = first
        self.asked: list[str] = []
        self.bytes = sum(map(_size, self.replies))
        self.made_by: tuple[str, str] | None = None
        """Digests of the component and configuration that this run began with, once it waits."""
        self.facts: RunFacts | None = None
        self.request: Mapping[str, Any] | None = None
        """The facts of the request that began it, for a plugin that reads `/run`."""
        self.responses: dict[int, dict[str, Any]] = {}
        self.effects: dict[int, Effect] = {}
        """The effects that are waited for; none in a history that was sealed since."""

    def take(self, effects: Sequence[Effect], replies: Sequence[Case], limit: int | None = None) -> None:
        """Append one round; `RunFailed` when the replies exceed `limit` bytes in all, if one is given."""
        self.first = len(self.replies)
        self.digests += [effect_digest(effect) for effect in effects]
        self.asked += [effect.driver for effect in effects]
        self.replies += replies
        self.bytes += sum(map(_size, replies))
        if limit is not None:
            self.check(limit)

    def go_on(self, replies: Mapping[int, Case], limit: int) -> None:
        """Put what suspended effects answered in the end in their places; `RunFailed` as `take` raises it."""
        for place, reply in replies.items():
            self.bytes += _size(reply) - _size(self.replies[place])
            self.replies[place] = reply
        self.responses = {}
        self.check(limit)

    def check(self, limit: int) -> None:
        """Return if the replies are within `limit` bytes; `RunFailed` otherwise."""
        if self.bytes > limit:
            raise RunFailed(f"the replies of this run exceed {limit} bytes", code="replies-too-large")

    @property
    def waiting(self) -> dict[int, Suspension]:
        """What the run waits for, by the place of the effect."""
        last = enumerate(self.replies[self.first :], self.first)
        return {place: reply.value for place, reply in last if reply.tag == "suspended"}


def _size(reply: Case) -> int:
    if type(reply.value) is str:
        return len(reply.value)
    if reply.tag == "suspended":  # its requests have a bound of their own
        return len(reply.value.state)
    return len(reply.value.message)


def effect_digest(effect: Effect) -> str:
    """Return the digest that names an effect: driver and exact request text."""
    return hashlib.sha256(f"{effect.driver}\0{effect.request}".encode()).hexdigest()


class Question(NamedTuple):
    """One run's question: which stage, where in the pipeline, which function, on which documents, for which request."""

    stage: Stage
    place: str
    function: str
    documents: tuple[str, ...]
    work: Work


class Runner:
    """Runs plugins and writes one trace entry for each run into the request's work."""

    def __init__(self, memo: Memo, bounds: Bounds | None = None) -> None:
        self._memo = memo
        self._bounds = bounds or Bounds()
        self._performing: dict[asyncio.Timeout, tuple[str, str]] = {}

    async def run(self, question: Question, history: History | None = None) -> Case:
        """Return the plugin's answer; raises `RunFailed` or `PluginRefused`, having traced why.

        The generation that begins the run also ends it, so the digests in key and trace are those of what answered.
        """
        with question.stage.guest.pinned() as guest:
            if guest.manifest.reads != question.stage.reads.pointers:
                raise PluginRefused(f"`{guest.use}` was exchanged for one that reads something else", code="exchanged")
            made_by = history.made_by if history is not None else None
            if made_by is not None and made_by != (guest.digest, guest.config_digest):
                raise PluginRefused(f"`{guest.use}` was exchanged while its run waited", code="exchanged")
            return await self._run(question, guest, history)

    async def _run(self, question: Question, guest: Guest, history: History | None) -> Case:
        started = time.perf_counter_ns()
        work = question.work
        key = None
        if guest.memo and not question.stage.reads.run:
            key = _key(question, guest)
            found = self._memo.get(key)
            if found is not None:
                answer, facts = found
                work.trace.append({**_entry(question, guest, started), **facts, "memo": True})
                return answer
        history = history or History()
        try:
            answer = await self._loop(question, guest, history)
        except Exception as error:
            entry = _entry(question, guest, started) | kept(input=_input_digest(question))
            entry |= {"verdict": "error", "code": getattr(error, "code", "internal")}
            entry["message"] = getattr(error, "message", type(error).__name__)[:MOST_TEXT]
            work.trace.append(entry | _effects(work, history))
            raise
        facts = {**kept(input=_input_digest(question)), **_verdict(work, answer)}
        if key is not None and not history.replies and answer.tag != "failed":
            self._memo.put(key, answer, facts)
        work.trace.append({**_entry(question, guest, started), **facts, **_effects(work, history)})
        return answer

    async def _loop(self, question: Question, guest: Guest, history: History) -> Case:
        stage, work, documents = question.stage, question.work, question.documents
        facts = history.facts = history.facts or work.facts()
        tenant = work.known.caller.tenant
        asks = question.function not in _NO_REPLIES
        room = self._bounds.described_bytes if question.function == "describe" else self._bounds.reply_bytes
        history.check(room)
        if (
            history.replies
            and history.waiting
            and (waits := await self._resume(question, guest, history, room)) is not None
        ):
            return waits
        for _ in range(self._bounds.passes):
            arguments = (*documents, history.replies) if asks else documents
            answer = await guest.ask(question.function, arguments, facts, tenant)  # 1
            if answer.tag != "perform":
                return answer
            new = self._news(answer.value, history)
            for effect in new:  # 4
                _check_asked(stage.use, guest.manifest, effect)
                stage.effects.check(effect)
            if asyncio.get_running_loop().time() >= work.deadline:
                raise RunFailed("the time of this call is over", code="deadline")
            begun: dict[int, _Begun] = {place: (effect, None) for place, effect in enumerate(new, len(history.replies))}
            replies = await self._perform(question, guest, facts, begun)  # 5
            history.take(new, replies, room)
            if any(reply.tag == "suspended" for reply in replies):
                return _waits(history, begun, guest)
        raise RunFailed(f"no answer after {self._bounds.passes} passes", code="too-many-passes")

    async def _resume(self, question: Question, guest: Guest, history: History, room: int) -> Case | None:
        """Go on with the effects that were suspended; what they are is what the plugin still asks for in that round."""
        work, waiting = question.work, history.waiting
        facts = history.facts or work.facts()
        arguments = (*question.documents, history.replies[: history.first])
        answer = await guest.ask(question.function, arguments, facts, work.known.caller.tenant)
        if answer.tag != "perform" or [effect_digest(effect) for effect in answer.value] != history.digests:
            raise NondeterministicPlugin("the effects of this pass are not those that the run waits for")
        begun: dict[int, _Begun] = {}
        for place, suspension in waiting.items():
            effect = answer.value[place]
            question.stage.effects.check(effect)
            begun[place] = (effect, (suspension.state, history.responses.get(place, {})))
        replies = await self._perform(question, guest, facts, begun)
        history.go_on(dict(zip(begun, replies, strict=True)), room)
        return _waits(history, begun, guest) if history.waiting else None

    async def _perform(self, question: Question, guest: Guest, facts: RunFacts, begun: dict[int, _Begun]) -> list[Case]:
        """Perform effects until the deadline, or until the plugin that asked for them is fenced."""
        deadline = question.work.deadline
        limit = asyncio.timeout_at(deadline)
        try:
            async with limit:
                self._performing[limit] = (guest.use, guest.digest)
                try:
                    return await _perform(question, facts, begun)
                finally:
                    del self._performing[limit]
        except TimeoutError:
            fenced = limit.when() != deadline
            why = f"`{guest.use}` was fenced" if fenced else "the deadline passed"
            text = f"{why} while effects were under way; they may have happened"
            raise RunFailed(text, code="outcome-unknown") from None

    @contextmanager
    def held(self, limit: asyncio.Timeout, use: str, component: str) -> Iterator[None]:
        """Let `limit` be over at once when this plugin is fenced, while something else is waited for on its behalf."""
        self._performing[limit] = (use, component)
        try:
            yield
        finally:
            del self._performing[limit]

    def interrupt(self, use: str, component: str) -> int:
        """End the effects that a fenced plugin waits for, as if their time were over; return how many rounds."""
        own = (limit for limit, held in self._performing.items() if held == (use, component))
        hit = [limit for limit in own if not limit.expired()]
        for limit in hit:
            limit.reschedule(0)
        return len(hit)

    def _news(self, effects: list[Effect], history: History) -> list[Effect]:
        answered = len(history.replies)
        for effect, digest in zip(effects, history.digests, strict=False):  # 2
            if effect_digest(effect) != digest:
                raise NondeterministicPlugin("the effects of this pass are not those of the pass before")
        if len(effects) < answered:
            raise NondeterministicPlugin("this pass asked for fewer effects than the pass before")
        new = effects[answered:]
        if not new:  # 3
            raise RunFailed("the plugin asked to go on but for nothing new", code="no-progress")
        if len(effects) > self._bounds.effects:
            raise RunFailed(
                f"the run asked for {len(effects)} effects, at most {self._bounds.effects}", code="too-many-effects"
            )
        return new


def _check_asked(use: str, manifest: Manifest, effect: Effect) -> None:
    if all(effect.driver != wish.driver for wish in manifest.effects):
        raise EffectDenied(
            f"`{use}` (`{manifest.id}`) asks for driver `{effect.driver[:64]}`, which its manifest does not list",
            code="effect-undeclared",
            remedy="add the driver, and why, to `effects` of its manifest and build it again",
        )


_Begun = tuple["Effect", tuple[str, dict[str, Any]] | None]
"""An effect, and where it was suspended (state and responses) if it was."""


async def _perform(question: Question, facts: RunFacts, begun: dict[int, _Begun]) -> list[Case]:
    if len(begun) == 1:
        ((place, begin),) = begun.items()
        replies = [await _begin(question, facts, place, *begin)]
    else:
        replies = list(
            await asyncio.gather(*(_begin(question, facts, place, *begin) for place, begin in begun.items()))
        )
    if question.place != "backend":
        return [_NOBODY if reply.tag == "suspended" else reply for reply in replies]
    return replies


_NOBODY = failed("input-needed", "only the backend of a call may have its client asked")


def _begin(
    question: Question, facts: RunFacts, place: int, effect: Effect, suspended: tuple[str, dict[str, Any]] | None
) -> Awaitable[Case]:
    stage, work = question.stage, question.work
    party = work.party
    if question.place != "backend" and party is not GATEWAY:
        party = replace(party, capabilities={}, meta={})
    context = EffectContext(
        run=facts.id,
        index=place,
        caller=work.known.caller,
        deadline=work.deadline,
        blobs=work.blobs,
        notify=work.notify,
        method=work.method,
        name=work.name,
        whole_bodies=stage.guest.manifest.whole_bodies or question.function == "describe",
        party=party,
    )
    if suspended is None:
        return stage.effects.perform(effect, context)
    return stage.effects.resume(effect, *suspended, context)


def _waits(history: History, begun: Mapping[int, _Begun], guest: Guest) -> Case:
    history.made_by = (guest.digest, guest.config_digest)
    history.effects = {place: begun[place][0] for place in history.waiting}
    requests = {str(place): waits.requests for place, waits in history.waiting.items()}
    return Case("suspended", _encode(requests).decode())


_MEMO_KEY = secrets.token_bytes(32)
"""Of this process only: what stands for a credential in the memo says nothing outside it."""
_PROBLEM_TAGS = frozenset({"failed", "deny", "reject", "retry", "err"})
_NO_REPLIES = frozenset({"reserve", "settle", "shape"})


def _key(question: Question, guest: Guest) -> tuple[str, ...]:
    documents = question.documents
    if question.place == "identity":  # these documents hold credentials, which no memo may keep
        text = "\0".join(documents).encode()
        documents = (hashlib.blake2b(text, digest_size=32, key=_MEMO_KEY).hexdigest(),)
    return (guest.digest, guest.config_digest, question.function, question.work.known.caller.tenant, *documents)


def _input_digest(question: Question) -> str:
    return question.work.digest("\0".join(question.documents))


def _entry(question: Question, guest: Guest, started: int) -> dict[str, Any]:
    return {
        "stage": question.place,
        "use": question.stage.use,
        "function": question.function,
        "component": guest.digest,
        "config": guest.config_digest,
        "us": (time.perf_counter_ns() - started) // 1000,
    }


def _verdict(work: Work, answer: Case) -> dict[str, Any]:
    if answer.tag in _PROBLEM_TAGS:
        problem = answer.value
        return {"verdict": answer.tag, "code": problem.code[:MOST_TEXT], "message": problem.message[:MOST_TEXT]}
    digest = work.digest(_answer_text(answer.value))
    return {"verdict": answer.tag, "answer": digest} if digest else {"verdict": answer.tag}


def _effects(work: Work, history: History) -> dict[str, Any]:
    if not history.replies:
        return {}
    replies = work.digest("\0".join(_answer_text(r.value) for r in history.replies))
    return {"effects": history.asked, **kept(replies=replies)}


def _answer_text(value: Any) -> str:
    return value if type(value) is str else repr(value)
