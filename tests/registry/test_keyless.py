"""Keyless signatures against a certificate authority and logs of our own, all offline."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
from typing import Any

import pytest
from cryptography import x509
from tests.registry.artifacts import NOW, rule_of
from tests.registry.sigstore_root import ISSUER, RELEASER, SIGNED, WORKFLOW, Sigstore, Speaker

from mcpg.contract.problems import PluginRefused
from mcpg_registry.digests import digest_bytes
from mcpg_registry.trust.bundles import KeylessBundle, read_bundle
from mcpg_registry.trust.identities import Identity, TrustedIdentity
from mcpg_registry.trust.keyless import verify_keyless
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.policy import Rule, TrustedKey
from mcpg_registry.trust.revoked import Revoked
from mcpg_registry.trust.signing import sign_manifest, sign_release, statements_of, vulnerability_statement
from mcpg_registry.trust.statements import Release
from mcpg_registry.trust.verification import Signed, verify_signatures

HOME, FOREIGN = Sigstore(), Sigstore()
ROOT = HOME.root()
MANIFEST, OTHER = digest_bytes(b"manifest"), digest_bytes(b"other")
RELEASE = Release("acme/redact", "1.2.0", "mcpg:plugin/transform-plugin@1.0.0", digest_bytes(b"wasm"))
WHO = Identity(ISSUER, WORKFLOW)
EXACT = TrustedIdentity(ISSUER, WORKFLOW, root=ROOT)
PATTERN = r"^https://github\.com/acme/redact/\.github/workflows/release\.yml@refs/tags/v[0-9.]+$"
KEY = PrivateKey.generate()
STAGED = b'{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def pair(speaker: Speaker = RELEASER, sigstore: Sigstore = HOME, manifest: str = MANIFEST) -> list[bytes]:
    return [sigstore.sign(each.payload(), speaker) for each in statements_of(manifest, RELEASE)]


def key_pair(key: PrivateKey = KEY) -> list[bytes]:
    return [sign_manifest(MANIFEST, key).text(), sign_release(MANIFEST, RELEASE, key).text()]


def rule(*identities: TrustedIdentity, **more: Any) -> Rule:
    return Rule("ghcr.io/acme", identities=identities or (EXACT,), **more)


def verify(candidates: list[bytes], by: Rule, **more: Any) -> Signed:
    return verify_signatures(MANIFEST, candidates, by, now=NOW, **more)


def refused(told: str, candidates: list[bytes], by: Rule, *, step: int = 6, **more: Any) -> PluginRefused:
    with pytest.raises(PluginRefused, match=told) as caught:
        verify(candidates, by, **more)
    assert caught.value.step == step
    return caught.value


SIGNATURES = pair()


def test_what_the_identity_has_signed_is_accepted() -> None:
    assert verify(SIGNATURES, rule()) == Signed((), RELEASE, (), (WHO,))
    assert verify(SIGNATURES, rule(TrustedIdentity(ISSUER, pattern=PATTERN, root=ROOT))).identities == (WHO,)


def test_an_e_mail_address_is_an_identity() -> None:
    mail = Speaker(names=(x509.RFC822Name("ana@acme.example"),), issuer="https://accounts.example")
    trusted = TrustedIdentity("https://accounts.example", pattern=r"^[a-z]+@acme\.example$", root=ROOT)
    assert verify(pair(mail), rule(trusted)).identities == (("https://accounts.example", "ana@acme.example"),)


def test_another_identity_is_refused_and_named() -> None:
    evil = "https://github.com/evil/redact/.github/workflows/release.yml@refs/tags/v1.2.0"
    error = refused("may not sign for `ghcr.io/acme`", pair(Speaker(identity=evil)), rule())
    assert evil in error.message
    refused("may not sign", pair(Speaker(identity=WORKFLOW + "x")), rule())


def test_the_same_name_by_another_issuer_is_refused() -> None:
    refused("by `https://evil.example` may not sign", pair(Speaker(issuer="https://evil.example")), rule())


def test_a_certificate_with_two_issuers_or_two_names_names_nobody() -> None:
    refused("exactly one issuer", pair(Speaker(issuer_v1="https://evil.example")), rule())
    two = tuple(x509.UniformResourceIdentifier(each) for each in (WORKFLOW, "https://evil.example"))
    refused("exactly one URI", pair(Speaker(names=two)), rule())
    refused("exactly one URI", pair(Speaker(names=(x509.DNSName("github.com"),))), rule())


def test_another_root_proves_nothing() -> None:
    refused("does not verify", pair(sigstore=FOREIGN), rule())
    refused("does not verify", SIGNATURES, rule(TrustedIdentity(ISSUER, WORKFLOW)))


def test_each_identity_has_its_own_root() -> None:
    """An identity that the other root vouches for is not the one that is trusted by this root."""
    mine = TrustedIdentity(ISSUER, "https://example.com/mine", root=FOREIGN.root())
    both = rule(EXACT, mine)
    assert verify(SIGNATURES, both).identities == (WHO,)
    refused("may not sign", pair(sigstore=FOREIGN), both)
    assert verify(pair(Speaker(identity=mine.identity), FOREIGN), both).identities == ((ISSUER, mine.identity),)


def test_a_signature_of_another_artifact_proves_nothing() -> None:
    error = refused("it is about", pair(manifest=OTHER), rule())
    assert OTHER in error.message


def test_a_certificate_that_had_expired_when_it_was_logged_is_refused() -> None:
    refused("does not verify", pair(Speaker(logged_after=3600)), rule())
    refused("does not verify", pair(Speaker(logged_after=-3600)), rule())


def test_a_certificate_that_has_expired_since_counts() -> None:
    assert NOW > SIGNED + 600
    assert verify(SIGNATURES, rule()).warnings == ()


def test_both_statements_are_wanted_from_one_identity() -> None:
    refused("found 0 valid release statements by keys and 0 by identities", SIGNATURES[:1], rule(), step=7)
    refused("found 0 valid signatures", SIGNATURES[1:], rule())
    later = Speaker(identity=WORKFLOW.replace("1.2.0", "1.2.1"))
    mixed = [SIGNATURES[0], pair(later)[1]]
    loose = rule(TrustedIdentity(ISSUER, pattern=PATTERN, root=ROOT))
    refused("found 0 valid signers of both", mixed, loose, step=7)


def test_keys_and_identities_are_alternatives_or_both_wanted() -> None:
    keys = (TrustedKey(KEY.public),)
    either, both = rule(keys=keys), rule(keys=keys, require="all")
    assert verify(SIGNATURES, either).identities == (WHO,)
    assert verify(key_pair(), either).keys == (KEY.public.id,)
    signed = verify(SIGNATURES + key_pair(), both)
    assert (signed.keys, signed.identities) == ((KEY.public.id,), (WHO,))
    refused("wanted 1 by keys and 1 by an identity", SIGNATURES, both)
    refused("found 1 valid signatures by keys and 0 by identities", key_pair(), both)
    refused("release statements", [*SIGNATURES, key_pair()[0]], both, step=7)


def test_a_key_and_an_identity_do_not_add_up_to_a_threshold() -> None:
    two = PrivateKey.generate()
    keys = (TrustedKey(KEY.public), TrustedKey(two.public))
    both = rule(keys=keys, threshold=2, require="all")
    refused("found 1 valid signatures by keys and 1 by identities", SIGNATURES + key_pair(), both)
    assert len(verify(SIGNATURES + key_pair() + key_pair(two), both).keys) == 2


def test_a_revoked_identity_is_named_with_the_reason() -> None:
    refused(
        "is revoked: the runner was taken",
        SIGNATURES,
        rule(),
        revoked=Revoked(identities={WHO: "the runner was taken"}),
    )
    pattern = {(ISSUER, r"^https://github\.com/acme/.*$"): "the account was taken"}
    refused("is revoked: the account was taken", SIGNATURES, rule(), revoked=Revoked(identities=pattern))
    others = {("https://other.example", WORKFLOW): "x", (ISSUER, r"^https://github\.com/other/.*$"): "y"}
    assert verify(SIGNATURES, rule(), revoked=Revoked(identities=others)).identities == (WHO,)


def test_a_rule_without_identities_knows_no_keyless_signature() -> None:
    refused("it is keyless, and the rule for `acme` names no identity", SIGNATURES, rule_of(KEY))


def test_vulnerabilities_are_told_by_identities_too() -> None:
    told = HOME.sign(vulnerability_statement(MANIFEST, ["CVE-2026-2", "CVE-2026-1"]).payload())
    assert verify([*SIGNATURES, told], rule()).vulnerabilities == ("CVE-2026-1", "CVE-2026-2")


def _changed(text: bytes, change: Any) -> bytes:
    document = json.loads(text)
    change(document["verificationMaterial"], document["dsseEnvelope"])
    return json.dumps(document).encode()


def _other_payload(material: Any, envelope: Any) -> None:
    envelope["payload"] = json.loads(pair(manifest=OTHER)[0])["dsseEnvelope"]["payload"]


def _other_entry(material: Any, envelope: Any) -> None:
    material["tlogEntries"] = json.loads(SIGNATURES[1])["verificationMaterial"]["tlogEntries"]


def _flip(where: str) -> Any:
    def change(material: Any, envelope: Any) -> None:
        entry = material["tlogEntries"][0]
        place, name = {
            "sig": (envelope["signatures"][0], "sig"),
            "cert": (material["certificate"], "rawBytes"),
            "promise": (entry["inclusionPromise"], "signedEntryTimestamp"),
            "root": (entry["inclusionProof"], "rootHash"),
        }[where]
        raw = bytearray(base64.b64decode(place[name]))
        raw[len(raw) // 2] ^= 1
        place[name] = base64.b64encode(bytes(raw)).decode()

    return change


@pytest.mark.parametrize(
    "change",
    [
        _other_payload,
        _other_entry,
        _flip("sig"),
        _flip("cert"),
        _flip("promise"),
        _flip("root"),
        lambda material, _: material.update(tlogEntries=[]),
        lambda material, _: material["tlogEntries"].append(material["tlogEntries"][0]),
        lambda material, _: material["tlogEntries"][0].pop("inclusionProof"),
        lambda material, _: material["tlogEntries"][0].pop("inclusionPromise"),
        lambda material, _: material.pop("tlogEntries"),
        lambda material, _: material["certificate"].update(rawBytes="AAAA"),
        lambda material, _: material["tlogEntries"][0].update(integratedTime="x" * 500),
    ],
)
def test_a_bundle_that_was_touched_proves_nothing(change: Any) -> None:
    error = refused("does not verify", [_changed(SIGNATURES[0], change)], rule())
    assert "\n" not in error.message
    assert error.message.isprintable()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda material, _: material.update(publicKey={"hint": "x"}), "or both"),
        (lambda material, _: material.update(x509CertificateChain={}), "not known"),
        (lambda material, _: material["certificate"].update(more=1), "rawBytes and nothing else"),
        (lambda material, _: material.update(certificate="x"), "rawBytes and nothing else"),
        (lambda _, envelope: envelope.update(payload_type="text/plain"), "nothing else"),
    ],
)
def test_bundles_in_another_shape_are_refused_before_sigstore_sees_them(change: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_bundle(_changed(SIGNATURES[0], change))


def test_a_payload_of_another_type_is_refused() -> None:
    text = HOME.sign(statements_of(MANIFEST, RELEASE)[0].payload(), kind="text/plain")
    refused("the payload is `text/plain`", [text], rule())


@pytest.mark.parametrize("root", [b"{}", b"junk", b"[]", b"\xff"])
def test_a_root_that_is_none_is_found_out_at_once(root: bytes) -> None:
    with pytest.raises(ValueError, match=f"the trusted root for `{ISSUER}`"):
        TrustedIdentity(ISSUER, WORKFLOW, root=root)


def test_a_root_that_cannot_be_used_proves_nothing() -> None:
    refused("trusted root cannot be used", SIGNATURES, rule(TrustedIdentity(ISSUER, WORKFLOW, root=STAGED)))


def test_the_shipped_root_can_be_used() -> None:
    bundle = read_bundle(SIGNATURES[0])
    assert isinstance(bundle, KeylessBundle)
    with pytest.raises(ValueError, match="does not verify"):
        verify_keyless(bundle)
    assert verify_keyless(bundle, ROOT) == WHO


def test_sigstore_is_imported_only_for_a_keyless_bundle(tmp_path: Any) -> None:
    program = (
        "import sys\n"
        "from tests.registry.test_verification import A, pair, rule_of, verify\n"
        "verify(pair(A), rule_of(A))\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] == 'sigstore']\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
