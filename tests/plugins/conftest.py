from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.plugins.kitchen import FakeSandbox, bake

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.plugins.making import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return bake(tmp_path / "program")


@pytest.fixture
def sandbox() -> FakeSandbox:
    return FakeSandbox()
