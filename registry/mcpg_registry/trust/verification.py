"""Steps 5 to 7 of letting a plugin in: who has really signed. It fetches nothing and knows no clock.

First the rule's rotations are followed, which says what keys count (`succession`). Then for each candidate bundle:
 6.1 it is a sigstore bundle v0.3 with a DSSE envelope, and a key hint or a certificate
 6.2 the hint names a key that counts for this rule (the hint only chooses the key); a certificate leads to the roots of
     the rule's identities
 6.3 the key is not revoked
 6.4 the key's signature over the envelope's pre-authentication encoding is valid, as pure Ed25519; or `sigstore` finds
     certificate, log and signature valid, and the identity in the certificate is one of the rule's and not revoked
 6.5 the payload is an in-toto statement whose one subject is this very manifest
 6.6 the key is within its validity; one that ended after the digest was locked only warns
Then: 6.7 enough signers have made cosign's statement, 7.1 enough of them have made the same release statement, only one
such release is there, and 7.2 the rule permits its id. Enough is what the rule says: a threshold of keys, where a key
and its successors are one, an identity, either or both.

What the caller must still do: have the manifest's bytes checked against its digest (step 2), and check the release's
wasm digest against the layer (step 9) and its id, version and world against the component (step 10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg_registry.steps import refusal
from mcpg_registry.trust.bundles import Bundle, KeylessBundle, read_bundle
from mcpg_registry.trust.counting import MAX_RECOGNISED, Ballot, Prehashed
from mcpg_registry.trust.identities import Identity
from mcpg_registry.trust.prehashed import is_prehashed
from mcpg_registry.trust.revoked import NOBODY, Revoked
from mcpg_registry.trust.statements import (
    COSIGN,
    IN_TOTO,
    RELEASE,
    VULNERABILITIES,
    Release,
    Statement,
    parse_release,
    parse_statement,
    parse_vulnerabilities,
)
from mcpg_registry.trust.succession import succession

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.dsse import Envelope
    from mcpg_registry.trust.keys import PublicKey
    from mcpg_registry.trust.policy import Rule
    from mcpg_registry.trust.succession import Standing

__all__ = ["Signed", "envelope_signers", "verify_signatures"]


@dataclass(frozen=True, slots=True)
class Signed:
    """Who has signed a manifest, what they released, and what an operator should know.

    `keys` and `identities` have made both statements, sorted. `vulnerabilities` are ids that any trusted signer has
    stated of this manifest, sorted.
    """

    keys: tuple[Digest, ...]
    release: Release
    warnings: tuple[str, ...] = ()
    identities: tuple[Identity, ...] = ()
    vulnerabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of each candidate."""

    manifest: Digest
    now: int
    locked: bool
    revoked: Revoked


def verify_signatures(
    manifest: Digest,
    candidates: Sequence[bytes],
    rule: Rule,
    *,
    now: int,
    where: str = "",
    locked: bool = False,
    revoked: Revoked | Mapping[Digest, str] | None = None,
) -> Signed:
    """Return who signed `manifest` and the release they stated; `PluginRefused` at step 5, 6 or 7.

    `now` is in seconds since 1970; `revoked` may be a mapping of key ids to why; `locked` says that a lock file names
    this digest. A candidate that proves nothing is passed over, and its fault is told only if too few are left.
    """
    if not candidates:
        raise refusal(
            5,
            f"no signature of `{manifest}` was found",
            where=where,
            remedy="have its publisher sign it with `mcpg plugin sign`",
            code="unsigned",
        )
    known = revoked if isinstance(revoked, Revoked) else Revoked(revoked) if revoked else NOBODY
    question = _Question(manifest, now, locked, known)
    ballot = Ballot(rule, succession(rule, known))
    for number, text in enumerate(candidates, 1):
        try:
            _take(ballot, text, question)
        except ValueError as fault:
            ballot.prehashed |= isinstance(fault, Prehashed)
            ballot.faults.append(f"signature {number}: {fault}")
    return _result(ballot, where)


def _result(ballot: Ballot, where: str) -> Signed:
    if not ballot.enough(ballot.plain):  # 6.7
        raise ballot.too_few(6, "signatures", ballot.plain, where=where)
    released = [release for release, signers in ballot.releases.items() if ballot.enough(signers)]
    if not released:  # 7.1
        most = max(ballot.releases.values(), key=ballot.count, default=set())
        raise ballot.too_few(7, "release statements", most, where=where)
    if len(released) > 1:
        message = "its signers released the same manifest as two different plugins"
        raise refusal(7, message, where=where, remedy="take the artifact from its publisher again", code="bad-release")
    both = ballot.plain & ballot.releases[released[0]]
    if not ballot.enough(both):
        raise ballot.too_few(7, "signers of both manifest and release", both, where=where)
    if not ballot.rule.permits(released[0].id):  # 7.2
        message = f"it was released as `{released[0].id[:128]}`, which those trusted for `{ballot.rule.prefix}` may not"
        remedy = "take it from that plugin's own publisher, or widen `ids` of this rule"
        raise refusal(7, message, where=where, remedy=remedy, code="foreign-id")
    return Signed(
        tuple(sorted(each for each in both if not isinstance(each, Identity))),
        released[0],
        tuple(dict.fromkeys(ballot.warnings)),
        tuple(sorted(each for each in both if isinstance(each, Identity))),
        tuple(sorted(ballot.vulnerabilities)),
    )


