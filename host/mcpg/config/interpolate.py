"""Puts environment values into the text of the file: `${env.X}` and `${env.X:-default}`. It reads no secret store.

Only text that the operator wrote is looked at, once: what a variable holds is never looked at again. `$${env.X}` stands
for the characters `${env.X}`. The default stands in when the variable is not set or empty.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mcpg.config.findings import Finding, Place
    from mcpg.config.source import Source

__all__ = ["interpolate"]

_PATTERN = re.compile(r"(\$?)\$\{env([^}]*)(\}?)")
_INSIDE = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?\Z", re.DOTALL)


def interpolate(source: Source, environment: Mapping[str, str]) -> tuple[Any, list[Finding]]:
    """Return the data of `source` with every variable put in, and what could not be."""
    findings: list[Finding] = []

    def text(value: str, place: Place) -> str:
        if "${env" not in value:
            return value
        return _PATTERN.sub(lambda match: _replacement(match, source, place, environment, findings), value)

    return _walk(source.data, (), text), findings


def _walk(value: Any, place: Place, text: Callable[[str, Place], str]) -> Any:
    if isinstance(value, str):
        return text(value, place)
    if isinstance(value, dict):
        return {key: _walk(item, (*place, key), text) for key, item in value.items()}
    if isinstance(value, list):
        return [_walk(item, (*place, index), text) for index, item in enumerate(value)]
    return value


def _replacement(
    match: re.Match[str], source: Source, place: Place, environment: Mapping[str, str], findings: list[Finding]
) -> str:
    escaped, inside, end = match.groups()
    if escaped:
        return match[0][1:]
    found = _INSIDE.match(inside)
    if not end or found is None:
        remedy = "write `${env.NAME}` or `${env.NAME:-default}`; `$${env` for the characters themselves"
        findings.append(source.finding(place, f"`{match[0]}` is not a variable", remedy))
        return ""
    name, default = found.groups()
    value = environment.get(name)
    if default is not None:
        return value or default
    if value is None:
        remedy = f"set `{name}` or write `${{env.{name}:-default}}`"
        findings.append(source.finding(place, f"the environment variable `{name}` is not set", remedy))
        return ""
    return value
