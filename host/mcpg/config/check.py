"""What one value of the file says about another: names exist, settings fit their place. It opens no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.config.endpoints import check_endpoints
from mcpg.config.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.config.findings import Finding, Place
    from mcpg.config.root import Config
    from mcpg.config.source import Source
    from mcpg.contract.worlds import PluginKind

__all__ = ["check", "check_kinds", "uses_of"]


def uses_of(config: Config) -> Iterator[tuple[Place, str, str]]:
    """Yield (place, name of the use, kind that the place wants) for each mention of a plugin use."""
    chains: tuple[tuple[Place, tuple[str, ...], str], ...] = (
        (("identity", "chain"), config.identity.chain, "identity"),
        (("catalog",), config.catalog, "catalog"),
        (("transforms",), config.transforms, "transform"),
        (("policy", "engines"), config.policy.engines, "policy"),
        (("limits", "chain"), config.limits.chain, "limit"),
        (("sinks",), config.sinks, "sink"),
    )
    for place, chain, kind in chains:
        for index, name in enumerate(chain):
            yield (*place, index), name, kind
    yield from _uses_of_profiles(config)
    for issuer, name in config.credentials.items():
        yield ("credentials", issuer), name, "credential"
    for tool, settings in config.tools.items():
        yield ("tools", tool, "backend"), settings.backend, "backend"
        for index, name in enumerate(settings.transforms):
            yield ("tools", tool, "transforms", index), name, "transform"


def _uses_of_profiles(config: Config) -> Iterator[tuple[Place, str, str]]:
    for profile, settings in config.profiles.items():
        chains: tuple[tuple[Place, tuple[str, ...] | None, str], ...] = (
            (("identity", "chain"), settings.identity.chain if settings.identity else None, "identity"),
            (("catalog",), settings.catalog, "catalog"),
            (("transforms",), settings.transforms, "transform"),
            (("policy", "engines"), settings.policy.engines if settings.policy else None, "policy"),
            (("limits", "chain"), settings.limits.chain if settings.limits else None, "limit"),
            (("backends",), settings.backends, "backend"),
        )
        for place, chain, kind in chains:
            for index, name in enumerate(chain or ()):
                yield ("profiles", profile, *place, index), name, kind


def check(config: Config, source: Source) -> list[Finding]:
    """Return what does not fit together, errors and warnings."""
    found = [*_references(config, source), *_places(config, source), *_connections(config, source)]
    found += check_endpoints(config, source)
    return sorted([*found, *_server(config, source), *_doubts(config, source)], key=lambda one: (one.line, one.column))


def check_kinds(config: Config, source: Source, kinds: dict[str, PluginKind]) -> list[Finding]:
    """Return an error for each use that stands where another kind is wanted. `kinds` is by name of the use."""
    return [
        source.finding(_written(place, source), f"`{name}` is a {kinds[name].value} plugin, wanted a {kind} plugin",
                       f"name a use of a {kind} plugin")
        for place, name, kind in uses_of(config)
        if name in kinds and kinds[name].value != kind
    ]  # fmt: skip


def _written(place: Place, source: Source) -> Place:
    """Return the place as the file has it: `limits` may be a plain list."""
    start = 2 if place[0] == "profiles" else 0
    if place[start : start + 2] != ("limits", "chain"):
        return place
    holder = source.data
    for part in place[: start + 1]:
        holder = holder[part]
    return (*place[: start + 1], *place[start + 2 :]) if isinstance(holder, list) else place


def _references(config: Config, source: Source) -> Iterator[Finding]:
    known = list(config.plugins)
    for place, name, kind in uses_of(config):
        if name not in config.plugins:
            best = nearest(name, known)
            remedy = f"did you mean `{best}`?" if best else f"add it under `plugins` with a {kind} plugin"
            yield source.finding(_written(place, source), f"there is no plugin use `{name}`", remedy)
    seen: set[tuple[Place, str]] = set()
    for place, name, _ in uses_of(config):
        chain = (place[:-1], name)
        if isinstance(place[-1], int) and chain in seen:
            yield source.finding(_written(place, source), f"`{name}` stands twice in this chain", "remove one")
        seen.add(chain)


def _places(config: Config, source: Source) -> Iterator[Finding]:
    kinds: dict[str, set[str]] = {}
    for _, name, kind in uses_of(config):
        kinds.setdefault(name, set()).add(kind)
    for name, use in config.plugins.items():
        place = ("plugins", name)
        used = kinds.get(name, set())
        if len(used) > 1:
            names = ", ".join(sorted(used))
            yield source.finding(
                place, f"`{name}` is used as {names}, a plugin has one kind", "use one plugin for each", key=True
            )
        if use.on_failure == "skip" and used - {"transform"}:
            yield source.finding(
                (*place, "on_failure"), "only a transform may be skipped when it fails", "write `deny`"
            )
        if use.shadow and used - {"policy"}:
            yield source.finding((*place, "shadow"), "only a policy engine can be a shadow", "remove `shadow`")
        if not used and not _backend_only(use.source):
            yield source.finding(
                place, f"`{name}` is not used", "name it in a chain or remove it", key=True, warning=True
            )


def _backend_only(reference: str) -> bool:
    """Whether the source's name says that it is a backend, which may offer a catalog without being named by a tool."""
    return "backend-" in reference


