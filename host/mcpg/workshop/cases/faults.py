"""What is wrong with a plugin's run, said so that its author can mend it: what, where, what to do. It finds nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from mcpg.contract.problems import BadDocument, PluginTrapped
from mcpg.workshop.cases.comparing import first_difference
from mcpg.workshop.cases.model import ANY, Difference, Fault
from mcpg.workshop.cases.traces import place_in
from mcpg.workshop.documents import place_of
from mcpg.workshop.judging import plain_of

if TYPE_CHECKING:
    from mcpg.contract.manifest import Manifest
    from mcpg.contract.problems import McpgError
    from mcpg.contract.verdicts import Case, Effect

__all__ = [
    "broken",
    "impure",
    "language_of",
    "not_declared",
    "outside_schema",
    "paste",
    "stuck",
    "too_many",
    "unstable",
]

_CAUSES: Final = {
    "rust": "order keys with `BTreeMap`, and keep nothing in a `static`, `thread_local!` or `OnceLock`",
    "go": "sort the keys of a map before you range over it, and keep nothing in package variables; `time` and"
    " `math/rand` are not the run's",
    "javascript": "keep nothing in module variables; `Date` and `Math.random` are not the run's",
    "python": "sort sets before you go through them, and keep nothing in module variables or default arguments;"
    " `time` and `random` are not the run's",
    "": "sort what has no order of its own (maps, sets), and keep nothing between calls",
}
_CLOCK: Final = "; time and chance come from `/run`, if the manifest reads it"
_SDKS: Final = {"rust": "rust", "rs": "rust", "go": "go", "js": "javascript", "py": "python", "python": "python"}


def language_of(manifest: Manifest) -> str:
    """Return the language that a component was built from, as its manifest tells; empty when it does not."""
    built: Any = getattr(manifest, "built", None)
    sdk = "" if built is None else str(getattr(built, "sdk", ""))
    return _SDKS.get(sdk.partition(" ")[0].rpartition("-")[2], "")


def paste(driver: str) -> str:
    """Return the line of the manifest that declares a driver."""
    return json.dumps({"driver": driver, "why": "say why"})


def not_declared(effect: Effect) -> Fault:
    """Return the fault of an effect that the manifest does not name."""
    return Fault(
        "effect-not-declared",
        f"it asks for driver `{effect.driver}`, which the manifest does not declare",
        remedy=f"add to `effects` in manifest.json: {paste(effect.driver)}",
    )


def outside_schema(effect: Effect, place: int, error: Exception) -> Fault:
    """Return the fault of a request that its driver would not read."""
    message, inner = place_of(error)
    pointer = "".join(f"/{part}" for part in inner) or "/"
    return Fault(
        "bad-request",
        f"effect {place + 1}: the request of `{effect.driver}` is outside its schema at `{pointer}`: {message}",
        remedy=f"see schema `effects/{effect.driver}`",
        differences=(Difference(f"/effects/{place}/{effect.driver}", ANY, _request(effect)),),
    )


def stuck(function: str) -> Fault:
    """Return the fault of a run that asks to go on, but for nothing new."""
    remedy = "ask for an effect whose reply is missing, or answer"
    return Fault("no-progress", f"`{function}` asked to go on but for nothing new", remedy=remedy)


def too_many(what: str, most: int) -> Fault:
    """Return the fault of a run that has no end."""
    code = {"passes": "too-many-passes", "effects": "too-many-effects"}.get(what, "replies-too-large")
    return Fault(code, f"the run is over after {most} {what}", remedy="end it: count what you ask for, or ask for less")


def unstable(manifest: Manifest, place: int, before: Effect, now: Effect | None) -> Fault:
    """Return the fault of a pass whose effects are not those of the pass before."""
    there = {before.driver: _request(before)}
    here: Any = ANY if now is None else {now.driver: _request(now)}
    first = first_difference(there, here, f"/effects/{place}")
    return Fault(
        "nondeterministic-plugin",
        f"effect {place + 1} of this pass is not that of the pass before",
        remedy=_CAUSES[language_of(manifest)] + _CLOCK,
        differences=() if first is None else (first,),
    )


def impure(manifest: Manifest, number: int, before: Case, after: Case | None, error: str = "") -> Fault:
    """Return the fault of a pass that was made again with the same input and answered something else."""
    message = f"pass {number + 1} answered the same question in two ways"
    first: Difference | None
    if after is None:
        message = f"{message}: the second time it ended with `{error}`"
        first = None
    else:
        first = first_difference({before.tag: _plain(before)}, {after.tag: _plain(after)}, "/answer")
    return Fault(
        "nondeterministic-plugin",
        message,
        remedy=_CAUSES[language_of(manifest)] + _CLOCK,
        differences=() if first is None else (first,),
    )


def broken(error: McpgError, manifest: Manifest, function: str) -> Fault:
    """Return the fault of a run that the host ended: a trap, a limit, a document outside its schema."""
    remedy = error.remedy
    message = error.message
    if isinstance(error, PluginTrapped):
        place = place_in(error.trace)
        message = f"{message}, at {place}" if place else message
        remedy = remedy or _trap(error, manifest)
    elif isinstance(error, BadDocument) and "more than" in message:
        remedy = f"answer with less, or raise `limits.output` ({manifest.limits.output}) in manifest.json"
    elif isinstance(error, BadDocument) and error.where:
        message = f"`{function}`: {message}"
    return Fault(error.code, message, remedy=remedy)


def _trap(error: PluginTrapped, manifest: Manifest) -> str:
    if error.code == "plugin-deadline":
        return f"end the loop, or raise `limits.time` ({manifest.limits.time}) in manifest.json"
    if "call stack" in error.message:
        return "end the recursion, or bound its depth"
    if "runtime.fatalpanic" in error.trace:  # the SDK catches those of the goroutine that it calls
        return "start no goroutine, neither for effects: ask for several at once with `run.All`"
    if any(sign in error.trace for sign in ("runtime.netpoll", "runtime.checkdead")):
        return "wait for nothing: no `time.Sleep`, no channel that nobody sends to; the time comes from `/run/now`"
    if any(sign in error.trace for sign in ("alloc_error", "out of memory", "runtime.throw")):
        return f"use less memory, or raise `limits.memory` ({manifest.limits.memory}) in manifest.json"
    return (
        "return an error in place of a panic; clocks, sleep, files and sockets trap too: ask for an effect; "
        f"so does more memory than `limits.memory` ({manifest.limits.memory})"
    )


def _request(effect: Effect) -> Any:
    try:
        return json.loads(effect.request)
    except ValueError:
        return effect.request


def _plain(answer: Case) -> Any:
    try:
        return plain_of(answer)
    except BadDocument:
        return repr(answer.value)
