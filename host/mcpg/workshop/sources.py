"""The digest of what a component is built from: its code, its build files and its SDK. It reads; it builds nothing.

Not counted is what cannot change a component: cases, tests, texts, CI files, editors' files, and what builds leave
behind. An SDK that stands outside the project (`../../sdk/js`) counts as the project's own folder `sdk`, so that the
same sources have the same digest wherever their SDK stands. Line ends count as they are.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.workshop.project import Project

__all__ = ["differences", "digest_of", "sources_of"]

FOLDERS_ASIDE: Final = frozenset(
    {"out", "target", "node_modules", "cases", "tests", "test", "examples", "template", "docs", "venv", "build", "dist",
     "__pycache__", "componentize-py.egg-info"}
)  # fmt: skip
ENDINGS_ASIDE: Final = (".md", ".pyc", "_test.go", ".test.js", ".test.mjs", ".wasm", ".log", ".orig", ".tmp", "~")
FILES_ASIDE: Final = frozenset({"Makefile", "LICENSE", "LICENCE", "rustfmt.toml", "clippy.toml"})


def sources_of(project: Project, sdk: Path) -> dict[str, str]:
    """Return the SHA-256 (hex) of every source by its path in the project; `sdk` is where its SDK stands. It blocks."""
    found = {**_below(project.root, "", skip=project.root / "sdk"), **_below(sdk, "sdk/")}
    return dict(sorted(found.items()))


def digest_of(sources: Mapping[str, str]) -> str:
    """Return `sha256:<hex>` over paths and contents."""
    whole = hashlib.sha256()
    for path, content in sorted(sources.items()):
        whole.update(f"{content}  {path}\n".encode())
    return f"sha256:{whole.hexdigest()}"


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return a line for each source that is new, gone or changed."""
    lines = [f"`{path}` is new" for path in now if path not in before]
    lines += [f"`{path}` is gone" for path in before if path not in now]
    lines += [f"`{path}` has changed" for path in now if path in before and before[path] != now[path]]
    return sorted(lines)


def _below(root: Path, prefix: str, skip: Path | None = None) -> dict[str, str]:
    found = {}
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(
            name for name in folders if name not in FOLDERS_ASIDE and not name.startswith(".") and here / name != skip
        )
        for name in files:
            if name in FILES_ASIDE or name.startswith((".", "test_")) or name.endswith(ENDINGS_ASIDE):
                continue
            path = here / name
            found[prefix + path.relative_to(root).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
