"""Which keys count for a rule once every rotation has been followed. It verifies proofs, and no signature of a plugin.

A proof is followed only if
 1 the key that hands over is one of the rule's, or has taken over from one of them
 2 that key is not revoked
 3 it has signed the proof, and so has the new key
 4 it was valid when the proof takes effect
 5 it has not handed over already, and the new key is not behind it in the chain

Old and new key have one place: however often one place has signed, it counts once against the threshold. So whoever
holds one key cannot make himself many.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.keys import PublicKey
    from mcpg_registry.trust.policy import Rule
    from mcpg_registry.trust.revoked import Revoked
    from mcpg_registry.trust.rotation import Rotation

__all__ = ["Standing", "Succession", "succession"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A key that counts, when it does (seconds since 1970), and the listed key whose place it has."""

    key: PublicKey
    place: Digest
    not_before: int | None
    not_after: int | None

    def valid_at(self, when: int) -> bool:
        """Whether `when` is within the key's validity."""
        return (self.not_before is None or when >= self.not_before) and (
            self.not_after is None or when <= self.not_after
        )


@dataclass(frozen=True, slots=True)
class Succession:
    """All keys that count, by id, and why a proof was not followed."""

    keys: Mapping[Digest, Standing]
    faults: tuple[str, ...]


def succession(rule: Rule, revoked: Revoked) -> Succession:
    """Return the keys of `rule` and those that have taken over from them; a proof that fails adds nobody."""
    keys = {each.key.id: Standing(each.key, each.key.id, each.not_before, each.not_after) for each in rule.keys}
    waiting = list(rule.rotations)
    faults: list[str] = []
    done: dict[Digest, Digest] = {}
    while waiting:
        known = next((each for each in waiting if each.old in keys), None)
        if known is None:
            faults += [f"the rotation of key `{each.old}` speaks of no key of the rule" for each in waiting]  # 1
            break
        waiting.remove(known)
        if done.get(known.old) == known.new.id:
            continue
        try:
            _follow(keys, known, done, revoked)
        except ValueError as fault:
            faults.append(f"the rotation of key `{known.old}` is not followed: {fault}")
    return Succession(keys, tuple(faults))


def _follow(keys: dict[Digest, Standing], rotation: Rotation, done: dict[Digest, Digest], revoked: Revoked) -> None:
    """Let the new key of a proof count; `ValueError` says why it does not."""
    old, new, handover = keys[rotation.old], rotation.new, rotation.handover
    listed = keys.get(new.id)
    _check(rotation, old, revoked)
    if old.key.id in done:  # 5
        raise ValueError(f"that key has handed over to `{done[old.key.id]}` already")
    if listed is not None and listed.place == old.place:
        raise ValueError("the proofs lead in a circle")
    if handover.until is not None:
        ends = handover.until if old.not_after is None else min(handover.until, old.not_after)
        keys[old.key.id] = replace(old, not_after=ends)
    done[old.key.id] = new.id
    if listed is None:
        keys[new.id] = Standing(new, old.place, handover.start, None)
        return
    for key_id, each in list(keys.items()):  # the operator lists both: still one holder
        if each.place == listed.place:
            keys[key_id] = replace(each, place=old.place)


def _check(rotation: Rotation, old: Standing, revoked: Revoked) -> None:
    if (reason := revoked.why(old.key.id)) is not None:  # 2
        raise ValueError(f"that key is revoked: {reason}")
    if not rotation.signed_by(old.key):  # 3
        raise ValueError("that key has not signed it")
    if not rotation.signed_by(rotation.new):
        raise ValueError(f"the new key `{rotation.new.id}` has not signed it")
    if not old.valid_at(rotation.handover.start):  # 4
        raise ValueError("that key is not valid when it takes effect")
