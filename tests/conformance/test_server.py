"""The suite's server scenarios against the gateway: both revisions that it knows, in front of servers of both eras.

There is no list of expected failures. Scenarios that the suite does not score are run and must pass as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conformance.running import Suite
    from tests.system.kit import Gateway

pytestmark = pytest.mark.real

REVISIONS = ("2025-11-25", "2026-07-28")


@pytest.mark.parametrize("upstream", ["legacy", "modern"])
@pytest.mark.parametrize("revision", REVISIONS)
def test_every_server_scenario(suite: Suite, gateways: dict[str, Gateway], revision: str, upstream: str) -> None:
    checks = suite.server(gateways[upstream].url, revision)
    failed = [f"{check.scenario} {check.id}: {check.message}" for check in checks if check.failed]
    assert not failed, "\n".join(failed)
