"""An old key hands over to a new one: what a proof must hold, and what a chain of them amounts to."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry.artifacts import NOW, rule_of
from tests.registry.test_verification import A, B, C, pair, refused, verify

from mcpg_registry.strict_json import compact
from mcpg_registry.trust.dsse import Envelope, Signature, pre_auth_encoding
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.policy import Rule, TrustedKey, TrustPolicy
from mcpg_registry.trust.revoked import NOBODY, Revoked
from mcpg_registry.trust.rotation import ROTATION, Handover, Rotation, parse_rotation, read_rotation, rotation_of
from mcpg_registry.trust.succession import succession

D, E = PrivateKey.generate(), PrivateKey.generate()
SINCE = NOW - 1000


def hand(old: PrivateKey, new: PrivateKey, *, by: tuple[PrivateKey, ...] = (), **more: Any) -> Rotation:
    fields = {"prefix": "acme", "start": SINCE} | more
    handover = Handover(old=old.public.id, new=new.public, **fields)
    data = handover.signed_bytes()
    return rotation_of(handover, {key.public.id: key.sign(data) for key in by or (old, new)})


def rule(*rotations: Rotation, keys: tuple[PrivateKey, ...] = (A,), threshold: int = 1) -> Rule:
    return replace(rule_of(*keys, threshold=threshold), rotations=rotations)


def counted(by: Rule, revoked: Revoked = NOBODY) -> set[str]:
    return set(succession(by, revoked).keys)


def test_the_new_key_counts_where_the_old_one_does() -> None:
    assert verify(pair(B), rule(hand(A, B))).keys == (B.public.id,)
    assert verify(pair(A), rule(hand(A, B))).keys == (A.public.id,)
    refused(6, "may not sign", pair(C), rule(hand(A, B)))


def test_a_chain_is_followed_in_whatever_order_it_is_listed() -> None:
    chain = [hand(A, B), hand(B, C), hand(C, D)]
    for listed in (chain, chain[::-1]):
        assert verify(pair(D), rule(*listed)).keys == (D.public.id,)


def test_before_it_begins_the_new_key_does_not_count() -> None:
    later = hand(A, B, start=NOW + 1)
    refused(6, "not valid yet", pair(B), rule(later))
    assert verify(pair(A), rule(later)).keys == (A.public.id,)


def test_after_its_end_the_old_key_counts_only_for_what_is_locked() -> None:
    ended = rule(hand(A, B, until=NOW - 1))
    refused(6, "has been replaced", pair(A), ended)
    assert "since this digest was locked" in verify(pair(A), ended, locked=True).warnings[0]
    assert verify(pair(A), rule(hand(A, B, until=NOW))).keys == (A.public.id,)
    assert verify(pair(B), ended).warnings == ()


def test_a_revoked_key_cannot_hand_over() -> None:
    revoked = Revoked({A.public.id: "it was stolen"})
    refused(6, "is not followed: that key is revoked: it was stolen", pair(B), rule(hand(A, B)), revoked=revoked)
    between = Revoked({B.public.id: "it was stolen"})
    refused(6, "that key is revoked", pair(C), rule(hand(A, B), hand(B, C)), revoked=between)
    assert verify(pair(A), rule(hand(A, B), hand(B, C)), revoked=between).keys == (A.public.id,)


def test_old_and_new_key_are_one_against_the_threshold() -> None:
    """Whoever holds one key of two cannot make himself the second."""
    two = rule(hand(A, C), keys=(A, B), threshold=2)
    refused(6, "found 1 valid signatures, wanted 2", pair(A) + pair(C), two)
    assert verify(pair(C) + pair(B), two).keys == tuple(sorted((B.public.id, C.public.id)))
    assert len(verify(pair(A) + pair(B) + pair(C), two).keys) == 3


def test_a_key_that_is_listed_and_has_taken_over_has_one_place() -> None:
    merged = rule(hand(A, B), keys=(A, B, C), threshold=2)
    refused(6, "found 1 valid", pair(A) + pair(B), merged)
    assert len(verify(pair(B) + pair(C), merged).keys) == 2


def test_an_old_key_hands_over_once() -> None:
    twice = rule(hand(A, B), hand(A, C))
    refused(6, "has handed over to", pair(C), twice)
    with pytest.raises(ValueError, match="two different keys"):
        TrustPolicy((rule_of(A),), (hand(A, B), hand(A, C, prefix="acme/tools")))
    same = TrustPolicy((rule_of(A),), (hand(A, B), hand(A, B, prefix="acme/tools")))
    assert verify(pair(B), same.rule_for("acme/tools/x")).keys == (B.public.id,)
    TrustPolicy((rule_of(A),), (hand(A, B, prefix="x/a"), hand(A, C, prefix="x/b")))


def test_circles_end() -> None:
    circle = rule(hand(A, B), hand(B, A), hand(B, C))
    assert counted(circle) == {A.public.id, B.public.id, C.public.id}
    assert any("circle" in fault for fault in succession(circle, NOBODY).faults)
    both = rule(hand(A, B), hand(B, A), keys=(A, B))
    assert counted(both) == {A.public.id, B.public.id}


@pytest.mark.parametrize("by", [(A,), (B,), (C,), (A, C), (B, C)])
def test_a_proof_without_one_of_the_two_signatures_adds_nobody(by: tuple[PrivateKey, ...]) -> None:
    refused(6, "has not signed it", pair(B), rule(hand(A, B, by=by)))
    if B not in by:
        with pytest.raises(ValueError, match="has not signed the rotation"):
            parse_rotation(hand(A, B, by=by).text())


def test_a_signature_under_another_name_does_not_count() -> None:
    good = hand(A, B)
    swapped = tuple(Signature(each.sig, A.public.id) for each in good.envelope.signatures)
    assert not Rotation(good.handover, replace(good.envelope, signatures=swapped[:1])).signed_by(B.public)
    anonymous = tuple(Signature(each.sig) for each in good.envelope.signatures)
    refused(
        6, "has not signed it", pair(B), rule(Rotation(good.handover, replace(good.envelope, signatures=anonymous)))
    )


def test_a_stranger_hands_nothing_over() -> None:
    refused(6, "speaks of no key of the rule", pair(C), rule(hand(B, C)))


def test_a_key_hands_over_within_its_own_validity() -> None:
    def valid(**validity: int) -> Rule:
        return Rule("acme", (TrustedKey(A.public, **validity),), rotations=(hand(A, B),))

    assert verify(pair(B), valid(not_before=SINCE, not_after=SINCE)).keys == (B.public.id,)
    refused(6, "not valid when it takes effect", pair(B), valid(not_after=SINCE - 1))
    refused(6, "not valid when it takes effect", pair(B), valid(not_before=SINCE + 1))
    early = rule(hand(A, B), hand(B, C, start=SINCE - 1))
    refused(6, "not valid when it takes effect", pair(C), early)
    late = rule(hand(A, B), hand(B, C, until=SINCE + 5), hand(C, D))
    assert verify(pair(D), late).keys == (D.public.id,)


def test_a_proof_speaks_of_its_prefix_only() -> None:
    policy = TrustPolicy((rule_of(A, prefix="ghcr.io/acme"),), (hand(A, B, prefix="ghcr.io/acme/tools"),))
    assert verify(pair(B), policy.rule_for("ghcr.io/acme/tools/x")).keys == (B.public.id,)
    for other in ("ghcr.io/acme/x", "ghcr.io/acme/toolsx", "ghcr.io/acme"):
        refused(6, "may not sign", pair(B), policy.rule_for(other))
    wider = TrustPolicy((rule_of(A, prefix="ghcr.io/acme/tools"),), (hand(A, B, prefix="ghcr.io/acme"),))
    assert verify(pair(B), wider.rule_for("ghcr.io/acme/tools/x")).keys == (B.public.id,)


def test_a_policy_has_few_rotations() -> None:
    with pytest.raises(ValueError, match="more than 64"):
        TrustPolicy((rule_of(A),), (hand(A, B),) * 65)


def test_proofs_read_back() -> None:
    proof = hand(A, B, until=NOW)
    assert parse_rotation(proof.text()) == read_rotation(proof.text()) == proof
    assert parse_rotation(proof.text()).text() == proof.text()
    assert proof.signed_by(A.public)
    assert json.loads(proof.envelope.payload) == {
        "_type": "https://mcpg.dev/key-rotation/v1",
        "prefix": "acme",
        "old": A.public.id,
        "new": B.public.pem,
        "from": SINCE,
        "until": NOW,
    }


def signed(document: Any, kind: str = ROTATION) -> bytes:
    payload = document if isinstance(document, bytes) else compact(document)
    data = pre_auth_encoding(kind, payload)
    both = tuple(Signature(key.sign(data), key.public.id) for key in (A, B))
    return compact(Envelope(kind, payload, both).document())


GOOD = json.loads(hand(A, B).envelope.payload)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (GOOD | {"more": 1}, "has the fields"),
        ({key: GOOD[key] for key in GOOD if key != "until"}, "has the fields"),
        (GOOD | {"_type": "https://mcpg.dev/key-rotation/v2"}, "the type"),
        (GOOD | {"prefix": ""}, "no prefix"),
        (GOOD | {"prefix": "acme/*"}, "no prefix"),
        (GOOD | {"prefix": "acme/"}, "no prefix"),
        (GOOD | {"prefix": 1}, "are texts"),
        (GOOD | {"old": "sha256:.."}, "is not a digest"),
        (GOOD | {"old": B.public.id}, "over to itself"),
        (GOOD | {"new": "x"}, "PEM"),
        (GOOD | {"new": B.public.pem + C.public.pem}, "exactly one new key"),
        (GOOD | {"new": None}, "are texts"),
        (GOOD | {"from": True}, "numbers of seconds"),
        (GOOD | {"from": "1"}, "numbers of seconds"),
        (GOOD | {"from": -1}, "plausible"),
        (GOOD | {"until": 1 << 60}, "plausible"),
        (GOOD | {"until": 1.5}, "numbers of seconds"),
        (b"[]", "wanted an object"),
        (compact(GOOD).replace(b'{"_type"', b'{"prefix":"x","_type"'), "twice"),
    ],
)
def test_proofs_out_of_shape_that_both_keys_have_signed(document: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_rotation(signed(document))


def test_a_statement_of_another_type_is_no_proof() -> None:
    with pytest.raises(ValueError, match="payload type"):
        parse_rotation(signed(GOOD, "application/vnd.in-toto+json"))


KEYS = (A, B, C, D, E)
_pairs = st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda each: each[0] != each[1])
PROOFS = {(i, j): hand(KEYS[i], KEYS[j]) for i in range(5) for j in range(5) if i != j}


@given(st.lists(_pairs, max_size=10), st.sets(st.integers(0, 4), min_size=1), st.sets(st.integers(0, 4)))
def test_no_set_of_proofs_makes_more_places_than_the_rule_has_keys(
    handed: list[tuple[int, int]], listed: set[int], revoked: set[int]
) -> None:
    by = rule(*(PROOFS[each] for each in handed), keys=tuple(KEYS[each] for each in sorted(listed)))
    why = Revoked({KEYS[each].public.id: "gone" for each in revoked})
    found = succession(by, why).keys
    assert {each.place for each in found.values()} <= {KEYS[each].public.id for each in listed}
    reachable = set(listed)
    for _ in KEYS:
        reachable |= {new for old, new in handed if old in reachable - revoked}
    assert set(found) <= {KEYS[each].public.id for each in reachable}
    assert {KEYS[each].public.id for each in listed} <= set(found)


def test_a_long_chain_has_one_place() -> None:
    keys = [PrivateKey.generate() for _ in range(40)]
    chain = tuple(hand(old, new) for old, new in pairwise(keys))
    found = succession(rule(*chain, keys=(keys[0],)), NOBODY).keys
    assert len(found) == 40
    assert {each.place for each in found.values()} == {keys[0].public.id}
