"""Clients that others wrote against `/mcp`, a profile and an upstream's own endpoint, over HTTP, HTTP+SSE and stdio.

Each lists, calls, is asked by the server in the middle of a call, is refused, reads a resource and gets a prompt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.clients.conftest import Talker

pytestmark = pytest.mark.real

ENDPOINTS = ("mcp", "support", "servers/old", "servers/new")
WAYS = {
    "python-old": ("http", "sse", "stdio"),
    "fastmcp": ("http", "stdio"),
    "typescript-old": ("http", "sse", "stdio"),
    "typescript-new": ("http", "stdio"),
}
CASES = [(name, way, endpoint) for name, ways in WAYS.items() for way in ways for endpoint in ENDPOINTS]


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_client_talks(
    talkers: Callable[[str], Talker], where: Callable[[str, str], dict[str, Any]], tmp_path: Path, case: tuple[str, ...]
) -> None:
    name, way, endpoint = case
    checked(talkers(name).talk(tmp_path, **where(way, endpoint), mode="legacy"), endpoint)


@pytest.mark.parametrize("way", ["http", "stdio"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_new_typescript_client_without_a_handshake(
    talkers: Callable[[str], Talker],
    where: Callable[[str, str], dict[str, Any]],
    tmp_path: Path,
    way: str,
    endpoint: str,
) -> None:
    answer = talkers("typescript-new").talk(tmp_path, **where(way, endpoint), mode={"pin": "2026-07-28"})
    assert answer["version"] == "2026-07-28"
    checked(answer, endpoint)


def checked(answer: dict[str, Any], endpoint: str) -> None:
    """Check what a client was told."""
    shown = {"mcp": {"old.echo", "new.echo", "private"}, "support": {"new.echo"}}.get(endpoint, {"echo"})
    assert shown <= set(answer["tools"])
    assert endpoint != "support" or "private" not in answer["tools"]
    assert answer["said"]["content"][0]["text"] == "grüße"
    assert answer["asked"]["content"][0]["text"] == "accept Ana"
    assert "no-such-tool" in answer["refused"]
    assert answer["read"] == "first"
    assert answer["prompt"] == "Hello Bea."