def envelope_signers(envelope: Envelope, keys: Sequence[PublicKey]) -> frozenset[Digest]:
    """Return the ids of those of `keys` that have validly signed `envelope`."""
    data = envelope.signed_bytes()
    return frozenset(
        key.id
        for signature in envelope.signatures
        for key in keys
        if signature.key_id in {"", key.id} and key.verifies(signature.sig, data)
    )


def _take(ballot: Ballot, text: bytes, question: _Question) -> None:
    bundle = read_bundle(text)  # 6.1
    signer: Digest | Identity
    standing = None
    if isinstance(bundle, Bundle):
        standing = _key(ballot, bundle, question)
        signer = bundle.key_id
    else:
        signer = _identity(ballot.rule, bundle, question)
    statement = _statement(bundle.envelope, question.manifest)  # 6.5
    if standing is not None:
        _check_validity(ballot, standing, question)  # 6.6
    if statement.predicate_type == COSIGN:
        ballot.plain.add(signer)
    elif statement.predicate_type == RELEASE:
        ballot.releases[parse_release(statement.predicate)].add(signer)
    elif statement.predicate_type == VULNERABILITIES:
        ballot.vulnerabilities.update(parse_vulnerabilities(statement.predicate))
    else:
        raise ValueError(f"it states `{statement.predicate_type[:200]}`, which is nothing that we ask for")


def _key(ballot: Ballot, bundle: Bundle, question: _Question) -> Standing:
    """Return how the key of `bundle` stands once it has proven to have signed."""
    key_id, envelope = bundle.key_id, bundle.envelope
    standing = ballot.keys.keys.get(key_id)  # 6.2
    if standing is None:
        raise ValueError(f"key `{key_id}` may not sign for `{ballot.rule.prefix}`")
    if (reason := question.revoked.why(key_id)) is not None:  # 6.3
        raise ValueError(f"key `{key_id}` is revoked: {reason}")
    signature, data = envelope.signatures[0].sig, envelope.signed_bytes()
    if standing.key.verifies(signature, data):  # 6.4
        return standing
    ballot.recognised += 1
    if ballot.recognised <= MAX_RECOGNISED and is_prehashed(standing.key.raw(), signature, data):
        raise Prehashed(f"key `{key_id}` has signed as Ed25519ph, as `cosign sign` does and nothing verifies")
    raise ValueError(f"key `{key_id}` did not make this signature")


def _identity(rule: Rule, bundle: KeylessBundle, question: _Question) -> Identity:
    """Return who has signed `bundle`, if the rule trusts them by the root that they were proven with."""
    if not rule.identities:
        raise ValueError(f"it is keyless, and the rule for `{rule.prefix}` names no identity")
    from mcpg_registry.trust.keyless import verify_keyless  # noqa: PLC0415 - few have keyless bundles

    faults: dict[str, None] = {}
    for root in dict.fromkeys(trusted.root for trusted in rule.identities):
        try:
            found = verify_keyless(bundle, root)
        except ValueError as fault:
            faults[str(fault)] = None
            continue
        if not any(each.root == root and each.matches(found) for each in rule.identities):
            faults[f"identity {found} may not sign for `{rule.prefix}`"] = None
        elif (reason := question.revoked.why(found)) is not None:
            raise ValueError(f"identity {found} is revoked: {reason}")
        else:
            return found
    raise ValueError("; ".join(faults))


def _statement(envelope: Envelope, manifest: Digest) -> Statement:
    if envelope.payload_type != IN_TOTO:
        raise ValueError(f"the payload is `{envelope.payload_type}`, wanted `{IN_TOTO}`")
    statement = parse_statement(envelope.payload)
    if statement.subject != manifest:
        raise ValueError(f"it is about `{statement.subject}`, wanted `{manifest}`")
    return statement


def _check_validity(ballot: Ballot, standing: Standing, question: _Question) -> None:
    key_id = standing.key.id
    if standing.not_before is not None and question.now < standing.not_before:
        raise ValueError(f"key `{key_id}` is not valid yet")
    if standing.valid_at(question.now):
        return
    if not question.locked:
        raise ValueError(f"key `{key_id}` has expired, or has been replaced")
    ballot.warnings.append(f"key `{key_id}` has expired since this digest was locked")
