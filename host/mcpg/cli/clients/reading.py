"""JSON as MCP clients write it, with comments and trailing commas, and whose file it is. It converts nothing."""

from __future__ import annotations

import json
import re
from typing import Any, Literal, NamedTuple

from mcpg.contract.problems import ConfigError

__all__ = ["MAX_BYTES", "Shape", "read_json", "shape_of"]

MAX_BYTES = 4 * 2**20
MAX_DEPTH = 64
_SPECIAL = re.compile(r'"|//|/\*')
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TRAILING = re.compile(r'("(?:[^"\\]|\\.)*")|,\s*(?=[}\]])', re.DOTALL)


class Shape(NamedTuple):
    """What a document is: the servers of a client's file by name with its `inputs`, or one document of the registry."""

    kind: Literal["servers", "registry"]
    servers: dict[str, Any]
    inputs: list[Any]
    notes: list[str]


def read_json(text: bytes, where: str) -> Any:
    """Return the value; raises `ConfigError` for what is no JSON, too large or too deep. Comments are taken out."""
    if len(text) > MAX_BYTES:
        raise ConfigError(f"it has more than {MAX_BYTES} bytes", where=where, remedy="give a smaller file")
    try:
        decoded = text.decode("utf-8-sig")
        try:
            value = json.loads(decoded)
        except json.JSONDecodeError:
            value = json.loads(_plain(decoded))
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0].lower() if isinstance(error, json.JSONDecodeError) else "it is not UTF-8"
        raise ConfigError(f"this is no JSON: {reason}", where=where, remedy="give a client's own file") from None
    if _depth(value) > MAX_DEPTH:
        raise ConfigError(f"it is nested deeper than {MAX_DEPTH}", where=where, remedy="give a client's own file")
    return value


def shape_of(value: Any, where: str) -> Shape:
    """Return what a document is; raises `ConfigError` when it is none that we know."""
    remedy = "known are `mcpServers` (Claude, Cursor and others), `servers` (VS Code), and a registry's `server.json`"
    if isinstance(value, dict):
        inner = value.get("server")
        if isinstance(inner, dict) and _is_registered(inner):
            return Shape("registry", inner, [], _standing(value, where))
        if _is_registered(value):
            return Shape("registry", value, [], [])
        if isinstance(value.get("mcp"), dict):  # VS Code's settings.json
            value = value["mcp"]
        notes = [f"`{key}` is not taken over" for key in ("projects",) if key in value]
        for key in ("mcpServers", "servers"):
            if isinstance(value.get(key), dict):
                inputs = value.get("inputs")
                return Shape("servers", value[key], inputs if isinstance(inputs, list) else [], notes)
        if isinstance(value.get("servers"), list):
            remedy = "name one: `mcpg import registry:NAME`"
            raise ConfigError("this is a list of a registry's servers", where=where, remedy=remedy)
    raise ConfigError("this is no file of an MCP client", where=where, remedy=remedy)


def _standing(value: dict[str, Any], where: str) -> list[str]:
    """Return what a registry says of a version's standing; raises `ConfigError` for one that was taken away."""
    meta = value.get("_meta")
    said = [each.get("status") for each in meta.values() if isinstance(each, dict)] if isinstance(meta, dict) else []
    if "deleted" in said:
        raise ConfigError("the registry has deleted this version", where=where, remedy="take another version")
    return ["the registry says that it is deprecated"] if "deprecated" in said else []


def _is_registered(value: dict[str, Any]) -> bool:
    lists = any(isinstance(value.get(key), list) for key in ("packages", "remotes"))
    return isinstance(value.get("name"), str) and lists


def _plain(text: str) -> str:
    """Return the text without comments and trailing commas; what stands in strings stays. Raises `ValueError`."""
    parts, place = [], 0
    while (special := _SPECIAL.search(text, place)) is not None:
        start = special.start()
        parts.append(text[place:start])
        if special[0] == '"':
            string = _STRING.match(text, start)
            if string is None:
                raise ValueError("a string has no end")
            parts.append(string[0])
            place = string.end()
            continue
        line = special[0] == "//"
        end = text.find("\n" if line else "*/", start + 2)
        if end < 0 and not line:
            raise ValueError("a comment has no end")
        place = len(text) if end < 0 else end if line else end + 2
    return _TRAILING.sub(lambda found: found[1] or "", "".join([*parts, text[place:]]))


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        item, level = waiting.pop()
        deepest = max(deepest, level)
        if isinstance(item, dict | list) and level <= MAX_DEPTH + 1:
            inner = item.values() if isinstance(item, dict) else item
            waiting += [(each, level + 1) for each in inner]
    return deepest
