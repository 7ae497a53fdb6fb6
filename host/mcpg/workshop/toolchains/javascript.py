"""JavaScript: Node and npm; the SDK's own builder bundles the code and puts it into QuickJS. It brings no Node.

What a project depends on stands in its `package.json`, the builder's own tools too (esbuild, componentize-qjs). It is
brought by `npm ci`, or by `npm install` where there is no lock file, if `node_modules` is missing or older than these.
Install scripts of packages are not run. Source: plugins-src/sdk/js/tool/main.js.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Final

from mcpg.workshop.problems import BuildFailed, ToolMissing
from mcpg.workshop.processes import found, run
from mcpg.workshop.toolchains.shape import Compiled, compiler_failed, environment

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.workshop.processes import Ran
    from mcpg.workshop.toolchains.shape import Job

__all__ = ["JavaScript"]

OLDEST: Final = 20
_GET_NODE: Final = "install Node.js 20 or newer, npm comes with it: https://nodejs.org"
_DROPPED: Final = ("NODE_OPTIONS", "NODE_PATH", "NODE_ENV", "NODE_PRESERVE_SYMLINKS")
_QUIET: Final = ("--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier", "--loglevel=error")
_TOOL: Final = "componentize-qjs"
_PLACED: Final = re.compile(r"(?P<where>[\w@./-]+\.\w+(?::\d+){0,2}): (?P<what>.+)")
_UNPUBLISHED: Final = re.compile(r"Missing: \S+@ from lock file")


class JavaScript:
    """The toolchain of JavaScript."""

    async def ready(self, job: Job) -> str:
        """Find Node, and bring the project's packages."""
        root = job.project.root
        node = found("node")
        if not node:
            raise ToolMissing("`node` is not in PATH, and JavaScript is built with it", remedy=_GET_NODE)
        said = await run([node, "--version"], cwd=root, env=environment(_DROPPED))
        version = re.match(r"v(\d+)\.", said.out)
        if said.status or version is None:
            raise ToolMissing("`node` does not run here", remedy=_GET_NODE, output=said.err.strip())
        if int(version[1]) < OLDEST:
            raise ToolMissing(f"Node.js {said.out.strip()} is too old", remedy=_GET_NODE)
        if await asyncio.to_thread(_stale, root):
            await _bring(job)
        tool = await asyncio.to_thread(_version, root / "node_modules" / _TOOL / "package.json")
        if not tool:
            message = f"the package `{_TOOL}` is not among those of the project"
            remedy = f"npm install --save-dev --save-exact {_TOOL}"
            raise ToolMissing(message, where="package.json", remedy=remedy)
        return f"{_TOOL} {tool}"

    async def compile(self, job: Job) -> Compiled:
        """Bundle the project and make its component."""
        root, out = job.project.root, job.work / "plugin.wasm"
        # Packages are sought beside the project's link to the SDK, wherever the SDK itself stands.
        linked = root / "node_modules" / "@mcpg" / "sdk" / "tool" / "main.js"
        command: list[str | Path] = ["node", "--preserve-symlinks", "--preserve-symlinks-main", linked]
        built = await run([*command, "--root", root, "--out", out], cwd=root, env=environment(_DROPPED), seconds=300)
        if built.status:
            raise _failed(built, root)
        notes = tuple(line.removeprefix("warning: ") for line in built.err.splitlines() if line.startswith("warning: "))
        return Compiled(await asyncio.to_thread(out.read_bytes), component=True, notes=notes)


async def _bring(job: Job) -> None:
    root = job.project.root
    npm = found("npm")
    if not npm:
        raise ToolMissing("`npm` is not in PATH, and brings the project's packages", remedy=_GET_NODE)
    locked = await asyncio.to_thread((root / "package-lock.json").is_file)
    verb = ["ci"] if locked else ["install", "--omit-lockfile-registry-resolved"]
    job.say(f"bringing the project's packages: npm {verb[0]}")
    brought = await run([npm, *verb, *_QUIET], cwd=root, env=environment(_DROPPED), seconds=600)
    if brought.status and locked and _UNPUBLISHED.search(brought.err):
        # Some npm want packages in the lock that nobody ever published; what stands in it is brought all the same.
        brought = await run([npm, "install", "--no-save", *_QUIET], cwd=root, env=environment(_DROPPED), seconds=600)
    if brought.status:
        remedy = "see what npm says above; `npm install` writes a lock file anew"
        said = brought.err.split("Clean install a project")[0].strip()[:8000]
        raise BuildFailed("npm cannot bring the project's packages", remedy=remedy, output=said)


def _stale(root: Path) -> bool:
    """Whether the packages are missing, or were brought before the project's lists of them were changed."""
    try:
        brought = (root / "node_modules" / ".package-lock.json").stat().st_mtime_ns
    except OSError:
        return True
    lists = [root / name for name in ("package.json", "package-lock.json")]
    return any(path.stat().st_mtime_ns > brought for path in lists if path.is_file())


def _builder(sdk: Path) -> str:
    """Return the builder's file in the SDK, as its own metadata says."""
    try:
        return str(json.loads((sdk / "package.json").read_text(encoding="utf-8"))["bin"]["mcpg-sdk-build"])
    except (OSError, ValueError, KeyError, TypeError):
        remedy = "remove the folder: `mcpg plugin build` puts the SDK there anew"
        raise BuildFailed("this is not the SDK for JavaScript", where=sdk.name, remedy=remedy) from None


def _version(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return ""
    version = re.search(r'"version"\s*:\s*"([0-9A-Za-z.+-]+)"', text)
    return version[1] if version is not None else ""


def _failed(built: Ran, root: Path) -> BuildFailed:
    if "Error: Cannot find module" in built.err and "@mcpg/sdk" in built.err:
        message = "the SDK is not among the packages of the project"
        return BuildFailed(message, where="package.json", remedy='write `"@mcpg/sdk": "file:sdk"` under `dependencies`')
    first, *more = built.err.strip().splitlines() or [""]
    said = _PLACED.fullmatch(first)
    if said is None:
        return compiler_failed("the SDK's builder", built, root=root)
    output = built.err.strip()[:8000] if more else ""
    return BuildFailed(said["what"], where=said["where"], remedy="mend it there", output=output)
