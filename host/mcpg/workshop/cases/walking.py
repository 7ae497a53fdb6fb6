"""One whole run, pass by pass: ask, look at what is asked for, reply, ask again, until there is an answer. No I/O.

Steps of a pass are those of the pipeline's run loop, and so are the bounds; what is asked for is held against the
manifest and the drivers' schemas, and who replies is given. A run is then repeated from what it was told, because the
same input with the same replies has one answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from mcpg.contract.problems import McpgError, PluginTrapped
from mcpg.contract.schemas import DOCUMENTS
from mcpg.contract.verdicts import Case, Effect
from mcpg.pipeline.runs import Bounds, effect_digest
from mcpg.workshop.cases.faults import (
    broken,
    impure,
    not_declared,
    outside_schema,
    stuck,
    too_many,
    unstable,
)
from mcpg.workshop.judging import judge, plain_of

if TYPE_CHECKING:
    from mcpg.contract.manifest import Manifest
    from mcpg.workshop.cases.model import Fault
    from mcpg.workshop.stand import Prepared, Stand

__all__ = ["Pass", "Replier", "Walk", "repeat", "walk"]


class Replier(Protocol):
    """Who says what the world answers."""

    def wants(self, driver: str) -> bool:
        """Whether the next effect is to be one of this driver; asked for `ask` only, which is an answer otherwise."""
        ...

    def __call__(self, effect: Effect, request: msgspec.Struct | None) -> Case | Fault:
        """Return the reply, or why this should not be asked; `request` is decoded where the driver is known."""
        ...


_BOUNDS = Bounds()
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    name.removeprefix("effects/"): msgspec.json.Decoder(model)
    for name, model in DOCUMENTS.items()
    if name.startswith("effects/") and not name.endswith(".reply")
}


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass: how many replies it was given, and what it answered."""

    replies: int
    answer: Case


@dataclass(slots=True)
class Walk:
    """What became of one run: its passes, effects and replies in order, the answer's plain value, or what is wrong."""

    passes: list[Pass] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    replies: list[Case] = field(default_factory=list)
    answer: Case | None = None
    value: Any = None
    fault: Fault | None = None
    error: McpgError | None = None
    """The error behind the fault, where the host raised one."""
    seconds: float = 0.0
    """Of the passes alone."""


async def walk(stand: Stand, question: Prepared, reply: Replier) -> Walk:
    """Make a run in fresh instances and return what became of it; raises nothing that a plugin can cause."""
    walked = Walk()
    try:
        for _ in range(_BOUNDS.passes):
            begin = perf_counter()
            answer = await _patiently(stand, question, walked, fresh=True)
            walked.seconds += perf_counter() - begin
            walked.passes.append(Pass(len(walked.replies), answer))
            new = _news(stand.manifest, question, walked, answer, reply)
            if new is None:
                walked.answer, walked.value = answer, judge(answer, question.asked)
                return walked
            if not _take(stand.manifest, walked, new, reply):
                return walked
    except McpgError as error:
        walked.fault, walked.error = broken(error, stand.manifest, question.asked.function), error
        return walked
    walked.fault = too_many("passes", _BOUNDS.passes)
    return walked


async def repeat(stand: Stand, question: Prepared, walked: Walk, *, times: int = 2) -> Fault | None:
    """Make the passes of a run again in an instance that has answered before; return how an answer differs.

    `walked.seconds` becomes the time of the last repetition: instances are then there already.
    """
    for _ in range(times):
        begin = perf_counter()
        for number, before in enumerate(walked.passes):
            try:
                answer = await _patiently(stand, question, walked, fresh=False, replies=before.replies)
            except McpgError as error:
                return impure(stand.manifest, number, before.answer, None, error.message)
            if answer != before.answer:
                return impure(stand.manifest, number, before.answer, answer)
        walked.seconds = perf_counter() - begin
    return None


async def _patiently(
    stand: Stand, question: Prepared, walked: Walk, *, fresh: bool, replies: int | None = None
) -> Case:
    """Make a pass; one that ran out of time gets a second chance: this machine may be busy with other things."""
    given = walked.replies if replies is None else walked.replies[:replies]
    try:
        return await stand.make(question, given, fresh=fresh)
    except PluginTrapped as error:
        if error.code != "plugin-deadline":
            raise
        return await stand.make(question, given, fresh=fresh)


def _news(
    manifest: Manifest,
    question: Prepared,
    walked: Walk,
    answer: Case,
    reply: Replier,
) -> list[Effect] | None:
    """Return what this pass asks for and the one before did not; None when it is an answer."""
    if answer.tag == "ask":
        asked = Effect("ask", msgspec.json.encode(plain_of(answer)).decode())
        return [asked] if reply.wants("ask") else None
    if answer.tag != "perform":
        return None
    effects: list[Effect] = answer.value
    walked.fault = _wrong(manifest, question, walked, effects)
    return [] if walked.fault is not None else effects[len(walked.effects) :]


def _wrong(manifest: Manifest, question: Prepared, walked: Walk, effects: list[Effect]) -> Fault | None:
    """Return how the effects of this pass do not go on from those of the pass before."""
    for place, (now, before) in enumerate(zip(effects, walked.effects, strict=False)):
        if effect_digest(now) != effect_digest(before):
            return unstable(manifest, place, before, now)
    if len(effects) < len(walked.effects):
        return unstable(manifest, len(effects), walked.effects[len(effects)], None)
    if len(effects) == len(walked.effects):
        return stuck(question.asked.function)
    return too_many("effects", _BOUNDS.effects) if len(effects) > _BOUNDS.effects else None


def _take(manifest: Manifest, walked: Walk, new: list[Effect], reply: Replier) -> bool:
    """Reply to new effects; return whether the run goes on."""
    declared = {each.driver for each in manifest.effects}
    for effect in new:
        request, fault = None, None
        if effect.driver != "ask" and effect.driver not in declared:
            fault = not_declared(effect)
        elif effect.driver in _DECODERS:
            try:
                request = _DECODERS[effect.driver].decode(effect.request)
            except (msgspec.DecodeError, RecursionError) as error:
                fault = outside_schema(effect, len(walked.effects), error)
        answered = reply(effect, request) if fault is None else fault
        if not isinstance(answered, Case):
            walked.fault = answered
            walked.effects.append(effect)
            return False
        walked.effects.append(effect)
        walked.replies.append(answered)
    size = sum(len(each.value) if isinstance(each.value, str) else 0 for each in walked.replies)
    if size > _BOUNDS.reply_bytes:
        walked.fault = too_many("bytes of replies", _BOUNDS.reply_bytes)
    return walked.fault is None
