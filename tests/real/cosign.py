"""cosign, for the tests: a binary at hand, or one that Go builds while other tests run. It tests nothing itself.

Looked for in this order: `$COSIGN`, `build/tools/cosign-VERSION`, the path. The build takes two cores a quarter of an
hour, so it starts as soon as pytest knows that a test wants cosign, at low priority; those tests come last and wait.
`python -m tests.real.cosign` builds it beforehand, or waits for whoever is building it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.real.peers import ROOT, TOOLS

__all__ = ["cosign", "pytest_collection_finish", "pytest_collection_modifyitems", "pytest_sessionfinish"]

VERSION = "v3.1.3"
MODULE = f"github.com/sigstore/cosign/v3/cmd/cosign@{VERSION}"
BUILT = TOOLS / f"cosign-{VERSION}"
BUILDING = TOOLS / f".building-cosign-{VERSION}"
LOG = BUILDING / "log"
PATIENCE = 1500.0


class _Build:
    """The build of this session, if one runs."""

    process: subprocess.Popen[bytes] | None = None


def build() -> int:
    """Have cosign in `build/tools`, built by us or by another process meanwhile; returns an exit status."""
    go = shutil.which("go")
    if go is None:
        return 1
    BUILDING.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "GOBIN": str(BUILDING), "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod"}
    with (TOOLS / ".cosign.lock").open("w") as lock, LOG.open("ab") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if BUILT.exists():
            return 0
        command = ["nice", "-n", "19", go, "install", MODULE]
        done = subprocess.run(command, cwd=BUILDING, env=environment, stdout=log, stderr=log, check=False)
        if done.returncode == 0:
            (BUILDING / "cosign").replace(BUILT)
        return done.returncode


def _at_hand() -> Path | None:
    for path in (os.environ.get("COSIGN"), str(BUILT), shutil.which("cosign")):
        if path and os.access(path, os.X_OK):
            return Path(path)
    return None


def _begin() -> None:
    """Start to build cosign unless it is at hand."""
    if _at_hand() is None and shutil.which("go") is not None and _Build.process is None:
        command = [sys.executable, "-m", "tests.real.cosign"]
        _Build.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)


def _wants(item: pytest.Item) -> bool:
    return "cosign" in getattr(item, "fixturenames", ())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that want cosign behind all others."""
    items.sort(key=_wants)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin to build once it is known that a test of this session wants cosign."""
    if not session.config.option.collectonly and any(map(_wants, session.items)):
        _begin()


def pytest_sessionfinish() -> None:
    """End a build that nobody waits for any more."""
    if _Build.process is not None and _Build.process.poll() is None:
        os.killpg(_Build.process.pid, signal.SIGTERM)
        _Build.process.wait(20)


@pytest.fixture(scope="session")
def cosign() -> Path:
    """The path of cosign; waits for its build."""
    if _Build.process is not None:
        ends = time.monotonic() + PATIENCE
        while _Build.process.poll() is None:
            assert time.monotonic() < ends, f"the build of cosign takes too long:\n{LOG.read_text()[-2000:]}"
            time.sleep(0.5)
        assert _Build.process.returncode == 0, LOG.read_text()[-2000:]
        _Build.process = None
    found = _at_hand()
    if found is None:
        assert shutil.which("go") is None, LOG.read_text()[-2000:]
        pytest.skip(f"there is neither cosign nor Go: set COSIGN, or have `go install {MODULE}` work")
    return found


if __name__ == "__main__":
    sys.exit(build())
