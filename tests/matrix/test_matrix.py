"""5 client revisions x 5 upstream revisions x features: each cell works, or is refused as the table says.

One gateway with five upstreams and five clients serves all cells, one after the other.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.matrix import table
from tests.matrix.checks import CHECKS
from tests.matrix.refusals import REFUSALS

if TYPE_CHECKING:
    from tests.matrix.context import Grid

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("upstream", table.REVISIONS)
@pytest.mark.parametrize("client", table.REVISIONS)
@pytest.mark.parametrize("feature", table.FEATURES, ids=lambda feature: feature.name)
async def test_cell(grid: Grid, feature: table.Feature, client: str, upstream: str) -> None:
    limit = table.expected(feature, client, upstream)
    if limit == "nothing":
        return
    cell = await grid.cell(client, upstream)
    async with cell.spotless():
        if limit == "yes":
            await CHECKS[feature.name](cell)
        else:
            await REFUSALS[limit](cell, feature.name)


def test_the_table_says_what_is_tested() -> None:
    said = {table.expected(f, c, u) for f in table.FEATURES for c in table.REVISIONS for u in table.REVISIONS}
    assert said == table.LIMITS.keys()
    assert said - {"yes", "nothing"} == REFUSALS.keys()
    assert {f.name for f in table.FEATURES} - {"undeclared"} == CHECKS.keys()


def test_the_page_is_generated() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    path = ROOT / "docs" / "reference" / "matrix.md"
    assert generate.texts()[path] == table.page() == path.read_text(encoding="utf-8")
