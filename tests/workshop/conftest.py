"""What the tests of the workshop share: toolchains, found or brought; what is compiled; a component to serve."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.system.conftest import gateway, with_node  # noqa: F401 - pytest finds fixtures by their names here
from tests.workshop.author import ROOT, componentizer
from tests.workshop.dev_guests import says

from mcpg.gateway import rooms
from mcpg.sandbox import SandboxSettings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def toolchains(with_node: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:  # noqa: F811 - a fixture is asked for by its name
    """An environment with Node, componentize-py and, from the machine, Rust and Go; what they build is shared."""
    rust = _rust()
    shared: Path = tmp_path_factory.mktemp("toolchains")
    path = os.pathsep.join([str(componentizer(ROOT / "build" / "tools")), with_node["PATH"]])
    return {**with_node, **rust, "PATH": path, "CARGO_TARGET_DIR": str(shared / "target"), "GOFLAGS": "-mod=mod"}


@pytest.fixture(autouse=True)
def _whatever_rust_is_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("real") is not None:
        for name, value in _rust().items():
            monkeypatch.setenv(name, value)


@functools.cache
def _rust() -> dict[str, str]:
    """Let this machine's Rust build components, also where a file pins a release that is not here under its number."""
    if shutil.which("rustup") is None:
        return {}
    said = subprocess.run(["rustup", "default"], cwd="/", capture_output=True, text=True, check=True).stdout
    toolchain = said.split()[0]
    command = ["rustup", "target", "add", "--toolchain", toolchain, "wasm32-unknown-unknown"]
    subprocess.run(command, capture_output=True, check=True)
    return {"RUSTUP_TOOLCHAIN": toolchain}


@pytest.fixture
def shared_cache(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gateways of dev sessions compile into the folder that all tests share."""
    monkeypatch.setattr(rooms, "SandboxSettings", lambda *, cache: SandboxSettings(cache=compiled))


@pytest.fixture
def wasm(tmp_path: Path) -> Path:
    """A component without a project: it answers `one`."""
    path = tmp_path / "trimmer.wasm"
    path.write_bytes(says("one"))
    return path
