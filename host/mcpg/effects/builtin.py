"""The gateway's own drivers and sources of secrets, through the hooks that everybody has. It holds no logic.

The gateway hands this module to `Extensions`, before those of installed packages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.hooks.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mcpg.contract.ports import SecretSource
    from mcpg.effects.driver import Driver
    from mcpg.hooks.hookspecs import Wiring

__all__ = ["mcpg_drivers", "mcpg_secret_sources"]


@hookimpl
def mcpg_drivers(wiring: Wiring) -> Sequence[Driver]:
    """Return http, command, notify, log and sign; sql where there are connections, mcp where there are upstreams."""
    # Imported here, so that what only lists the hooks does not load a database library.
    from mcpg.effects.command import CommandDriver  # noqa: PLC0415 - see above
    from mcpg.effects.http import HttpDriver  # noqa: PLC0415 - see above
    from mcpg.effects.log import LogDriver  # noqa: PLC0415 - see above
    from mcpg.effects.notify import NotifyDriver  # noqa: PLC0415 - see above
    from mcpg.effects.sign import SignDriver  # noqa: PLC0415 - see above

    drivers: list[Driver] = [HttpDriver(wiring.connector), CommandDriver(), NotifyDriver(), LogDriver(), SignDriver()]
    if wiring.connections:
        from mcpg.effects.sql import SqlDriver  # noqa: PLC0415 - see above

        drivers.append(SqlDriver(wiring.connections, pools=wiring.pools))
    if wiring.upstreams is not None:
        from mcpg.effects.mcp import McpDriver  # noqa: PLC0415 - see above

        drivers.append(McpDriver(wiring.upstreams))
    return drivers


@hookimpl
def mcpg_secret_sources(wiring: Wiring) -> Mapping[str, SecretSource]:
    """Return `env`, and `file` where the operator names a folder."""
    from mcpg.effects.secrets import EnvironmentSecrets, FileSecrets  # noqa: PLC0415 - as above

    sources: dict[str, SecretSource] = {"env": EnvironmentSecrets()}
    if wiring.secrets_folder is not None:
        sources["file"] = FileSecrets(wiring.secrets_folder)
    return sources
