"""Real registries and cosign for the tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.real.cosign import (  # noqa: F401 - pytest finds hooks and fixtures by their names here
    cosign,
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_sessionfinish,
)
from tests.real.peers import Peer, docker_registry, go_registry

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """Debian's docker-registry, with TLS and a log-in."""
    with docker_registry(tmp_path_factory.mktemp("docker-registry")) as peer:
        yield peer


@pytest.fixture(scope="session")
def ggcr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    """go-containerregistry's registry, without either."""
    with go_registry(tmp_path_factory.mktemp("go-registry")) as peer:
        yield peer
