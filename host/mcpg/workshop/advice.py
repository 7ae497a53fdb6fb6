"""What of a project is allowed and probably not meant: warnings for its author. Nothing here stops a build."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from mcpg.contract import documents
from mcpg.contract.schemas import DOCUMENTS
from mcpg.contract.worlds import PluginKind
from mcpg.sandbox.settings import PassLimits
from mcpg.workshop.calls import ENDINGS, suspicious_calls, undeclared_effects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mcpg.contract.manifest import Manifest
    from mcpg.workshop.manifests import Written
    from mcpg.workshop.project import Project

__all__ = ["DRIVERS", "about_code", "about_manifest"]

DRIVERS: Final = frozenset(
    name.removeprefix("effects/") for name in DOCUMENTS if name.startswith("effects/") and not name.endswith(".reply")
)
"""The drivers that every gateway has."""

_GIVEN: Final[dict[PluginKind, tuple[str, ...]]] = {
    PluginKind.IDENTITY: ("credentials", "run"),
    PluginKind.POLICY: ("caller", "action", "run"),
    PluginKind.LIMIT: ("caller", "action", "outcome", "run"),
    PluginKind.TRANSFORM: ("caller", "call", "outcome", "run"),
    PluginKind.BACKEND: ("caller", "call", "run"),
    PluginKind.CATALOG: ("caller", "catalog"),
    PluginKind.CREDENTIAL: ("caller",),
    PluginKind.SINK: (),
}
_MODELS: Final = {
    "caller": documents.Caller,
    "credentials": documents.Credentials,
    "action": documents.Action,
    "call": documents.Call,
    "outcome": documents.Outcome,
    "catalog": documents.Catalog,
    "run": documents.RunFacts,
}
_CAPS: Final = PassLimits(memory=256 << 20, time=10.0, output=16 << 20)
"""What an operator allows who has changed nothing."""


def about_manifest(written: Written, manifest: Manifest) -> Iterator[str]:
    """Give a line for each doubt about a manifest: unknown drivers, pointers to what is not given, large limits."""
    for number, wish in enumerate(manifest.effects):
        if wish.driver not in DRIVERS:
            near = get_close_matches(wish.driver, sorted(DRIVERS), 1)
            what = f"`/effects/{number}`: no gateway has a driver `{wish.driver}` unless its operator installs one"
            yield _line(
                written.at(("effects", number)), what, f"did you mean `{near[0]}`?" if near else "say so in README.md"
            )
    for number, pointer in enumerate(manifest.reads):
        what = _unread(manifest.kind, pointer)
        if what:
            yield _line(written.at(("reads", number)), f"`/reads/{number}`: {what}", "mend it, or take it out")
    wanted = PassLimits.of(manifest.limits)
    for name in ("memory", "time", "output"):
        if getattr(wanted, name) > getattr(_CAPS, name):
            what = f"`/limits/{name}`: operators allow less unless they say otherwise, and the smaller one counts"
            yield _line(written.at(("limits", name)), what, "try to need less")


def about_code(project: Project, paths: Iterable[str], manifest: Manifest) -> Iterator[str]:
    """Give a line for each call in the author's files (`paths` in the project) that cannot work. It blocks."""
    declared = {wish.driver for wish in manifest.effects}
    facts = {fact for fact in ("now", "seed") if {"/run", f"/run/{fact}"} & set(manifest.reads)}
    for path in paths:
        if path.startswith("sdk/") or not path.endswith(ENDINGS[project.language]):
            continue
        text = (project.root / path).read_text(encoding="utf-8", errors="replace")
        found = suspicious_calls(project.language, text, facts)
        for each in (*found, *undeclared_effects(project.language, text, declared)):
            yield _line(f"{path}:{each.line}", each.what, each.remedy)


def _unread(kind: PluginKind, pointer: str) -> str:
    """Return what is wrong with a pointer for this kind of plugin, or nothing."""
    root, *path = pointer.split("/")[1:]
    given = _GIVEN[kind]
    if root not in given:
        names = ", ".join(f"`/{name}`" for name in given) or "nothing"
        return f"a plugin of kind `{kind.value}` is given no `/{root}`, only {names}"
    members = _MODELS[root].__struct_fields__
    if path and path[0] not in members:
        near = get_close_matches(path[0], members, 1)
        return f"`/{root}` has no member `{path[0]}`" + (f"; did you mean `/{root}/{near[0]}`?" if near else "")
    return ""


def _line(where: str, what: str, remedy: str) -> str:
    return f"{where}: {what}; {remedy}"
