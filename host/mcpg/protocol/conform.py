"""A value made to fit what one version defines for its kind: nothing more than that version knows, nothing malformed.

Members of other versions and optional ones of the wrong type are left out, unknown ones pass, and a value without
what its kind requires is `NOTHING`. A value that fits already is returned as it is; no value is changed in place. It
asks nobody and never raises. Source: schema.ts of each version, by way of `kinds`.
"""

from __future__ import annotations

from functools import cache
from operator import is_
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from mcpg.protocol.kinds import BLOCKS, KINDS, SAMPLING_BLOCKS, Member, defines
from mcpg.protocol.scalars import NOTHING, SCALARS
from mcpg.protocol.schemas import input_schema, output_schema
from mcpg.protocol.versions import LATEST_MODERN, MODERN, at_least

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Rule = Callable[[Any], Any]

__all__ = ["NOTHING", "conform", "missing_member", "text_of"]

_encode = msgspec.json.Encoder().encode
_ATTACHMENT: Final = "attachment:audio"


class _Plan(NamedTuple):
    rules: dict[str, Rule]
    required: tuple[str, ...]


def conform(kind: str, value: Any, version: str) -> Any:
    """Return `value` as `version` defines `kind`, or `NOTHING` if it is not one of that kind."""
    return _applied(_plan(kind, version), value)


def missing_member(kind: str, value: Any, version: str) -> str:
    """Return the name of the first member for which `value` is not of its kind; empty if it is no object."""
    if not isinstance(value, dict):
        return ""
    plan = _plan(kind, version)
    for name in plan.required:
        if name not in value or plan.rules[name](value[name]) is NOTHING:
            return name
    return ""


def text_of(value: Any) -> str:
    """Return a JSON value as the text that stands in for it."""
    return _encode(value).decode()


def _applied(plan: _Plan, value: Any) -> Any:
    if not isinstance(value, dict):
        return NOTHING
    rules, kept = plan.rules, value
    for name, item in value.items():
        rule = rules.get(name)
        if rule is None:
            continue
        fitting = rule(item)
        if fitting is item:
            continue
        if kept is value:
            kept = dict(value)
        if fitting is NOTHING:
            del kept[name]
        else:
            kept[name] = fitting
    for name in plan.required:
        if name not in kept:
            return NOTHING
    return kept


@cache
def _plan(kind: str, version: str) -> _Plan:
    members = KINDS[kind]
    rules = {name: _rule_of(member, version) for name, member in members.items()}
    return _Plan(rules, tuple(name for name, member in members.items() if member.required))


def _rule_of(member: Member, version: str) -> Rule:
    return _rule(member.type, version) if defines(member, version) else SCALARS["never"]


@cache
def _rule(name: str, version: str) -> Rule:
    if name.startswith("[!"):
        return _list(_rule(name[2:-1], version), whole=True)
    if name.startswith("["):
        return _list(_rule(name[1:-1], version))
    if name in SCALARS:
        return SCALARS[name]
    if name in _SPECIAL:
        return _SPECIAL[name](version)
    plan = _plan(name, version)
    return lambda value: _applied(plan, value)


def _list(rule: Rule, *, whole: bool = False) -> Rule:
    """Items that do not fit are left out; where only the whole list means something, one of them spoils it."""

    def listed(value: Any) -> Any:
        if not isinstance(value, list):
            return NOTHING
        fitting = [rule(item) for item in value]
        if all(map(is_, fitting, value)):
            return value
        kept = [item for item in fitting if item is not NOTHING]
        return NOTHING if whole and len(kept) < len(value) else kept

    return listed


def _block(version: str) -> Rule:
    """A block that the version does not know, or that is malformed, is said in one that it knows."""
    plans = _block_plans(BLOCKS, version)

    def block(value: Any) -> Any:
        kind = value.get("type") if isinstance(value, dict) else None
        plan = plans.get(kind) if isinstance(kind, str) else None
        fitting = NOTHING if plan is None else _applied(plan, value)
        return _said_otherwise(kind, value, version) if fitting is NOTHING else fitting

    return block


def _block_plans(kinds: Mapping[str, str], version: str) -> dict[str, _Plan]:
    return {kind: _plan(f"block {kind}", version) for kind, since in kinds.items() if at_least(version, since)}


def _said_otherwise(kind: Any, value: Any, version: str) -> dict[str, Any]:
    if kind == "resource_link" and isinstance(value.get("uri"), str):
        label = value.get("title") or value.get("name") or ""
        if at_least(version, BLOCKS["resource_link"]):
            named = conform("block resource_link", {**value, "name": label or value["uri"]}, version)
            if named is not NOTHING:
                return dict(named)
        if isinstance(label, str):
            return {"type": "text", "text": f"{label} {value['uri']}".strip()}
    if kind == "audio" and not at_least(version, BLOCKS["audio"]):
        audio = conform("block audio", value, LATEST_MODERN)
        if audio is not NOTHING:
            blob = {"uri": _ATTACHMENT, "mimeType": audio["mimeType"], "blob": audio["data"]}
            return {"type": "resource", "resource": blob}
    return {"type": "text", "text": text_of(value)}


def _sampling_content(version: str) -> Rule:
    plans = _block_plans(SAMPLING_BLOCKS, version)
    many = at_least(version, SAMPLING_BLOCKS["tool_use"])

    def block(value: Any) -> Any:
        kind = value.get("type") if isinstance(value, dict) else None
        plan = plans.get(kind) if isinstance(kind, str) else None
        return NOTHING if plan is None else _applied(plan, value)

    blocks = _list(block, whole=True)
    return lambda value: blocks(value) if many and isinstance(value, list) else block(value)


def _either_contents(version: str) -> Rule:
    plan = _plan("contents", version)

    def contents(value: Any) -> Any:
        fitting = _applied(plan, value)
        if fitting is NOTHING or ("text" not in fitting and "blob" not in fitting):
            return NOTHING
        return fitting

    return contents


def _structured(version: str) -> Rule:
    if version in MODERN:
        return lambda value: value
    return SCALARS["obj"]


def _execution(version: str) -> Rule:
    """Tasks are not offered to versions with a handshake, so no tool may want one there."""
    if version in MODERN:
        return SCALARS["obj"]
    return lambda value: value if isinstance(value, dict) and "taskSupport" not in value else NOTHING


_SPECIAL: Final[dict[str, Callable[[str], Rule]]] = {
    "block": _block,
    "sampling content": _sampling_content,
    "either contents": _either_contents,
    "structured": _structured,
    "execution": _execution,
    "input schema": input_schema,
    "output schema": output_schema,
}
