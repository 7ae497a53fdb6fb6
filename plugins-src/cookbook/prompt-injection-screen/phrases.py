"""Phrases by which texts speak to a model, in four languages, with weights. Attackers can read them too.

Texts are folded to lower case first. A pattern is only tried where one of its needles is, and its gaps are bounded, so
that no text makes a search slow.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from hidden import folded

__all__ = ["PHRASES", "Phrase", "own_phrases"]


class Phrase(NamedTuple):
    """One pattern, the name and weight of what it finds, and words of which its matches hold one at least."""

    name: str
    weight: int
    needles: tuple[str, ...]
    pattern: re.Pattern[str]


_EARLIER = r"(?:all|any|every|the|your|my|these|those|of|previous|prior|above|earlier|preceding|existing|other)"
_TOLD = r"(?:instructions?|prompts?|rules|directions?|directives?|guidelines|commands|messages)"
_SECRET = (
    r"(?:api[ _-]?keys?|passwords?|credentials?|secrets?|tokens?|private keys?|\.env|ssh keys?"
    r"|chat history|conversation)"
)
_SECRETS = ("api", "password", "credential", "secret", "token", "key", ".env", "history", "conversation")

_TABLE = (
    ("override", 3, ("ignore", "disregard", "forget", "override", "bypass"),
     rf"\b(?:ignore|disregard|forget|override|bypass)\s+(?:{_EARLIER}\s+){{0,4}}{_TOLD}\b"),
    ("override", 3, ("ignorier",), r"\bignorier(?:e|en sie|t)\s+(?:\w{1,30}\s+){0,3}(?:anweisungen|regeln|vorgaben)\b"),
    ("override", 3, ("ignor",), r"\bignorez?\s+(?:\w{1,30}\s+){0,3}(?:instructions|consignes|règles)\b"),
    ("override", 3, ("ignor",), r"\bignor(?:a|e|en)\s+(?:\w{1,30}\s+){0,3}(?:instrucciones|reglas|indicaciones)\b"),
    ("new-orders", 3, ("new", "real", "actual", "updated"),
     rf"\b(?:your|these are|here are)\s+(?:\w{{1,30}}\s+){{0,2}}(?:new|real|actual|updated)\s+{_TOLD}\b"),
    ("new-orders", 2, ("from now on", "you are now"),
     r"\bfrom now on,?\s+you\s+(?:are|will|must|should)\b|\byou are now\s+(?:a|an|in|the)\b"),
    ("secrecy", 3, ("user", "human", "operator"),
     r"\b(?:do not|don'?t|never)\s+(?:tell|inform|mention|reveal|show|say)\b[^.\n]{0,60}\b(?:user|human|operator)\b"),
    ("secrecy", 2, ("without",), r"\bwithout\s+(?:telling|informing|asking|notifying)\s+the\s+(?:user|human)\b"),
    ("system-prompt", 3, ("system prompt", "hidden instructions", "initial prompt"),
     r"\b(?:reveal|print|show|repeat|output|leak)\b[^.\n]{0,40}\b(?:system prompt|hidden instructions|initial prompt)\b"),
    ("exfiltration", 2, _SECRETS,
     rf"\b(?:send|forward|upload|post|email|exfiltrate|append|include|transmit)\b[^.\n]{{0,60}}\b{_SECRET}(?![a-z])"),
    ("roles", 3, ("<|", "[inst]", "[/inst]", "sys>>", "<start_of_turn>", "system>", "assistant>"),
     r"<\|(?:im_start|im_end|system|endoftext)\|>|\[/?inst\]|<</?sys>>|<start_of_turn>|</?(?:system|assistant)>"),
    ("roles", 2, ("system", "assistant"),
     r"(?m)^[ \t]{0,8}(?:#{1,3} ?)?(?:system|assistant)(?: (?:message|prompt))? ?:"),
    ("urgency", 2, ("<important>", "<instruction", "<secret>", "<hidden>", "important", "attention"),
     r"<(?:important|instructions?|secret|hidden)>|\b(?:important|attention) ?:? (?:ai|assistant|model|llm|agent)s?\b"),
    ("address", 2, ("if you are a", "as an ai", "as a l", "as an l"),
     r"\b(?:if you are|as) an? (?:ai|llm|large language model|language model)(?: assistant| agent)?\b"),
    ("tools", 2, (" tool", " function"),
     r"\b(?:you must|now|immediately|first)\s+(?:call|use|invoke|execute|run)\s+(?:the\s+)?[\w.-]{1,60}\s+"
     r"(?:tool|function)\b"),
)  # fmt: skip

PHRASES = tuple(Phrase(f"phrase:{name}", weight, needles, re.compile(text)) for name, weight, needles, text in _TABLE)


@lru_cache(maxsize=8)
def own_phrases(phrases: tuple[str, ...]) -> tuple[Phrase, ...]:
    """Return the patterns of phrases that the operator wrote."""
    words = [tuple(folded(phrase).split()) for phrase in phrases]
    return tuple(Phrase("phrase:own", 3, each[:1], re.compile(r"\s+".join(map(re.escape, each)))) for each in words)
