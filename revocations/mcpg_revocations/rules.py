"""Whether a list is believed, and what a site knows afterwards. Pure, no I/O, no clock: TUF's rules for one document.

A list is taken in these steps; whatever is wrong refuses it whole, under the code beside it, and changes nothing:
 1 it is small enough, and one DSSE envelope or a chain of them         revocation-size, revocation-list
 2 a key of the anchor has signed it                                    revocation-signature
 3 its payload is one list of schema 1, every field known               revocation-list
 4 it is of the issuer whose lists were taken before                    revocation-issuer
 5 enough distinct keys have signed it; one is enough in an emergency   revocation-signature
 6 its version is not below the one held                                revocation-rollback
 7 the version held is held once: the same bytes                        revocation-split
 8 the next version names the digest of the one held                    revocation-chain
 9 keys that the list before announced have signed it too               revocation-rotation
10 an emergency list adds to what is held and changes nothing else      revocation-emergency
11 it expires, and its grace is not over                                revocation-expired
12 it was not issued in the future                                      revocation-clock

Of a chain the last list is meant. Of those before it, whatever does not pass is passed over, and their age is not
asked: they are there to lead from the keys and the list that a site holds to the last one.

Keys change so: a list announces the next keys. If enough of these have signed it beside the old ones, they count from
the next list on. If not, they are only announced: the next list must be signed by enough of the old and of the new
ones, and from then on the new ones count. Nothing but a list signed by the old keys ever brings new ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mcpg.contract.problems import PluginRefused
from mcpg_registry.digests import digest_bytes
from mcpg_revocations.envelopes import (
    PAYLOAD_TYPE,
    REMEDY,
    Anchor,
    next_anchor,
    open_chain,
    read_list,
    refused,
    sign_list,
    signers_of,
)
from mcpg_revocations.index import RevocationIndex, Subject, Verdict, check, demand, index_of, revoked
from mcpg_revocations.lists import MAX_LIST, Action, Entry, RevocationList

if TYPE_CHECKING:
    from mcpg_registry.trust.dsse import Envelope

__all__ = [
    "MAX_EMERGENCIES",
    "MAX_LIST",
    "PAYLOAD_TYPE",
    "REMEDY",
    "Action",
    "Anchor",
    "Entry",
    "Known",
    "RevocationIndex",
    "RevocationList",
    "Subject",
    "Verdict",
    "accept",
    "accept_chain",
    "check",
    "demand",
    "index_of",
    "revoked",
    "sign_list",
    "verify_list",
]

MAX_EMERGENCIES = 64
"""How far emergency lists may run ahead of the last full one: one stolen key must not use up the version numbers."""
SKEW = 3600
"""How many seconds a publisher's clock may be ahead."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a site knows of one issuer's lists: whose signatures count next, and the list it holds, if any.

    `announced` are keys that must sign the next full list too; `full` is the version of the last list that was no
    emergency; `digest` is of the held list's payload, and `text` what it came in, chain and all.
    """

    anchor: Anchor
    announced: Anchor | None = None
    held: RevocationList | None = None
    digest: str = ""
    full: int = 0
    text: bytes = field(default=b"", repr=False, compare=False)

    @property
    def version(self) -> int:
        """The version held; 0 for none."""
        return self.held.version if self.held else 0


def accept_chain(known: Known, text: bytes, *, now: int) -> Known:
    """Return what is known once the last list of `text` has been taken; `PluginRefused` at step 4 otherwise.

    `now` is in seconds since 1970. The same list again returns `known` itself.
    """
    *earlier, last = open_chain(text)  # 1
    start = known
    for envelope in earlier:
        try:
            known = accept(known, envelope)
        except PluginRefused:
            continue
    result = accept(known, last)
    _check_time(result, now)
    return start if result.digest == start.digest else replace(result, text=text)


def accept(known: Known, envelope: Envelope) -> Known:
    """Return what is known once this list has been taken, whatever its age (2 to 10); `PluginRefused` at step 4."""
    signers = len(signers_of(envelope, known.anchor.keys))
    _check_count(signers, 1, known)  # 2
    listed = read_list(envelope)  # 3
    held, digest = known.held, digest_bytes(envelope.payload)
    if held and listed.issuer != held.issuer:  # 4
        message = f"found a list of `{listed.issuer}`, wanted one of `{held.issuer}`"
        raise refused(message, "revocation-issuer", remedy="look at the address of the feed")
    _check_count(signers, 1 if listed.emergency else known.anchor.threshold, known)  # 5
    if listed.version < known.version:  # 6
        message = f"found version {listed.version}, wanted at least {known.version}, which was seen before"
        raise refused(message, "revocation-rollback")
    if listed.version == known.version:
        if digest == known.digest:
            return known
        message = f"found version {listed.version} as `{digest}`, and held is `{known.digest}`"  # 7
        raise refused(message, "revocation-split", remedy="ask its publisher which is right, and for a next version")
    if held and listed.version == known.version + 1 and listed.previous != known.digest:  # 8
        message = f"version {listed.version} follows `{listed.previous}`, and held is `{known.digest}`"
        raise refused(message, "revocation-chain", remedy="ask its publisher for a next version")
    if listed.emergency:  # 10
        _check_emergency(known, listed)
        return replace(known, held=listed, digest=digest)
    anchor, announced = _rotated(known, listed, envelope)  # 9
    return Known(anchor, announced, listed, digest, listed.version)


def verify_list(text: bytes, anchor: Anchor, *, now: int, at_least: int = 0) -> RevocationList:
    """Return the one list in `text` as the first that a site sees; `PluginRefused` at step 4.

    `now` is in seconds since 1970; `at_least` is the version seen last. Unlike a feed's, this list need not expire.
    """
    result = accept_chain(Known(anchor), text, now=now)
    if result.version < at_least:
        message = f"found version {result.version}, wanted at least {at_least}, which was seen before"
        raise refused(message, "revocation-rollback")
    if result.held is None:
        raise refused("the chain holds no list")
    return result.held


def _check_count(found: int, wanted: int, known: Known) -> None:
    if found >= wanted:
        return
    message = f"found {found} valid signatures by keys of its anchor, wanted {known.anchor.threshold}"
    if known.announced is not None:
        raise refused(message, "revocation-rotation", remedy="have it signed with old and new keys")
    raise refused(message, "revocation-signature", remedy="have it signed by its publishers, or catch up with a chain")


def _check_time(known: Known, now: int) -> None:
    held = known.held
    if held and held.expires is not None and now > held.expires + held.grace:  # 11
        message = f"it has expired {now - held.expires} s ago, and its grace is {held.grace} s"
        raise refused(message, "revocation-expired", remedy="take a newer list from its publisher")
    if held and held.issued > now + SKEW:  # 12
        message = f"it was issued {held.issued - now} s from now"
        raise refused(message, "revocation-clock", remedy="set the clock right, or ask its publisher to")


def _rotated(known: Known, listed: RevocationList, envelope: Envelope) -> tuple[Anchor, Anchor | None]:
    """Return whose signatures count from the next list on, and who must have signed that one too."""
    anchor = known.anchor
    if known.announced is not None:
        found, wanted = len(signers_of(envelope, known.announced.keys)), known.announced.threshold
        if found < wanted:
            message = f"found {found} valid signatures by the keys that the list before announced, wanted {wanted}"
            raise refused(message, "revocation-rotation", remedy="have it signed with old and new keys")
        anchor = known.announced
    if listed.keys is None:
        return anchor, None
    try:
        coming = next_anchor(listed.keys)
    except ValueError as error:
        raise refused(f"the keys that it announces are none: {error}", "revocation-rotation") from error
    if len(signers_of(envelope, coming.keys)) >= coming.threshold:
        return coming, None
    return anchor, coming


def _check_emergency(known: Known, listed: RevocationList) -> None:
    def refuse(message: str) -> PluginRefused:
        return refused(message, "revocation-emergency", remedy="take the full list that it adds to first")

    held = known.held
    if held is None:
        raise refuse("an emergency list adds to a list, and none is held")
    if listed.version > known.full + MAX_EMERGENCIES:
        raise refuse(f"found version {listed.version}, wanted at most {MAX_EMERGENCIES} above the full {known.full}")
    if listed.keys is not None:
        raise refuse("an emergency list announces no keys")
    if (listed.expires, listed.grace) != (held.expires, held.grace):
        raise refuse("an emergency list expires when the list does that it adds to")
    here = {entry.id: entry for entry in listed.entries}
    lost = next((entry.id for entry in held.entries if here.get(entry.id) != entry), None)
    if lost is not None:
        raise refuse(f"entry `{lost}` is missing or changed")
