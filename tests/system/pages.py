"""Runs the shell blocks of a documentation page, in order, in one shell. It tests nothing itself."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from tests.system.kit import sources

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Page", "free_port"]

BLOCK = re.compile(r"^```(sh|yaml)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    language: str
    label: str
    text: str


@dataclass
class Page:
    """A page whose names of places are replaced by those that are there for the test."""

    path: Path
    folder: Path
    replaced: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    def blocks(self, language: str = "sh") -> list[Block]:
        text = self.path.read_text()
        for old, new in self.replaced.items():
            assert old in text, old
            text = text.replace(old, new)
        found = [Block(kind, label.strip(), body) for kind, label, body in BLOCK.findall(text)]
        return [block for block in found if block.language == language]

    def run(self, *, skip: str = "none", alone: str = "none", more: str = "", patience: float = 300) -> str:
        """Run every block but those labelled `skip`, for `patience` seconds at most; returns all that was printed.

        Those labelled `alone`, which stand one behind the other, run where there is no network but loopback.
        """
        script = ["set -euo pipefail\nset -x\n", more]
        for label, blocks in groupby(self.blocks(), key=lambda block: block.label):
            text = "".join(block.text + "\n" for block in blocks)
            if label == alone:
                (self.folder / "alone.sh").write_text("set -euxo pipefail\nip link set lo up\n" + text)
                script.append(f'unshare -rn bash "{self.folder}/alone.sh"\n')
            elif label != skip:
                script.append(text)
        (self.folder / "page.sh").write_text("".join(script))
        done = subprocess.run(
            ["bash", str(self.folder / "page.sh")],
            cwd=self.folder, env=self._environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=patience, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-6000:]
        assert "Traceback" not in done.stdout, done.stdout[-6000:]
        return done.stdout

    def _environment(self) -> dict[str, str]:
        programs = self.folder / "programs"
        programs.mkdir(exist_ok=True)
        for name, program in {"mcpg": Path(sys.executable).with_name("mcpg"), "python3": Path(sys.executable)}.items():
            if not (programs / name).exists():
                (programs / name).symlink_to(program)
        home = {"HOME": str(self.folder / "home"), "DOCKER_CONFIG": str(self.folder / "home")}
        path = os.pathsep.join([str(programs), os.environ["PATH"]])
        return {**self.variables, "PATH": path, "PYTHONPATH": os.pathsep.join(sources()), "LANG": "C.UTF-8", **home}


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return str(held.getsockname()[1])
