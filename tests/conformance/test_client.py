"""The suite's client scenarios, with an SDK client that reaches the suite's server through the gateway.

Left to the identity work: scenarios in which a person signs in at the server's authorization server (`auth/*` but for
client credentials). What is listed here must be all the rest, so that a scenario that the suite adds is not missed.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from tests.system.kit import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.running import Suite

pytestmark = pytest.mark.real

CREDENTIALS = ["auth/client-credentials-basic", "auth/client-credentials-jwt"]
SCENARIOS = {
    "2025-11-25": ["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry", *CREDENTIALS],
    "2026-07-28": [
        "tools_call",
        "request-metadata",
        "sep-2322-client-request-state",
        "http-standard-headers",
        "http-custom-headers",
        "http-invalid-tool-headers",
        "json-schema-ref-no-deref",
        "json-schema-2020-12-preservation",
        *CREDENTIALS,
    ],
}


@pytest.fixture(scope="module")
def command(suite: Suite, compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("agents")
    (folder / "compiled").symlink_to(compiled, target_is_directory=True)
    suite.environment |= {
        "CONFORMANCE_FOLDER": str(folder),
        "PYTHONPATH": os.pathsep.join([str(ROOT), *(str(ROOT / each) for each in ("host",))]),
    }
    return f"{sys.executable} -m tests.conformance.agent"


@pytest.mark.parametrize(("revision", "scenario"), [(r, each) for r, known in SCENARIOS.items() for each in known])
def test_a_client_scenario(suite: Suite, command: str, revision: str, scenario: str) -> None:
    checks = suite.client(command, scenario, revision)
    failed = [f"{check.id}: {check.message}" for check in checks if check.failed]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("revision", list(SCENARIOS))
def test_no_other_scenario_applies(suite: Suite, revision: str) -> None:
    listed = suite.scenarios(revision, "client")
    signing_in = {name for name in listed if name.startswith("auth/")} - set(CREDENTIALS)
    assert listed - signing_in - {"json-schema-2020-12-preservation"} == set(SCENARIOS[revision]) - {
        "json-schema-2020-12-preservation"
    }
