"""Finds a secret that comes back in an answer, also encoded. Pure; it never holds the secret in its text form.

It is a net, not a proof: a peer that wants to can always encode a secret in a way that nobody thought of. What it stops
are echo endpoints, debugging pages and error messages, which is how secrets leak in practice.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MIN_SECRET", "EchoGuard"]

MIN_SECRET = 6
"""Shorter secrets would be found by chance in every second answer, so they are not opened at all."""


_ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})")


class EchoGuard:
    """Knows some secrets' forms: plain, percent-encoded, JSON-escaped, hexadecimal and base64 at any offset."""

    __slots__ = ("_needles",)

    def __init__(self, values: Iterable[str]) -> None:
        self._needles = tuple({needle for value in values for needle in _forms(value)})

    def __repr__(self) -> str:
        return f"EchoGuard({len(self._needles)} forms)"

    def found_in(self, body: bytes) -> bool:
        """Whether `body` holds a secret in any known form."""
        if not self._needles:
            return False
        if any(needle in body for needle in self._needles):
            return True
        decoded = []
        if b"%" in body:
            decoded.append(unquote_to_bytes(body))
        if b"\\u" in body:
            decoded.append(_ESCAPE.sub(_unescape, body))
        return any(needle in plain for plain in decoded for needle in self._needles)


def _unescape(found: re.Match[bytes]) -> bytes:
    return chr(int(found[1], 16)).encode("utf-8", "replace")


def _forms(value: str) -> set[bytes]:
    raw = value.encode()
    forms = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    forms |= {quote(value, safe="").encode(), quote_plus(value).encode()}
    forms |= {json.dumps(value, ensure_ascii=ascii_only)[1:-1].encode() for ascii_only in (True, False)}
    for shift in range(3):
        # Base64 of the secret inside a longer text: what surrounds it blurs the first and the last characters.
        coded = base64.b64encode(b"\0" * shift + raw)
        inner = coded[(0, 2, 3)[shift] : len(coded) - (0, 3, 2)[(len(raw) + shift) % 3]].rstrip(b"=")
        if len(inner) >= MIN_SECRET:
            forms |= {inner, inner.translate(bytes.maketrans(b"+/", b"-_"))}
    return forms
