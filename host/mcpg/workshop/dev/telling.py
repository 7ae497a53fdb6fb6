"""One run as lines for a person and as a document for a machine. It prints nothing and knows no terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mcpg.contract.worlds import WORLDS
from mcpg.workshop.dev.veiling import parsed, veiled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.contract.ports import RunSeen
    from mcpg.contract.verdicts import Case
    from mcpg.workshop.dev.examining import Findings
    from mcpg.workshop.memory import Need

__all__ = ["Line", "document_of", "lines_of", "parameters"]

MOST: Final = 2000
"""Characters of one document that a line shows."""
BAD: Final = frozenset({"failed", "err", "deny", "reject", "retry"})


class Line(NamedTuple):
    """One line: what it is (`head`, `input`, `effect`, `reply`, `log`, `good`, `bad`, `remedy`) and its text."""

    kind: str
    text: str


def parameters(function: str) -> tuple[str, ...]:
    """Return the names of a function's documents, in order."""
    functions = (each for world in WORLDS.values() for each in world)
    found = next(each for each in functions if each.name == function)
    return tuple(name for name in found.parameters if name != "replies")


def document_of(run: RunSeen, findings: Findings) -> dict[str, Any]:
    """Return a run as plain values; times in milliseconds, memory in bytes, null where it was not looked for."""
    names, need = parameters(run.function), findings.need
    document: dict[str, Any] = {
        "call": run.call,
        "use": run.use,
        "component": run.digest,
        "stage": run.place,
        "function": run.function,
        "input": {name: _input(run, text) for name, text in zip(names, run.documents, strict=False)},
        "effects": [_effect(run, place) for place in range(len(run.effects))],
        "answer": None if run.answer is None else _answer(run.answer),
        "problem": None,
        "passes": run.passes,
        "guest_ms": round(run.guest_seconds * 1000, 3),
        "ms": round(run.seconds * 1000, 3),
        "memory": need.memory if need else None,
        "repeatable": need.same if need else None,
        "remedy": findings.remedy,
    }
    if run.problem is not None:
        document["problem"] = {"code": run.problem.code, "message": findings.message or run.problem.message}
    return document


def lines_of(run: RunSeen, findings: Findings) -> Iterator[Line]:
    """Yield the lines that show a run."""
    need = findings.need
    yield Line("head", _head(run, need))
    for name, text in zip(parameters(run.function), run.documents, strict=False):
        yield Line("input", f"{name:<8} {_short(_input(run, text))}")
    for place, effect in enumerate(run.effects):
        request = veiled(parsed(effect.request))
        if effect.driver == "log" and isinstance(request, dict):
            more = f" {_short(request['data'])}" if request.get("data") is not None else ""
            yield Line("log", f"log      {request.get('level', 'info')}: {request.get('message', '')}{more}")
            continue
        yield Line("effect", f"-> {effect.driver} {_short(request)}")
        yield Line("reply", f"<- {_reply(run.replies[place]) if place < len(run.replies) else 'nothing was performed'}")
    yield _verdict(run, findings)
    if need is not None and not need.same:
        yield Line("bad", "the same pass in a fresh instance answered otherwise: the plugin is not deterministic")
    if findings.remedy:
        yield Line("remedy", f"to do: {findings.remedy}")


def _input(run: RunSeen, text: str) -> Any:
    """Return a document as it is shown; of credentials no header's value, whatever the header is called."""
    document = parsed(text)
    if run.function == "identify" and isinstance(document, dict) and isinstance(document.get("headers"), dict):
        return {**veiled(document), "headers": dict.fromkeys(document["headers"], "(not shown)")}
    return veiled(document)


def _head(run: RunSeen, need: Need | None) -> str:
    what = run.answer.tag if run.answer is not None else "failed"
    passes = "from the memo" if not run.passes else f"{run.passes} pass{'es' if run.passes > 1 else ''}"
    times = f"{run.seconds * 1000:.1f} ms, {run.guest_seconds * 1000:.1f} ms of it in the plugin"
    memory = f", {need.memory / 2**20:.2f} MiB" if need is not None and need.memory is not None else ""
    return f"{run.place} {run.use}.{run.function}: {what} ({passes}, {times}{memory})"


def _verdict(run: RunSeen, findings: Findings) -> Line:
    if run.problem is not None:
        return Line("bad", f"{run.problem.code}: {findings.message or run.problem.message}")
    answer = run.answer
    assert answer is not None  # noqa: S101 - a run ends with one of the two
    if answer.tag in BAD:
        return Line("bad", f"{answer.tag}: {answer.value.code}: {answer.value.message}")
    value = _value(answer)
    return Line("good", answer.tag if value is None else f"{answer.tag} {_short(value)}")


def _effect(run: RunSeen, place: int) -> dict[str, Any]:
    effect = run.effects[place]
    shown: dict[str, Any] = {"driver": effect.driver, "request": veiled(parsed(effect.request))}
    if place < len(run.replies):
        reply = run.replies[place]
        shown |= {"failed": _value(reply)} if reply.tag == "failed" else {"reply": _value(reply)}
    return shown


def _answer(answer: Case) -> Any:
    value = _value(answer)
    return answer.tag if value is None else {answer.tag: value}


def _reply(reply: Case) -> str:
    value = _value(reply)
    return f"failed: {value['code']}: {value['message']}" if reply.tag == "failed" else _short(value)


def _value(case: Case) -> Any:
    """Return what a case carries as plain values; a credential that was issued without its text."""
    value = case.value
    if hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, list):
        return [{**each._asdict(), **_detail(each)} if hasattr(each, "_asdict") else each for each in value]
    document = veiled(parsed(value))
    if case.tag == "issued" and isinstance(document, dict) and not str(document.get("value")).startswith("secret://"):
        return {**document, "value": "(not shown)"}
    return document


def _detail(each: Any) -> dict[str, Any]:
    return {"detail": veiled(parsed(each.detail))} if hasattr(each, "detail") else {}


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MOST else f"{text[:MOST]}... ({len(text)} characters)"
