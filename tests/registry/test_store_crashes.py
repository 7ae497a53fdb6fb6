"""The store after a kill at any moment of an installation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_kill_at_any_step_leaves_all_of_a_plugin_or_nothing(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tests" / "registry" / "crashing.py"), str(ROOT), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert len(rows) > 30
    assert all(row[3:] == ["True", "True"] for row in rows), done.stdout
    assert {row[1] for row in rows[:-1]} == {"9"}
    installed = [row[2] for row in rows]
    assert installed == sorted(installed)
    assert installed[0] == "0"
    assert installed[-1] == "1"
