"""The suite's server scenarios against the gateway: both revisions that it knows, in front of servers of both eras.

There is no list of expected failures. Scenarios that the suite does not score are run and must pass as well, those of
the tasks extension where the gateway claims it: in front of a server that has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import mcp
import pytest

if TYPE_CHECKING:
    from tests.conformance.running import Suite
    from tests.system.kit import Gateway

pytestmark = pytest.mark.real

REVISIONS = ("2025-11-25", "2026-07-28")
OLDER = ("2025-03-26", "2025-06-18")
"""Revisions that the suite knows without a list of what they require."""


@pytest.mark.parametrize("upstream", REVISIONS)
@pytest.mark.parametrize("revision", REVISIONS)
def test_every_server_scenario(suite: Suite, gateways: dict[str, Gateway], revision: str, upstream: str) -> None:
    checks = suite.server(gateways[upstream].url, revision)
    claims = revision == upstream == "2026-07-28"
    failed = [str(check) for check in checks if check.failed and (claims or "server-tasks-" not in check.scenario)]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("upstream", REVISIONS)
@pytest.mark.parametrize("revision", OLDER)
def test_what_applies_to_older_revisions(
    suite: Suite, gateways: dict[str, Gateway], revision: str, upstream: str
) -> None:
    failed = [str(check) for check in suite.older_server(gateways[upstream].url, revision) if check.failed]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("upstream", REVISIONS)
async def test_the_tasks_extension_is_claimed_where_it_is(gateways: dict[str, Gateway], upstream: str) -> None:
    async with mcp.Client(gateways[upstream].url, mode="auto") as client:
        claimed = (client.server_capabilities.extensions or {}).keys()
    assert ("io.modelcontextprotocol/tasks" in claimed) is (upstream == "2026-07-28")
