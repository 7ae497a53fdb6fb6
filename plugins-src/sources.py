"""Digests of what each component is built from: `python3 plugins-src/sources.py [--write FILE | --check FILE]`.

A committed component whose digest is the one written down beside it was built from the sources that stand here. It
builds nothing and looks at no component.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TOOLS = ("build.py", "tools")
SHARED: dict[str, tuple[str, ...]] = {
    "rust": ("Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "sdk/rust"),
    "go": ("Cargo.lock", "rust-toolchain.toml", "sdk/go"),
    "js": ("sdk/js",),
    "python": ("sdk/python",),
}
MARKS = {"Cargo.toml": "rust", "go.mod": "go", "package.json": "js"}
# What stands beside sources and no component is built from.
ASIDE = frozenset(
    {"target", "node_modules", "__pycache__", "sdk", "out", "cases", "tests", "test", "template", "examples"}
)


def language_of(name: str) -> str:
    """Return the name of the SDK that component `name` is written on."""
    folder = HERE / "components" / name
    return next((sdk for mark, sdk in MARKS.items() if (folder / mark).exists()), "python")


def files_of(name: str) -> list[Path]:
    """Return every file that component `name` is built from, sorted by its path in the repository."""
    files = set((ROOT / "wit").glob("*.wit"))
    for each in (*TOOLS, *SHARED[language_of(name)], f"components/{name}"):
        place = HERE / each
        files |= {place} if place.is_file() else {path for path in place.rglob("*") if _counts(path, place)}
    return sorted(files, key=lambda path: path.relative_to(ROOT).as_posix())


def _counts(path: Path, under: Path) -> bool:
    parts = path.relative_to(under).parts
    left_behind = any(part.startswith(".") and part != ".cargo" for part in parts)
    return path.is_file() and path.suffix != ".md" and not left_behind and not ASIDE & set(parts)


def digest_of(name: str) -> str:
    """Return `sha256:<hex>` over the paths and contents of a component's sources."""
    return _digest_over(files_of(name))


def _digest_over(files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in sorted(files, key=lambda path: path.relative_to(ROOT).as_posix()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{content}  {path.relative_to(ROOT).as_posix()}\n".encode())
    return f"sha256:{whole.hexdigest()}"


def digest_of_tool() -> str:
    """Return `sha256:<hex>` over the sources of `componentize.wasm`: its crate, the WIT and the toolchain."""
    files = {path for path in (HERE / "tools" / "componentize").rglob("*") if _counts(path, HERE)}
    return _digest_over({*files, *(ROOT / "wit").glob("*.wit"), HERE / "rust-toolchain.toml"})


def digests() -> dict[str, str]:
    """Return the digest of every component by name."""
    names = sorted(path.parent.name for path in HERE.glob("components/*/manifest.json"))
    return {name: digest_of(name) for name in names}


def differences(written: dict[str, str]) -> list[str]:
    """Return a line for each component whose sources are not those of `written`."""
    now, found = digests(), []
    for name in sorted(now.keys() | written.keys()):
        if name not in written:
            found.append(f"`{name}` is not written down")
        elif name not in now:
            found.append(f"`{name}` has no sources")
        elif now[name] != written[name]:
            found.append(f"the sources of `{name}` have changed")
    return found


def main() -> int:
    """Write the digests, check them against a file, or print them."""
    parser = argparse.ArgumentParser(description="digests of the sources of each component")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--write", type=Path, metavar="FILE", help="write the digests as JSON")
    group.add_argument("--check", type=Path, metavar="FILE", help="compare them with those in a file")
    options = parser.parse_args()
    if options.check is not None:
        found = differences(json.loads(options.check.read_text(encoding="utf-8")))
        if found:
            print("components that must be built again:", *found, "to do: `make plugins`", sep="\n  ", file=sys.stderr)
        return 1 if found else 0
    text = json.dumps(digests(), indent=2) + "\n"
    if options.write is not None:
        options.write.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
