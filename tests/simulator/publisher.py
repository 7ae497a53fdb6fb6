"""A publisher of revocation lists: honest by its plain methods, hostile by those that say so. It stores nothing.

    publisher = Publisher(chest, clock=lambda: NOW)
    text = publisher.issue(Entry(id="1", action="kill", reason="malware", manifest=digest))

Every method returns the bytes of an offer. Honest methods move the publisher on; a hostile method
leaves it as it was, so that an honest list can follow.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg_registry.digests import digest_bytes
from mcpg_registry.strict_json import compact
from mcpg_registry.trust.dsse import parse_envelope
from mcpg_registry.trust.signing import sign_envelope
from mcpg_revocations.envelopes import PAYLOAD_TYPE, Anchor, chain_text, sign_list
from mcpg_revocations.lists import DAY, Entry, NextKeys, RevocationList, digest_of, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.plugins import Chest

__all__ = ["Publisher"]

NAMES = ("list-1", "list-2", "list-3")


@dataclass(slots=True)
class Publisher:
    """Issues lists with two of three keys of `chest`, a day apart from stale, two weeks from dead.

    `held` is every text that was issued, oldest first; `lists` what they say.
    """

    chest: Chest
    clock: Callable[[], int]
    signers: tuple[str, ...] = NAMES
    threshold: int = 2
    life: int = DAY
    grace: int = 14 * DAY
    lists: list[RevocationList] = field(default_factory=list)
    held: list[bytes] = field(default_factory=list)

    def anchor(self) -> Anchor:
        """Return whom a site believes that has seen every list so far."""
        return Anchor(tuple(self.chest[name].public for name in self.signers), self.threshold)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.lists[-1].entries if self.lists else ()

    def draft(self, *entries: Entry, **changes: Any) -> RevocationList:
        """Return the next list, not signed: all entries so far and `entries`."""
        last, now = (self.lists[-1] if self.lists else None), self.clock()
        drafted = RevocationList(
            schema=1,
            version=last.version + 1 if last else 1,
            issuer="acme.example/revocations",
            previous=digest_of(last) if last else "",
            issued=now,
            expires=now + self.life,
            grace=self.grace,
            entries=(*self.entries, *entries),
        )
        return msgspec.structs.replace(drafted, **changes)

    def sign(self, drafted: RevocationList, *names: str) -> bytes:
        """Return a list signed by `names`, or by as many of its keys as it takes."""
        return sign_list(drafted, [self.chest[name] for name in names or self.signers[: self.threshold]])

    def issue(self, *entries: Entry, **changes: Any) -> bytes:
        """Publish the next list, honestly."""
        return self._publish(drafted := self.draft(*entries, **changes), self.sign(drafted))

    def emergency(self, *entries: Entry) -> bytes:
        """Publish additions under one signature; the list dies when the one does that it adds to."""
        drafted = self._urgent(*entries)
        return self._publish(drafted, self.sign(drafted, self.signers[0]))

    def rotate(self, *names: str, threshold: int = 2) -> bytes:
        """Publish a list that hands over to new keys, signed by old and new; the next ones are signed by the new."""
        drafted = self.draft(keys=self._keys(*names, threshold=threshold))
        text = self._publish(drafted, self.sign(drafted, *self.signers[: self.threshold], *names[:threshold]))
        self.signers, self.threshold = names, threshold
        return text

    def announce(self, *names: str) -> bytes:
        """Publish a list that only announces new keys: the next one must be signed by the old and the new."""
        return self.issue(keys=self._keys(*names))

    def hand_over(self, *names: str) -> bytes:
        """Publish the list after `announce`, signed by old and new keys."""
        drafted = self.draft()
        text = self._publish(drafted, self.sign(drafted, *self.signers[: self.threshold], *names[: self.threshold]))
        self.signers = names
        return text

    def chain(self, *versions: int) -> bytes:
        """Return lists that were issued before as one offer."""
        return chain_text([parse_envelope(json.loads(self.held[version - 1])) for version in versions])

    def _publish(self, drafted: RevocationList, text: bytes) -> bytes:
        self.lists.append(drafted)
        self.held.append(text)
        return text

    def _urgent(self, *entries: Entry, **changes: Any) -> RevocationList:
        last = self.lists[-1]
        return self.draft(*entries, **{"emergency": True, "expires": last.expires, "grace": last.grace, **changes})

    def _sealed(self, payload: bytes, kind: str = PAYLOAD_TYPE) -> bytes:
        keys = [self.chest[name] for name in self.signers[: self.threshold]]
        return compact(sign_envelope(kind, payload, keys).document())

    def _keys(self, *names: str, threshold: int = 2) -> NextKeys:
        return NextKeys(next=tuple(self.chest[name].public.pem for name in names), threshold=threshold)

    # What follows is hostile.

    def rolled_back(self, back: int = 1) -> bytes:
        """An honest list of old, whole and well signed."""
        return self.held[-1 - back]

    def frozen(self) -> bytes:
        """The last list again and again, however late it is."""
        return self.held[-1]

    def split(self, *entries: Entry) -> bytes:
        """A second list of the last one's version, signed as well as the first."""
        last = self.lists[-1]
        return self.sign(msgspec.structs.replace(last, entries=(*last.entries[:-1], *entries)))

    def cut(self, length: int) -> bytes:
        """The last list's first `length` bytes."""
        return self.held[-1][:length]

    def dropped(self) -> bytes:
        """The next list with entries taken out of the payload, under the signatures of the whole one."""
        whole = json.loads(self.sign(self.draft()))
        payload = base64.b64encode(encode(self.draft(entries=()))).decode()
        return compact(whole | {"payload": payload})

    def unchained(self) -> bytes:
        """The next list, well signed, on top of another list than the last."""
        return self.sign(self.draft(previous=digest_bytes(b"another list")))

    def forged(self, *entries: Entry) -> bytes:
        """The next list, signed by two keys that nobody knows."""
        return self.sign(self.draft(*entries), "forger-1", "forger-2")

    def forged_hints(self, *entries: Entry) -> bytes:
        """The next list, signed by strangers under the names of the publisher's keys."""
        document = json.loads(self.forged(*entries))
        for signature, name in zip(document["signatures"], self.signers, strict=False):
            signature["keyid"] = self.chest[name].public.id
        return compact(document)

    def under_signed(self, *entries: Entry) -> bytes:
        """The next list under one signature, and not as an emergency."""
        return self.sign(self.draft(*entries), self.signers[0])

    def signed_twice(self, *entries: Entry) -> bytes:
        """The next list under two signatures of one key."""
        return self.sign(self.draft(*entries), self.signers[0], self.signers[0])

    def usurped(self, *names: str) -> bytes:
        """The next list, signed by new keys alone that no list announced."""
        return self.sign(self.draft(), *names)

    def coup(self, *names: str) -> bytes:
        """The next list, handing over to new keys and signed by these alone."""
        return self.sign(self.draft(keys=self._keys(*names)), *names[:2])

    def emergency_that(self, **changes: Any) -> bytes:
        """An emergency list under one signature that does more than add: `changes` says what."""
        return self.sign(self._urgent(**changes), self.signers[0])

    def bomb(self, size: int) -> bytes:
        """`size` bytes of well-formed JSON."""
        return b'{"payload":"' + b"A" * (size - 64) + b'","payloadType":"x","signatures":[]}'

    def crowded(self, count: int) -> bytes:
        """The next list with `count` entries."""
        entries = tuple(
            Entry(id=str(number), action="warn", reason="x", manifest=digest_bytes(str(number).encode()))
            for number in range(count)
        )
        return self.sign(self.draft(entries=entries))

    def raw(self, edit: Callable[[dict[str, Any]], Any]) -> bytes:
        """The next list, well signed, with what no publisher's program would write: `edit` changes the document."""
        document = json.loads(encode(self.draft()))
        edit(document)
        return self._sealed(compact(document))

    def doubled_key(self) -> bytes:
        """The next list with its version twice: one for each of two parsers."""
        return self._sealed(encode(self.draft()).replace(b'"version":', b'"version":1,"version":'))

    def of_another_type(self) -> bytes:
        """The next list under another payload type: no reader may take one document for another kind."""
        return self._sealed(encode(self.draft()), "application/vnd.in-toto+json")

    def from_the_future(self, seconds: int) -> bytes:
        """The next list, issued only in `seconds` from now."""
        now = self.clock() + seconds
        return self.sign(self.draft(issued=now, expires=now + self.life))

    def immortal(self) -> bytes:
        """The next list without an expiry, which only the list that ships may be."""
        return self.sign(self.draft(expires=None))
