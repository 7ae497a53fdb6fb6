"""From loaded plugins to the plans that answer calls, one for each endpoint. It loads nothing and asks nobody.

Every reference to a use is checked here against the kind of the plugin that it turned out to be, and every binding
against the manifest of its backend.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from mcpg.config.check import check_kinds
from mcpg.config.endpoints import endpoints_of
from mcpg.config.findings import ConfigErrors
from mcpg.config.profiles import Profile
from mcpg.contract.manifest import idle_grants
from mcpg.contract.problems import ConfigError
from mcpg.contract.worlds import PluginKind
from mcpg.gateway.naming import matches
from mcpg.gateway.routing import own_route, route_table
from mcpg.pipeline.stages import Plan, make_stage
from mcpg.plugins.configuration import check_binding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mcpg.config import Loaded
    from mcpg.config.endpoints import Endpoint
    from mcpg.config.profiles import Selection
    from mcpg.contract.manifest import Manifest
    from mcpg.contract.ports import Effects, GuestHandle
    from mcpg.gateway.routing import Described
    from mcpg.gateway.uses import Wanted
    from mcpg.pipeline.routes import Route, RouteTable
    from mcpg.pipeline.stages import Stage

__all__ = ["make_plans", "make_stages", "own_routes", "takes", "without_fenced"]


def make_stages(
    wanted: Mapping[str, Wanted],
    manifests: Mapping[str, Manifest],
    guest_of: Callable[[str], GuestHandle],
    effects_of: Callable[[str, Mapping[str, object]], Effects],
) -> dict[str, Stage]:
    """Return the stage of every use; `ConfigError` for a grant that makes no sense or a skip that is not allowed."""
    stages: dict[str, Stage] = {}
    for name, use in wanted.items():
        stage = make_stage(
            guest_of(name),
            effects_of(name, use.grants),
            manifest=manifests[name],
            on_failure="skip" if use.on_failure == "skip" else "deny",
            shadow=use.shadow,
        )
        _check_use(name, use, manifests[name])
        stages[name] = stage
    return stages


def _check_use(name: str, use: Wanted, manifest: Manifest) -> None:
    if use.on_failure == "skip" and (manifest.kind is not PluginKind.TRANSFORM or manifest.security):
        raise ConfigError(
            "`on_failure: skip` is for transforms whose manifest says that they are not for security",
            where=f"plugins.{name}.on_failure",
            remedy="remove the line: a failure then ends the call",
        )
    for driver in idle_grants(use.grants, manifest):
        raise ConfigError(
            f"`{name}` grants `{driver}`, which its plugin `{manifest.id}` does not ask for",
            where=f"plugins.{name}.grants.{driver}",
            remedy="remove the line; `mcpg plugin inspect` says what it asks for",
        )
    if use.shadow and manifest.kind is not PluginKind.POLICY:
        raise ConfigError("`shadow` is for policy engines", where=f"plugins.{name}.shadow", remedy="remove the line")


def own_routes(loaded: Loaded, stages: Mapping[str, Stage], manifests: Mapping[str, Manifest]) -> list[Route]:
    """Return the routes of the operator's own tools; `ConfigError` for a wrong kind, schema or binding."""
    config = loaded.config
    found = check_kinds(config, loaded.source, {name: manifest.kind for name, manifest in manifests.items()})
    if found:
        raise ConfigErrors(found)
    routes = []
    for name, tool in config.tools.items():
        check_binding(manifests[tool.backend], tool.binding, use=tool.backend)
        transforms = tuple(stages[use] for use in tool.transforms)
        where, timeout = f"tools.{name}", config.server.limits.call_timeout
        routes.append(own_route(name, tool, where=where, timeout=timeout, transforms=transforms))
    return routes


def make_plans(
    loaded: Loaded,
    stages: Mapping[str, Stage],
    manifests: Mapping[str, Manifest],
    own: list[Route],
    described: list[Described],
    *,
    generation: int,
    report: Callable[[str], None],
) -> dict[str, Plan]:
    """Return the plan of each endpoint at one moment, by the endpoint's name: one table, selected from for each."""
    config = loaded.config
    table = route_table(own, described, report, config.upstreams)
    backends = {name: s for name, s in stages.items() if manifests[name].kind is PluginKind.BACKEND}

    def chain(names: tuple[str, ...]) -> tuple[Stage, ...]:
        return tuple(stages[name] for name in names)

    def plan(endpoint: Endpoint) -> Plan:
        rules = endpoint.profile or Profile()
        policy, limits = rules.policy or config.policy, rules.limits or config.limits
        return Plan(
            generation=generation,
            endpoint=endpoint.name,
            routes=_selected(table, endpoint),
            identity=chain((rules.identity or config.identity).chain),
            policy=chain(policy.engines),
            combine=cast("str", policy.combine),  # type: ignore[arg-type]
            limits=chain(limits.chain),
            limits_fail_open=limits.on_store_failure == "allow",
            transforms=chain(config.transforms if rules.transforms is None else rules.transforms),
            catalog=chain(config.catalog if rules.catalog is None else rules.catalog),
            list_ttl=rules.list_ttl or config.server.list_ttl or 0.0,
            backends=backends,
        )

    return {endpoint.name: plan(endpoint) for endpoint in endpoints_of(config)}


def _selected(table: RouteTable, endpoint: Endpoint) -> RouteTable:
    """Return what an endpoint has of all there is; names stay canonical but on an upstream's own endpoint."""
    if endpoint.upstream:
        return table.of_upstream(endpoint.upstream)
    profile = endpoint.profile
    if profile is None:
        return table
    kinds = {"tool": profile.tools, "prompt": profile.prompts}

    def keep(route: Route) -> bool:
        if profile.upstreams is not None or profile.backends is not None:
            mine = route.upstream in (profile.upstreams or ()) if route.upstream else False
            if not mine and route.backend not in (profile.backends or ()):
                return False
        return takes(kinds.get(route.kind, profile.resources), route.name)

    left_out = profile.resources.exclude
    return table.only(keep, (lambda uri: matches(left_out, uri)) if left_out else None)


def takes(selection: Selection, name: str) -> bool:
    """Whether a selection of the operator's has something of that canonical name."""
    return (not selection.include or matches(selection.include, name)) and not matches(selection.exclude, name)


def without_fenced(plan: Plan, fenced: frozenset[str], halted: str = "") -> Plan:
    """Return a plan that lists nothing of backends that are fenced, and permits nothing where a policy engine is.

    Calls of what it no longer lists fail with the reason of the fence. `halted` says why nothing is permitted anyway.
    """
    if not fenced and not halted:
        return plan
    engine = next((stage.use for stage in plan.policy if stage.use in fenced and not stage.shadow), "")
    halted = halted or (f"policy `{engine}` has been fenced, so nothing is permitted" if engine else "")
    return replace(plan, routes=plan.routes.hiding(fenced), halted=halted, fenced=fenced)
