"""Fixtures of the edge's tests."""

from __future__ import annotations

import pytest
from tests.edge.kit import Client, FakeService

from mcpg.edge.endpoint import McpEndpoint
from mcpg.edge.settings import EdgeSettings


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def settings() -> EdgeSettings:
    return EdgeSettings(watch_after=0.001, origins=frozenset({"https://app.example"}))


@pytest.fixture
def endpoint(service: FakeService, settings: EdgeSettings) -> McpEndpoint:
    return McpEndpoint(service, settings)


@pytest.fixture
def client(endpoint: McpEndpoint) -> Client:
    return Client(endpoint)
