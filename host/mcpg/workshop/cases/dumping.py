"""Cases as YAML text that our own strict reader reads back as it was. It writes no file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import yaml

from mcpg.workshop.cases.instants import instant_text
from mcpg.workshop.documents import RUN

if TYPE_CHECKING:
    from mcpg.contract.verdicts import Case, Effect

__all__ = ["case_text", "effect_of", "run_facts", "yaml_text"]

WIDTH: Final = 110
_NUMBERISH: Final = "+-.0123456789"


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.2 would read as a number, and writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write everything out."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002 - likewise
        """Indent lists below their key."""
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "'" if value[:1] in _NUMBERISH and value.isprintable() else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def yaml_text(value: Any, indent: int = 0) -> str:
    """Return plain values as YAML, every line indented by so many spaces."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=WIDTH)
    return "".join(" " * indent + line if line.strip() else line for line in text.splitlines(keepends=True))


def case_text(case: dict[str, Any], indent: int = 2) -> str:
    """Return one case as an item of the list `cases`."""
    return yaml_text([case], indent)


def effect_of(effect: Effect, reply: Case) -> dict[str, Any]:
    """Return one effect of a case with its reply."""
    try:
        request = json.loads(effect.request)
    except ValueError:
        request = {}
    if reply.tag == "ok":
        return {effect.driver: request, "reply": json.loads(reply.value)}
    return {effect.driver: request, "failed": {"code": reply.value.code, "message": reply.value.message}}


def run_facts(identity: str, now: int, seed: str) -> dict[str, Any]:
    """Return the member `run` of a case, as short as it can be; empty where it says nothing new."""
    told: dict[str, Any] = {}
    if identity != RUN.id:
        told["id"] = identity
    if now != RUN.now:
        told["now"] = instant_text(now)
    if seed != RUN.seed:
        told["seed"] = seed
    return told
