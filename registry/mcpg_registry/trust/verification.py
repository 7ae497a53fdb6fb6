"""Steps 5 to 7 of letting a plugin in: which keys have really signed. It fetches nothing and knows no clock.

For each candidate bundle:
 6.1 it is a sigstore bundle v0.3 with a DSSE envelope and a key hint
 6.2 the hint names a key that the rule for this repository allows (the hint only chooses the key)
 6.3 the key is not revoked
 6.4 the key's signature over the envelope's pre-authentication encoding is valid, as pure Ed25519
 6.5 the payload is an in-toto statement whose one subject is this very manifest
 6.6 the key is within its validity; one that expired after the digest was locked only warns
Then: 6.7 enough distinct keys have made cosign's statement, 7.1 enough of them have made the same release statement,
and only one such release is there.

What the caller must still do: have the manifest's bytes checked against its digest (step 2), and check the release's
wasm digest against the layer (step 9) and its id, version and world against the component (step 10).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcpg_registry.steps import refusal
from mcpg_registry.trust.bundles import parse_bundle
from mcpg_registry.trust.statements import COSIGN, IN_TOTO, RELEASE, Release, Statement, parse_release, parse_statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.dsse import Envelope
    from mcpg_registry.trust.keys import PublicKey
    from mcpg_registry.trust.policy import Rule, TrustedKey

__all__ = ["Signed", "envelope_signers", "verify_signatures"]

PH_HINT = "if cosign made it, it is Ed25519ph, which nothing verifies"


@dataclass(frozen=True, slots=True)
class Signed:
    """Who has signed a manifest, what they released, and what an operator should know."""

    keys: tuple[Digest, ...]
    release: Release
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Count:
    """What the candidates have shown so far."""

    plain: set[Digest] = field(default_factory=set)
    releases: defaultdict[Release, set[Digest]] = field(default_factory=lambda: defaultdict(set))
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def verify_signatures(
    manifest: Digest,
    candidates: Sequence[bytes],
    rule: Rule,
    *,
    now: int,
    where: str = "",
    locked: bool = False,
    revoked: Mapping[Digest, str] | None = None,
) -> Signed:
    """Return who signed `manifest` and the release they stated; `PluginRefused` at step 5, 6 or 7.

    `now` is in seconds since 1970; `revoked` maps key ids to why; `locked` says that a lock file names this digest. A
    candidate that proves nothing is passed over, and its fault is told only if too few are left.
    """
    if not candidates:
        raise refusal(
            5,
            f"no signature of `{manifest}` was found",
            where=where,
            remedy="have its publisher sign it",
            code="unsigned",
        )
    count = _Count()
    for number, text in enumerate(candidates, 1):
        try:
            _take(count, manifest, text, rule, now=now, locked=locked, revoked=revoked or {})
        except ValueError as fault:
            count.faults.append(f"signature {number}: {fault}")
    if len(count.plain) < rule.threshold:  # 6.7
        raise _too_few(6, "signatures", len(count.plain), rule=rule, faults=count.faults, where=where)
    released = [(release, keys) for release, keys in count.releases.items() if len(keys) >= rule.threshold]
    if not released:  # 7.1
        found = max(map(len, count.releases.values()), default=0)
        raise _too_few(7, "release statements", found, rule=rule, faults=count.faults, where=where)
    if len(released) > 1:
        raise refusal(7, "its signers released the same manifest as two different plugins", where=where)
    release, signers = released[0]
    keys = tuple(sorted(count.plain & signers))
    if len(keys) < rule.threshold:
        what = "keys that signed both manifest and release"
        raise _too_few(7, what, len(keys), rule=rule, faults=count.faults, where=where)
    return Signed(keys, release, tuple(dict.fromkeys(count.warnings)))


def envelope_signers(envelope: Envelope, keys: Sequence[PublicKey]) -> frozenset[Digest]:
    """Return the ids of those of `keys` that have validly signed `envelope`."""
    data = envelope.signed_bytes()
    return frozenset(
        key.id
        for signature in envelope.signatures
        for key in keys
        if signature.key_id in {"", key.id} and key.verifies(signature.sig, data)
    )


def _take(
    count: _Count,
    manifest: Digest,
    text: bytes,
    rule: Rule,
    *,
    now: int,
    locked: bool,
    revoked: Mapping[Digest, str],
) -> None:
    bundle = parse_bundle(text)  # 6.1
    trusted = rule.find(bundle.key_id)  # 6.2
    if trusted is None:
        raise ValueError(f"key `{bundle.key_id}` may not sign for `{rule.prefix}`")
    if bundle.key_id in revoked:  # 6.3
        raise ValueError(f"key `{bundle.key_id}` is revoked: {revoked[bundle.key_id]}")
    if not trusted.key.verifies(bundle.envelope.signatures[0].sig, bundle.envelope.signed_bytes()):  # 6.4
        raise ValueError(f"key `{bundle.key_id}` did not make this signature ({PH_HINT})")
    statement = _statement(bundle.envelope, manifest)  # 6.5
    _check_validity(count, trusted, now=now, locked=locked)  # 6.6
    if statement.predicate_type == COSIGN:
        count.plain.add(bundle.key_id)
    elif statement.predicate_type == RELEASE:
        count.releases[parse_release(statement.predicate)].add(bundle.key_id)
    else:
        raise ValueError(f"it states `{statement.predicate_type[:200]}`, which is nothing that we ask for")


def _statement(envelope: Envelope, manifest: Digest) -> Statement:
    if envelope.payload_type != IN_TOTO:
        raise ValueError(f"the payload is `{envelope.payload_type}`, wanted `{IN_TOTO}`")
    statement = parse_statement(envelope.payload)
    if statement.subject != manifest:
        raise ValueError(f"it is about `{statement.subject}`, wanted `{manifest}`")
    return statement


def _check_validity(count: _Count, trusted: TrustedKey, *, now: int, locked: bool) -> None:
    if trusted.not_before is not None and now < trusted.not_before:
        raise ValueError(f"key `{trusted.key.id}` is not valid yet")
    if trusted.not_after is not None and now > trusted.not_after:
        if not locked:
            raise ValueError(f"key `{trusted.key.id}` has expired")
        count.warnings.append(f"key `{trusted.key.id}` has expired since this digest was locked")


def _too_few(step: int, what: str, found: int, *, rule: Rule, faults: list[str], where: str) -> Exception:
    told = f" ({'; '.join(faults[:8])})" if faults else ""
    return refusal(
        step,
        f"found {found} valid {what}, wanted {rule.threshold} by keys trusted for `{rule.prefix}`{told}",
        where=where,
        remedy="sign it with `mcpg plugin sign` and a trusted key, or take the artifact from its publisher again",
        code="bad-signature" if step == 6 else "bad-release",  # noqa: PLR2004 - the step's own number
    )
