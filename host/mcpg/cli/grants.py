"""The operator's grants, read as the gateway reads them at its start. It grants nothing and starts no driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from mcpg.contract.manifest import idle_grants
from mcpg.contract.problems import ConfigError
from mcpg.effects import builtin
from mcpg.effects.desk import Desk
from mcpg.hooks.hookspecs import Wiring
from mcpg.hooks.registry import Extensions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mcpg.config import Finding, Loaded
    from mcpg.contract.manifest import Manifest

__all__ = ["check_grants"]


def check_grants(loaded: Loaded, manifests: Mapping[str, Manifest]) -> Iterator[Finding]:
    """Yield a finding for each grant that its driver refuses to read, or that the use's plugin does not ask for."""
    desk = _desk(loaded)
    for name, use in loaded.config.plugins.items():
        shared = {"secrets": use.grants["secrets"]} if "secrets" in use.grants else {}
        for driver, grant in use.grants.items():
            try:
                desk.granted(name, {driver: grant} if driver == "secrets" else {**shared, driver: grant})
            except ConfigError as error:
                if driver != "secrets" and error.where.startswith(f"{name}.grants.secrets"):
                    continue  # told once, at its own place
                place = ("plugins", name, "grants", driver)
                yield loaded.source.finding(place, error.message, error.remedy or "see the driver's fields", key=True)
                continue
            if idle_grants([driver], manifests[name]):
                place = ("plugins", name, "grants", driver)
                message = f"`{name}` grants `{driver}`, which its plugin `{manifests[name].id}` does not ask for"
                yield loaded.source.finding(place, message, "remove the line", key=True)


def _desk(loaded: Loaded) -> Desk:
    """Return a desk of drivers that read grants and perform nothing: they have no way out, no database, no upstream."""
    extensions = Extensions([builtin])
    folder = loaded.config.secrets.file_directory
    wiring = Wiring(
        connector=None,
        upstreams=cast("Any", object()),
        connections=dict.fromkeys(loaded.config.connections, "sqlite+aiosqlite://"),
        secrets_folder=loaded.resolve(folder) if folder else None,
    )
    return Desk(extensions.drivers(wiring), extensions.secret_sources(wiring))
