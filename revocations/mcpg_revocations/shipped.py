"""The list that ships with the program, and the key that signed it. It polls nothing; all of it blocks on the disk."""

from __future__ import annotations

from pathlib import Path

from mcpg_registry.layout import read_file
from mcpg_registry.steps import at_step
from mcpg_registry.trust.keys import load_public_keys
from mcpg_revocations.rules import MAX_LIST, REMEDY, Anchor, RevocationList, verify_list

__all__ = ["ANCHOR", "LIST", "load_list"]

ANCHOR = "anchor.pem"
LIST = "list.json"


def load_list(directory: Path | None = None, *, now: int, at_least: int = 0) -> RevocationList:
    """Return the list in `directory` (the package's own by default), verified against the anchor beside it.

    `PluginRefused` at step 4 when the list or its anchor is missing, unreadable, unsigned or too old.
    """
    place = directory or Path(__file__).parent
    with at_step(4, where="the revocation list", remedy=REMEDY, code="revocation-list"):
        anchor = Anchor(load_public_keys(read_file(place / ANCHOR, 64 * 1024).decode()))
        text = read_file(place / LIST, 2 * MAX_LIST)
    return verify_list(text, anchor, now=now, at_least=at_least)
