"""Plugins as the configuration and people see them: verified, their manifests read, and last each made ready."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from mcpg.cli.grants import check_grants
from mcpg.cli.trial import try_plugins
from mcpg.config import ConfigErrors
from mcpg.config.check import check_kinds
from mcpg.contract.problems import ConfigError
from mcpg.gateway.supplying import supply_of
from mcpg.plugins.configuration import check_binding, configure
from mcpg.plugins.loader import Loader
from mcpg.plugins.supply import Supply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcpg.config import Finding, Loaded
    from mcpg.config.findings import Place
    from mcpg.contract.manifest import Manifest
    from mcpg.plugins.loader import VerifiedPlugin
    from mcpg.plugins.sandboxing import Sandboxing

__all__ = ["check_plugins", "verified"]


def verified(reference: str, base: Path, supply: Supply | None = None) -> VerifiedPlugin:
    """Return the plugin that `reference` names, verified and read; `PluginRefused` names the step that failed.

    Nothing is pulled: a registry's plugin is looked for in the store of `supply`.
    """
    nothing = cast("Sandboxing", None)  # verifying compiles nothing
    offline = replace(supply or Supply(), offline=True)
    return asyncio.run(Loader(nothing, supply=offline, development=True).verify(reference, base))


def check_plugins(loaded: Loaded) -> None:
    """Return if every plugin verifies and fits what is written for it; raises `ConfigErrors`, `PluginRefused`."""
    known: dict[str, Manifest] = {}
    supply = supply_of(loaded)
    for use in loaded.config.plugins.values():
        if use.source not in known:
            known[use.source] = verified(use.source, loaded.base, supply).manifest
    manifests = {name: known[use.source] for name, use in loaded.config.plugins.items()}
    findings = check_kinds(loaded.config, loaded.source, {name: each.kind for name, each in manifests.items()})
    findings += _configurations(loaded, manifests)
    findings += check_grants(loaded)
    findings += _bindings(loaded, manifests)
    findings = findings or try_plugins(loaded)
    if findings:
        raise ConfigErrors(sorted(findings, key=lambda finding: (finding.line, finding.column)))


def _configurations(loaded: Loaded, manifests: dict[str, Manifest]) -> Iterator[Finding]:
    for name, use in loaded.config.plugins.items():
        try:
            configure(manifests[name], use.config, loaded.base, use=name)
        except ConfigError as error:
            yield _finding(loaded, ("plugins", name, "config"), error)


def _bindings(loaded: Loaded, manifests: dict[str, Manifest]) -> Iterator[Finding]:
    for name, tool in loaded.config.tools.items():
        try:
            check_binding(manifests[tool.backend], tool.binding, use=tool.backend)
        except ConfigError as error:
            yield _finding(loaded, ("tools", name), error)


def _finding(loaded: Loaded, place: Place, error: ConfigError) -> Finding:
    return loaded.source.finding(place, error.message, error.remedy, key=True)
