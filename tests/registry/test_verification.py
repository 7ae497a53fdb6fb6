from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.registry import ed25519ph
from tests.registry.artifacts import NOW, rule_of

from mcpg.contract.problems import PluginRefused
from mcpg_registry.digests import digest_bytes
from mcpg_registry.trust.bundles import Bundle, parse_bundle
from mcpg_registry.trust.dsse import Envelope, Signature, pre_auth_encoding
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.policy import Rule, TrustedKey, TrustPolicy
from mcpg_registry.trust.signing import sign_manifest, sign_release
from mcpg_registry.trust.statements import COSIGN, IN_TOTO, Release, Statement, parse_release, parse_statement
from mcpg_registry.trust.verification import Signed, verify_signatures

A, B, C = (PrivateKey.generate() for _ in range(3))
MANIFEST = digest_bytes(b"manifest")
OTHER = digest_bytes(b"other manifest")
RELEASE = Release("acme/echo", "1.2.0", "mcpg:plugin/backend-plugin@1.0.0", digest_bytes(b"wasm"))


def pair(key: PrivateKey, manifest: str = MANIFEST, release: Release = RELEASE) -> list[bytes]:
    return [sign_manifest(manifest, key).text(), sign_release(manifest, release, key).text()]


def verify(candidates: list[bytes], rule: Rule, **more: Any) -> Signed:
    return verify_signatures(MANIFEST, candidates, rule, now=NOW, where="plugin `x`", **more)


def refused(step: int, told: str, candidates: list[bytes], rule: Rule, **more: Any) -> PluginRefused:
    with pytest.raises(PluginRefused, match=told) as caught:
        verify(candidates, rule, **more)
    assert caught.value.step == step
    assert caught.value.where == "plugin `x`"
    assert caught.value.message.startswith(f"step {step}, ")
    return caught.value


def test_what_is_signed_is_accepted() -> None:
    assert verify(pair(A), rule_of(A)) == Signed((A.public.id,), RELEASE)


def test_the_bundle_is_in_sigstores_shape() -> None:
    document = json.loads(sign_manifest(MANIFEST, A).text())
    assert document["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    hint = document["verificationMaterial"]["publicKey"]["hint"]
    assert base64.b64decode(hint).hex() == A.public.id.removeprefix("sha256:")
    statement = json.loads(base64.b64decode(document["dsseEnvelope"]["payload"]))
    assert statement == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": MANIFEST.removeprefix("sha256:")}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
    }
    assert document["dsseEnvelope"]["payloadType"] == "application/vnd.in-toto+json"
    assert len(document["dsseEnvelope"]["signatures"]) == 1


def test_distinct_keys_are_counted() -> None:
    two = rule_of(A, B, C, threshold=2)
    assert verify(pair(A) + pair(B), two).keys == tuple(sorted((A.public.id, B.public.id)))
    refused(6, "found 1 valid signatures, wanted 2", pair(A) * 3, two)
    refused(7, "found 1 valid release statements, wanted 2", [*pair(A), pair(B)[0]], two)
    mixed = [pair(A)[0], pair(B)[0], pair(B)[1], pair(C)[1]]
    refused(7, "found 1 valid signers of both", mixed, two)


def test_two_releases_of_one_manifest_are_refused() -> None:
    other = replace(RELEASE, version="1.3.0")
    refused(7, "two different plugins", [*pair(A), *pair(B, release=other)], rule_of(A, B))


def test_candidates_that_prove_nothing_do_no_harm() -> None:
    junk = [b"", b"{}", *pair(B), pair(A, manifest=OTHER)[0]]
    assert verify(junk + pair(A), rule_of(A)).keys == (A.public.id,)


def test_no_candidate_is_step_5() -> None:
    refused(5, "no signature of", [], rule_of(A))


def test_an_unknown_key_is_named() -> None:
    error = refused(6, "may not sign for `acme`", pair(B), rule_of(A))
    assert B.public.id in error.message


def test_a_revoked_key_is_named_with_the_reason() -> None:
    refused(6, "is revoked: it leaked", pair(A), rule_of(A), revoked={A.public.id: "it leaked"})
    assert verify(pair(A) + pair(B), rule_of(A, B), revoked={A.public.id: "it leaked"}).keys == (B.public.id,)


def test_a_signature_of_another_manifest_proves_nothing() -> None:
    error = refused(6, "it is about", pair(A, manifest=OTHER), rule_of(A))
    assert OTHER in error.message
    assert MANIFEST in error.message


def test_a_swapped_signature_proves_nothing() -> None:
    mine, others = parse_bundle(pair(A)[0]), parse_bundle(pair(A, manifest=OTHER)[0])
    swapped = replace(mine, envelope=replace(mine.envelope, signatures=others.envelope.signatures))
    refused(6, "did not make this signature", [swapped.text()], rule_of(A))


def test_a_hint_of_a_trusted_key_makes_no_other_key_trusted() -> None:
    forged = replace(parse_bundle(pair(B)[0]), key_id=A.public.id)
    refused(6, "did not make this signature", [forged.text()], rule_of(A))


def test_ed25519ph_is_the_one_of_rfc_8032() -> None:
    seed = bytes.fromhex("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42")
    assert ed25519ph.sign(seed, b"abc").hex() == (
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
    )


def test_ed25519ph_as_cosign_makes_it_is_refused_and_named() -> None:
    payload = Statement(MANIFEST, COSIGN, {}).payload()
    seed = load_pem_private_key(A.pem().encode(), None).private_bytes_raw()  # type: ignore[union-attr]
    sig = ed25519ph.sign(seed, pre_auth_encoding(IN_TOTO, payload))
    bundle = Bundle(Envelope(IN_TOTO, payload, (Signature(sig),)), A.public.id)
    error = refused(6, "Ed25519ph", [bundle.text()], rule_of(A))
    assert (error.code, "mcpg plugin sign" in error.remedy) == ("ed25519ph", True)


