"""All tests run on the event loop that serves: uvloop's transports and timers are not quite asyncio's.

What they write need not outlive a power cut, so this process waits for no disk. Programs that tests start do.
"""

from __future__ import annotations

import os

import pytest
import uvloop


def pytest_asyncio_loop_factories():
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_disks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)  # still fails for a descriptor that is closed
        yield
