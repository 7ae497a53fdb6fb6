"""Every use made ready as the gateway makes it: compiled, and its configuration given to it. It asks no use anything.

What a component itself refuses (a policy that does not parse, a bad expression) can be found in no other way. Compiled
forms are taken from the gateway's own cache where it is ours, else they are made for this once.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mcpg.cli.kit.engine import compiled_cache
from mcpg.contract.problems import ConfigError, PluginRefused
from mcpg.gateway.supplying import supply_of
from mcpg.gateway.uses import wanted_uses
from mcpg.plugins.loader import Loader
from mcpg.plugins.uses import PluginCatalog
from mcpg.sandbox import Sandbox, SandboxSettings

if TYPE_CHECKING:
    from mcpg.config import Finding, Loaded
    from mcpg.config.findings import Place
    from mcpg.gateway.uses import Wanted

__all__ = ["try_plugins"]


def try_plugins(loaded: Loaded) -> list[Finding]:
    """Return a finding for each use that cannot be made ready."""
    return asyncio.run(_try(loaded))


async def _try(loaded: Loaded) -> list[Finding]:
    found: list[Finding] = []
    async with AsyncExitStack() as stack:
        sandbox = Sandbox(SandboxSettings(cache=compiled_cache(loaded.state / "compiled", stack)))
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        supply = replace(await asyncio.to_thread(supply_of, loaded), offline=True)
        loader = Loader(sandbox, supply=supply, development=True, progress=lambda line: click.echo(line, err=True))
        catalog = PluginCatalog(loader, sandbox, on_event=lambda _kind, _facts: None)
        stack.push_async_callback(catalog.close)
        for name, use in wanted_uses(loaded).items():
            try:
                await catalog.add(use.spec)
            except (ConfigError, PluginRefused) as error:
                remedy = error.remedy or "see `mcpg plugin inspect`"
                found.append(loaded.source.finding(_place(name, use), error.message, remedy, key=True))
    return found


def _place(name: str, use: Wanted) -> Place:
    if use.upstream:
        return ("upstreams", use.upstream)
    return ("plugins", name, "config") if use.spec.config else ("plugins", name)
