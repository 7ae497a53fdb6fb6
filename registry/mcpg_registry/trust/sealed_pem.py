"""Private keys under a password: PKCS#8 PEM with scrypt and AES-256-CBC. It reads none; the PEM loader does.

What `cryptography` writes by itself derives the key with 2,048 rounds of PBKDF2, which is little for a key that signs
releases. openssl reads this form too, within its limit of 32 MiB of memory.
Source: RFC 8018, PBES2; RFC 7914, scrypt in PBES2.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

__all__ = ["sealed_pem"]

COST, BLOCKS, LANES = 16_384, 8, 5
"""scrypt's N, r and p: 16 MiB, a fifth of a second."""
_MEMORY = 64 * 1024 * 1024
_SALT = _BLOCK = 16
_SEQUENCE, _INTEGER, _OCTETS, _LONG = 0x30, 0x02, 0x04, 0x80
_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")


def sealed_pem(der: bytes, password: bytes) -> str:
    """Return the PKCS#8 key `der` as PEM that only `password` opens; `ValueError` for an empty password."""
    if not password:
        raise ValueError("an empty password protects nothing")
    salt, start = secrets.token_bytes(_SALT), secrets.token_bytes(_BLOCK)
    key = hashlib.scrypt(password, salt=salt, n=COST, r=BLOCKS, p=LANES, dklen=32, maxmem=_MEMORY)
    missing = _BLOCK - len(der) % _BLOCK
    writer = Cipher(AES256(key), CBC(start)).encryptor()
    sealed = writer.update(der + bytes([missing]) * missing) + writer.finalize()
    derivation = _tagged(_SEQUENCE, _tagged(_OCTETS, salt), *(_integer(each) for each in (COST, BLOCKS, LANES)))
    scheme = _tagged(
        _SEQUENCE,
        _tagged(_SEQUENCE, _SCRYPT, derivation),
        _tagged(_SEQUENCE, _AES_256_CBC, _tagged(_OCTETS, start)),
    )
    whole = _tagged(_SEQUENCE, _tagged(_SEQUENCE, _PBES2, scheme), _tagged(_OCTETS, sealed))
    text = base64.b64encode(whole).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN ENCRYPTED PRIVATE KEY-----", *lines, "-----END ENCRYPTED PRIVATE KEY-----", ""])


def _integer(number: int) -> bytes:
    return _tagged(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _tagged(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    if len(body) < _LONG:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG | len(size)]) + size + body
