"""Uvicorn for the main and the admin listener in one process and one loop. It builds no application.

Two servers share the loop; neither handles signals. The first SIGTERM or SIGINT (or `Running.stop`) drains: the
caller's `drain` runs first, so that streams end and requests in work finish, then the servers close. A second signal
does not wait. Forwarding headers are never believed, no server header is sent, WebSockets are not spoken.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import uvicorn

from mcpg.contract.problems import ConfigError
from mcpg.edge.wire import GuardedHttp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from mcpg.edge.asgi import App
    from mcpg.edge.listeners import Listener

__all__ = ["Running", "Site", "Tls", "serve"]

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files of a listener; with `client_ca` clients show certificates, which are demanded or only asked for."""

    certificate: str
    key: str
    client_ca: str = ""
    clients: Literal["required", "optional"] = "required"


@dataclass(frozen=True, slots=True)
class Site:
    """One application on one listener; the lifespan of the first site is run."""

    app: App
    listener: Listener
    tls: Tls | None = None
    max_connections: int = 8192


@dataclass(slots=True)
class Running:
    """A handle on what is being served."""

    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    started: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Begin to drain, as a signal does."""
        self.stopping.set()


class _Server(uvicorn.Server):
    """A server whose signals are somebody else's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    sites: Sequence[Site],
    *,
    drain: Callable[[float], Awaitable[object]] | None = None,
    grace: float = 20.0,
    running: Running | None = None,
    handle_signals: bool = True,
) -> None:
    """Serve until a signal or `running.stop()`, then drain for `grace` seconds at most and close all listeners.

    Raises `ConfigError` if an application does not start or a TLS file cannot be read.
    """
    running = running or Running()
    servers = [_Server(_config(site, grace, lifespan=place == 0)) for place, site in enumerate(sites)]
    tasks = [asyncio.create_task(_run(server, site)) for server, site in zip(servers, sites, strict=True)]
    restore = _listen_for_signals(running, servers) if handle_signals else None
    stopping = asyncio.create_task(running.stopping.wait())
    started = asyncio.create_task(_tell_start(servers, running))
    try:
        await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        if drain is not None and running.started.is_set():
            await drain(grace)
    finally:
        stopping.cancel()
        started.cancel()
        for server in servers:
            server.should_exit = True
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        for site in sites:
            site.listener.close()
        if restore is not None:
            restore()
    for error in ended:
        if isinstance(error, BaseException):
            raise error


def _config(site: Site, grace: float, *, lifespan: bool) -> uvicorn.Config:
    tls = site.tls
    try:
        config = uvicorn.Config(
            site.app,
            http=GuardedHttp,
            ws="none",
            lifespan="on" if lifespan else "off",
            access_log=False,
            log_config=None,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=site.max_connections,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=max(1, int(grace)),
            ssl_certfile=tls.certificate if tls else None,
            ssl_keyfile=tls.key if tls else None,
            ssl_ca_certs=(tls.client_ca or None) if tls else None,
            ssl_cert_reqs=_client_mode(tls),
        )
        config.load()
    except OSError as error:
        raise ConfigError(f"a TLS file of `{site.listener.name}` cannot be read: {error.strerror}") from None
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return config


def _client_mode(tls: Tls | None) -> int:
    if tls is None or not tls.client_ca:
        return ssl.CERT_NONE
    return ssl.CERT_REQUIRED if tls.clients == "required" else ssl.CERT_OPTIONAL


async def _run(server: _Server, site: Site) -> None:
    try:
        await server.serve(sockets=[site.listener.socket])
    except SystemExit:  # how uvicorn says that the lifespan failed
        raise ConfigError(f"the application on `{site.listener.name}` did not start") from None


async def _tell_start(servers: list[_Server], running: Running) -> None:
    while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn has a flag, no event
        await asyncio.sleep(0.01)
    running.started.set()


def _listen_for_signals(running: Running, servers: list[_Server]) -> Callable[[], None]:
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if running.stopping.is_set():
            for server in servers:
                server.force_exit = True
        running.stop()

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal)

    def restore() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    return restore
