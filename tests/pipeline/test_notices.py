"""What reaches a client while its call runs."""

from __future__ import annotations

import pytest

from mcpg.contract.ports import McpCall
from mcpg.pipeline.notices import Notices

PROGRESS = {"progress": 1, "total": 3, "message": "ana@example.org", "progressToken": "forged"}


def call(version="2025-11-25", **more):
    return McpCall(method="tools/call", params={}, version=version, request_id=1, **more)


async def sent(bench, call, method, params, *, quiet=False):
    await Notices(bench.channel, call, quiet=quiet).send(method, params)
    return bench.channel.sent


async def test_progress_carries_the_clients_own_token(bench):
    (method, params), *_ = await sent(bench, call(progress_token=7), "notifications/progress", PROGRESS)
    assert (method, params) == (
        "notifications/progress",
        {"progress": 1, "total": 3, "message": "ana@example.org", "progressToken": 7},
    )


async def test_progress_that_nobody_asked_for_is_dropped(bench):
    assert await sent(bench, call(), "notifications/progress", PROGRESS) == []


async def test_where_something_is_redacted_free_text_does_not_pass(bench):
    quiet = call(progress_token=7, log_level="debug")
    assert await sent(bench, quiet, "notifications/progress", PROGRESS, quiet=True) == [
        ("notifications/progress", {"progress": 1, "total": 3, "progressToken": 7})
    ]
    assert len(await sent(bench, quiet, "notifications/message", {"level": "error", "data": "x"}, quiet=True)) == 1


async def test_progress_only_rises(bench):
    notices = Notices(bench.channel, call(progress_token=7), quiet=False)
    for value in (1, 1, 0.5, 2, "3", None):
        await notices.send("notifications/progress", {"progress": value})
    assert [params["progress"] for _, params in bench.channel.sent] == [1, 2]


@pytest.mark.parametrize(
    ("version", "level", "wanted", "passes"),
    [
        ("2025-11-25", "debug", "", True),
        ("2025-11-25", "info", "warning", False),
        ("2025-11-25", "error", "warning", True),
        ("2026-07-28", "error", "", False),
        ("2026-07-28", "error", "info", True),
        ("2026-07-28", "shout", "info", False),
    ],
)
async def test_logs_pass_at_the_level_that_the_client_wants(bench, version, level, wanted, passes):
    log = {"level": level, "data": "x"}
    assert bool(await sent(bench, call(version, log_level=wanted), "notifications/message", log)) is passes


async def test_other_notifications_do_not_pass(bench):
    assert await sent(bench, call(progress_token=7), "notifications/tools/list_changed", {}) == []
