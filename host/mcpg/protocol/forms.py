"""The form of an elicitation in what each version can ask for: flat, of simple types. It shows nothing to anybody.

Titled choices become `enum` with `enumNames`, and defaults of text and numbers go, for 2025-06-18. A property that
cannot be asked for is left out if it is optional, and refuses the form if it is required.
Source: `PrimitiveSchemaDefinition` in schema.ts of 2025-06-18, 2025-11-25 and 2026-07-28.
"""

from __future__ import annotations

from typing import Any, Final

from mcpg.contract.ports import Refusal
from mcpg.protocol import frames
from mcpg.protocol.scalars import NOTHING, SCALARS, is_number
from mcpg.protocol.versions import at_least

__all__ = ["fitted_form"]

_RICH: Final = "2025-11-25"
"""The first version with choices of several values, titled choices, and defaults of every type."""


def fitted_form(schema: dict[str, Any], version: str) -> dict[str, Any]:
    """Return a requested schema that `version` can ask for; raises `Refusal` -32602 where it cannot."""
    properties = schema.get("properties", {})
    required = schema.get("required") or []
    if schema.get("type", "object") != "object" or not isinstance(properties, dict):
        raise Refusal(frames.INVALID_PARAMS, "a form is a schema of type `object` with its `properties`")
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        raise Refusal(frames.INVALID_PARAMS, "member `required` of a form is no list of names")
    asked: dict[str, Any] = {}
    for name, item in properties.items():
        fitting = _property(item, version)
        if fitting is not NOTHING:
            asked[name] = fitting
        elif name in required:
            text = f"property `{name[:80]}` of a form cannot be asked for in MCP {version}"
            raise Refusal(frames.INVALID_PARAMS, text)
    form = {key: value for key, value in schema.items() if key not in {"$schema", "required"}}
    if at_least(version, _RICH) and isinstance(schema.get("$schema"), str):
        form["$schema"] = schema["$schema"]
    if required:
        form["required"] = [name for name in required if name in asked]
    return form | {"type": "object", "properties": asked}


def _property(schema: Any, version: str) -> Any:
    if not isinstance(schema, dict):
        return NOTHING
    plain = _without_null(schema)
    for key in ("title", "description"):
        if key in plain and not isinstance(plain[key], str):
            del plain[key]
    match plain.get("type"):
        case "boolean":
            return _kept(plain, {"default": "bool"})
        case "number" | "integer":
            return _with_default(_kept(plain, {"minimum": "num", "maximum": "num"}), is_number, version)
        case "string":
            return _text(plain, version)
        case "array" if at_least(version, _RICH):
            return _choices(plain)
    return NOTHING


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a copy that says nothing of null: whether a property may be left out is said by `required`."""
    plain = dict(schema)
    variants = plain.get("anyOf")
    if isinstance(variants, list):
        others = [each for each in variants if isinstance(each, dict) and each.get("type") != "null"]
        if len(others) == 1 and len(variants) <= 2:  # noqa: PLR2004 - the type itself, and null
            del plain["anyOf"]
            plain = {**others[0], **plain}
    kinds = plain.get("type")
    if isinstance(kinds, list):
        real = [kind for kind in kinds if kind != "null"]
        plain["type"] = real[0] if len(real) == 1 else None
    if "default" in plain and plain["default"] is None:
        del plain["default"]
    words = plain.get("enum")
    if "type" not in plain and isinstance(words, list) and all(isinstance(word, str) for word in words):
        plain["type"] = "string"
    return plain


def _kept(schema: dict[str, Any], types: dict[str, str]) -> dict[str, Any]:
    """Leave out members whose type is wrong, and take whole numbers as such."""
    for name, kind in types.items():
        if name in schema:
            fitting = SCALARS[kind](schema[name])
            if fitting is NOTHING:
                del schema[name]
            else:
                schema[name] = fitting
    return schema


def _with_default(schema: dict[str, Any], fits: Any, version: str) -> dict[str, Any]:
    if "default" in schema and not (at_least(version, _RICH) and fits(schema["default"])):
        del schema["default"]
    return schema


def _text(schema: dict[str, Any], version: str) -> Any:
    _with_default(schema, lambda value: isinstance(value, str), version)
    _kept(schema, {"minLength": "int", "maxLength": "int", "format": "format"})
    options, words, names = (schema.pop(key, None) for key in ("oneOf", "enum", "enumNames"))
    variants = schema.pop("anyOf", None)
    if options is not None:
        if not _is_titled(options):
            return NOTHING
        if at_least(version, _RICH):
            return schema | {"oneOf": options}
        words, names = [one["const"] for one in options], [one["title"] for one in options]
    if words is not None:
        if not _is_words(words):
            return NOTHING
        return schema | {"enum": words} | ({"enumNames": names} if _is_words(names) else {})
    return schema if variants is None else NOTHING


def _choices(schema: dict[str, Any]) -> Any:
    items = schema.get("items")
    if not isinstance(items, dict):
        return NOTHING
    if not _is_titled(items.get("anyOf")) and not (items.get("type") == "string" and _is_words(items.get("enum"))):
        return NOTHING
    if "default" in schema and not _is_words(schema["default"]):
        del schema["default"]
    return _kept(schema, {"minItems": "int", "maxItems": "int"})


def _is_titled(options: Any) -> bool:
    return isinstance(options, list) and all(
        isinstance(one, dict) and isinstance(one.get("const"), str) and isinstance(one.get("title"), str)
        for one in options
    )


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
