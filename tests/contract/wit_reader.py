"""Reads as much WIT as the contract uses: packages, interfaces, variants, records, functions, worlds. No resources."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

WIT = Path(__file__).parents[2] / "wit"
_TOKEN = re.compile(r"///?[^\n]*|[a-z][a-z0-9-]*(?::[a-z][a-z0-9-]*)?(?:@[0-9.]+)?|->|[{}()<>,:;=._]")


@dataclass
class Interface:
    variants: dict[str, list[str]] = field(default_factory=dict)
    records: dict[str, list[str]] = field(default_factory=dict)
    functions: dict[str, tuple[list[str], str]] = field(default_factory=dict)


@dataclass
class Wit:
    packages: set[str] = field(default_factory=set)
    interfaces: dict[str, Interface] = field(default_factory=dict)
    worlds: dict[str, list[str]] = field(default_factory=dict)


def read_wit() -> Wit:
    wit = Wit()
    for path in sorted(WIT.glob("*.wit")):
        tokens = [token for token in _TOKEN.findall(path.read_text()) if not token.startswith("//")]
        _file(tokens, wit)
    return wit


def _file(tokens: list[str], wit: Wit) -> None:
    while tokens:
        word = tokens.pop(0)
        if word == "package":
            wit.packages.add(tokens.pop(0))
        elif word == "interface":
            name = tokens.pop(0)
            wit.interfaces[name] = _interface(_block(tokens))
        elif word == "world":
            name = tokens.pop(0)
            body = _block(tokens)
            assert set(body[0::3]) == {"export"}, "a world of ours imports nothing"
            wit.worlds[name] = body[1::3]
            continue
        else:
            assert word == ";", word


def _block(tokens: list[str]) -> list[str]:
    assert tokens.pop(0) == "{"
    depth, body = 1, []
    while True:
        token = tokens.pop(0)
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth == 0:
            return body
        body.append(token)


def _interface(tokens: list[str]) -> Interface:
    found = Interface()
    while tokens:
        word = tokens.pop(0)
        if word in {"use", "type"}:
            while tokens.pop(0) != ";":
                pass
        elif word in {"variant", "record"}:
            name = tokens.pop(0)
            getattr(found, word + "s")[name] = _names(_block(tokens))
        else:
            found.functions[word.removesuffix(":")] = _function(tokens)
    return found


def _names(body: list[str]) -> list[str]:
    """The first word of each entry, at the outermost level."""
    names, depth, fresh = [], 0, True
    for token in body:
        if fresh and depth == 0:
            names.append(token)
        fresh = token == "," and depth == 0
        depth += {"(": 1, "<": 1, ")": -1, ">": -1}.get(token, 0)
    return names


def _function(tokens: list[str]) -> tuple[list[str], str]:
    assert tokens.pop(0) == ":"
    assert tokens.pop(0) == "func"
    assert tokens.pop(0) == "("
    depth, body = 1, []
    while depth:
        token = tokens.pop(0)
        depth += {"(": 1, ")": -1}.get(token, 0)
        body.append(token)
    answer = ""
    while (token := tokens.pop(0)) != ";":
        answer += token
    return _names(body[:-1]), answer.removeprefix("->")
