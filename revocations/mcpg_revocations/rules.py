"""The revocation list: its shape, whom to believe it from, and what it says of one plugin. Pure, no I/O, no clock.

A list is believed in these steps; whatever is wrong refuses it whole, and without a list nothing loads:
 1 it is a DSSE envelope of payload type `application/vnd.mcpg.revocations.v1+json`
 2 enough distinct keys of the anchor have signed it
 3 its payload is one list of schema 1, every field known, every entry well-formed
 4 its version is not below the one seen last
 5 it has not expired
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from mcpg_registry.digests import parse_digest
from mcpg_registry.steps import at_step, refusal
from mcpg_registry.strict_json import compact, parse_object
from mcpg_registry.trust.dsse import parse_envelope
from mcpg_registry.trust.revoked import Revoked
from mcpg_registry.trust.signing import sign_envelope
from mcpg_registry.trust.verification import envelope_signers
from mcpg_registry.versions import in_range, parse_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg_registry.trust.keys import PrivateKey, PublicKey

__all__ = [
    "PAYLOAD_TYPE",
    "Action",
    "Anchor",
    "Entry",
    "RevocationList",
    "Subject",
    "Verdict",
    "check",
    "demand",
    "revoked",
    "sign_list",
    "verify_list",
]

PAYLOAD_TYPE = "application/vnd.mcpg.revocations.v1+json"
MAX_LIST = 4 * 1024 * 1024
MAX_ENTRIES = 20_000
REMEDY = "install the program again, or give it the revocation list of its publisher"

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class Action(IntEnum):
    """What a list says of a plugin; the strongest entry counts."""

    ALLOW = 0
    WARN = 1
    BLOCK = 2
    """No new load."""
    KILL = 3
    """No new load, and what runs is fenced."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One revocation: exactly one of `manifest`, `wasm`, `key` (digests) and `plugin` with its `versions`."""

    id: Short
    action: Literal["warn", "block", "kill"]
    reason: Short
    manifest: str = ""
    wasm: str = ""
    key: str = ""
    plugin: str = ""
    versions: Annotated[str, msgspec.Meta(max_length=256)] = ""

    def __post_init__(self) -> None:
        named = [self.manifest, self.wasm, self.key, self.plugin]
        if sum(map(bool, named)) != 1:
            raise ValueError(f"entry `{self.id}` names not exactly one of manifest, wasm, key and plugin")
        if not self.plugin:
            parse_digest("".join(named))
        if bool(self.plugin) != bool(self.versions):
            raise ValueError(f"entry `{self.id}`: plugin and versions belong together; write * for every version")
        if self.versions:
            parse_range(self.versions)


class RevocationList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is revoked. `expires` in seconds since 1970; the list that ships has none, so that no clone dies of age."""

    schema: Literal[1]
    version: Annotated[int, msgspec.Meta(ge=1)]
    expires: Annotated[int, msgspec.Meta(ge=0)] | None = None
    entries: Annotated[tuple[Entry, ...], msgspec.Meta(max_length=MAX_ENTRIES)] = ()


@dataclass(frozen=True, slots=True)
class Anchor:
    """Whose list is believed: at least `threshold` distinct keys must have signed it."""

    keys: tuple[PublicKey, ...]
    threshold: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.threshold <= len(set(self.keys)):
            raise ValueError(f"the anchor has {len(set(self.keys))} keys and a threshold of {self.threshold}")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about; an empty field is not known and matches no entry."""

    manifest: str = ""
    wasm: str = ""
    id: str = ""
    version: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the list says: the strongest action, and the entries that hit, strongest first."""

    action: Action
    entries: tuple[Entry, ...] = ()

    def reason(self) -> str:
        """Return the entries that hit as one line."""
        return "; ".join(f"{entry.action} by `{entry.id}`: {entry.reason}" for entry in self.entries[:8])


_decoder = msgspec.json.Decoder(RevocationList)


def verify_list(text: bytes, anchor: Anchor, *, now: int, at_least: int = 0) -> RevocationList:
    """Return the list in a signed envelope; `PluginRefused` at step 4 when any of the steps above fails.

    `now` is in seconds since 1970; `at_least` is the version seen last.
    """
    with at_step(4, where="the revocation list", remedy=REMEDY, code="revocation-list"):
        envelope = parse_envelope(parse_object(text, 2 * MAX_LIST))  # 1
        if envelope.payload_type != PAYLOAD_TYPE:
            raise ValueError(f"found payload type `{envelope.payload_type}`, wanted `{PAYLOAD_TYPE}`")
        signers = envelope_signers(envelope, anchor.keys)  # 2
        if len(signers) < anchor.threshold:
            raise ValueError(f"found {len(signers)} valid signatures by keys of its anchor, wanted {anchor.threshold}")
        parse_object(envelope.payload, MAX_LIST)  # 3: no doubled key
        revocations = _decoder.decode(envelope.payload)
        if revocations.version < at_least:  # 4
            raise ValueError(f"found version {revocations.version}, wanted at least {at_least}, which was seen before")
        if revocations.expires is not None and now > revocations.expires:  # 5
            raise ValueError("it has expired")
    return revocations


def check(subject: Subject, revocations: RevocationList) -> Verdict:
    """Return what the list says of `subject`; an unreadable version is in every range of its plugin."""
    hits = sorted((entry for entry in revocations.entries if _hits(entry, subject)), key=_strength, reverse=True)
    return Verdict(_strength(hits[0]) if hits else Action.ALLOW, tuple(hits))


def revoked(revocations: RevocationList) -> Revoked:
    """Return the signers whose signatures no longer count, each with the reason."""
    return Revoked(
        {
            parse_digest(entry.key): entry.reason
            for entry in revocations.entries
            if entry.key and _strength(entry) >= Action.BLOCK
        }
    )


def demand(subject: Subject, revocations: RevocationList, *, where: str) -> Verdict:
    """Return the verdict if the plugin may load; `PluginRefused` at step 10 when it is blocked or killed."""
    verdict = check(subject, revocations)
    if verdict.action >= Action.BLOCK:
        raise refusal(
            10,
            f"it is revoked: {verdict.reason()}",
            where=where,
            remedy="use a version that is not revoked",
            code="plugin-revoked",
        )
    return verdict


def sign_list(revocations: RevocationList, keys: Sequence[PrivateKey]) -> bytes:
    """Return the list in an envelope that each of `keys` has signed: the same bytes each time."""
    payload = compact(msgspec.to_builtins(revocations))
    return compact(sign_envelope(PAYLOAD_TYPE, payload, keys).document())


def _strength(entry: Entry) -> Action:
    return Action[entry.action.upper()]


def _hits(entry: Entry, subject: Subject) -> bool:
    if entry.key:
        return entry.key in subject.keys
    if not entry.plugin:
        return (entry.manifest or "-") == subject.manifest or (entry.wasm or "-") == subject.wasm
    if entry.plugin != subject.id:
        return False
    try:
        return in_range(subject.version, parse_range(entry.versions))
    except ValueError:
        return True
