"""What a plugin answered, judged as the stage that asked would judge it. It combines no verdicts and serves nobody.

The gateway's stages do this where they use the answer; here every function's answer is judged alike, so that whoever
writes a plugin learns which document is wrong and where. Raises `BadDocument` whose `where` names both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.documents import Caller, Catalog, Credential
from mcpg.contract.problems import BadDocument, RunFailed
from mcpg.contract.verdicts import Problem
from mcpg.pipeline.backends import check_result
from mcpg.pipeline.blobs import RunBlobs
from mcpg.pipeline.obligations import unmet
from mcpg.pipeline.policy import Duty
from mcpg.pipeline.reading import parse, parse_object
from mcpg.pipeline.rounds import asked_by_plugin
from mcpg.pipeline.runs import History
from mcpg.storage import Charge, check_charges
from mcpg.workshop.documents import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.verdicts import Case

__all__ = ["Asked", "judge", "plain_of"]

_PROBLEMS = frozenset({"failed", "deny", "reject", "retry", "err"})
_NAMES = {"tools": "name", "prompts": "name", "resources": "uri", "templates": "uriTemplate"}
_CALLED = frozenset({"tools/call", "prompts/get", "resources/read", "completion/complete"})
MOST_NAME = 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: the function, its whole documents and the bodies that stayed in the host."""

    function: str
    documents: Mapping[str, Any]
    blobs: RunBlobs = field(default_factory=RunBlobs)


def plain_of(answer: Case) -> Any:
    """Return what an answer carries as plain values: documents decoded, problems, obligations and charges by name."""
    value = answer.value
    if isinstance(value, str):
        return value if answer.tag == "seen" else parse(value, answer.tag)
    if isinstance(value, Problem):
        return {"code": value.code, "message": value.message}
    if answer.tag == "perform":
        return [{each.driver: parse(each.request, each.driver)} for each in value]
    if answer.tag == "permit":
        return [{"kind": each.kind, "detail": parse(each.detail, "detail")} for each in value]
    if isinstance(value, list):  # charges
        return [each._asdict() for each in value]
    return value


def judge(answer: Case, asked: Asked) -> Any:
    """Return the answer's plain value if its stage would take it; `BadDocument` names document and place."""
    tag, use = answer.tag, f"`{asked.function}`"
    if tag in _PROBLEMS:
        return _problem(answer)
    try:
        value = plain_of(answer)
    except BadDocument as error:
        raise BadDocument(f"{use} answered `{tag}` with something that is not JSON", where=tag) from error
    try:
        check = _CHECKS.get(tag)
        if check is not None:
            value = check(value, asked, answer)
    except BadDocument as error:
        raise BadDocument(error.message, where=error.where or tag, remedy=error.remedy) from error
    except RunFailed as error:
        raise BadDocument(error.message, where=tag) from error
    return value


def _problem(answer: Case) -> dict[str, str]:
    problem: Problem = answer.value
    if not problem.code:
        raise BadDocument(f"the problem of `{answer.tag}` has no code", where=f"{answer.tag} /code")
    return {"code": problem.code, "message": problem.message}


def _model(value: Any, model: type[msgspec.Struct], name: str) -> None:
    try:
        msgspec.convert(value, model)
    except msgspec.ValidationError as error:
        message, place = place_of(error)
        pointer = "".join(f"/{part}" for part in place) or "/"
        raise BadDocument(
            f"the document `{name}` is outside its schema at `{pointer}`: {message}",
            where=f"{name} {pointer}",
            remedy=f"see schema `{name}`",
        ) from None


def _caller(value: Any, _asked: Asked, _answer: Case) -> Any:
    _model(value, Caller, "caller")
    if not value["id"]:
        raise BadDocument("the caller has no id", where="caller /id")
    for name in ("id", "tenant", "issuer"):
        text = value.get(name, "")
        if not text.isprintable() or len(text) > MOST_NAME or text.startswith("@"):
            raise BadDocument(f"the caller's `{name}` is no plain text", where=f"caller /{name}")
    return value


def _permit(value: Any, _asked: Asked, _answer: Case) -> Any:
    for number, each in enumerate(value):
        fault = unmet([Duty("", each["kind"], each["detail"])])
        if fault is not None and each["kind"] != "require-approval":
            raise BadDocument(f"{fault}: the gateway denies what it cannot do", where=f"permit /{number}/detail")
    return value


def _seen(value: Any, asked: Asked, _answer: Case) -> Any:
    wanted = len(asked.documents["actions"])
    if len(value) != wanted or set(value) - set("pda"):
        raise BadDocument(
            f"`see` answered `{value[:80]}` to {wanted} actions: wanted one letter of `p`, `d`, `a` for each",
            where="seen",
        )
    return value


def _changed(_value: Any, asked: Asked, answer: Case) -> Any:
    return asked.blobs.restore(parse_object(answer.value, f"`{asked.function}`"))


def _done(value: Any, asked: Asked, _answer: Case) -> Any:
    result = asked.blobs.restore(value)
    if not isinstance(result, dict):
        raise BadDocument("the result is not an object", where="done /")
    method = str(asked.documents["call"]["method"])
    if "$ref" not in result and method in _CALLED:  # a whole result that stays in the host is looked at when it is back
        check_result(asked.function, method, dict(result))
    return result


def _ask(value: Any, asked: Asked, _answer: Case) -> Any:
    if not isinstance(value, dict):
        raise BadDocument("the ask is not an object", where="ask /")
    asked_by_plugin(value, History(), asked.function)
    return value


def _catalog(value: Any, _asked: Asked, _answer: Case) -> Any:
    _model(value, Catalog, "catalog")
    return value


def _issued(value: Any, _asked: Asked, _answer: Case) -> Any:
    _model(value, Credential, "credential")
    return value


def _charges(value: Any, _asked: Asked, answer: Case) -> Any:
    for number, each in enumerate(value):
        if not each["account"] or (answer.tag == "charge" and each["capacity"] <= 0):
            raise BadDocument("a charge names no account or an account of no size", where=f"{answer.tag} /{number}")
    try:
        check_charges([Charge(**each) for each in value])
    except ValueError as error:
        raise BadDocument(str(error), where=answer.tag) from None
    return value


def _settled_or_shaped(value: Any, asked: Asked, answer: Case) -> Any:
    if asked.function == "settle":
        return _charges(value, asked, answer)
    _model(value, Catalog, "catalog")
    known = asked.documents["catalog"]
    for field_name, naming in _NAMES.items():
        there = {each.get("target", each[naming]) for each in known[field_name]}
        for number, each in enumerate(value.get(field_name, ())):
            if each.get("target", each[naming]) not in there:
                raise BadDocument(
                    f"the shaped catalog invents `{each[naming]}`", where=f"catalog /{field_name}/{number}"
                )
    return value


_CHECKS = {
    "caller": _caller,
    "permit": _permit,
    "seen": _seen,
    "changed": _changed,
    "done": _done,
    "ask": _ask,
    "catalog": _catalog,
    "issued": _issued,
    "charge": _charges,
    "ok": _settled_or_shaped,
}
