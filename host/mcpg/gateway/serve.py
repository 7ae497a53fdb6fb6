"""`mcpg serve`: a gateway on its listeners, or over stdio, until it is told to stop. It decides nothing.

Reload on SIGHUP and when the file changes; a file that cannot be obeyed is reported and the one before stays in force.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop
import watchfiles

from mcpg.config import load
from mcpg.config.endpoints import MAIN, endpoints_of
from mcpg.contract.documents import Caller, How
from mcpg.contract.problems import ConfigError, McpgError
from mcpg.edge.admin import AdminViews, admin_app
from mcpg.edge.front import front_doors
from mcpg.edge.list_post import ListPost, PostLimits
from mcpg.edge.listeners import open_listener
from mcpg.edge.metrics import Registry
from mcpg.edge.pipes import open_stdio
from mcpg.edge.public import public_app
from mcpg.edge.serving import Running, Site, Tls, serve
from mcpg.edge.stdio import StdioServer
from mcpg.gateway.logs import set_up_logs
from mcpg.gateway.measures import measures_of
from mcpg.gateway.served import Served, say
from mcpg_revocations.envelopes import MAX_OFFER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from mcpg.config import Loaded
    from mcpg.edge.asgi import App
    from mcpg.edge.listeners import Listener
    from mcpg.gateway.supplying import Intake

__all__ = ["Served", "run"]

log = logging.getLogger("mcpg.gateway")
GC_THRESHOLDS = (50_000, 20, 20)
"""A thousand calls under way are a hundred thousand objects: from 700 on the collector walks them over and over."""
SUFFIXES = frozenset({".cedar", ".cedarschema", ".yaml", ".yml", ".json", ".lock", ".pub", ".pem"})
MOST_SAID = 20
"""Endpoints that are named when the gateway has started; `status` has all."""
MOUNTED = "..data"
"""The link that Kubernetes exchanges when it mounts a changed ConfigMap: the files behind it keep their names."""
MOST_FOLDERS = 256
"""Folders that are watched for changes; what lies further down takes effect with SIGHUP."""


def run(config_path: str, *, stdio: bool = False, endpoint: str = MAIN, intake: Intake | None = None) -> None:
    """Serve what the file says until a signal, or its `endpoint` over stdio; raises `McpgError` if it cannot begin."""
    loaded = load(config_path)
    set_up_logs(loaded.config.telemetry.logs)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_stdio(loaded, intake, endpoint) if stdio else _serve(loaded, intake))


async def _serve(loaded: Loaded, intake: Intake | None = None) -> None:
    server = loaded.config.server
    listener = open_listener(str(server.listen))
    admin = open_listener(str(server.admin)) if server.admin is not None else None
    served = Served(loaded, loopback=listener.loopback, intake=intake)
    running = Running()
    try:
        async with served.lifespan():
            gateway = served.gateway
            public = public_app(lambda: not running.stopping.is_set() and gateway.ready, alarms=gateway.kill.alarms)
            tls = _tls(loaded)
            sites = [Site(front_doors(served.resolve, public, root=server.path), listener, tls)]
            if admin is not None:
                sites.append(Site(await _admin(loaded, served), admin))
            where = f"{'https' if tls else 'http'}://{listener.name}"
            gc.collect()
            gc.freeze()  # what was made for the start lives as long as the process: no collection need walk it again
            gc.set_threshold(*GC_THRESHOLDS)
            async with _caretaker(served, _announce(served, running, where)):
                await serve(sites, drain=served.hub.drain, running=running)
    finally:
        _close(listener, admin)


def _close(*listeners: Listener | None) -> None:
    for listener in listeners:
        if listener is not None:
            listener.close()


def _tls(loaded: Loaded) -> Tls | None:
    tls = loaded.config.server.tls
    if tls is None:
        return None
    client_ca = str(loaded.resolve(tls.client_ca)) if tls.client_ca else ""
    return Tls(str(loaded.resolve(tls.certificate)), str(loaded.resolve(tls.key)), client_ca)


async def _admin(loaded: Loaded, served: Served) -> App:
    token = loaded.config.server.admin_token
    if token is None:
        raise ConfigError("a second listener wants a token", where="server.admin_token", remedy="give `admin_token`")
    registry = Registry()
    gateway = served.gateway
    registry.add(*served.hub.metrics(), *measures_of(gateway))

    def tools() -> list[dict[str, Any]]:
        rows = gateway.plan().routes.listed("tool")
        return [{"name": r.name, "backend": r.backend, "upstream": r.upstream, "target": r.target} for r in rows]

    views = AdminViews(
        metrics=registry.render,
        status=gateway.status,
        plugins=lambda: gateway.status()["plugins"],
        upstreams=lambda: gateway.status()["upstreams"],
        tools=tools,
        revocations=gateway.rooms.revoking.status,
        post=ListPost(gateway.kill.post, PostLimits(MAX_OFFER)),
    )
    try:
        return admin_app(await gateway.rooms.desk.reveal(token), views)
    except ValueError as error:
        raise ConfigError(str(error), where="server.admin_token", remedy="give a longer one") from error


@contextlib.asynccontextmanager
async def _caretaker(served: Served, announcement: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    sign = asyncio.Event()

    def on_hang_up() -> None:  # it also asks for newer revocations
        served.gateway.rooms.sources.hurry("signal")
        sign.set()

    loop.add_signal_handler(signal.SIGHUP, on_hang_up)
    tasks = [
        asyncio.create_task(announcement),
        asyncio.create_task(_watch(served, sign)),
        asyncio.create_task(_reload_on(served, sign)),
    ]
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _announce(served: Served, running: Running, where: str) -> None:
    """Say that we serve once it is true: from here on a signal ends or reloads and does not kill."""
    await running.started.wait()
    gateway = served.gateway
    endpoints = list(gateway.endpoints.values())
    for endpoint in endpoints[:MOST_SAID]:
        say(f"serving {where}{endpoint.path} with {len(gateway.plan(endpoint.name).routes)} entries")
    if len(endpoints) > MOST_SAID:
        say(f"and {len(endpoints) - MOST_SAID} more endpoints")


async def _watch(served: Served, sign: asyncio.Event) -> None:
    """Note changes in the file's folder and below; not where we write ourselves, which is all the time."""
    path = served.gateway.loaded.path
    while True:
        folders = await asyncio.to_thread(_folders, served.gateway.loaded)
        async for changes in watchfiles.awatch(*folders, recursive=False, step=200):
            names = {Path(changed) for _, changed in changes}
            gateway = served.gateway
            names = {n for n in names if not (gateway.rooms.sources.watches(n) or gateway.pinning.watches(n))}
            if any(name == path or name.name == MOUNTED or name.suffix in SUFFIXES for name in names):
                sign.set()
            if any(name.is_dir() and name.name[:1] != "." for name in names):
                sign.set()  # what a new folder holds may have come before it was watched
                break


