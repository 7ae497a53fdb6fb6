"""One text, five checks: phrases, hidden characters, encoded phrases, comments, images. It decides nothing."""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import NamedTuple

import hidden
from phrases import PHRASES, own_phrases

__all__ = ["Screen", "Screened"]

REMOVED = "[removed]"
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,65536}={0,2}")
HEX = re.compile(r"(?:[0-9A-Fa-f]{2}[ :]?){16,16384}")
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
IMAGE = re.compile(
    r"!\[[^\[\]]{0,300}\]\(\s{0,8}<?(?P<a>https?://[^\s)>]*)\)?"
    r"|<img\b[^<>]{0,300}?\bsrc\s{0,8}=\s{0,8}[\"']?(?P<b>https?://[^\s\"'>]*)[^<>]{0,300}>?",
    re.IGNORECASE,
)
PLACE = re.compile(r"[{}<>\[\]]|%7[bB]|\$[A-Z_]{2,}|\b(?:DATA|SECRET|CONTENT|SUMMARY)\b")
MOST_ENCODED = 500


class Screened(NamedTuple):
    """What was found in a text, with weights, and the text without it."""

    found: dict[str, int]
    stripped: str


@dataclass(frozen=True, slots=True)
class Screen:
    """What is looked for. `skip` names checks that are left out, `phrases` more phrases, `hosts` those of images."""

    skip: frozenset[str]
    phrases: tuple[str, ...]
    hosts: frozenset[str]

    def look(self, text: str) -> Screened:
        """Look at one text."""
        found: dict[str, int] = {}
        plain = text
        if "hidden" not in self.skip and not text.isascii():
            plain = hidden.removed(text, found)
            for message in hidden.messages(text):
                self._phrases(hidden.folded(message), found, before="hidden:")
        spans = self._spans(plain, found)
        return Screened(found, _without(plain, spans))

    def _spans(self, text: str, found: dict[str, int]) -> list[tuple[int, int]]:
        """Return where something was found. Every span is one of `text`, because folding keeps its length."""
        folded = hidden.folded(text)
        spans = self._phrases(folded, found)
        if "encoded" not in self.skip:
            spans += self._encoded(text, found)
        if "comments" not in self.skip:
            spans += self._comments(text, spans, found)
        if "images" not in self.skip:
            spans += self._images(text, found)
        return spans

    def _phrases(self, text: str, found: dict[str, int], before: str = "") -> list[tuple[int, int]]:
        if "phrases" in self.skip:
            return []
        spans = []
        for phrase in (*PHRASES, *own_phrases(self.phrases)):
            if any(needle in text for needle in phrase.needles):
                for match in phrase.pattern.finditer(text):
                    found[f"{before}{phrase.name}"] = phrase.weight
                    spans.append(match.span())
        return spans

    def _encoded(self, text: str, found: dict[str, int]) -> list[tuple[int, int]]:
        spans = []
        for pattern, decode in ((BASE64, _from_base64), (HEX, _from_hex)):
            for number, match in enumerate(pattern.finditer(text)):
                if number == MOST_ENCODED:
                    found["encoded:many"] = 1
                    break
                inside = hidden.folded(decode(match[0]))
                if inside and self._phrases(inside, found, before="encoded:"):
                    found["encoded"] = 2
                    spans.append(match.span())
        return spans

    def _comments(self, text: str, phrases: list[tuple[int, int]], found: dict[str, int]) -> list[tuple[int, int]]:
        """Return the comments that hold a phrase: whoever wrote it there did not want it to be seen."""
        begins = sorted(start for start, _ in phrases)
        comments = [match.span() for match in COMMENT.finditer(text)] if begins else []
        spans = [(start, stop) for start, stop in comments if bisect_left(begins, start) < bisect_left(begins, stop)]
        if spans:
            found["comment"] = 2
        return spans

    def _images(self, text: str, found: dict[str, int]) -> list[tuple[int, int]]:
        spans = []
        for match in IMAGE.finditer(text):
            url = match["a"] or match["b"]
            host = re.split(r"[/?#:]", url.partition("://")[2].rpartition("@")[2].lower(), maxsplit=1)[0]
            if host in self.hosts:
                continue
            if PLACE.search(url):
                found["image:placeholder"] = 3
            elif "?" in url:
                found["image:query"] = 2
            else:
                continue
            spans.append(match.span())
        return spans


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    parts, end = [], 0
    for start, stop in sorted(spans):
        if start >= end:
            parts += [text[end:start], REMOVED]
        end = max(end, stop)
    return "".join([*parts, text[end:]])


def _from_base64(text: str) -> str:
    even = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(even + "=" * (-len(even) % 4)).decode()
    except (ValueError, binascii.Error):
        return ""


def _from_hex(text: str) -> str:
    try:
        return bytes.fromhex(text.replace(":", "").replace(" ", "")).decode()
    except ValueError:
        return ""
