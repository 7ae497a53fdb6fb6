from __future__ import annotations

import hashlib
from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mcpg_registry.digests import hex_of
from mcpg_registry.trust.keys import PrivateKey, hint_of, load_public_keys

# The public key of RFC 8410, section 10.1, which is also how openssl and cosign write one.
OPENSSL_PUBLIC = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
# Its private key, section 10.3.
RFC8410_PRIVATE = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
"""


def other_kind(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_keys_are_those_of_openssl_and_rfc_8410() -> None:
    key = PrivateKey.from_pem(RFC8410_PRIVATE)
    (public,) = load_public_keys(OPENSSL_PUBLIC)
    assert key.public == public
    assert key.public.pem == OPENSSL_PUBLIC
    der = b64decode(OPENSSL_PUBLIC.split("\n")[1])
    assert public.id == "sha256:" + hashlib.sha256(der).hexdigest()
    assert b64decode(hint_of(public.id)) == hashlib.sha256(der).digest()
    assert hex_of(public.id) == hashlib.sha256(der).hexdigest()


def test_a_private_key_is_encrypted_and_opened_with_its_password_only() -> None:
    key = PrivateKey.generate()
    locked = key.pem(b"secret")
    assert "ENCRYPTED" in locked
    assert PrivateKey.from_pem(locked, b"secret").public == key.public
    for password in (None, b"wrong"):
        with pytest.raises(ValueError, match="another password"):
            PrivateKey.from_pem(locked, password)


def test_a_private_key_does_not_show_itself() -> None:
    key = PrivateKey.generate()
    body = key.pem().split("\n")[1]
    assert body not in repr(key)
    assert body not in str(vars(type(key)))


def test_several_keys_stand_in_one_text() -> None:
    keys = [PrivateKey.generate().public for _ in range(3)]
    assert load_public_keys("\n".join(key.pem for key in keys)) == tuple(keys)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "wanted one or more"),
        ("hello", "wanted one or more"),
        (OPENSSL_PUBLIC + "x", "nothing else"),
        ("x" + OPENSSL_PUBLIC, "between"),
        (OPENSSL_PUBLIC * 2, "twice"),
        (OPENSSL_PUBLIC.replace("MCow", "MCox"), "SPKI"),
        (RFC8410_PRIVATE, "wanted one or more"),
        (OPENSSL_PUBLIC * 2000, "characters"),
    ],
)
def test_texts_that_are_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        load_public_keys(text)


def test_other_kinds_of_keys_are_refused() -> None:
    for key in (ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)):
        with pytest.raises(ValueError, match="no Ed25519 key"):
            load_public_keys(other_kind(key))
