"""What the tests of the workshop share: toolchains, found or brought; what is compiled; a component to serve."""

from __future__ import annotations

import os
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
    shared: Path = tmp_path_factory.mktemp("toolchains")
    path = os.pathsep.join([str(componentizer(ROOT / "build" / "tools")), with_node["PATH"]])
    return {**with_node, "PATH": path, "CARGO_TARGET_DIR": str(shared / "target"), "GOFLAGS": "-mod=mod"}


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
