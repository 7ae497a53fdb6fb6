"""Takes what looks like a secret out of documents before they are shown. It goes by members' names.

It is no guarantee: a secret under a name that does not say so stays. That is why all of this is for one's own machine.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

__all__ = ["looks_secret", "parsed", "veiled"]

NAMES: Final = re.compile(r"token|secret|passw|authori[sz]ation|cookie|api[-_]?key|private[-_]?key", re.IGNORECASE)


def parsed(text: Any) -> Any:
    """Return what a JSON text says; anything else as it is."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def veiled(value: Any) -> Any:
    """Return a document with the texts of secret members replaced by how long they are."""
    if isinstance(value, dict):
        return {name: _veil(name, each) for name, each in value.items()}
    if isinstance(value, list):
        return [veiled(each) for each in value]
    return value


def looks_secret(name: str) -> bool:
    """Whether a member's name says that what stands under it is a secret."""
    return not name.startswith("$") and NAMES.search(name) is not None


def _veil(name: str, value: Any) -> Any:
    if isinstance(value, str) and looks_secret(name):
        return f"({len(value)} characters, not shown)"
    if isinstance(value, list) and looks_secret(name):
        return [_veil(name, each) for each in value]
    return veiled(value)
