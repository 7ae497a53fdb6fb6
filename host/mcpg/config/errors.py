"""Turns pydantic's errors into findings: our words, the nearest key, the place in the file. It validates nothing."""

from __future__ import annotations

import difflib
import types
import typing
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from mcpg.config.findings import Finding, Place
    from mcpg.config.source import Source

__all__ = ["findings_of", "known_keys", "model_in", "nearest", "step_into"]

_WANTED = {
    "string_type": "text", "int_type": "a whole number", "int_from_float": "a whole number", "float_type": "a number",
    "bool_type": "`true` or `false`", "dict_type": "a mapping", "model_type": "a mapping", "tuple_type": "a list",
}  # fmt: skip
_KINDS = {str: "text", bool: "`true` or `false`", int: "a number", float: "a number", list: "a list", dict: "a mapping"}


def findings_of(error: ValidationError, source: Source, model: type[BaseModel]) -> list[Finding]:
    """Return one finding for each error, in the order of the file."""
    found = [_finding(detail, source, model) for detail in error.errors(include_url=False)]
    return sorted(found, key=lambda finding: (finding.line, finding.column))


def nearest(word: str, known: Sequence[str]) -> str:
    """Return the known word that is most like `word`, or an empty text."""
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.6)), "")


def known_keys(model: type[BaseModel], place: Place) -> list[str]:
    """Return the keys that may stand in the mapping at `place`, as written in the file; empty where any may."""
    found: Any = model
    for part in place:
        found = step_into(found, part)
    inner = model_in(found)
    return [field.alias or name for name, field in inner.model_fields.items()] if inner else []


def step_into(annotation: Any, part: str | int) -> Any:
    """Return the annotation of what stands under `part`: a field, a mapping's values, a list's items; or None."""
    inner = model_in(annotation)
    if inner is not None:
        fields = {field.alias or name: field.annotation for name, field in inner.model_fields.items()}
        return fields.get(str(part))
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is dict:
        return arguments[1]
    return arguments[0] if origin is tuple else None


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the section that `annotation` is, or may be; or None."""
    if typing.get_origin(annotation) in {types.UnionType, typing.Union}:
        return next(filter(None, map(model_in, typing.get_args(annotation))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _place(location: Sequence[str | int], data: Any) -> Place:
    """Return `location` without the parts that pydantic adds and the file does not have."""
    place: list[str | int] = []
    for part in location:
        if _inside(data, part):
            place.append(part)
            data = data[part]
    return tuple(place)


def _inside(data: Any, part: str | int) -> bool:
    if isinstance(data, dict):
        return part in data
    return isinstance(data, list) and part in range(len(data))


def _finding(detail: ErrorDetails, source: Source, model: type[BaseModel]) -> Finding:
    kind, location = detail["type"], detail["loc"]
    place = _place(location, source.data)
    if kind == "missing":
        wanted = str(location[-1])
        return source.finding(place, f"the key `{wanted}` is missing", f"add `{wanted}:`", key=True)
    if kind == "extra_forbidden":
        return _unknown(place, source, model)
    if location and location[-1] == "[key]":
        remedy = "use letters, digits, `_`, `-` and `.`"
        return source.finding(place, f"the name `{place[-1]}` cannot be used", remedy, key=True)
    return source.finding(place, *_value_error(detail, _written(source.data, place)))


def _value_error(detail: ErrorDetails, written: Any) -> tuple[str, str]:
    """Return message and remedy for a value that cannot stand; `written` is what the file has."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "mcpg":
        return context["message"], context["remedy"]
    if kind in _WANTED:
        return f"wanted {_WANTED[kind]}, found {_KINDS.get(type(written), 'nothing')}", ""
    if kind in {"literal_error", "string_pattern_mismatch"}:
        allowed = context.get("expected", "").replace("'", "`") or f"text like `{context.get('pattern', '')}`"
        return f"`{written}` cannot stand here", f"write {allowed}"
    return detail["msg"][:1].lower() + detail["msg"][1:], ""


def _unknown(place: Place, source: Source, model: type[BaseModel]) -> Finding:
    keys = sorted(known_keys(model, place[:-1]))
    best = nearest(str(place[-1]), keys)
    remedy = (f"did you mean `{best}`? " if best else "") + "known here: " + ", ".join(f"`{key}`" for key in keys)
    return source.finding(place, f"unknown key `{place[-1]}`", remedy, key=True)


def _written(data: Any, place: Place) -> Any:
    """Return what the operator wrote at `place`: never what a variable held."""
    for part in place:
        data = data[part]
    return data
