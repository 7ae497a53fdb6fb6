"""All tests run on the event loop that serves: uvloop's transports and timers are not quite asyncio's.

What they write need not outlive a power cut, so this process waits for no disk. Programs that tests start do.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import uvloop
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from pathlib import Path

settings.register_profile("rooms", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rooms")  # how quick a machine is decides no test


def pytest_asyncio_loop_factories():
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_disks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)  # still fails for a descriptor that is closed
        yield


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one folder of compiled components, for all rooms and all workers of a run: each is compiled once."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
