"""Keyless signatures: what certificate, log and time stamp of a bundle prove. It opens no connection and trusts nobody.

The `sigstore` package does the work against a pinned trusted root: the one given, or the one that ships with the
package, read as package data (never the copy in a user's cache, and never refreshed). It is slow to import, so only a
keyless bundle makes us import it. It checks that
 1 the certificate chains to the root's authority and was valid at the time that log or time stamp authority vouch for
 2 a certificate log has seen it
 3 the transparency log holds this very signature
 4 the signature over the envelope is the certificate's
What it leaves to its caller is done here and in `verification`: the identity is read from the certificate (exactly one
name, and one issuer), the payload is the one that we have read ourselves, its type, subject and predicate are checked.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote

from mcpg_registry.trust.identities import Identity

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Extensions
    from sigstore.verify import Verifier

    from mcpg_registry.trust.bundles import KeylessBundle

__all__ = ["verify_keyless"]

PUBLIC_GOOD = "https://tuf-repo-cdn.sigstore.dev"
ISSUER_V1 = "1.3.6.1.4.1.57264.1.1"
ISSUER_V2 = "1.3.6.1.4.1.57264.1.8"
_UTF8 = 0x0C
_LONG = 0x80
_HEADER = 4


def verify_keyless(bundle: KeylessBundle, root: bytes = b"") -> Identity:
    """Return who signed `bundle` according to the trusted root (empty: the shipped one); `ValueError` if nobody did."""
    from sigstore.models import Bundle  # noqa: PLC0415 - slow to import, and rarely needed

    verifier, reader = _verifier(root), _Reader()
    try:
        found = verifier.verify_dsse(Bundle.from_json(bundle.text()), reader)
    except Exception as error:  # noqa: BLE001 - whatever another's code makes of hostile bytes, it proves nothing
        raise ValueError(f"the keyless signature does not verify: {_line(error)}") from None
    if found != (bundle.envelope.payload_type, bundle.envelope.payload):
        raise ValueError("the keyless signature covers another payload")
    if reader.identity is None:
        raise ValueError("the keyless signature names nobody")
    return reader.identity


class _Reader:
    """A policy in the sense of `sigstore` that permits every identity and keeps it; it counts once all has passed."""

    def __init__(self) -> None:
        self.identity: Identity | None = None

    def verify(self, cert: Certificate) -> None:
        self.identity = identity_of(cert)


def identity_of(certificate: Certificate) -> Identity:
    """Return issuer and name in a Fulcio certificate; `ValueError` unless there is exactly one of each."""
    from cryptography.x509 import (  # noqa: PLC0415 - only keyless bundles have certificates
        RFC822Name,
        SubjectAlternativeName,
        UniformResourceIdentifier,
    )

    names = list(certificate.extensions.get_extension_for_class(SubjectAlternativeName).value)
    if len(names) != 1 or not isinstance(names[0], RFC822Name | UniformResourceIdentifier):
        raise ValueError("the certificate does not have exactly one URI or e-mail address as its name")
    identity = Identity(_issuer(certificate.extensions), names[0].value)
    if not all(text and text.isprintable() for text in identity):
        raise ValueError("the certificate's name or issuer is empty or unprintable")
    return identity


def _issuer(extensions: Extensions) -> str:
    raw = {each.oid.dotted_string: getattr(each.value, "value", b"") for each in extensions}
    found = set()
    if ISSUER_V1 in raw:
        found.add(raw[ISSUER_V1].decode())
    if ISSUER_V2 in raw:
        found.add(_utf8_string(raw[ISSUER_V2]))
    if len(found) != 1:
        raise ValueError("the certificate does not name exactly one issuer")
    return found.pop()


def _utf8_string(der: bytes) -> str:
    """Return the text in a DER UTF8String of at most 65,535 bytes."""
    length, start = (der[1], 2) if len(der) > 1 else (0, 2)
    if length >= _LONG:
        start += length - _LONG
        length = int.from_bytes(der[2:start], "big")
    if der[:1] != bytes([_UTF8]) or start > _HEADER or len(der) != start + length:
        raise ValueError("the certificate's issuer is no DER text")
    return der[start:].decode()


@lru_cache(maxsize=8)
def _verifier(root: bytes) -> Verifier:
    from sigstore.models import TrustedRoot  # noqa: PLC0415 - slow to import, and rarely needed
    from sigstore.verify import Verifier  # noqa: PLC0415 - likewise
    from sigstore_models.trustroot.v1 import TrustedRoot as Document  # noqa: PLC0415 - likewise

    text = root or files("sigstore._store").joinpath(quote(PUBLIC_GOOD, safe=""), "trusted_root.json").read_bytes()
    try:
        return Verifier(trusted_root=TrustedRoot(Document.from_json(text)))
    except Exception as error:  # noqa: BLE001 - another's parser, whatever it raises
        raise ValueError(f"the sigstore trusted root cannot be used: {_line(error)}") from None


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())[:200] or type(error).__name__
    return "".join(sign if sign.isprintable() else "?" for sign in text).replace("`", "'")