def _signed(payload: bytes, kind: str = IN_TOTO) -> bytes:
    sig = A.sign(pre_auth_encoding(kind, payload))
    return Bundle(Envelope(kind, payload, (Signature(sig),)), A.public.id).text()


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"{}", "the statement's type"),
        (b"not json", "no JSON"),
        (Statement(MANIFEST, "https://example.com/x", {}).payload(), "nothing that we ask for"),
        (Statement(MANIFEST, COSIGN, {}).payload().replace(b"/v1", b"/v9", 1), "the statement's type"),
        (Statement(MANIFEST, COSIGN, {}).payload().replace(b'"subject":[', b'"subject":[{},'), "exactly one subject"),
        (Statement(MANIFEST, COSIGN, {}).payload().replace(b"sha256", b"sha512"), "is not a digest"),
        (Statement(MANIFEST, COSIGN, {}).payload().replace(b'"predicate":{}', b'"predicate":1'), "no object"),
        (Statement(MANIFEST, COSIGN, {}).payload().replace(b'{"_type"', b'{"_type":"","_type"'), "twice"),
    ],
)
def test_payloads_that_are_signed_and_still_refused(payload: bytes, told: str) -> None:
    refused(6, told, [_signed(payload)], rule_of(A))


def test_another_payload_type_is_refused() -> None:
    refused(
        6, "the payload is `text/plain`", [_signed(Statement(MANIFEST, COSIGN, {}).payload(), "text/plain")], rule_of(A)
    )


@pytest.mark.parametrize(
    "predicate",
    [
        {},
        RELEASE.predicate() | {"more": "x"},
        RELEASE.predicate() | {"version": 1},
        RELEASE.predicate() | {"wasm": "sha256:../../x"},
    ],
)
def test_releases_out_of_shape(predicate: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"release|digest"):
        parse_release(predicate)


def test_keys_have_their_time() -> None:
    def rule(**validity: int) -> Rule:
        return Rule("acme", (TrustedKey(A.public, **validity),))

    assert verify(pair(A), rule(not_before=NOW, not_after=NOW)).warnings == ()
    refused(6, "not valid yet", pair(A), rule(not_before=NOW + 1))
    refused(6, "has expired", pair(A), rule(not_after=NOW - 1))
    late = verify(pair(A), rule(not_after=NOW - 1), locked=True)
    assert "expired since this digest was locked" in late.warnings[0]
    refused(6, "not valid yet", pair(A), rule(not_before=NOW + 1), locked=True)


def _bundle(**changes: Any) -> bytes:
    document = json.loads(pair(A)[0]) | changes
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (pair(A)[0][:-20], "no JSON"),
        (pair(A)[0][:1], "no JSON"),
        (b'{"a":1,"a":1}', "twice"),
        (b"x" * 300_000, "at most"),
        (_bundle(mediaType="application/vnd.dev.sigstore.bundle+json;version=0.2"), "media type"),
        (_bundle(mediaType=1), "media type"),
        (_bundle(dsseEnvelope=None, messageSignature={}), "signs a message"),
        (_bundle(extra=1), "too many"),
        (_bundle(verificationMaterial={}), "no hint"),
        (_bundle(verificationMaterial={"certificate": {}}), "keyless"),
        (_bundle(verificationMaterial={"publicKey": {"hint": "eA=="}}), "no SHA-256"),
        (_bundle(verificationMaterial={"publicKey": {"hint": None}}), "hint is no text"),
        (_bundle(dsseEnvelope={}), "payloadType"),
    ],
)
def test_bundles_out_of_shape(text: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_bundle(text)
    refused(6, told, [text], rule_of(A))


def test_a_bundle_with_two_signatures_is_refused() -> None:
    document = json.loads(pair(A)[0])
    document["dsseEnvelope"]["signatures"] *= 2
    with pytest.raises(ValueError, match="exactly one signature"):
        parse_bundle(json.dumps(document).encode())


def test_statements_read_back() -> None:
    statement = Statement(MANIFEST, COSIGN, {}, "acme/echo")
    assert parse_statement(statement.payload()) == statement
    assert parse_release(RELEASE.predicate()) == RELEASE


def test_only_the_longest_prefix_counts_and_only_at_a_slash() -> None:
    policy = TrustPolicy((rule_of(A, prefix="ghcr.io/acme"), rule_of(B, prefix="ghcr.io/acme/tools")))
    assert policy.rule_for("ghcr.io/acme/echo").prefix == "ghcr.io/acme"
    assert policy.rule_for("ghcr.io/acme/tools/x").prefix == "ghcr.io/acme/tools"
    assert policy.rule_for("ghcr.io/acme").prefix == "ghcr.io/acme"
    for stranger in ("ghcr.io/acme-evil/echo", "ghcr.io/acmes", "ghcr.io", "evil/ghcr.io/acme"):
        with pytest.raises(PluginRefused, match="no rule") as caught:
            policy.rule_for(stranger)
        assert caught.value.step == 6


def test_policies_that_cannot_be_met_are_refused() -> None:
    with pytest.raises(ValueError, match="threshold"):
        rule_of(A, threshold=2)
    with pytest.raises(ValueError, match="threshold"):
        rule_of(A, threshold=0)
    with pytest.raises(ValueError, match="twice"):
        rule_of(A, A)
    with pytest.raises(ValueError, match="prefix"):
        TrustPolicy((rule_of(A), rule_of(B, prefix="acme/")))
    with pytest.raises(ValueError, match="prefix"):
        TrustPolicy((rule_of(A, prefix=""),))
