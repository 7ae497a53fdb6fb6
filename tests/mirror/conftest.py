"""Writers of a list of referrers settle at once in tests: none waits for another. It tests nothing itself."""

from __future__ import annotations

import pytest

from mcpg_registry import pushing


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "SETTLED", 0.0)
