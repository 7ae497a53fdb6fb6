"""A key stands in the configuration only together with code that obeys it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mcpg.config.errors import model_in, step_into
from mcpg.config.root import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

ROOMS = Path(__file__).resolve().parents[2] / "host" / "mcpg"
ELSEWHERE = {"version", "input", "input_schema", "audit", "ledger", "profiles", "own_endpoint"}
"""Keys that the configuration room itself obeys."""


def _keys(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        shown = f"{path}.{field.alias or name}".removeprefix(".")
        inner = model_in(field.annotation) or model_in(step_into(field.annotation, ""))
        yield shown, name
        if inner is not None:
            yield from _keys(inner, shown)


@pytest.fixture(scope="module")
def read() -> set[str]:
    """Every name that code of other rooms takes from something: attributes, and texts (for `getattr` over names)."""
    found: set[str] = set()
    for room in ("gateway", "edge"):
        for path in (ROOMS / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute):
                    found.add(node.attr)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    return found


@pytest.mark.parametrize(
    ("shown", "name"), [key for key in _keys(Config) if key[1] not in ELSEWHERE], ids=lambda key: key
)
def test_every_key_is_read_by_the_gateway(shown: str, name: str, read: set[str]) -> None:
    assert name in read, f"nobody obeys `{shown}`: remove the key, or build what it says"
