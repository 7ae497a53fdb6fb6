"""The lock of definitions, and beside it what an upstream said last: read, written, compared. It judges nothing.

`definitions.json` holds, by upstream, kind and the upstream's own name, the digest of each definition that the operator
goes by. It is small and may live in a repository. `definitions/NAME.json` in the state folder holds the definitions
themselves: those of the lock and those that were seen last, so that both sides of a change can be shown.

Whoever changes a lock holds the lock of its folder meanwhile; both files are exchanged whole. Everything here blocks.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from mcpg.contract.canonical import digest_text
from mcpg.contract.problems import ConfigError, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = [
    "INSTRUCTIONS",
    "KINDS",
    "Definitions",
    "Digests",
    "Pins",
    "Seen",
    "alone",
    "definitions_of",
    "digest_of_definition",
    "lock_path",
    "read_lock",
    "read_seen",
    "seen_digest",
    "stamp_of",
    "write_lock",
    "write_seen",
]

KINDS: Final = (
    ("tool", "tools", "name"),
    ("prompt", "prompts", "name"),
    ("resource", "resources", "uri"),
    ("template", "templates", "uriTemplate"),
)
"""A kind, its place in a catalog, and the member that names an entry."""
INSTRUCTIONS: Final = ("instructions", "server")
"""The key of what a server tells models of its use as a whole."""
LOCK: Final = "definitions.json"
SEEN: Final = "definitions"
MAX_BYTES = 64 * 1024 * 1024
HELD_SECONDS = 10.0
"""How long another program may hold a lock's folder."""
HELD_STEP = 0.02
VERSION = 1

Key: TypeAlias = tuple[str, str]
"""A kind and the upstream's own name."""
Definitions: TypeAlias = dict[Key, Any]
Digests: TypeAlias = dict[Key, str]


class Pins(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lock: digests by upstream, kind and name."""

    version: int
    upstreams: dict[str, dict[str, dict[str, str]]] = {}

    def of(self, upstream: str) -> Digests | None:
        """Return what is pinned of an upstream, None if it was never seen."""
        kinds = self.upstreams.get(upstream)
        return None if kinds is None else _flat(kinds)

    def with_upstream(self, upstream: str, digests: Mapping[Key, str]) -> Pins:
        """Return this lock with what is pinned of one upstream exchanged."""
        return Pins(VERSION, {**self.upstreams, upstream: _nested(digests)})


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an upstream said last, what the lock said then, and the definitions behind both digests, where known."""

    version: int = VERSION
    at: int = 0
    """Seconds since 1970."""
    seen: dict[str, dict[str, str]] = {}
    pinned: dict[str, dict[str, str]] = {}
    texts: dict[str, Any] = {}

    @property
    def digests(self) -> Digests:
        """What the upstream said last."""
        return _flat(self.seen)

    @property
    def known(self) -> Digests:
        """What the lock said when it was last obeyed."""
        return _flat(self.pinned)

    @classmethod
    def of(cls, at: int, seen: Mapping[Key, str], pinned: Mapping[Key, str], texts: Mapping[str, Any]) -> Seen:
        """Return what to keep; definitions that neither side names are left out."""
        named = {*seen.values(), *pinned.values()}
        kept = {digest: text for digest, text in texts.items() if digest in named}
        return cls(VERSION, at, _nested(seen), _nested(pinned), kept)


def _flat(kinds: Mapping[str, Mapping[str, str]]) -> Digests:
    return {(kind, name): digest for kind, names in kinds.items() for name, digest in names.items()}


def _nested(digests: Mapping[Key, str]) -> dict[str, dict[str, str]]:
    kinds: dict[str, dict[str, str]] = {}
    for (kind, name), digest in sorted(digests.items()):
        kinds.setdefault(kind, {})[name] = digest
    return kinds


def definitions_of(catalog: Mapping[str, Any], instructions: str = "") -> Definitions:
    """Return what an upstream says of each thing, by kind and its own name; of two of one name the first counts.

    Left out is what says nothing of the thing's use: the size of a resource and when it was changed.
    """
    found: Definitions = {INSTRUCTIONS: {"instructions": instructions}} if instructions else {}
    for kind, place, naming in KINDS:
        for entry in catalog.get(place) or ():
            name = str(entry.get("target") or entry[naming])
            if (kind, name) not in found:
                found[kind, name] = _definition({**entry, naming: name}, kind)
    return found


def _definition(entry: dict[str, Any], kind: str) -> dict[str, Any]:
    entry.pop("target", None)
    if kind == "resource":
        entry.pop("size", None)
        notes = entry.get("annotations")
        if isinstance(notes, dict) and "lastModified" in notes:
            entry["annotations"] = {name: value for name, value in notes.items() if name != "lastModified"}
    return entry


def digest_of_definition(definition: Any) -> str:
    """Return `sha256:<hex>` over the definition as JSON: keys in order, no spaces, ASCII only.

    Definitions may hold floats and any key, which `contract.canonical` does not take; both sides of a comparison are
    written by this function, so that another spelling of numbers elsewhere does not matter.
    """
    return digest_text(json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=True))


