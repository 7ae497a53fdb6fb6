"""Finds extensions and asks them. It starts nothing that they return and catches none of their errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pluggy

from mcpg.contract.problems import ConfigError
from mcpg.hooks import hookspecs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg.contract.ports import SecretSource
    from mcpg.hooks.hookspecs import Wiring

__all__ = ["GROUP", "Extensions"]

GROUP = "mcpg.extensions"
_SOURCE = re.compile(r"[a-z][a-z0-9-]{0,31}")


class Extensions:
    """The extensions in `own` (the gateway's `effects.builtin` first), then those of installed packages."""

    def __init__(self, own: Sequence[Any], *, installed: bool = True) -> None:
        self._pluggy = pluggy.PluginManager(hookspecs.PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        for module in own:
            self._pluggy.register(module)
        if installed:
            self._pluggy.load_setuptools_entrypoints(GROUP)
        self._pluggy.check_pending()

    @property
    def names(self) -> tuple[str, ...]:
        """The extensions that answer, for diagnostics."""
        return tuple(sorted(name for name, plugin in self._pluggy.list_name_plugin() if plugin is not None))

    def drivers(self, wiring: Wiring) -> list[Any]:
        """Return every driver (`effects.driver.Driver`), ours first; raises `ConfigError` when two have one name."""
        # pluggy asks the last registered first.
        found = [driver for some in reversed(self._pluggy.hook.mcpg_drivers(wiring=wiring)) for driver in some]
        names = [driver.name for driver in found]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"two extensions bring a driver `{name}`", remedy="uninstall one of them")
        return found

    def secret_sources(self, wiring: Wiring) -> dict[str, SecretSource]:
        """Return every source by name; raises `ConfigError` for a name that is odd or taken."""
        found: dict[str, SecretSource] = {}
        for some in reversed(self._pluggy.hook.mcpg_secret_sources(wiring=wiring)):
            for name, source in some.items():
                if name in found or not _SOURCE.fullmatch(name):
                    raise ConfigError(f"the source of secrets `{name}` is taken or not lower case")
                found[name] = source
        return found
