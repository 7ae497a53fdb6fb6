"""The effect drivers of this gateway, made from the operator's file and wired to other rooms. It performs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import ConfigError
from mcpg.effects.connector import GuardedConnector
from mcpg.effects.desk import Desk
from mcpg.effects.http import HttpDriver
from mcpg.effects.secrets import EnvironmentSecrets, FileSecrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.config import Loaded
    from mcpg.config.values import SecretValue
    from mcpg.contract.ports import Effects, SecretSource
    from mcpg.pipeline.vault import Vault
    from mcpg.upstreams import Upstreams

__all__ = ["GatewayDesk"]


class GatewayDesk:
    """Owns the connector and the drivers."""

    def __init__(self, loaded: Loaded) -> None:
        self.connector = GuardedConnector()
        self._loaded = loaded
        self.secrets = _sources(loaded)
        self._desk: Desk | None = None

    async def open(self, upstreams: Upstreams, vault: Vault) -> None:
        """Make and start the drivers; raises `ConfigError`."""
        del upstreams
        self._desk = Desk([HttpDriver(self.connector)], self.secrets, vault=vault.issue)
        await self._desk.start()

    async def close(self) -> None:
        """Stop the drivers, then the connector."""
        if self._desk is not None:
            await self._desk.stop()
        await self.connector.stop()

    async def update(self, loaded: Loaded) -> None:
        """Obey another file."""
        self._loaded = loaded

    async def reveal(self, value: SecretValue) -> str:
        """Return the text of a secret value of the file; raises `ConfigError` when its reference leads nowhere."""
        if not value.reference:
            return value.literal
        return value.prefix + await self.resolve(value.reference) + value.suffix

    async def resolve(self, reference: str) -> str:
        """Return the secret of `secret://source/name`; raises `ConfigError` when there is none."""
        source, _, name = reference.removeprefix("secret://").partition("/")
        try:
            return await self.secrets[source].read(name)
        except KeyError:
            raise ConfigError(f"`{reference}` has no value", remedy="set the variable, or make the file") from None

    def granted(self, use: str, grants: Mapping[str, Any]) -> Effects:
        """Return the effects of one use under the operator's grants; raises `ConfigError`."""
        assert self._desk is not None  # noqa: S101 - opened before any plugin is loaded
        return self._desk.granted(use, grants)


def _sources(loaded: Loaded) -> dict[str, SecretSource]:
    sources: dict[str, SecretSource] = {"env": EnvironmentSecrets()}
    folder = loaded.config.secrets.file_directory
    if folder is not None:
        sources["file"] = FileSecrets(loaded.resolve(folder))
    return sources
