"""Writes what is generated from code: `wit/schemas/` and `docs/reference/`. `--check` only says what is stale."""  # noqa: INP001 - a script

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def texts() -> dict[Path, str]:
    """Return every generated file with its text."""
    from mcpg.contract.schemas import schema_texts  # noqa: PLC0415 - after the path of this script is known

    return {ROOT / "wit" / "schemas" / name: text for name, text in schema_texts().items()}


def main() -> int:
    """Write what is stale, or only say so."""
    check = "--check" in sys.argv[1:]
    stale = [path for path, text in texts().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        sys.stdout.write(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}\n")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts()[path], encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
