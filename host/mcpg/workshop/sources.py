"""The digest of what a component is built from: its code, its build files and its SDK. It reads; it builds nothing.

Not counted is what cannot change a component: cases, tests, READMEs, CI files, editors' files, and what builds leave
behind. An SDK that stands outside the project (`../../sdk/js`) counts as the project's own folder `sdk`, so that the
same sources have the same digest wherever their SDK stands. Line ends count as they are.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.workshop.project import Project

__all__ = ["differences", "digest_of", "sources_of"]

TOP_ASIDE: Final = frozenset({"out", "target", "cases", "tests", "test", "examples", "template", "venv"})
"""Folders in the root that are no sources; deeper ones of these names may well be code."""
FOLDERS_ASIDE: Final = frozenset({"node_modules", "__pycache__"})
ENDINGS_ASIDE: Final = (".pyc", "_test.go", ".test.js", ".test.mjs", ".log", ".orig", ".tmp", "~")
FILES_ASIDE: Final = frozenset(
    {"Makefile", "README.md", "CHANGELOG.md", "LICENSE", "LICENCE", "rustfmt.toml", "clippy.toml"}
)
_PYTEST: Final = re.compile(r"test_.*\.py|conftest\.py")
HIDDEN: Final = frozenset({".cargo"})
"""Folders that builds go by though their names begin with a dot."""


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
        aside = FOLDERS_ASIDE | TOP_ASIDE if here == root else FOLDERS_ASIDE
        folders[:] = sorted(
            name
            for name in folders
            if name not in aside and (name in HIDDEN or not name.startswith(".")) and here / name != skip
        )
        for name in files:
            if name in FILES_ASIDE or name.startswith(".") or name.endswith(ENDINGS_ASIDE) or _PYTEST.fullmatch(name):
                continue
            path = here / name
            found[prefix + path.relative_to(root).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
