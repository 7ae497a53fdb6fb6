from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mcpg.sandbox import Sandbox, SandboxSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    box = Sandbox(SandboxSettings(cache=tmp_path / "cache", repeat_share=0.0))
    await box.start()
    yield box
    await box.stop()
