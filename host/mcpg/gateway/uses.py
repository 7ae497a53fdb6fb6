"""From the operator's file to plugin uses and their grants. It loads no plugin.

An upstream is short for a use of `backend-mcp` that may call that one upstream and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import ConfigError
from mcpg.plugins.specs import Caps, UseSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.config import Loaded

__all__ = ["Wanted", "use_of", "wanted_uses"]

UPSTREAM_METHODS = (
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "completion/complete",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One use with what belongs to it here: grants, what a failure means, shadow, and the upstream it is for."""

    spec: UseSpec
    grants: Mapping[str, Any]
    on_failure: str = "deny"
    shadow: bool = False
    upstream: str = ""
    timeout: float = 30.0


def use_of(upstream: str) -> str:
    """Return the name of the plugin use that an upstream is short for."""
    return f"upstream.{upstream}"


def wanted_uses(loaded: Loaded) -> dict[str, Wanted]:
    """Return every use that the file names, upstreams included."""
    config = loaded.config
    wanted = {name: _plugin_use(loaded, name) for name in config.plugins}
    for name, upstream in config.upstreams.items():
        settings: dict[str, Any] = {"upstream": name}
        if upstream.prefix:
            settings["prefix"] = upstream.prefix
        for field in ("include", "exclude"):
            if getattr(upstream, field):
                settings[field] = list(getattr(upstream, field))
        spec = UseSpec(use_of(name), "builtin:backend-mcp", settings, loaded.base)
        grants = {"mcp": {"upstreams": [name], "methods": list(UPSTREAM_METHODS)}}
        wanted[spec.name] = Wanted(spec, grants, upstream=name, timeout=upstream.timeout)
    return wanted


def _plugin_use(loaded: Loaded, name: str) -> Wanted:
    use = loaded.config.plugins[name]
    if use.source.startswith("file:") and not loaded.config.development:
        raise ConfigError(
            "an unsigned component is for development only",
            where=loaded.where(("plugins", name, "from")),
            remedy="pack and sign it, or say `development: true` at the top of the file and start anew",
        )
    spec = UseSpec(
        name=name,
        source=use.source,
        config=use.config,
        base=loaded.base,
        isolation=use.isolation,
        memo=use.memo,
        limits=Caps(use.limits.memory, use.limits.time, use.limits.output),
    )
    return Wanted(spec, use.grants, use.on_failure, use.shadow)
