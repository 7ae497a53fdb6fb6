"""A registry in process: honest until a fault is switched on. It records every request and keeps nothing on disk.

    async with simulated() as registry:
        manifest = registry.contents.add("acme/echo", packed, "1.2.0")
        registry.switch("blob-changed")
        ...
        assert registry.asked("blob")

For a client in another process or thread there is `beside`, which runs the registry on a loop of its own.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulator.access import Open
from tests.simulator.contents import Contents
from tests.simulator.distribution import PAGE, Distribution, Route, failure, route
from tests.simulator.wire import Wire

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from tests.simulator.access import Basic, Bearer
    from tests.simulator.wire import Reply, Request

__all__ = ["Exchange", "Fault", "Registry", "beside", "simulated"]


@dataclass(slots=True)
class Exchange:
    """One request on its way through the faults to the honest answer."""

    registry: Registry
    request: Request
    route: Route
    rest: list[Fault]

    async def proceed(self) -> Reply:
        """Return what the faults behind this one, and in the end the honest registry, answer."""
        if not self.rest:
            return self.registry.honest(self.request)
        first, *rest = self.rest
        return await first(Exchange(self.registry, self.request, self.route, rest))

    def is_about(self, *kinds: str, methods: str = "GET") -> bool:
        """Whether it is a request of one of `methods` for something of one of `kinds`."""
        return self.route.kind in kinds and self.request.method in methods.split()


if TYPE_CHECKING:
    Fault = Callable[[Exchange], Awaitable[Reply]]


@dataclass(slots=True)
class Registry:
    """A registry under an origin; `faults` are asked in order, each may answer itself."""

    contents: Contents = field(default_factory=Contents)
    access: Open | Basic | Bearer = field(default_factory=Open)
    faults: list[Fault] = field(default_factory=list)
    page: int = PAGE
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    port: int = 0
    wire: Wire = field(init=False)

    def __post_init__(self) -> None:
        self.wire = Wire(self._answer, self.tls)

    @property
    def authority(self) -> str:
        """Host and port, as they stand in a reference."""
        return f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.authority}"

    @property
    def requests(self) -> list[Request]:
        return self.wire.requests

    def asked(self, kind: str, *methods: str) -> list[Request]:
        """Return the requests about something of `kind` (see `Route`), of `methods` if any are named."""
        return [
            each
            for each in self.requests
            if route(each.path).kind == kind and (each.method in (methods or (each.method,)))
        ]

    def switch(self, name: str, /, **options: Any) -> None:
        """Switch a fault of the catalogue on."""
        from tests.simulator.faults import CATALOGUE  # noqa: PLC0415 - the catalogue imports this module

        self.faults.append(CATALOGUE[name](**options))

    def honest(self, request: Request) -> Reply:
        """Return what a registry without faults answers: who it is, then what it may."""
        found = route(request.path)
        refused = self.access.check(request, found, self.origin)
        if refused is not None:
            return refused
        if request.method not in {"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"}:
            return failure(405, "UNSUPPORTED")
        return Distribution(self.contents, self.page).answer(request)

    async def _answer(self, request: Request) -> Reply:
        return await Exchange(self, request, route(request.path), list(self.faults)).proceed()


@asynccontextmanager
async def simulated(registry: Registry | None = None, **options: Any) -> AsyncIterator[Registry]:
    """Run a registry on this loop, on a free port of loopback."""
    running = registry or Registry(**options)
    running.port = await running.wire.start(running.port)
    try:
        yield running
    finally:
        await running.wire.stop()


@contextmanager
def beside(**options: Any) -> Iterator[Registry]:
    """Run a registry in a thread with its own loop, for clients that are programs or block."""
    ready, stop = threading.Event(), asyncio.Event()
    held: list[Registry] = []
    loop = asyncio.new_event_loop()

    async def run() -> None:
        async with simulated(**options) as registry:
            held.append(registry)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    try:
        if not ready.wait(10):
            raise TimeoutError("the simulated registry did not start")
        yield held[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
