"""One toolchain per language: what it needs, how it is called, what a compiler said. None of them checks a plugin."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mcpg.workshop.project import Language
    from mcpg.workshop.toolchains.shape import Toolchain

__all__ = ["toolchain_of"]

_PLACES: Final[dict[Language, str]] = {
    "rust": "rust:Rust",
    "go": "go:Go",
    "javascript": "javascript:JavaScript",
    "python": "python:Python",
}


def toolchain_of(language: Language) -> Toolchain:
    """Return the toolchain of a language."""
    module, _, name = _PLACES[language].partition(":")
    made: Toolchain = getattr(import_module(f"{__name__}.{module}"), name)()
    return made
