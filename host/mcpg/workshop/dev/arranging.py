"""The operator's file that a plugin alone needs so that something can be called at once. It starts nothing.

A policy stands between a local caller and mock tools, a backend has its own tools, a transform is around mock tools, an
identity plugin stands before the anonymous caller, a credential plugin behind a tool that sends what it issues to a
server on this machine. All else is built in: `dev-local` says who calls, `dev-permit` permits everything.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import yaml

from mcpg.config import loads
from mcpg.contract.problems import ConfigError
from mcpg.contract.worlds import PluginKind

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.config import Loaded
    from mcpg.contract.manifest import Manifest
    from mcpg.workshop.dev.settings import Given

__all__ = ["PERMIT", "arranged", "replaced", "use_name"]

PERMIT: Final = "permit.cedar"
"""The file in the state folder that lets everything pass; whoever makes that folder writes it."""
EVERYTHING: Final = "permit(principal, action, resource);\n"
ISSUER: Final = "dev"

_TEXT = {"type": "string", "default": "hello"}
MOCKS: Final[dict[str, Any]] = {
    "echo": {
        "description": "Says its arguments.",
        "input": {"text": _TEXT},
        "annotations": {"readOnlyHint": True},
        "mock": {"echo": True},
    },
    "remove": {
        "description": "Would remove something.",
        "input": {"name": {"type": "string", "default": "something"}},
        "annotations": {"readOnlyHint": False, "destructiveHint": True},
        "mock": {"text": "removed"},
    },
}
"""The tools around a plugin that has none of its own, where nobody gives others."""


def use_name(manifest: Manifest) -> str:
    """Return what a plugin is called in its session: the end of its id."""
    return re.sub(r"[^a-z0-9-]", "-", manifest.id.rpartition("/")[2])[:64] or "plugin"


def arranged(
    manifest: Manifest, given: Given, wasm: Path, *, base: Path, state: Path, listen: str, port: int
) -> Loaded:
    """Return the file for a plugin alone. `port` is that of the server on this machine that shows credentials.

    `base` is where relative paths start; `state`, below it, is the session's folder with `PERMIT` in it.
    """
    name, kind = use_name(manifest), manifest.kind
    plugins: dict[str, Any] = {
        name: {"from": f"file:{wasm}", "config": dict(given.config), "grants": dict(given.grants)},
        "dev-local": {"from": "builtin:identity-anonymous"},
    }
    document: dict[str, Any] = {
        "version": 1,
        "development": True,
        "state": str(state),
        "server": {"listen": listen},
        "plugins": plugins,
        "identity": {"chain": ["dev-local"]},
        "policy": {"engines": ["dev-permit"]},
    }
    if kind is not PluginKind.POLICY:
        rules = str((state / PERMIT).relative_to(base))
        plugins["dev-permit"] = {"from": "builtin:policy-cedar", "config": {"policies": rules}}
    document |= _place(name, kind)
    document |= _tools(name, kind, given, plugins, port)
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    return loads(text, path=base / "dev session")


def _place(name: str, kind: PluginKind) -> dict[str, Any]:
    """Return where in the file a plugin of each kind stands; a backend stands under the tools."""
    places: dict[PluginKind, dict[str, Any]] = {
        PluginKind.IDENTITY: {"identity": {"chain": [name, "dev-local"]}},
        PluginKind.POLICY: {"policy": {"engines": [name]}},
        PluginKind.LIMIT: {"limits": [name]},
        PluginKind.TRANSFORM: {"transforms": [name]},
        PluginKind.CATALOG: {"catalog": [name]},
        PluginKind.SINK: {"sinks": [name]},
        PluginKind.CREDENTIAL: {"credentials": {ISSUER: name}},
    }
    return places.get(kind, {})


def _tools(name: str, kind: PluginKind, given: Given, plugins: dict[str, Any], port: int) -> dict[str, Any]:
    backend = name if kind is PluginKind.BACKEND else "dev-mock"
    tools = {tool: {"backend": backend, "description": tool, **(said or {})} for tool, said in given.tools.items()}
    if kind is PluginKind.CREDENTIAL:
        plugins["dev-http"] = _showing(port)
        request = {"method": "GET", "path": "/"}
        tools.setdefault("fetch", {"backend": "dev-http", "description": "Sends a credential.", "request": request})
    elif kind is not PluginKind.BACKEND and not tools:
        tools = {tool: {"backend": backend, **said} for tool, said in MOCKS.items()}
    if any(tool.get("backend") == "dev-mock" for tool in tools.values()):
        plugins["dev-mock"] = {"from": "builtin:backend-mock"}
    return {"tools": tools} if tools else {}


def _showing(port: int) -> dict[str, Any]:
    """Return the use of `backend-http` that asks the server on this machine, with the plugin's credential."""
    reference = f"cred://{ISSUER}/example"
    where = {"hosts": ["127.0.0.1"], "schemes": ["http"], "ports": [port], "private": ["127.0.0.0/8"]}
    return {
        "from": "builtin:backend-http",
        "config": {
            "base_url": f"http://127.0.0.1:{port}",
            "headers": {"authorization": {"$secret": reference}},
        },
        "grants": {
            "http": where,
            "secrets": {reference: {"host": "127.0.0.1", "header": "authorization"}},
        },
    }


def replaced(loaded: Loaded, sources: frozenset[Path], wasm: Path, *, state: Path) -> tuple[Loaded, tuple[str, ...]]:
    """Return the operator's file with each use whose `file:` is one of `sources` on `wasm`, and the names of those.

    State and ledger are the session's own: what a plugin under development does is not for the operator's records.
    Plugins that were pulled are taken from the operator's store.
    """
    config = loaded.config
    own = {
        name: use
        for name, use in config.plugins.items()
        if use.source.startswith("file:") and (loaded.base / use.source[5:]).resolve() in sources
    }
    if not own:
        wanted = " or ".join(sorted(f"`file:{path}`" for path in sources))
        raise ConfigError(
            "no use of a plugin comes from this project",
            where=str(loaded.path),
            remedy=f"write a use with `from: {wanted}` there",
        )
    uses = {name: use.model_copy(update={"source": f"file:{wasm}"}) for name, use in own.items()}
    changes: dict[str, Any] = {
        "development": True,
        "state": str(state),
        "store": str(loaded.store),
        "plugins": {**config.plugins, **uses},
        "audit": config.audit.model_copy(update={"ledger": None}),
    }
    return replace(loaded, config=config.model_copy(update=changes)), tuple(own)
