"""`Mcp-Param-*` headers against the arguments that they mirror, by a tool's schema. It looks no schema up.

Source: MCP 2026-07-28, basic/transports (custom headers, `x-mcp-header`). A tool whose annotations break the rules
mirrors nothing: conforming clients have dropped it from their list.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.protocol import frames
from mcpg.protocol.headers import PARAM_PREFIX, decode_value, encode_value
from mcpg.protocol.refusals import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Mirror", "check_mirrors", "mirrors_of", "mirrors_to_send", "with_sound_mirrors"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}")
_DECIMAL = re.compile(r"-?[0-9]{1,400}(\.0*)?")
_TYPES = ("string", "integer", "boolean")
_ONE = frozenset(
    {
        "items",
        "contains",
        "unevaluatedItems",
        "additionalProperties",
        "propertyNames",
        "unevaluatedProperties",
        "not",
        "if",
        "then",
        "else",
        "contentSchema",
    }
)
_MANY = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED = frozenset({"patternProperties", "dependentSchemas", "$defs", "definitions"})


class Mirror(msgspec.Struct, frozen=True):
    """One annotated property: its path through `properties`, its header (lower case, whole name) and its type."""

    path: tuple[str, ...]
    header: str
    kind: str


def mirrors_of(schema: Any) -> tuple[Mirror, ...] | None:
    """Return the annotated properties of an input schema; none if any annotation is invalid.

    Valid: on a string, integer or boolean reached by `properties` alone, a token, unique whatever its case.
    """
    found: dict[str, Mirror] = {}
    for path, node in _positions(schema):
        if "x-mcp-header" not in node:
            continue
        name, kind = node["x-mcp-header"], node.get("type")
        if not path or not isinstance(name, str) or not _TOKEN.fullmatch(name) or kind not in _TYPES:
            return None
        header = PARAM_PREFIX + name.lower()
        if header in found:
            return None
        found[header] = Mirror(path, header, kind)
    return tuple(found.values())


def check_mirrors(mirrors: tuple[Mirror, ...] | None, arguments: Any, headers: Mapping[str, str]) -> None:
    """Return if headers and arguments agree; raises `Rejected` -32020, status 400, naming the header that does not.

    A null argument counts as absent; a header without its argument is refused, for someone may have routed by it.
    Integers compare by value.
    """
    for mirror in mirrors or ():
        value = _value_at(arguments, mirror.path)
        raw = headers.get(mirror.header)
        if raw is None and (value is None or _text_of(value) is None):
            continue  # nothing that could have been mirrored; the schema judges the value itself
        decoded = None if raw is None else decode_value(raw)
        if value is None or decoded is None or not _agree(mirror.kind, value, decoded):
            raise Rejected(frames.HEADER_MISMATCH, f"header `{mirror.header}` does not mirror its argument")


def mirrors_to_send(mirrors: tuple[Mirror, ...] | None, arguments: Any) -> dict[str, str]:
    """Return the headers that a client sends for these arguments."""
    sent: dict[str, str] = {}
    for mirror in mirrors or ():
        text = _text_of(_value_at(arguments, mirror.path))
        if text is not None:
            sent[mirror.header] = encode_value(text)
    return sent


def with_sound_mirrors(schema: Any) -> Any:
    """Return the schema as a server may show it: as it is, or without any annotation if one of them is invalid.

    Conforming clients would drop the whole tool, though its upstream may never have heard of such annotations.
    """
    return schema if mirrors_of(schema) is not None else _bare(schema)


def _bare(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    return {keyword: _bare_part(keyword, value) for keyword, value in node.items() if keyword != "x-mcp-header"}


def _bare_part(keyword: str, value: Any) -> Any:
    if keyword in _ONE and isinstance(value, dict):
        return _bare(value)
    if (keyword in _ONE or keyword in _MANY) and isinstance(value, list):
        return [_bare(each) for each in value]
    if (keyword == "properties" or keyword in _NAMED) and isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items()}
    return value


def _positions(root: Any) -> Iterator[tuple[tuple[str, ...] | None, dict[str, Any]]]:
    """Yield every schema below `root` with its path, which is none once a keyword other than `properties` was met."""
    stack: list[tuple[tuple[str, ...] | None, Any]] = [((), root)]
    while stack:
        path, node = stack.pop()
        if not isinstance(node, dict):
            continue
        yield path, node
        for keyword, value in node.items():
            if keyword == "properties" and isinstance(value, dict):
                stack += [(None if path is None else (*path, name), sub) for name, sub in value.items()]
            elif keyword in _ONE and isinstance(value, dict):
                stack.append((None, value))
            elif (keyword in _ONE or keyword in _MANY) and isinstance(value, list):
                stack += [(None, sub) for sub in value]
            elif keyword in _NAMED and isinstance(value, dict):
                stack += [(None, sub) for sub in value.values()]


def _value_at(arguments: Any, path: tuple[str, ...]) -> Any:
    node = arguments
    for key in path:
        if not isinstance(node, dict):
            return None
        node = node.get(key)
    return node


def _agree(kind: str, value: Any, decoded: str) -> bool:
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if kind == "integer" and whole and not isinstance(value, bool):
        return _DECIMAL.fullmatch(decoded) is not None and int(decoded.partition(".")[0]) == int(value)
    return decoded == _text_of(value)


def _text_of(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 1024 else None  # noqa: PLR2004 - Python refuses to spell larger ones
    return None
