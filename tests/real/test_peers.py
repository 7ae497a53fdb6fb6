"""The registries that the other tests talk to really run, and want what they should want."""

from __future__ import annotations

import ssl

import httpx2
import pytest
from tests.real.peers import PASSWORD, USER

pytestmark = pytest.mark.real


def test_debians_registry_wants_tls_and_a_log_in(docker) -> None:
    context = ssl.create_default_context(cafile=docker.ca)
    with httpx2.Client(base_url=docker.url, verify=context, trust_env=False) as client:
        assert client.get("/v2/").headers["www-authenticate"] == 'Basic realm="the tests"'
        assert client.get("/v2/", auth=(USER, PASSWORD)).status_code == 200
        assert client.get("/v2/", auth=(USER, "wrong")).status_code == 401


def test_gos_registry_runs(ggcr) -> None:
    with httpx2.Client(base_url=ggcr.url, trust_env=False) as client:
        assert client.get("/v2/").status_code == 200
