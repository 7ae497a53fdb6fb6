"""Writes what the SDKs hold of the contract: typed documents from `wit/schemas/`, and copies of `wit/*.wit`.

    python plugins-src/sdk/generate.py            # write what is stale
    python plugins-src/sdk/generate.py --check    # only say what is stale, and exit with 1

It needs nothing but Python. It does not read the host's models: the schemas are the contract.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from generating import go, javascript, python_types, rust  # noqa: E402 - the folder is not a package that is installed
from generating.model import read_model  # noqa: E402 - as above

SDK = Path(__file__).resolve().parent
ROOT = SDK.parents[1]
WIT = ROOT / "wit"
COPIES = ("rust", "js", "python")
"""SDKs whose tools read the worlds from a folder of their own."""
DOCUMENTS = (
    "go/documents_*.go",
    "js/documents/*.d.ts",
    "python/mcpg_sdk/documents/*.py",
    "rust/src/documents/*.rs",
)
"""Where files of documents stand, and nothing else but their tests."""


def texts() -> dict[Path, str]:
    """Return every generated file with its text."""
    model = read_model(WIT / "schemas")
    found = {SDK / "rust" / "src" / name: text for name, text in rust.write(model).items()}
    found |= {SDK / "go" / name: text for name, text in go.write(model).items()}
    found |= {SDK / "js" / name: text for name, text in javascript.write(model).items()}
    found |= {
        SDK / "python" / "mcpg_sdk" / "documents" / name: text for name, text in python_types.write(model).items()
    }
    for language in COPIES:
        found |= {SDK / language / "wit" / path.name: path.read_text(encoding="utf-8") for path in WIT.glob("*.wit")}
    return found


def gone(current: dict[Path, str]) -> list[Path]:
    """Return copies of worlds, and files of documents, that are no more."""
    there = [path for language in COPIES for path in (SDK / language / "wit").glob("*.wit")]
    there += [path for pattern in DOCUMENTS for path in SDK.glob(pattern)]
    return [path for path in there if path not in current and not path.stem.endswith("_test")]


def main() -> int:
    """Write what is stale, or only say so; return 1 when a check finds something."""
    check = "--check" in sys.argv[1:]
    current = texts()
    stale = {p: t for p, t in current.items() if not p.exists() or p.read_text(encoding="utf-8") != t}
    word = "stale, run `python plugins-src/sdk/generate.py`" if check else "written"
    for path, text in sorted(stale.items()):
        print(f"{word}: {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in gone(current):
        print(f"{'no longer made' if check else 'removed'}: {path.relative_to(ROOT)}")
        if not check:
            path.unlink()
    return 1 if check and (stale or gone(current)) else 0


if __name__ == "__main__":
    sys.exit(main())
