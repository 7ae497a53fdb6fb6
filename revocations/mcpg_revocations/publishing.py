"""What a publisher does: the next list from the last one, signatures one by one, and the chain that sites catch up by.

It reads and writes no file, keeps no key and asks no clock. Whether a list is believed is not asked here: `rules` says.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError
from mcpg_registry.digests import Digest, digest_bytes
from mcpg_registry.strict_json import compact
from mcpg_registry.trust.dsse import Envelope, Signature
from mcpg_revocations.envelopes import (
    MAX_CHAIN,
    MAX_OFFER,
    OVERRIDE_TYPE,
    PAYLOAD_TYPE,
    chain_text,
    open_chain,
    read_list,
)
from mcpg_revocations.lists import DAY, MAX_LIST, RevocationList, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg_registry.signers import Signer
    from mcpg_revocations.lists import Entry, NextKeys, Override

__all__ = ["Change", "Published", "next_list", "read_published", "sign_envelope_with", "sign_override_with", "start"]


@dataclass(frozen=True, slots=True)
class Change:
    """What the next list has that the last one had not; `life` and `grace` in seconds.

    An emergency only adds, and keeps the last list's expiry. `version` is for jumping ahead of what a thief has used.
    """

    add: tuple[Entry, ...] = ()
    remove: tuple[str, ...] = ()
    issuer: str = ""
    life: int = 7 * DAY
    grace: int = 14 * DAY
    emergency: bool = False
    keys: NextKeys | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """What a publisher's file holds: envelopes, oldest first, of which the last is the list that is meant."""

    envelopes: tuple[Envelope, ...]
    last: RevocationList = field(repr=False)

    @property
    def digest(self) -> Digest:
        """The digest of the last list's payload, as the list after it names it."""
        return digest_bytes(self.envelopes[-1].payload)

    def text(self) -> bytes:
        """Return the bytes to publish; `ConfigError` when sites would refuse them for their size."""
        size = len(self.envelopes[-1].payload)
        if size > MAX_LIST:
            raise _wrong(f"the list has {size} bytes, at most {MAX_LIST} are allowed", "take entries together, or back")
        text = chain_text(self.envelopes)
        if len(text) > MAX_OFFER:
            raise _wrong(f"the chain has {len(text)} bytes, at most {MAX_OFFER} are allowed", "drop its oldest lists")
        return text

    def then(self, listed: RevocationList) -> Published:
        """Return the file with `listed`, unsigned, as its last list, and those before it that sites catch up by."""
        drafted = Envelope(PAYLOAD_TYPE, encode(listed), ())
        kept = _leading(self.envelopes, listed)
        return Published((*kept[-(MAX_CHAIN - 1) :], drafted), listed)

    def signed(self, signature: Signature) -> Published:
        """Return the file with one more signature under its last list; an older one by the same key gives way."""
        *before, last = self.envelopes
        others = tuple(each for each in last.signatures if each.key_id != signature.key_id)
        envelope = Envelope(last.payload_type, last.payload, (*others, signature))
        return Published((*before, envelope), self.last)


def read_published(text: bytes) -> Published:
    """Return what a publisher's file holds; `PluginRefused` at step 4 when it is out of its grammar."""
    envelopes = open_chain(text)
    return Published(envelopes, read_list(envelopes[-1]))


def next_list(published: Published | None, change: Change, now: int) -> RevocationList:
    """Return the list that follows the last one, or the first; `ConfigError` when the change cannot be made.

    `now` is in seconds since 1970.
    """
    last = published.last if published else None
    if last is None and (not change.issuer or change.emergency or change.remove):
        raise _wrong("the first list has an issuer, is no emergency and takes nothing back", "give --issuer")
    if last is not None and change.issuer not in {"", last.issuer}:
        raise _wrong(f"the lists here are of `{last.issuer}`", "leave --issuer out")
    if change.emergency and (change.remove or change.keys):
        raise _wrong("an emergency list only adds", "take entries back, and announce keys, in a full list")
    version = change.version if change.version is not None else (last.version + 1 if last else 1)
    if last is not None and version <= last.version:
        raise _wrong(f"the last list is version {last.version}", "give a higher --version, or leave it out")
    try:
        return RevocationList(
            schema=1,
            version=version,
            issuer=last.issuer if last else change.issuer,
            previous=published.digest if published else "",
            issued=now,
            expires=last.expires if last and change.emergency else now + change.life,
            grace=last.grace if last and change.emergency else change.grace,
            emergency=change.emergency,
            keys=change.keys,
            entries=_entries(last, change),
        )
    except ValueError as error:
        raise _wrong(str(error), "mend the entry") from error


def start(listed: RevocationList) -> Published:
    """Return a file that holds one list, unsigned."""
    return Published((Envelope(PAYLOAD_TYPE, encode(listed), ()),), listed)


async def sign_override_with(override: Override, signers: Sequence[Signer]) -> bytes:
    """Return an override in an envelope that each signer has signed; `ConfigError` when one does not sign."""
    envelope = Envelope(OVERRIDE_TYPE, encode(override), ())
    for signer in signers:
        signature = Signature(await signer.sign(envelope.signed_bytes()), signer.public.id)
        envelope = replace(envelope, signatures=(*envelope.signatures, signature))
    return compact(envelope.document())


async def sign_envelope_with(published: Published, signers: Sequence[Signer]) -> Published:
    """Return the file with the signature of each signer under its last list; `ConfigError` when one does not sign."""
    for signer in signers:
        data = published.envelopes[-1].signed_bytes()
        published = published.signed(Signature(await signer.sign(data), signer.public.id))
    return published


def _entries(last: RevocationList | None, change: Change) -> tuple[Entry, ...]:
    entries = {entry.id: entry for entry in last.entries} if last else {}
    for name in change.remove:
        if entries.pop(name, None) is None:
            raise _wrong(f"there is no entry `{name}`", "see `mcpg revocations show`")
    for entry in change.add:
        if entry.id in entries:
            raise _wrong(f"entry `{entry.id}` is there already", "give another --id, or --remove it in the same step")
        entries[entry.id] = entry
    return tuple(entries.values())


def _leading(chain: Sequence[Envelope], listed: RevocationList) -> tuple[Envelope, ...]:
    """Return the lists that sites which were away need: those that bring keys, those that complete that by following
    them, and the full one that an emergency adds to."""  # noqa: D205, D209 - it needs two lines
    lists = [read_list(envelope) for envelope in chain]
    full = max((place for place, each in enumerate(lists) if not each.emergency), default=-1)
    return tuple(
        envelope
        for place, envelope in enumerate(chain)
        if lists[place].keys or (place and lists[place - 1].keys) or (listed.emergency and place == full)
    )


def _wrong(message: str, remedy: str) -> ConfigError:
    return ConfigError(message, where="the next revocation list", remedy=remedy, code="bad-revocations")
