"""Docker's configuration file, changed with care: nobody else may read it, and it is there whole or not at all.

It keeps what it does not know. Where a credential helper is set, the secret goes to that and not into the file.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import ConfigError, reason_of
from mcpg_registry.credentials import MAX_FILE, entry_names, server_of
from mcpg_registry.layout import read_followed
from mcpg_registry.strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["drop_entries", "edit_config", "program_for", "read_config"]


def read_config(file: Path) -> dict[str, Any]:
    """Return the document, empty when there is no file; `ConfigError` when it cannot be read. It blocks."""
    try:
        return parse_object(read_followed(file, MAX_FILE), MAX_FILE)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "it is no JSON object"
        raise ConfigError(f"`{file}` cannot be read: {reason}", remedy="mend it by hand") from None


def edit_config(file: Path, edit: Callable[[Path], None]) -> None:
    """Let `edit` change a private copy of the file, then put it in place; `ConfigError` for the disk. It blocks.

    The copy holds an object with `auths` in any case. A link stays a link to what it names.
    """
    document = read_config(file)
    target = file.resolve()
    if not isinstance(document.get("auths"), dict):
        document["auths"] = {}
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".config.", dir=target.parent)  # its mode is 0600
        copy = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(document, out, indent=4)
            edit(copy)
            _sync(copy)
            copy.replace(target)
        finally:
            copy.unlink(missing_ok=True)
    except OSError as error:
        reason = reason_of(error)
        raise ConfigError(f"`{file}` cannot be written: {reason}", remedy="look at its folder's rights") from error


def drop_entries(copy: Path, host: str) -> bool:
    """Take every entry of a host out of the file, whatever name it has; return whether there was one. It blocks."""
    document = read_config(copy)
    auths = document.get("auths")
    names = [name for name in entry_names(host, "") if isinstance(auths, dict) and name in auths]
    for name in names:
        del document["auths"][name]
    copy.write_text(json.dumps(document, indent=4), encoding="utf-8")
    return bool(names)


def program_for(document: dict[str, Any], host: str) -> str | None:
    """Return the name of the credential helper that keeps a host's secret, if any does."""
    programs, store = document.get("credHelpers"), document.get("credsStore")
    own = None
    with suppress(AttributeError):
        own = programs.get(host) or programs.get(server_of(host)) if programs else None
    found = own or store
    return found if isinstance(found, str) and found else None


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
