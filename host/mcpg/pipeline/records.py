"""Decision records: what the ledger keeps of a call. It writes none; `calls` and `service` do.

`intent` before the backend's first effect, `outcome` after it, `refusal` where it ended before; between them `asked`
before its client sees what it is asked, and `answered` before that counts. Values that are secret or guessable
(arguments, results, requests and answers, inputs of stages) are there as digests under the tenant's key, never as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from mcpg.contract.documents import Caller
    from mcpg.contract.ports import McpCall, Refusal
    from mcpg.contract.verdicts import Problem
    from mcpg.pipeline.rounds import Round
    from mcpg.pipeline.routes import Route
    from mcpg.pipeline.work import Work

__all__ = ["Ended", "answer", "answered", "ask", "asked", "intent", "kept", "noted", "outcome", "refusal"]

MOST_NAME = 1024
"""Characters of a name or message that a record keeps: a client may call what does not exist by any name."""


def _caller(caller: Caller) -> dict[str, Any]:
    return {
        "id": caller.id,
        "kind": caller.kind,
        "trust": caller.trust,
        "groups": list(caller.groups),
        "identity": caller.how.plugin,
        "credential": caller.how.credential,
    }


def kept(**digests: str) -> dict[str, str]:
    """Return the digests that there are: an operator may want no trace of payloads."""
    return {name: digest for name, digest in digests.items() if digest}


def intent(work: Work, call: McpCall, route: Route, arguments: str) -> dict[str, Any]:
    """Return the record of what is about to happen; `arguments` is the JSON text of the final arguments.

    `resumes` is the call that began the task which this request is about.
    """
    record = {
        "kind": "intent",
        "call": work.call_id,
        "caller": _caller(work.known.caller),
        "method": call.method,
        "name": work.name[:MOST_NAME],
        **_place(work, route),
        "backend": route.backend,
        "target": route.target_of(work.name)[:MOST_NAME],
        "version": call.version,
        **kept(arguments=work.digest(arguments)),
        "now": work.now,
        "seed": work.seed,
        "stages": list(work.trace),
    }
    return {**record, "resumes": work.task} if work.task else record


def _place(work: Work, route: Route | None = None) -> dict[str, str]:
    """Return where a call came in, and the name that policies know if the endpoint shows another."""
    place = {"endpoint": work.endpoint} if work.endpoint else {}
    if route is not None and (canonical := route.named(work.name)) != work.name:
        place["canonical"] = canonical[:MOST_NAME]
    return place


class Ended(NamedTuple):
    """How a call ended: `ok`, `tool-error`, `failed` or `unknown`, its result as JSON text, and what went wrong."""

    status: str
    result: str = ""
    code: str = ""
    message: str = ""


def outcome(work: Work, ended: Ended, *, since: int) -> dict[str, Any]:
    """Return the record of how a call ended; `since` is the index of the first stage after its intent."""
    record: dict[str, Any] = {
        "kind": "outcome",
        "call": work.call_id,
        "status": ended.status,
        "stages": work.trace[since:],
    }
    if work.notices is not None and (notices := work.notices.counted()):
        record["notices"] = notices
    if ended.result:
        record |= kept(result=work.digest(ended.result))
    if ended.code:
        record["code"] = ended.code
        record["message"] = ended.message[:MOST_NAME]
    return record


def ask(key: str, method: str, shown: Any, problem: Problem | None, work: Work) -> dict[str, Any]:
    """Return what `asked` says of one request: as the client is shown it, or why it is not."""
    told = {"key": key[:MOST_NAME], "method": method[:MOST_NAME]}
    if problem is not None:
        return told | {"verdict": "refused", "code": problem.code[:MOST_NAME]}
    return told | {"verdict": "asked", **kept(digest=work.digest(_text(shown)))}


def asked(work: Work, waits: Round, told: list[dict[str, Any]], how: str) -> dict[str, Any]:
    """Return the record of what a client is about to be asked; `how` is `live`, `sealed` or `impossible`."""
    return _exchange("asked", work, waits, told) | {"how": how}


def answer(key: str, method: str, verdict: str, response: Any, work: Work) -> dict[str, Any]:
    """Return what `answered` says of one response: `answered`, `error`, `invalid` or `timeout`, and its digest."""
    told = {"key": key[:MOST_NAME], "method": method[:MOST_NAME], "verdict": verdict}
    return told | kept(digest=work.digest(_text(response)))


def answered(work: Work, waits: Round, told: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the record of what a client has answered; `resumes` is the call that asked, where that is another one."""
    record = _exchange("answered", work, waits, told)
    return record | {"resumes": waits.origin} if waits.origin not in {"", work.call_id} else record


def noted(work: Work, call: McpCall) -> dict[str, Any]:
    """Return the record of a client's notification that goes on to upstreams."""
    caller = _caller(work.known.caller)
    told = {"kind": "event", "event": "client-note", "call": work.call_id, "caller": caller, "method": call.method}
    return told | {"version": call.version, "now": work.now, "stages": list(work.trace)}


def _exchange(kind: str, work: Work, waits: Round, told: list[dict[str, Any]]) -> dict[str, Any]:
    caller = _caller(work.known.caller)
    return {"kind": kind, "call": work.call_id, "caller": caller, "round": waits.number, "asks": told, "now": work.now}


def _text(value: Any) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()


def refusal(work: Work, method: str, stage: str, error: Refusal, *, reason: str = "") -> dict[str, Any]:
    """Return the record of a request that ended before its backend; `reason` is what the client was not told."""
    return {
        "kind": "refusal",
        "call": work.call_id,
        "caller": _caller(work.known.caller),
        "method": method[:MOST_NAME],
        "name": work.name[:MOST_NAME],
        **_place(work),
        "stage": stage,
        "code": str(error.code),
        "message": (reason or str(error))[:MOST_NAME],
        "now": work.now,
        "seed": work.seed,
        "stages": list(work.trace),
    }
