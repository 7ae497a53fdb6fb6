"""Whatever set of signatures lies there: it is accepted exactly when the rule, as it is written down, is met."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.registry.artifacts import NOW
from tests.registry.sigstore_root import ISSUER, Sigstore, Speaker
from tests.registry.test_verification import MANIFEST, OTHER, RELEASE, A, B, C

from mcpg.contract.problems import PluginRefused
from mcpg_registry.trust.identities import Identity, TrustedIdentity
from mcpg_registry.trust.policy import Rule, TrustedKey
from mcpg_registry.trust.revoked import Revoked
from mcpg_registry.trust.signing import bundle_of, bytes_to_sign
from mcpg_registry.trust.statements import COSIGN, Statement
from mcpg_registry.trust.statements import RELEASE as RELEASE_TYPE
from mcpg_registry.trust.verification import verify_signatures

HOME = Sigstore()
KEYS = {key.public.id: key for key in (A, B, C)}
PEOPLE = {Identity(ISSUER, f"https://x.example/{name}"): HOME for name in ("one", "two")}
LATER = replace(RELEASE, version="1.3.0")
SAID = {
    "plain": Statement(MANIFEST, COSIGN, {}),
    "release": Statement(MANIFEST, RELEASE_TYPE, RELEASE.predicate()),
    "later": Statement(MANIFEST, RELEASE_TYPE, LATER.predicate()),
    "elsewhere": Statement(OTHER, COSIGN, {}),
    "beside": Statement(MANIFEST, "https://slsa.dev/provenance/v1", {}),
}
SIGNERS = [*KEYS, *PEOPLE]


def _signed(signer: Any, what: str) -> bytes:
    statement = SAID[what]
    if isinstance(signer, Identity):
        return HOME.sign(statement.payload(), Speaker(identity=signer.identity))
    return bundle_of(statement, signer, KEYS[signer].sign(bytes_to_sign(statement))).text()


POOL = {(signer, what): _signed(signer, what) for signer, what in product(SIGNERS, SAID)}


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    keys = draw(st.lists(st.sampled_from(list(KEYS)), unique=True))
    people = draw(st.lists(st.sampled_from(list(PEOPLE)), unique=True, min_size=0 if keys else 1))
    return Rule(
        "acme",
        tuple(TrustedKey(KEYS[each].public) for each in keys),
        draw(st.integers(1, max(len(keys), 1))),
        tuple(TrustedIdentity(*each, root=HOME.root()) for each in people),
        draw(st.sampled_from(["any", "all"])) if keys and people else "any",
    )


def met(rule: Rule, signers: set[Any]) -> bool:
    """Whether the rule, read as the documentation says it, is met by these signers."""
    by_keys = len([each for each in rule.keys if each.key.id in signers]) >= rule.threshold if rule.keys else None
    by_people = any((each.issuer, each.identity) in signers for each in rule.identities) if rule.identities else None
    wanted = [each for each in (by_keys, by_people) if each is not None]
    return all(wanted) if rule.require == "all" else any(wanted)


BOTH = ("plain", "release")
HABITS = [
    (),
    BOTH,
    BOTH,
    BOTH,
    ("plain",),
    ("release",),
    ("plain", "later"),
    (*BOTH, "elsewhere", "beside"),
    tuple(SAID),
]
signatures = st.tuples(
    *(st.sampled_from(HABITS).map(lambda said, s=each: {(s, what) for what in said}) for each in SIGNERS)
)


@settings(max_examples=80, deadline=None)
@given(
    rules(), signatures.map(lambda each: set().union(*each)), st.sets(st.sampled_from(SIGNERS), max_size=2), st.data()
)
def test_a_set_of_signatures_is_accepted_exactly_when_the_rule_is_met(
    rule: Rule, there: set[Any], gone: set[Any], data: st.DataObject
) -> None:
    revoked = Revoked(
        {each: "gone" for each in gone if each in KEYS}, {each: "gone" for each in gone if each in PEOPLE}
    )
    counting = {(signer, what) for signer, what in there if signer not in gone}
    plain, release, later = ({s for s, what in counting if what == kind} for kind in ("plain", "release", "later"))
    one = met(rule, plain & release) and not met(rule, later)
    other = met(rule, plain & later) and not met(rule, release)
    order = data.draw(st.permutations(sorted(there, key=str)))
    there_in_order = [POOL[each] for each in order]
    if not one and not other:
        with pytest.raises(PluginRefused) as caught:
            verify_signatures(MANIFEST, there_in_order, rule, now=NOW, revoked=revoked)
        assert caught.value.step == (5 if not there else 7 if met(rule, plain) else 6)
        return
    found = verify_signatures(MANIFEST, there_in_order, rule, now=NOW, revoked=revoked)
    assert found.release == (RELEASE if one else LATER)
    signers = {*found.keys, *found.identities}
    assert met(rule, signers)
    assert signers <= plain & (release if one else later)
    event("accepted")


def test_a_revoked_pattern_that_cannot_be_read_lets_nobody_in() -> None:
    who = next(iter(PEOPLE))
    rule = Rule("acme", identities=(TrustedIdentity(*who, root=HOME.root()),))
    there = [POOL[who, "plain"], POOL[who, "release"]]
    with pytest.raises(PluginRefused, match="not anchored"):
        verify_signatures(MANIFEST, there, rule, now=NOW, revoked=Revoked(identities={(ISSUER, "^https"): "x"}))
