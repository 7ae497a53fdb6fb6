"""What an endpoint says of itself: name, capabilities, instructions. It promises nothing that nobody behind it does.

An upstream that has never been reached may have tools, prompts and resources, so those are promised while one is
expected; all else is promised once an upstream behind the endpoint has promised it. Source: MCP 2025-11-25
basic/lifecycle; MCP 2026-07-28 server/discover; MCP Apps
(extension `io.modelcontextprotocol/ui`); ext-tasks (`io.modelcontextprotocol/tasks`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg import __version__
from mcpg.protocol.methods import TASKS_EXTENSION
from mcpg.protocol.versions import MODERN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mcpg.config.about import Info
    from mcpg.config.endpoints import Endpoint
    from mcpg.config.profiles import Selection
    from mcpg.config.root import Config
    from mcpg.pipeline.routes import RouteTable
    from mcpg.upstreams.supervisor import UpstreamState

__all__ = ["RELAYED", "describe_endpoint"]

RELAYED = ("io.modelcontextprotocol/ui", TASKS_EXTENSION)
"""Extensions that an endpoint has if an upstream behind it does."""
MOST_OF_ONE = 4096
MOST_OF_ALL = 16384
"""Characters of instructions that are joined."""
_KINDS = {"tools": ("tool",), "prompts": ("prompt",), "resources": ("resource", "template")}


def describe_endpoint(
    config: Config,
    endpoint: Endpoint,
    routes: RouteTable,
    states: Mapping[str, UpstreamState],
    words: Mapping[str, str],
) -> dict[str, Any]:
    """Return `{"serverInfo", "capabilities", "instructions"?}` of one endpoint, in the newest shape.

    `words` is what upstreams tell models of their use, as far as it is let through.
    """
    behind = _behind(config, endpoint)
    known = [_offered(states[name]) for name in behind if name in states and states[name].version]
    waited_for = len(known) < len(behind)
    capabilities: dict[str, Any] = {}
    for kind, rows in _KINDS.items():
        there = any(routes.listed(row) for row in rows)  # type: ignore[arg-type]
        promised = waited_for or any(isinstance(each.get(kind), dict) for each in known)
        if there or (promised and _wanted(endpoint, kind)):
            capabilities[kind] = {"listChanged": True}
    if "resources" in capabilities and any(_has(each, "resources", "subscribe") for each in known):
        capabilities["resources"]["subscribe"] = True
    capabilities |= {name: {} for name in ("completions", "logging") if any(name in each for each in known)}
    if extensions := _extensions(known):
        capabilities["extensions"] = extensions
    described: dict[str, Any] = {"serverInfo": _info(config, endpoint), "capabilities": capabilities}
    profile = endpoint.profile
    if ttl := (profile.list_ttl if profile is not None else None) or config.server.list_ttl:
        described["ttlMs"] = int(ttl * 1000)
    if instructions := _instructions(config, endpoint, behind, words):
        described["instructions"] = instructions
    return described


def _behind(config: Config, endpoint: Endpoint) -> list[str]:
    """Return the upstreams whose things the endpoint may have."""
    if endpoint.upstream:
        return [endpoint.upstream]
    profile = endpoint.profile
    if profile is None or (profile.upstreams is None and profile.backends is None):
        return sorted(config.upstreams)
    return sorted(profile.upstreams or ())


def _offered(state: UpstreamState) -> Mapping[str, Any]:
    """Return what an upstream offers; tasks are relayed where there is no handshake only."""
    offered = state.capabilities.get("extensions")
    if state.version in MODERN or not isinstance(offered, dict) or TASKS_EXTENSION not in offered:
        return state.capabilities
    rest = {name: value for name, value in offered.items() if name != TASKS_EXTENSION}
    return {**state.capabilities, "extensions": rest}


def _wanted(endpoint: Endpoint, kind: str) -> bool:
    selection: Selection | None = getattr(endpoint.profile, kind) if endpoint.profile is not None else None
    return selection is None or "*" not in selection.exclude


def _has(capabilities: Mapping[str, Any], name: str, option: str) -> bool:
    found = capabilities.get(name)
    return isinstance(found, dict) and found.get(option) is True


def _extensions(known: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the extensions that upstreams offer and that are relayed; settings that are lists are joined."""
    joined: dict[str, dict[str, Any]] = {}
    for capabilities in known:
        offered = capabilities.get("extensions")
        for name in RELAYED:
            settings = offered.get(name) if isinstance(offered, dict) else None
            if not isinstance(settings, dict):
                continue
            whole = joined.setdefault(name, {})
            for key, value in settings.items():
                old = whole.setdefault(key, value)
                if isinstance(old, list) and isinstance(value, list):
                    whole[key] = [*old, *(item for item in value if item not in old)]
    return joined


def _info(config: Config, endpoint: Endpoint) -> dict[str, Any]:
    info = {"name": "mcpg", "version": __version__} | _said(config.server.info)
    return info | _said(endpoint.profile.info) if endpoint.profile is not None else info


def _said(info: Info) -> dict[str, Any]:
    fields = {"name": info.name, "title": info.title, "version": info.version, "description": info.description}
    said: dict[str, Any] = {**fields, "websiteUrl": info.website}
    icons = [
        {"src": icon.src, "mimeType": icon.mime_type, "sizes": list(icon.sizes), "theme": icon.theme}
        for icon in info.icons
    ]
    said["icons"] = [{key: value for key, value in icon.items() if value} for icon in icons]
    return {key: value for key, value in said.items() if value}


def _instructions(config: Config, endpoint: Endpoint, behind: list[str], words: Mapping[str, str]) -> str:
    """Return what clients are told of the use: an upstream's own words, or ours and those of all, each labelled."""
    told = {name: _words(config, name, words)[:MOST_OF_ONE].strip() for name in behind}
    if endpoint.upstream:
        return told[endpoint.upstream]
    profile = endpoint.profile
    own = (profile.instructions if profile is not None else None) or config.server.instructions or ""
    parts = [own, *(f"From `{name}`:\n{text}" for name, text in told.items() if text)]
    return "\n\n".join(part for part in parts if part)[:MOST_OF_ALL]


def _words(config: Config, name: str, words: Mapping[str, str]) -> str:
    said = config.upstreams[name].instructions
    return said if said is not None else words.get(name, "")