def seen_digest(seen: Mapping[Key, str]) -> str:
    """Return what stands for everything that was seen: who approves can say that it is this, and nothing newer."""
    return digest_text(json.dumps(_nested(seen), sort_keys=True, separators=(",", ":")))


def lock_path(state: Path, named: Path | None) -> Path:
    """Return the lock's file: what the operator named, else the one in the state folder."""
    return named if named is not None else state / LOCK


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the lock of the folder of `path`, which ends with this process however that ends; raises `ConfigError`."""
    try:
        handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unusable(path, error, "name a folder that is there") from error
    try:
        _wait_for(handle, path)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int, path: Path) -> None:
    until = time.monotonic() + HELD_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise _unusable(path, error, "see which program holds its folder's lock") from error
            time.sleep(HELD_STEP)
        else:
            return


def read_lock(path: Path) -> Pins:
    """Return the lock at `path`, an empty one if there is none; raises `ConfigError`."""
    raw = _read(path)
    if raw is None:
        return Pins(VERSION)
    try:
        pins = msgspec.json.decode(raw, type=Pins)
    except (msgspec.DecodeError, RecursionError):
        pins = None
    if pins is None or pins.version != VERSION:
        remedy = "restore it; without it every definition counts as seen for the first time"
        raise ConfigError("is no lock of definitions that this version reads", where=f"lock `{path}`", remedy=remedy)
    return pins


def write_lock(path: Path, pins: Pins) -> None:
    """Put a lock in the place of the one at `path`; raises `ConfigError`."""
    text = json.dumps(msgspec.to_builtins(pins), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    _write(path, text.encode(), 0o644)


def stamp_of(path: Path) -> tuple[int, ...]:
    """Return what differs when a file has been exchanged; nothing while there is none."""
    try:
        facts = path.stat()
    except OSError:
        return ()
    return (facts.st_ino, facts.st_mtime_ns, facts.st_size)


def read_seen(state: Path, upstream: str) -> Seen:
    """Return what was kept of an upstream; nothing where it is missing or cannot be read: it proves nothing."""
    try:
        raw = _read(_seen_path(state, upstream))
        return msgspec.json.decode(raw, type=Seen) if raw is not None else Seen()
    except (ConfigError, msgspec.DecodeError, RecursionError):
        return Seen()


def write_seen(state: Path, upstream: str, seen: Seen) -> None:
    """Keep what an upstream said; definitions that are too large in all are kept as digests only."""
    path = _seen_path(state, upstream)
    raw = msgspec.json.encode(seen)
    if len(raw) > MAX_BYTES:
        raw = msgspec.json.encode(msgspec.structs.replace(seen, texts={}))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(path, raw, 0o600)


def _seen_path(state: Path, upstream: str) -> Path:
    return state / SEEN / f"{upstream}.json"


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, error, "mend it") from error
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"has more than {MAX_BYTES} bytes", where=f"lock `{path}`", remedy="restore it")
    return raw


def _write(path: Path, content: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - it is a descriptor, not a path
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise _unusable(path, error, "let the gateway write there, or name another file") from error


def _unusable(path: Path, error: OSError, remedy: str) -> ConfigError:
    return ConfigError(f"cannot be used: {reason_of(error)}", where=f"lock `{path}`", remedy=remedy)
