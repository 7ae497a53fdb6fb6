"""From what an operator wrote to the text that a component is configured with. It fills in no default; it blocks.

1 the value is plain JSON   2 it fits the manifest's schema   3 files that it names are read and put in their places
4 it is written with sorted keys, and the digest is taken over that very text, files included
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from mcpg.contract.canonical import digest_text
from mcpg.contract.problems import ConfigError
from mcpg.plugins.files import Budget, read_many, read_one
from mcpg.plugins.schemas import FILES, check_instance, compile_schema, file_places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mcpg.contract.manifest import Manifest

__all__ = ["Configuration", "check_binding", "configure"]

MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Configuration:
    """The text for `configure`, and its digest `sha256:<hex>`."""

    text: str
    digest: str


def configure(manifest: Manifest, config: Mapping[str, Any], base: Path, *, use: str) -> Configuration:
    """Return the configuration of one use; `ConfigError` names each place and what was wanted there."""
    where = f"plugins.{use}.config"
    plain = _plain(config, where, "", 0)
    schema = compile_schema(manifest.config)
    check_instance(schema, plain, where=where, remedy=f"see the configuration of `{manifest.id}`")
    budget = Budget()
    for pointer, kind in sorted(file_places(schema, plain).items()):
        read = partial(read_many if kind == FILES else read_one, base, budget=budget)
        plain = _with_files(plain, pointer, read, where)
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Configuration(text, digest_text(text))


def check_binding(manifest: Manifest, binding: Mapping[str, Any], *, use: str) -> None:
    """Return if `binding` fits the manifest's binding schema; `ConfigError` names each place otherwise."""
    where = f"a tool of plugin `{use}`"
    if not manifest.binding and binding:
        names = ", ".join(f"`{name}`" for name in sorted(binding))
        message = f"`{manifest.id}` takes nothing under a tool, found {names}"
        raise ConfigError(message, where=where, remedy="remove it", code="bad-plugin-config")
    plain = _plain(binding, where, "", 0)
    check_instance(compile_schema(manifest.binding), plain, where=where, remedy=f"see the binding of `{manifest.id}`")


def _plain(value: Any, where: str, pointer: str, depth: int) -> Any:
    """Return `value` as dicts, lists, text, numbers, booleans and null; `ConfigError` for anything else."""
    if value is None or isinstance(value, bool | int) or (isinstance(value, str) and _is_unicode(value)):
        return value
    if depth < MAX_DEPTH:
        if isinstance(value, float) and math.isfinite(value):
            return value
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return {key: _plain(item, where, f"{pointer}/{_escaped(key)}", depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [_plain(item, where, f"{pointer}/{number}", depth + 1) for number, item in enumerate(value)]
    kind = type(value).__name__
    raise ConfigError(
        f"`{pointer or '/'}`: found a {kind}, wanted plain JSON with text keys, {MAX_DEPTH} levels at most",
        where=where,
        remedy="put quotes around it if it should be text",
        code="bad-plugin-config",
    )


def _with_files(plain: Any, pointer: str, read: Callable[[str], Any], where: str) -> Any:
    """Return `plain` with the path at `pointer` replaced by the file, or the list of files, that it names."""
    path = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    parent: Any = None
    value: Any = plain
    key: Any = None
    for part in path:
        parent, key = value, int(part) if isinstance(value, list) else part
        value = parent[key]
    try:
        found = read(value)
    except (ValueError, OSError) as error:
        message = str(error) if isinstance(error, ValueError) else error.strerror or "cannot be read"
        remedy = "name files below the directory of the configuration file"
        raise ConfigError(f"`{pointer or '/'}`: {message}", where=where, remedy=remedy, code="bad-file") from error
    if parent is None:
        return found
    parent[key] = found
    return plain


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
