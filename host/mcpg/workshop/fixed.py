"""What stands in every project alike, but for a few lines per language: README, Makefile, CI. It fills nothing in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mcpg.workshop.sdks import project_folder

if TYPE_CHECKING:
    from mcpg.workshop.project import Language

__all__ = ["fixed_files", "language_values"]

_NAMES: Final[dict[Language, str]] = {"rust": "Rust", "go": "Go", "javascript": "JavaScript", "python": "Python"}
_NEEDS: Final[dict[Language, str]] = {
    "rust": "It needs Rust with the target `wasm32-unknown-unknown` (`rustup target add wasm32-unknown-unknown`).",
    "go": "It needs Go 1.24 or newer.",
    "javascript": "It needs Node.js 20 or newer; the packages come by `npm ci` when it is built for the first time.",
    "python": "It needs componentize-py: `python -m venv .venv && .venv/bin/pip install -r requirements-build.txt`.",
}
_MANIFEST: Final = "| `manifest.json` | what it is, what it reads, what it may ask for, its configuration |"
_FILES: Final[dict[Language, tuple[str, ...]]] = {
    "rust": (
        "| `src/lib.rs` | the plugin, and its manifest: `mcpg_sdk::manifest!({ ... })` |",
        "| `Cargo.toml` | the crate; `Cargo.lock` is written by the first build, commit it |",
    ),
    "go": ("| `plugin.go` | the plugin |", _MANIFEST, "| `go.mod` | the module |"),
    "javascript": (
        "| `plugin.js` | the plugin |",
        _MANIFEST,
        "| `package.json` | its packages, and the tools that build it |",
    ),
    "python": (
        "| `plugin.py` | the plugin |",
        _MANIFEST,
        "| `requirements.txt` | packages that the plugin uses, in pure Python and with exact versions |",
        "| `requirements-build.txt` | the tool that builds it |",
    ),
}


def fixed_files() -> dict[str, str]:
    """Return the templates of README, Makefile and CI by their paths in a project."""
    folder = project_folder()
    places = {"README.md": "README.md", "Makefile": "Makefile", ".github/workflows/plugin.yml": "plugin.yml"}
    return {path: (folder / name).read_text(encoding="utf-8") for path, name in places.items()}


def language_values(language: Language) -> dict[str, str]:
    """Return what stands for the placeholders of one language."""
    return {
        "language": _NAMES[language],
        "needs": _NEEDS[language],
        "files": "\n".join(_FILES[language]),
        "source": "src/lib.rs" if language == "rust" else "manifest.json",
        "toolchain": (project_folder() / f"toolchain-{language}.yml").read_text(encoding="utf-8").rstrip(),
    }
