"""Characters that people do not see and models read. It leaves alone what scripts and emoji need."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["folded", "messages", "removed"]

FLAG = "\U0001f3f4[\U000e0030-\U000e007a]{1,7}\U000e007f"
TAGS = re.compile(f"({FLAG})|[\U000e0000-\U000e007f]+")
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_WIDTHLESS = "\u00ad\u180e\u200b-\u200d\u2060-\u2064\ufeff"
# Between letters that need no joiners, or many in a row: neither emoji nor any script does that.
WIDTHLESS = re.compile(f"(?<=[A-Za-z])[{_WIDTHLESS}]+(?=[A-Za-z])|[{_WIDTHLESS}]{{3,}}")
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
KINDS = (("hidden:direction", 2, BIDI), ("hidden:width", 2, WIDTHLESS), ("hidden:selectors", 5, SELECTORS))

LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u04bb\u0261\u03bf\u03b1\u03b9\u03bd\u03c1",
    "aeopcyxijsdhgoaivp",
)


def removed(text: str, found: dict[str, int]) -> str:
    """Return `text` without hidden characters; `found` gets each kind with its weight."""
    if any(not match[1] for match in TAGS.finditer(text)):
        found["hidden:tags"] = 5
        text = TAGS.sub(lambda match: match[1] or "", text)
    for name, weight, pattern in KINDS:
        text, count = pattern.subn("", text)
        if count:
            found[name] = weight
    return text


def messages(text: str) -> list[str]:
    """Return what the tag characters in `text` spell: each of them stands for one of ASCII."""
    found = [match[0] for match in TAGS.finditer(text) if not match[1]]
    return ["".join(chr(ord(sign) - 0xE0000) for sign in each) for each in found]


def folded(text: str) -> str:
    """Return `text` in lower case, with Latin letters for those that look like them. It keeps its length."""
    if text.isascii():
        return text.lower()
    return text.translate({ord(sign): _plain(sign) for sign in set(text)})


@lru_cache(maxsize=4096)
def _plain(sign: str) -> str:
    plain = unicodedata.normalize("NFKC", sign).lower()
    return plain.translate(LOOKALIKES) if len(plain) == 1 else sign
