"""Whether a gateway would take a component that was just built, told to its author. It lets nothing in.

What is found in compiled code has no line. Where it has a name, such as that of an imported function, the author's
files are looked through for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mcpg.contract.problems import PluginRefused
from mcpg.sandbox import Sandbox, SandboxSettings
from mcpg.workshop.calls import ENDINGS
from mcpg.workshop.problems import BuildFailed
from mcpg.workshop.project import ENTRIES

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.contract.manifest import Manifest
    from mcpg.workshop.manifests import Written
    from mcpg.workshop.project import Language, Project

__all__ = ["admit", "told"]

_IMPORTS: Final[dict[Language, str]] = {
    "rust": "leave out the crate that calls the host, or its feature (`wasm-bindgen`, `js`, `getrandom`, `wasi`)",
    "go": "leave out the package that calls the system",
    "javascript": "leave out the package that calls the system",
    "python": "leave out the module that calls the system, and build with the SDK's own options",
}
_WORLD: Final = "say the same in both: the line that names the plugin, and `kind` and `world` in the manifest"
_SHOWN: Final = 6


async def admit(component: bytes, project: Project, manifest: Manifest, cache: Path) -> None:
    """Compile a component as a gateway would; `BuildFailed` names what no gateway takes, and what to do."""
    settings = SandboxSettings(cache=cache)
    if len(component) > settings.max_component:
        message = f"the component has {len(component)} bytes, at most {settings.max_component} are allowed"
        raise BuildFailed(message, remedy="leave out data and packages that it can do without")
    sandbox = Sandbox(settings)
    try:
        found = await sandbox.inspect(component, label=project.name)
    except PluginRefused as error:
        remedy = "build it again; if that does not help, report it"
        raise BuildFailed(error.message, code=error.code, remedy=remedy) from None
    finally:
        await sandbox.stop()
    where, remedy = ENTRIES[project.language], _IMPORTS[project.language]
    forbidden = [each for each in found.imports if each.kind != "types"]
    if forbidden:
        names = "; ".join(f"`{each.name}` ({', '.join(each.members[:_SHOWN])})" for each in forbidden[:_SHOWN])
        message = f"the component imports {names}: a plugin imports nothing, it can only ask"
        raise BuildFailed(message, code="forbidden-import", where=where, remedy=remedy)
    if found.faults or found.kind is not manifest.kind:
        has = f"the code is a plugin of kind `{found.kind.value}`" if found.kind else "; ".join(found.faults)
        message = f"{has}, and the manifest says `{manifest.kind.value}`"
        raise BuildFailed(message, code="wrong-world", where=where, remedy=_WORLD)


def told(error: PluginRefused, project: Project, written: Written) -> BuildFailed:
    """Return the error for code of which no component can be made, with the place that it is about. It blocks."""
    where = error.where
    if error.code == "wrong-world":
        where = written.at(("kind",))
    elif error.code == "forbidden-import":
        where = _named(project, re.findall(r"`([^`]+)`", error.message))
    return BuildFailed(error.message, code=error.code, where=where, remedy=error.remedy)


def _named(project: Project, names: list[str]) -> str:
    """Return the first line of the author's code that has one of `names` in it, or the file that it begins in."""
    entry = project.entry
    paths = [entry, *sorted(path for end in ENDINGS[project.language] for path in entry.parent.rglob(f"*{end}"))]
    for path in paths:
        if "sdk" in path.relative_to(project.root).parts:
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, 1):
            if any(re.search(rf"\b{re.escape(name)}\b", line) for name in names):
                return f"{path.relative_to(project.root).as_posix()}:{number}"
    return ENTRIES[project.language]
