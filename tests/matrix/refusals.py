"""What each cell does where it does not work: one function for each kind of limit in the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.peers.record import PeerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.matrix.context import Cell

__all__ = ["REFUSALS"]


def error_text(result: dict[str, Any]) -> str:
    assert result["isError"] is True, result
    return result["content"][0]["text"]


async def names_capability(cell: Cell, feature: str) -> None:
    before = len(cell.client.asked)
    cell.server.features.signed_in = False
    assert "elicitation" in error_text(await cell.call(feature))
    assert len(cell.client.asked) == before


async def not_of_revision(cell: Cell, feature: str) -> None:
    before = len(cell.client.asked)
    assert "-32601" in error_text(await cell.call(feature))
    assert len(cell.client.asked) == before


async def undeclared(cell: Cell, feature: str) -> None:
    async with cell.another(capabilities={}) as client:
        name = cell.tool("sample")
        if client.revision.modern and cell.server.revision.modern:
            with pytest.raises(PeerError) as refused:
                await client.call(name)
            assert refused.value.code == -32021
            assert "sampling" in refused.value.data["requiredCapabilities"]
        else:
            assert "sampling" in error_text(await client.call(name))
        assert (client.asked, client.problems) == ([], [])


async def as_text(cell: Cell, feature: str) -> None:
    tool, arguments, text = {
        "structured": ("add", {"a": 1, "b": 2}, "3"),
        "listed": ("listed", {}, "[1, 2]"),
    }[feature]
    result = await cell.call(tool, arguments)
    assert result["content"][0]["text"] == text
    assert "structuredContent" not in result
    assert "outputSchema" not in await cell.definition(tool)


REFUSALS: dict[str, Callable[[Cell, str], Awaitable[None]]] = {
    "names-capability": names_capability,
    "not-of-revision": not_of_revision,
    "undeclared": undeclared,
    "as-text": as_text,
}
