r"""Anchored patterns for identities: a small, safe part of regular expressions, in linear time. It trusts nobody.

    ^ ... $        both must stand there: an unanchored pattern matches what somebody appends
    a  \.          a letter, digit or other plain sign; a backslash before a sign means the sign itself
    [a-z0-9._-]    one of these, [^/] none of these; ranges in ASCII
    .* .+          any signs; a lone `.` is refused, for it nearly always was meant to be `\.`
    * + ?          behind a plain sign or a class: none or more, one or more, none or one

There are no groups, alternatives, counts or references: write two identities instead. Matching walks the text once and
keeps the set of places in the pattern that can be reached, so no pattern and no text can make it slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["MAX_PATTERN", "Pattern", "parse_pattern"]

MAX_PATTERN = 512
MAX_TEXT = 2048
_SPECIAL = frozenset("^$.*+?()[]{}|\\")
_ASCII = 0x7F


class _Piece(NamedTuple):
    """One step of a pattern: which signs it takes (`negated`: all others), whether it may be skipped or repeated."""

    signs: frozenset[str]
    negated: bool
    skip: bool
    repeat: bool

    def takes(self, sign: str) -> bool:
        return (sign in self.signs) != self.negated


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, read and ready to match."""

    text: str
    _pieces: tuple[_Piece, ...]

    def matches(self, text: str) -> bool:
        """Whether the whole of `text` matches; never for more than 2,048 characters or for unprintable ones."""
        if len(text) > MAX_TEXT or not text.isprintable():
            return False
        places = self._reach({0})
        for sign in text:
            places = self._reach(
                {
                    place if self._pieces[place].repeat else place + 1
                    for place in places
                    if place < len(self._pieces) and self._pieces[place].takes(sign)
                }
            )
            if not places:
                return False
        return len(self._pieces) in places

    def _reach(self, places: set[int]) -> set[int]:
        """Return `places` and those behind pieces that may be skipped."""
        reached: set[int] = set()
        for start in places:
            place = start
            while place not in reached:
                reached.add(place)
                if place == len(self._pieces) or not self._pieces[place].skip:
                    break
                place += 1
        return reached


def parse_pattern(text: str) -> Pattern:
    """Return the pattern in `text`; `ValueError` says what it may not hold."""
    if len(text) > MAX_PATTERN or not text.isprintable():
        raise ValueError(f"a pattern is printable and has at most {MAX_PATTERN} characters")
    if not text.startswith("^") or not text.endswith("$") or len(text) < len("^x$"):
        raise ValueError(f"the pattern `{text}` is not anchored; write ^ before and $ behind it")
    body, place, pieces = text[1:-1], 0, []
    while place < len(body):
        signs, negated, place = _atom(body, place)
        quantifier = body[place] if place < len(body) and body[place] in "*+?" else ""
        place += len(quantifier)
        if negated and not signs and quantifier not in {"*", "+"}:
            raise ValueError(f"the pattern `{text}` has a lone dot; write \\. for a dot, .* or .+ for anything")
        if quantifier == "+":
            pieces.append(_Piece(signs, negated, skip=False, repeat=False))
        pieces.append(_Piece(signs, negated, skip=quantifier != "", repeat=quantifier in {"*", "+"}))
    if all(piece.negated and not piece.signs for piece in pieces):
        raise ValueError(f"the pattern `{text}` trusts everybody; it must hold something of the name")
    return Pattern(text, tuple(pieces))


def _atom(body: str, place: int) -> tuple[frozenset[str], bool, int]:
    """Return the signs that stand at `place`, whether they are excluded instead, and the place behind them."""
    sign = body[place]
    if sign == ".":
        return frozenset(), True, place + 1
    if sign == "[":
        return _class(body, place + 1)
    if sign == "\\":
        return frozenset(_escaped(body, place + 1)), False, place + 2
    if sign in _SPECIAL:
        raise ValueError(f"`{sign}` in a pattern stands for itself only behind a backslash; {_without(sign)}")
    return frozenset(sign), False, place + 1


def _class(body: str, place: int) -> tuple[frozenset[str], bool, int]:
    negated = body[place : place + 1] == "^"
    place += negated
    signs: set[str] = set()
    while place < len(body) and body[place] != "]":
        first, place = _member(body, place)
        if body[place : place + 1] == "-" and body[place + 1 : place + 2] not in {"", "]"}:
            last, place = _member(body, place + 1)
            if not ord(first) <= ord(last) <= _ASCII:
                raise ValueError(f"the range `{first}-{last}` of a pattern does not rise, or leaves ASCII")
            signs |= {chr(code) for code in range(ord(first), ord(last) + 1)}
        signs.add(first)
    if place >= len(body) or not signs:
        raise ValueError("a class of a pattern is empty or has no closing `]`")
    return frozenset(signs), negated, place + 1


def _member(body: str, place: int) -> tuple[str, int]:
    if body[place] == "\\":
        return _escaped(body, place + 1), place + 2
    if body[place] in "[^":
        raise ValueError(f"`{body[place]}` within a class of a pattern wants a backslash")
    return body[place], place + 1


def _escaped(body: str, place: int) -> str:
    sign = body[place : place + 1]
    if not sign or sign.isalnum() or not sign.isascii():
        raise ValueError(f"`\\{sign}` is not known in patterns; only signs are escaped, write [0-9] for digits")
    return sign


def _without(sign: str) -> str:
    if sign in "()|{}":
        return "groups, alternatives and counts are not known here, write several identities"
    return "a quantifier follows a sign or a class, once"
