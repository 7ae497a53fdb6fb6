"""JSON Schema 2020-12 for what operators write: compiled offline, errors without the operator's values. No file I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs

from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FILE", "FILES", "MASK", "check_instance", "compile_schema", "file_places"]

FILE = "mcpg-file"
FILES = "mcpg-files"
MASK = "the value"
"""Stands where an error message would show a value, which may be a secret."""
MAX_SHOWN = 5


def compile_schema(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of `schema`; `ValueError` when it is no schema or refers to something outside itself."""
    try:
        return jsonschema_rs.Draft202012Validator(
            dict(schema),
            formats={FILE: _is_path, FILES: _is_path},
            validate_formats=True,
            offline=True,
            mask=MASK,
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        line = " ".join(str(error).split())[:300]
        raise ValueError(f"a schema of the manifest cannot be used: {line}") from error


def check_instance(schema: jsonschema_rs.Draft202012Validator, instance: Any, *, where: str, remedy: str) -> None:
    """Return if `instance` fits; `ConfigError` names each place (JSON pointer) and what was wanted there."""
    faults: list[str] = []
    for error in schema.iter_errors(instance):
        if len(faults) == MAX_SHOWN:
            faults.append("and more")
            break
        faults.append(f"`{_pointer(error.instance_path)}`: {error.message}")
    if faults:
        raise ConfigError("; ".join(faults), where=where, remedy=remedy, code="bad-plugin-config")


def file_places(schema: jsonschema_rs.Draft202012Validator, instance: Any) -> dict[str, str]:
    """Return the places (JSON pointers) of valid `instance` that name files, each with its format."""
    return {
        note["instanceLocation"]: str(note["annotations"])
        for note in schema.evaluate(instance).annotations()
        if note["annotations"] in (FILE, FILES) and note["schemaLocation"].endswith("/format")
    }


def _is_path(text: str) -> bool:
    return bool(text)


def _pointer(path: list[str | int]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path) or "/"
