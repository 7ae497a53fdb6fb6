"""The endpoints that a file asks for: their names and paths. It serves none.

`mcp` shows everything, a profile its selection at `/PROFILE/mcp`, and `servers/UPSTREAM` one upstream under its own
names at `/servers/UPSTREAM/mcp`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.config.findings import Finding
    from mcpg.config.profiles import Profile
    from mcpg.config.root import Config
    from mcpg.config.source import Source

__all__ = ["MAIN", "RESERVED", "Endpoint", "check_endpoints", "endpoints_of"]

MAIN = "mcp"
RESERVED = frozenset(
    {"mcp", "servers", "admin", "health", "ready", "metrics", "sse", "messages", "connect", "oauth", "well-known"}
)
"""Names that no profile may have: paths of ours begin with them, or may one day."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: its `name` in records, its `path`, and the profile or the upstream that it is for."""

    name: str
    path: str
    profile: Profile | None = None
    upstream: str = ""


def endpoints_of(config: Config) -> tuple[Endpoint, ...]:
    """Return all endpoints of the file, that of everything first."""
    profiles = (Endpoint(name, f"/{name}/mcp", profile) for name, profile in config.profiles.items())
    upstreams = (
        Endpoint(f"servers/{name}", f"/servers/{name}/mcp", upstream=name)
        for name, upstream in config.upstreams.items()
        if upstream.own_endpoint
    )
    return (Endpoint(MAIN, config.server.path), *profiles, *upstreams)


def check_endpoints(config: Config, source: Source) -> Iterator[Finding]:
    """Yield what keeps endpoints apart that is not so: reserved and equal names, paths, names given twice."""
    seen: dict[str, str] = {}
    for name, profile in config.profiles.items():
        place = ("profiles", name)
        other = seen.setdefault(name.casefold(), name)
        if name.casefold() in RESERVED:
            yield source.finding(place, f"`{name}` cannot name a profile, its path is taken", "rename it", key=True)
        elif other != name:
            yield source.finding(place, f"`{name}` and `{other}` differ in case only", "rename one", key=True)
        for index, upstream in enumerate(profile.upstreams or ()):
            if upstream not in config.upstreams:
                remedy = "add it under `upstreams`"
                yield source.finding((*place, "upstreams", index), f"there is no upstream `{upstream}`", remedy)
    if any(endpoint.path == config.server.path for endpoint in endpoints_of(config)[1:]):
        place = ("server", "path")
        yield source.finding(place, f"`{config.server.path}` is the path of another endpoint", "take another path")
    yield from _given_twice(config, source)


def _given_twice(config: Config, source: Source) -> Iterator[Finding]:
    """Yield each name that an upstream's tool or prompt is given and that something else has by the file's own word."""
    names: dict[tuple[str, str], str] = {("tools", name): "a tool of your own" for name in config.tools}
    for upstream, settings in config.upstreams.items():
        for kind, overrides in (("tools", settings.tools), ("prompts", settings.prompts)):
            for original, override in overrides.items():
                if override.name is None:
                    continue
                other = names.setdefault((kind, override.name), f"`{original}` of `{upstream}`")
                if other != f"`{original}` of `{upstream}`":
                    place = ("upstreams", upstream, kind, original, "name")
                    yield source.finding(place, f"{other} has the name `{override.name}` too", "give it another name")
