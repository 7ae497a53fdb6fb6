"""Runs the official conformance suite and reads what it says. It judges nothing: the suite does."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Check", "Suite"]

SECONDS = 300


@dataclass(frozen=True)
class Check:
    """One check of one scenario: `SUCCESS`, `FAILURE`, `WARNING`, `SKIPPED` or `INFO`."""

    scenario: str
    id: str
    status: str
    message: str

    def __str__(self) -> str:
        return f"{self.scenario} {self.id}: {self.message}"

    @property
    def failed(self) -> bool:
        return self.status == "FAILURE"


class Suite:
    """The suite where it is installed; `environment` finds its Node."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self.environment = environment
        self._runs = 0

    def scenarios(self, revision: str, side: str) -> set[str]:
        """Return the names of all scenarios of a revision for `server` or `client`, scored and not."""
        heading, names = side.title(), set()
        for line in self._run("list", "--requirements", revision).stdout.splitlines():
            if line.endswith("):") and not line.startswith(" "):
                heading = line.split()[0]
            if line.strip().startswith("- "):
                name, _, kind = line.strip()[2:].partition(" [")
                if kind.rstrip("]") == side or (not kind and heading == side.title()):
                    names.add(name)
        return names

    def server(self, url: str, revision: str, *more: str) -> list[Check]:
        """Run all server scenarios of a revision, scored and not, against a URL."""
        return self._checked("server", "--url", url, "--requirements", revision, *more)

    def older_server(self, url: str, revision: str) -> list[Check]:
        """Run what applies to a revision for which the suite has no list of requirements."""
        return self._checked("server", "--url", url, "--suite", "all", "--spec-version", revision)

    def client(self, command: str, scenario: str, revision: str) -> list[Check]:
        """Run one client scenario with a command as the client."""
        given = (
            "--command",
            command,
            "--scenario",
            scenario,
            "--spec-version",
            revision,
            "--timeout",
            "60000",
            "--force",
        )
        return self._checked("client", *given)

    def _checked(self, *arguments: str) -> list[Check]:
        self._runs += 1
        folder = self._folder / f"run-{self._runs}"
        done = self._run(*arguments, "--output-dir", str(folder))
        found = [check for file in sorted(folder.rglob("checks.json")) for check in _read(file)]
        assert found, (done.stdout[-4000:], done.stderr[-4000:])
        return found

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self._folder / "node_modules" / ".bin" / "conformance"), *arguments]
        return subprocess.run(
            command, cwd=self._folder, env=self.environment, capture_output=True, text=True, timeout=SECONDS,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip


def _read(file: Path) -> list[Check]:
    checks: list[dict[str, Any]] = json.loads(file.read_text())
    name = file.parent.name
    return [Check(name, c["id"], c["status"], c.get("errorMessage") or "") for c in checks]