def _folders(loaded: Loaded) -> list[Path]:
    """Return the folder of the file and those below it, without hidden ones and the state."""
    places = (loaded.state, loaded.ledger.parent, loaded.store)
    own = {place.resolve() for place in places} - {loaded.path.parent.resolve()}
    found = [loaded.path.parent]
    for folder in found:
        if len(found) >= MOST_FOLDERS:
            break
        with contextlib.suppress(OSError):  # one that we may not read holds nothing of ours
            below = [each for each in sorted(folder.iterdir()) if each.is_dir() and each.name[:1] != "."]
            found += [each for each in below if each.resolve() not in own]
    return found[:MOST_FOLDERS]


async def _reload_on(served: Served, sign: asyncio.Event) -> None:
    while True:
        await sign.wait()
        sign.clear()
        try:
            loaded = await asyncio.to_thread(load, served.gateway.loaded.path)
            await served.gateway.reload(loaded)
            say(f"reloaded, {len(served.gateway.plan().routes)} entries")
        except McpgError as error:
            log.warning("the changed file cannot be obeyed, the one before stays in force")
            say(error.diagnostics())
        except Exception as error:  # noqa: BLE001 - no mistake in a reload may end the watching; its text may hold values
            log.warning("a reload failed with `%s`, the file before stays in force", type(error).__name__)


async def _serve_stdio(loaded: Loaded, intake: Intake | None = None, endpoint: str = MAIN) -> None:
    stdio = loaded.config.server.stdio
    if stdio is None:
        raise ConfigError(
            "nobody is calling: `--stdio` wants a configured caller",
            where="server.stdio.caller",
            remedy="add `server: {stdio: {caller: {id: ...}}}`",
        )
    who = stdio.caller
    caller = Caller(
        id=who.id,
        kind=who.kind,
        how=How(credential="configured", plugin="stdio"),
        trust="asserted",
        tenant=who.tenant,
        groups=who.groups,
        roles=who.roles,
        scopes=who.scopes,
        attributes=who.attributes,
    )
    known = [each.name for each in endpoints_of(loaded.config)]
    if endpoint not in known:
        remedy = f"one of {', '.join(f'`{name}`' for name in known[:MOST_SAID])}"
        raise ConfigError(f"there is no endpoint `{endpoint}`", where="--endpoint", remedy=remedy)
    served = Served(loaded, loopback=True, intake=intake)
    reader, writer = await open_stdio()
    async with served.lifespan():
        server = StdioServer(served.gateway.services[endpoint], caller, writer)
        served.listeners.append(lambda name, kind: server.notify_changed(kind) if name == endpoint else None)
        await server.run(reader)
