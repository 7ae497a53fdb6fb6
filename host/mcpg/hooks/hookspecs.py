"""Every extension point of the host, on one page. It implements none; our own drivers use the same hooks.

An extension is a Python package that an operator installs beside MCPG: it runs inside the gateway with all its rights,
unlike a plugin, which is a sandboxed component. It names a module under the entry-point group `mcpg.extensions` and
marks functions in it with `hookimpl`:

    from mcpg.hooks import hookimpl

    @hookimpl
    def mcpg_drivers(wiring):
        return [MyDriver(wiring.connector)]
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mcpg.contract.ports import SecretSource, UpstreamCalls

__all__ = ["PROJECT", "Wiring", "hookimpl", "hookspec", "mcpg_drivers", "mcpg_secret_sources"]

PROJECT = "mcpg"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the gateway lends to extensions.

    `connector` is the one way out for HTTP (`effects.connector.GuardedConnector`); `connections` maps names to database
    URLs, which may hold passwords.
    """

    connector: Any
    upstreams: UpstreamCalls | None = None
    connections: Mapping[str, str] = field(default_factory=dict, repr=False)
    pools: Mapping[str, int] = field(default_factory=dict)
    """Connections kept at most, by the name of the database."""
    secrets_folder: Path | None = None


@hookspec
def mcpg_drivers(wiring: Wiring) -> Sequence[Any]:  # type: ignore[empty-body]
    """Return the drivers of effects (`effects.driver.Driver`) that this extension adds.

    Called once, at start, before any plugin is loaded. Each driver is started and stopped by the desk; its name must be
    new. A driver that speaks HTTP uses `wiring.connector` and no client of its own. Its test kit is `Driver`'s: every
    field of its grant has a test that allows and one that denies.
    """


@hookspec
def mcpg_secret_sources(wiring: Wiring) -> Mapping[str, SecretSource]:  # type: ignore[empty-body]
    """Return sources of secrets by the name that stands in `secret://name/...`.

    Called once, at start. A source never logs a value and raises `KeyError` for a name that it does not have; its own
    name is lower-case letters, digits and hyphens, and new.
    """