def _connections(config: Config, source: Source) -> Iterator[Finding]:
    for name, use in config.plugins.items():
        grant = use.grants.get("sql")
        wanted = grant.get("connections") if isinstance(grant, dict) else None
        for index, connection in enumerate(wanted if isinstance(wanted, list) else []):
            if connection not in config.connections:
                place = ("plugins", name, "grants", "sql", "connections", index)
                best = nearest(str(connection), list(config.connections))
                remedy = f"did you mean `{best}`?" if best else "add it under `connections`"
                yield source.finding(place, f"there is no connection `{connection}`", remedy)


def _server(config: Config, source: Source) -> Iterator[Finding]:
    server = config.server
    if server.admin is not None and server.admin_token is None:
        remedy = "add `admin_token: secret://env/MCPG_ADMIN_TOKEN`"
        yield source.finding(("server", "admin"), "the second listener has no token", remedy)
    if server.admin is not None and server.admin == server.listen:
        yield source.finding(("server", "admin"), "both listeners have the same address", "give it another port")
    if server.tls is None and not server.listen.loopback:
        remedy = "add `server.tls`, or make sure that a proxy in front of it ends TLS"
        message = f"`{server.listen}` can be reached from other machines without TLS"
        yield source.finding(("server", "listen"), message, remedy, warning=True)


def _doubts(config: Config, source: Source) -> Iterator[Finding]:
    enforced = _enforced(config, config.policy.engines)
    remedy = "name a policy plugin under `policy.engines`"
    if not enforced and (config.tools or config.upstreams):
        message = "no policy engine is enforced, so every call will be denied"
        yield source.finding(("policy",), message, remedy, warning=True)
    for name, profile in config.profiles.items():
        if profile.policy is not None and not _enforced(config, profile.policy.engines):
            message = f"no policy engine is enforced in `{name}`, so every call there will be denied"
            yield source.finding(("profiles", name, "policy"), message, remedy, warning=True)
    if not config.identity.chain and config.server.stdio is None:
        message = "no identity plugin is named, so every call will be refused"
        yield source.finding(("identity",), message, "name an identity plugin under `identity.chain`", warning=True)
    prefixes: dict[str, str] = {}
    for name, upstream in config.upstreams.items():
        if upstream.prefix and upstream.prefix in prefixes:
            message = f"`{prefixes[upstream.prefix]}` has the prefix `{upstream.prefix}` too"
            yield source.finding(("upstreams", name, "prefix"), message, "give each upstream its own prefix")
        prefixes[upstream.prefix or ""] = name


def _enforced(config: Config, engines: tuple[str, ...]) -> list[str]:
    """Return the engines whose verdicts are obeyed."""
    return [name for name in engines if name in config.plugins and not config.plugins[name].shadow]
