"""A sigstore of our own for tests: certificate authority, certificate log, transparency log. It opens no connection."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from mcpg_registry.trust.dsse import pre_auth_encoding

SIGNED = 1_700_000_000
ISSUER = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/acme/redact/.github/workflows/release.yml@refs/tags/v1.2.0"
ECDSA = ec.ECDSA(hashes.SHA256())
SINCE = "2020-01-01T00:00:00Z"
V1, V2, SCTS = (ObjectIdentifier(f"1.3.6.1.4.1.{tail}") for tail in ("57264.1.1", "57264.1.8", "11129.2.4.2"))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def spki(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def log_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(spki(key)).digest()


def text_der(text: str) -> bytes:
    data = text.encode()
    return bytes([0x0C, len(data)]) + data if len(data) < 128 else bytes([0x0C, 0x81, len(data)]) + data


@dataclass(frozen=True)
class Speaker:
    """Who signs, and how the certificate says so."""

    identity: str = WORKFLOW
    issuer: str = ISSUER
    issuer_v1: str | None = None
    names: tuple[x509.GeneralName, ...] = ()
    minutes: int = 10
    logged_after: int = 60


RELEASER = Speaker()


@dataclass
class Sigstore:
    authority: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    certificates: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    log: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    def __post_init__(self) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        usage = x509.KeyUsage(*(each == 5 for each in range(9)))
        self.certificate = (
            self._builder(name, name, self.authority, datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=7300))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.authority.public_key()), critical=False)
            .sign(self.authority, hashes.SHA256())
        )

    def root(self) -> bytes:
        """Return the trusted root, as JSON."""
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [self._instance(self.log, "https://log.invalid")],
                "ctlogs": [self._instance(self.certificates, "https://ct.invalid")],
                "certificateAuthorities": [
                    {
                        "subject": {"organization": "tests", "commonName": "tests"},
                        "uri": "https://ca.invalid",
                        "certChain": {"certificates": [{"rawBytes": b64(self.certificate.public_bytes(Encoding.DER))}]},
                        "validFor": {"start": SINCE},
                    }
                ],
                "timestampAuthorities": [],
            }
        ).encode()

    def sign(self, payload: bytes, speaker: Speaker = RELEASER, *, kind: str = "application/vnd.in-toto+json") -> bytes:
        """Return the keyless bundle that signs a payload."""
        key = new_key()
        leaf = self._leaf(key, speaker)
        signature = key.sign(pre_auth_encoding(kind, payload), ECDSA)
        envelope = {"payload": b64(payload), "payloadType": kind, "signatures": [{"sig": b64(signature)}]}
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                "verificationMaterial": {
                    "certificate": {"rawBytes": b64(leaf.public_bytes(Encoding.DER))},
                    "tlogEntries": [self._entry(leaf, envelope, payload, signature, SIGNED + speaker.logged_after)],
                },
                "dsseEnvelope": envelope,
            }
        ).encode()

    def _instance(self, key: ec.EllipticCurvePrivateKey, url: str) -> dict[str, Any]:
        return {
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": b64(spki(key)),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": SINCE},
            },
            "logId": {"keyId": b64(log_id(key))},
        }

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: Any, start: datetime, length: timedelta
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + length)
        )

    def _leaf(self, key: ec.EllipticCurvePrivateKey, speaker: Speaker) -> x509.Certificate:
        names = speaker.names or (x509.UniformResourceIdentifier(speaker.identity),)
        start = datetime.fromtimestamp(SIGNED, UTC)
        issuer_key = self.authority.public_key()
        builder = (
            self._builder(x509.Name([]), self.certificate.subject, key, start, timedelta(minutes=speaker.minutes))
            .add_extension(x509.KeyUsage(*(each == 0 for each in range(9))), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
        )
        old = speaker.issuer if speaker.issuer_v1 is None else speaker.issuer_v1
        builder = builder.add_extension(x509.UnrecognizedExtension(V1, old.encode()), critical=False)
        builder = builder.add_extension(x509.UnrecognizedExtension(V2, text_der(speaker.issuer)), critical=False)
        bare = builder.sign(self.authority, hashes.SHA256()).tbs_certificate_bytes
        return builder.add_extension(x509.UnrecognizedExtension(SCTS, self._stamp(bare)), critical=False).sign(
            self.authority, hashes.SHA256()
        )

    def _stamp(self, bare: bytes) -> bytes:
        """Return the list of one certificate time stamp (RFC 6962) over a certificate without one."""
        when = SIGNED * 1000
        signed = struct.pack("!BBQH", 0, 0, when, 1) + log_id(self.authority)
        signed += len(bare).to_bytes(3, "big") + bare + b"\0\0"
        signature = self.certificates.sign(signed, ECDSA)
        stamp = b"\0" + log_id(self.certificates) + struct.pack("!QHBBH", when, 0, 4, 3, len(signature)) + signature
        listed = struct.pack("!HH", len(stamp) + 2, len(stamp)) + stamp
        return bytes([0x04, len(listed)] if len(listed) < 128 else [0x04, 0x81, len(listed)]) + listed

    def _entry(
        self, leaf: x509.Certificate, envelope: dict[str, Any], payload: bytes, signature: bytes, when: int
    ) -> dict[str, Any]:
        def sha256(data: bytes) -> dict[str, str]:
            return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}

        spec = {
            "envelopeHash": sha256(json.dumps(envelope).encode()),
            "payloadHash": sha256(payload),
            "signatures": [{"signature": b64(signature), "verifier": b64(leaf.public_bytes(Encoding.PEM))}],
        }
        body = json.dumps({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}).encode()
        top = hashlib.sha256(b"\0" + body).digest()
        note = f"log.invalid\n1\n{b64(top)}\n"
        mark = b64(log_id(self.log)[:4] + self.log.sign(note.encode(), ECDSA))
        promise = {"body": b64(body), "integratedTime": when, "logID": log_id(self.log).hex(), "logIndex": 0}
        canonical = json.dumps(promise, sort_keys=True, separators=(",", ":")).encode()
        return {
            "logIndex": "0",
            "logId": {"keyId": b64(log_id(self.log))},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(when),
            "inclusionPromise": {"signedEntryTimestamp": b64(self.log.sign(canonical, ECDSA))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": b64(top),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n\N{EM DASH} log.invalid {mark}\n"},
            },
            "canonicalizedBody": b64(body),
        }
