"""Plugins as the configuration and people see them: verified, their manifests read, and last each made ready."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from mcpg.cli.grants import check_grants
from mcpg.cli.trial import try_plugins
from mcpg.config import ConfigErrors
from mcpg.config.check import check_kinds
from mcpg.contract.problems import ConfigError
from mcpg.gateway.revocation_site import open_standing
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
    from mcpg.plugins.pulling import Revocations
    from mcpg.plugins.sandboxing import Sandboxing
    from mcpg_revocations.index import RevocationIndex

__all__ = ["Known", "check_plugins", "verified"]


class Known:
    """What a site's lists say now, however old they are: whoever checks a file need not have asked the feed yet."""

    def __init__(self, loaded: Loaded) -> None:
        self._standing = open_standing(loaded, int(time.time()))

    def for_loading(self, now: int, **_: Any) -> RevocationIndex:
        """Return the index over all lists."""
        return self._standing.index(now)


def verified(
    reference: str, base: Path, supply: Supply | None = None, revocations: Revocations | None = None
) -> VerifiedPlugin:
    """Return the plugin that `reference` names, verified and read; `PluginRefused` names the step that failed.

    Nothing is pulled: a registry's plugin is looked for in the store of `supply`. Without `revocations` the list that
    ships counts.
    """
    nothing = cast("Sandboxing", None)  # verifying compiles nothing
    offline = replace(supply or Supply(), offline=True)
    loader = Loader(nothing, supply=offline, revocations=revocations, development=True)
    return asyncio.run(loader.verify(reference, base))


def check_plugins(loaded: Loaded) -> None:
    """Return if every plugin verifies and fits what is written for it; raises `ConfigErrors`, `PluginRefused`."""
    known: dict[str, Manifest] = {}
    supply, lists = supply_of(loaded), Known(loaded)
    for use in loaded.config.plugins.values():
        if use.source not in known:
            known[use.source] = verified(use.source, loaded.base, supply, lists).manifest
    manifests = {name: known[use.source] for name, use in loaded.config.plugins.items()}
    findings = check_kinds(loaded.config, loaded.source, {name: each.kind for name, each in manifests.items()})
    findings += _configurations(loaded, manifests)
    findings += check_grants(loaded, manifests)
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
