"""List files as publishers keep them and verbs show them. It judges no list."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mcpg.cli.output import say, table
from mcpg.contract.problems import ConfigError, reason_of
from mcpg_registry.durable import write_whole
from mcpg_revocations.envelopes import MAX_OFFER
from mcpg_revocations.publishing import read_published

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rich.console import Console

    from mcpg_revocations.lists import Entry, RevocationList
    from mcpg_revocations.publishing import Published

__all__ = ["describe", "described_entry", "draw_list", "load_file", "read_text", "save_file", "stored", "when"]

MARKS = ("manifest", "wasm", "key", "issuer", "identity", "publisher", "plugin", "versions", "vulnerability")


def read_text(path: Path) -> bytes:
    """Return a list file's bytes, a little over the limit at most; `ConfigError` when it cannot be read."""
    with _told(f"`{path}`", "cannot be read", "name the file of a list"), path.open("rb") as file:
        return file.read(MAX_OFFER + 1)


def load_file(path: Path) -> Published:
    """Return what a list file holds; `PluginRefused` when it is no list."""
    return read_published(read_text(path))


def save_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; `ConfigError` when it cannot be."""
    with _told(f"`{path}`", "cannot be written", "choose a folder that you may write to"):
        write_whole(path, data)


def stored(folder: Path) -> AbstractContextManager[None]:
    """Turn what a disk does not let us remember into an error for people."""
    remedy = "look at the disk and at the rights of the folder"
    return _told(f"`{folder}`", "cannot be written", remedy, "store-unavailable")


@contextmanager
def _told(where: str, what: str, remedy: str, code: str = "bad-revocations") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{what}: {reason_of(error)}", where=where, remedy=remedy, code=code) from error


def when(seconds: int | None) -> str:
    """Return a time for people, UTC."""
    return "never" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(seconds))


def described_entry(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain values: what it names, does and why."""
    marks = {name: value for name in MARKS if (value := getattr(entry, name))}
    return {
        "id": entry.id,
        "action": entry.action,
        "match": marks,
        "reason": entry.reason,
        "since": entry.since,
        "refs": list(entry.refs),
        "fixed_in": entry.fixed_in,
    }


def describe(published: Published) -> dict[str, Any]:
    """Return the last list of a file as plain values; who signed it is what it says, not what is verified."""
    last, envelope = published.last, published.envelopes[-1]
    return {
        "issuer": last.issuer,
        "version": last.version,
        "digest": published.digest,
        "previous": last.previous,
        "issued": last.issued,
        "expires": last.expires,
        "grace": last.grace,
        "emergency": last.emergency,
        "keys": {"next": list(last.keys.next), "threshold": last.keys.threshold} if last.keys else None,
        "signatures": [each.key_id for each in envelope.signatures],
        "lists": len(published.envelopes),
        "entries": [described_entry(entry) for entry in last.entries],
    }


def draw_list(console: Console, last: RevocationList, document: dict[str, Any]) -> None:
    """Tell a person what a list says."""
    kind = "emergency list" if last.emergency else "list"
    say(console, f"{kind} of {last.issuer or 'nobody named'}, version {last.version}, {len(last.entries)} entries")
    lines = [
        ("digest", document["digest"]),
        ("follows", last.previous or "nothing"),
        ("issued", when(last.issued)),
        ("expires", f"{when(last.expires)}, then {last.grace // 3600} h of grace" if last.expires else "never"),
        *[("signed by", key or "nobody named") for key in document["signatures"] or ["nobody yet"]],
        *([("next keys", f"{len(last.keys.next)}, {last.keys.threshold} must sign")] if last.keys else []),
    ]
    for name, text in lines:
        say(console, f"  {name:<10} {text}")
    rows = [
        (each["id"], each["action"], " ".join(f"{key}={value}" for key, value in each["match"].items()), each["reason"])
        for each in document["entries"]
    ]
    if rows:
        table(console, ("entry", "action", "what", "why"), rows)
