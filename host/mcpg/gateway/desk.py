"""The effect drivers of this gateway, made from the operator's file and wired to other rooms. It performs nothing.

A reload that changes what drivers are made of makes new ones; the old ones go on for the calls that began with them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from mcpg.contract.problems import ConfigError
from mcpg.effects import builtin
from mcpg.effects.connector import GuardedConnector
from mcpg.effects.desk import Desk
from mcpg.hooks import Extensions
from mcpg.hooks.hookspecs import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.config import Loaded
    from mcpg.config.values import SecretValue
    from mcpg.contract.ports import Effects, SecretSource
    from mcpg.pipeline.vault import Vault
    from mcpg.upstreams import Upstreams

__all__ = ["Drivers", "GatewayDesk"]

DRAIN = 60.0
"""Seconds that replaced drivers go on for the calls that began with them."""


class Drivers:
    """The drivers that one file asks for, started, and the secret sources that it names."""

    def __init__(self, made_of: object, sources: Mapping[str, SecretSource], desk: Desk | None = None) -> None:
        self.made_of = made_of
        self.desk = desk
        self.sources = sources

    def granted(self, use: str, grants: Mapping[str, Any]) -> Effects:
        """Return the effects of one use under the operator's grants; raises `ConfigError`."""
        assert self.desk is not None  # noqa: S101 - opened before any plugin is loaded
        return self.desk.granted(use, grants)

    async def reveal(self, value: SecretValue) -> str:
        """Return the text of a secret value of the file; raises `ConfigError` when its reference leads nowhere."""
        if not value.reference:
            return value.literal
        return value.prefix + await self.resolve(value.reference) + value.suffix

    async def resolve(self, reference: str) -> str:
        """Return the secret of `secret://source/name`; raises `ConfigError` when there is none."""
        source, _, name = reference.removeprefix("secret://").partition("/")
        try:
            return await self.sources[source].read(name)
        except KeyError:
            raise ConfigError(f"`{reference}` has no value", remedy="set the variable, or make the file") from None


class GatewayDesk:
    """Owns the connector and the drivers."""

    def __init__(self, loaded: Loaded) -> None:
        self.connector = GuardedConnector()
        self._upstreams: Upstreams | None = None
        self._vault: Vault | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._extensions = Extensions([builtin])
        self.current = Drivers(None, self._extensions.secret_sources(self._wiring(loaded)))

    async def open(self, loaded: Loaded, upstreams: Upstreams, vault: Vault) -> None:
        """Make and start the drivers; raises `ConfigError`."""
        self._upstreams, self._vault = upstreams, vault
        self.take(await self.prepare(loaded))

    async def close(self) -> None:
        """Stop the drivers, then the connector."""
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        if self.current.desk is not None:
            await self.current.desk.stop()
        await self.connector.stop()

    async def prepare(self, loaded: Loaded) -> Drivers:
        """Return the drivers of another file: those of now where it asks for the same; raises `ConfigError`.

        The caller hands them to `take`, or to `discard`.
        """
        made_of = (loaded.config.connections, loaded.config.secrets)
        if made_of == self.current.made_of:
            return self.current
        assert self._vault is not None  # noqa: S101 - given by `open`
        fresh = Drivers(made_of, self._extensions.secret_sources(self._wiring(loaded)))
        connections = {name: await _url(loaded, name, fresh) for name in loaded.config.connections}
        drivers = self._extensions.drivers(self._wiring(loaded, connections))
        fresh.desk = Desk(drivers, fresh.sources, vault=self._vault.issue)
        await fresh.desk.start()
        return fresh

    def take(self, drivers: Drivers) -> None:
        """Let prepared drivers take over; those before go on for a while, for the calls that began with them."""
        before, self.current = self.current, drivers
        if before is not drivers and before.desk is not None:
            self._retire(before.desk)

    async def discard(self, drivers: Drivers) -> None:
        """Stop prepared drivers that will not take over."""
        if drivers is not self.current and drivers.desk is not None:
            await drivers.desk.stop()

    def _wiring(self, loaded: Loaded, connections: Mapping[str, str] | None = None) -> Wiring:
        folder = loaded.config.secrets.file_directory
        return Wiring(
            self.connector,
            upstreams=self._upstreams,
            connections=connections or {},
            pools={name: each.pool for name, each in loaded.config.connections.items()},
            secrets_folder=loaded.resolve(folder) if folder else None,
        )

    def _retire(self, desk: Desk) -> None:
        async def later() -> None:
            try:
                await asyncio.sleep(DRAIN)
            finally:
                await desk.stop()

        task = asyncio.get_running_loop().create_task(later())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def reveal(self, value: SecretValue) -> str:
        """Return the text of a secret value of the file that is obeyed; raises `ConfigError`."""
        return await self.current.reveal(value)

    async def resolve(self, reference: str) -> str:
        """Return the secret of `secret://source/name`; raises `ConfigError` when there is none."""
        return await self.current.resolve(reference)


async def _url(loaded: Loaded, name: str, drivers: Drivers) -> str:
    """Return the connection's URL with a SQLite file made absolute from the folder of the operator's file."""
    text = await drivers.reveal(loaded.config.connections[name].url)
    try:
        url = make_url(text)
    except ArgumentError:
        where = f"connections.{name}.url"
        raise ConfigError(
            "this is no database URL", where=where, remedy="write `sqlite+aiosqlite:///file.db`"
        ) from None
    if url.drivername.startswith("sqlite") and url.database and url.database != ":memory:":
        url = url.set(database=str(loaded.resolve(url.database)))
    return url.render_as_string(hide_password=False)
