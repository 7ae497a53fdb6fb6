"""Ed25519ph, only to recognise it: `cosign sign` makes it and nothing verifies it. It signs nothing.

A signature that this module finds valid still counts for nothing. Plain arithmetic over public values, some
milliseconds each: callers bound how often they ask. Source: RFC 8032, sections 5.1 and 6.
"""

from __future__ import annotations

import hashlib

__all__ = ["is_prehashed"]

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_DOMAIN = b"SigEd25519 no Ed25519 collisions\x01\x00"
_HALF = 32

_Point = tuple[int, int, int, int]
"""Extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, x*y = T/Z."""


def is_prehashed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether `signature` (64 bytes) is the Ed25519ph signature over `data` by the raw key `public` (32 bytes)."""
    if len(public) != _HALF or len(signature) != 2 * _HALF:
        return False
    key, commitment = _decode(public), _decode(signature[:_HALF])
    response = int.from_bytes(signature[_HALF:], "little")
    if key is None or commitment is None or response >= _ORDER:
        return False
    hashed = hashlib.sha512(data).digest()
    challenge = int.from_bytes(hashlib.sha512(_DOMAIN + signature[:_HALF] + public + hashed).digest(), "little")
    return _same(_times(response, _BASE), _add(commitment, _times(challenge % _ORDER, key)))


def _add(one: _Point, other: _Point) -> _Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(number: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    return result


def _same(one: _Point, other: _Point) -> bool:
    return not ((one[0] * other[2] - other[0] * one[2]) % _P or (one[1] * other[2] - other[1] * one[2]) % _P)


def _decode(data: bytes) -> _Point | None:
    """Return the point in 32 bytes, or none if there is none of that y."""
    number = int.from_bytes(data, "little")
    y, odd = number & ((1 << 255) - 1), number >> 255
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (not x and odd):
        return None
    if x & 1 != odd:
        x = _P - x
    return (x, y, 1, x * y % _P)


_found = _decode((4 * pow(5, _P - 2, _P) % _P).to_bytes(_HALF, "little"))
if _found is None:  # pragma: no cover - the base point is a constant
    raise AssertionError
_BASE = _found
