"""All tests run on the event loop that serves: uvloop's transports and timers are not quite asyncio's."""

from __future__ import annotations

import uvloop


def pytest_asyncio_loop_factories():
    return {"uvloop": uvloop.new_event_loop}
