from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.plugins.kitchen import FakeSandbox, bake, places_in

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.plugins.making import Places


@pytest.fixture(scope="session")
def baked(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return bake(tmp_path_factory.mktemp("program"))


@pytest.fixture
def places(baked: Places, tmp_path: Path) -> Places:
    fresh = places_in(tmp_path / "program")
    shutil.copytree(baked.bundle, fresh.bundle)
    shutil.copytree(baked.revocations, fresh.revocations, dirs_exist_ok=True)
    return fresh


@pytest.fixture
def sandbox() -> FakeSandbox:
    return FakeSandbox()
