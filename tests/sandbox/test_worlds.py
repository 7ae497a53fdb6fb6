from __future__ import annotations

import re
from pathlib import Path

import pytest

from mcpg.contract.worlds import WORLDS, PluginKind
from mcpg.sandbox.worlds import CONFIGURE, SIGNATURES

WIT = Path(__file__).parents[2] / "wit"


class Wit:
    """Enough of WIT's grammar for our own files: named types unfold to what they stand for."""

    def __init__(self, *names: str) -> None:
        text = "\n".join((WIT / f"{name}.wit").read_text() for name in names)
        text = re.sub(r"//.*", "", text)
        self.types: dict[str, str] = {}
        for name, target in re.findall(r"type ([\w-]+) = ([^;]+);", text):
            self.types[name] = target
        for kind, name, body in re.findall(r"(record|variant|enum) ([\w-]+) \{(.*?)\}", text, re.DOTALL):
            parts = re.sub(r"\s+", " ", body).strip().rstrip(",")
            self.types[name] = f"{kind}{{{parts}}}"
        self.functions = dict(re.findall(r"([\w-]+): (func\([^;]+);", text))

    def unfold(self, text: str) -> str:
        """Replace names of types by what they stand for; a name before `:` or `(` is one of a field or case."""

        def replaced(match: re.Match[str]) -> str:
            name = match[0]
            known = name in self.types and text[match.end() : match.end() + 1] not in {":", "("}
            return self.unfold(self.types[name]) if known and not self._is_case(text, match.start()) else name

        return re.sub(r"\s+", " ", re.sub(r"[a-z][\w-]*", replaced, text))

    def _is_case(self, text: str, at: int) -> bool:
        """Whether the name at `at` is a bare case of a variant: nothing but cases stand between it and the brace."""
        return re.search(r"variant\{([^{}:]*, )?$", re.sub(r"\([^()]*\)", "", text[:at])) is not None


@pytest.mark.parametrize("kind", list(PluginKind))
def test_the_types_are_those_of_the_wit_files(kind: PluginKind) -> None:
    wit = Wit("types", kind.value)
    assert {name: wit.unfold(wit.functions[name]) for name in SIGNATURES[kind]} == dict(SIGNATURES[kind])


def test_configure_is_that_of_the_wit_files() -> None:
    wit = Wit("types")
    assert wit.unfold(wit.functions["configure"]) == CONFIGURE


@pytest.mark.parametrize("kind", list(PluginKind))
def test_the_contracts_table_names_the_same_functions_and_tags(kind: PluginKind) -> None:
    for function in WORLDS[kind]:
        signature = SIGNATURES[kind][function.name]
        assert [f"{name}: " in signature for name in function.parameters] == [True] * len(function.parameters)
        if function.tags != ("ok", "err"):
            assert all(re.search(rf"[{{ ]{tag}[(,}}]", signature) for tag in function.tags)
    assert {function.name for function in WORLDS[kind]} == set(SIGNATURES[kind])
