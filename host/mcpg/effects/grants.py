"""Reads what an operator writes under `grants:`. It does not know any driver's fields; each driver has its model."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from mcpg.contract.problems import ConfigError

__all__ = ["GrantFields", "duration", "nearest", "read_grant", "size"]

_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_MAX_DURATION = 3600.0


class GrantFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of one driver's grant as the operator writes them."""


Fields = TypeVar("Fields", bound=msgspec.Struct)


def read_grant(model: type[Fields], document: Any, where: str) -> Fields:
    """Return `document` as `model`; raises `ConfigError` that names the field, and the nearest known one."""
    if not isinstance(document, Mapping):
        raise ConfigError(f"`{where}` must be a mapping of fields", where=where)
    known = model.__struct_encode_fields__
    for name in document:
        if name not in known:
            raise ConfigError(f"`{where}` has no field `{name}`{nearest(str(name), known)}", where=where)
    try:
        return msgspec.convert(dict(document), model, strict=True)
    except msgspec.ValidationError as error:
        text = re.sub(r"\s+", " ", str(error))
        raise ConfigError(f"`{where}` cannot be read: {text[:1].lower()}{text[1:]}", where=where) from None


def nearest(name: str, known: tuple[str, ...]) -> str:
    """Return the end of a sentence that names the known word nearest to `name`, or all of them."""
    found = difflib.get_close_matches(name, known, 1, 0.5)
    return f", did you mean `{found[0]}`?".rstrip("?") if found else f"; it has {', '.join(known) or 'none'}"


def size(value: str | int, where: str) -> int:
    """Return bytes from a number or from text such as `64KiB`."""
    found = re.fullmatch(r"(\d{1,12})(B|KiB|MiB|GiB)?", str(value), re.ASCII)
    if found is None:
        raise ConfigError(f"`{where}` is not a size such as `64KiB` or `1MiB`", where=where)
    return int(found[1]) * _UNITS[found[2] or "B"]


def duration(value: str | float, where: str) -> float:
    """Return seconds from a number or from text such as `500ms` or `10s`; more than none, at most an hour."""
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m)?", str(value), re.ASCII)
    seconds = float(found[1]) * _SECONDS[found[2] or "s"] if found else 0.0
    if not 0 < seconds <= _MAX_DURATION:
        raise ConfigError(f"`{where}` is not a duration such as `500ms` or `10s`, at most an hour", where=where)
    return seconds
