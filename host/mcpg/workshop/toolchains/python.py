"""Python: componentize-py, which puts CPython and the plugin's modules into a component.

The project's sources and the SDK are copied into folders of their own first, so that nothing else that lies there gets
in, and nothing is written beside them.
Source: componentize-py 0.25, `componentize-py componentize --help`.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpg.workshop.problems import BuildFailed, ToolMissing
from mcpg.workshop.processes import found, run
from mcpg.workshop.sources import sources_of
from mcpg.workshop.toolchains.packages import install_packages
from mcpg.workshop.toolchains.shape import Compiled, compiler_failed, environment

if TYPE_CHECKING:
    from mcpg.workshop.processes import Ran
    from mcpg.workshop.toolchains.shape import Job

__all__ = ["Python"]

TOOL: Final = "componentize-py"
_DROPPED: Final = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONHASHSEED",
    "PYTHONOPTIMIZE",
    "PYTHONSTARTUP",
    "VIRTUAL_ENV",
    "RUST_BACKTRACE",
)
# Where those who made the tool had its crates: the interpreter names them in panics that no plugin meets.
_HOME: Final = re.compile(rb"/roo[t]/\.cargo/")
_NOBODY: Final = b"/rust/.cargo/"  # as long, so that nothing moves
_GET: Final = "pip install -r requirements-build.txt (in the project's `.venv`, or in any environment that is in PATH)"
_LAST: Final = re.compile(r"^(\w[\w.]*(?:Error|Exception|Err)?: .+|SyntaxError: .+)$", re.MULTILINE)
_FRAME: Final = re.compile(r'File "(?:/\d+/|[^"]*/app/)([^"]+)", line (\d+)')


class Python:
    """The toolchain of Python."""

    async def ready(self, job: Job) -> str:
        """Find componentize-py: in the project's `.venv`, in PATH, or beside the interpreter that runs this."""
        said = await run([_tool(job), "--version"], cwd=job.project.root, env=environment(_DROPPED))
        version = re.fullmatch(r"componentize-py (\S+)", said.out.strip())
        if said.status or version is None:
            raise ToolMissing(f"`{TOOL}` does not run here", remedy=_GET, output=said.err.strip())
        return f"{TOOL} {version[1]}"

    async def compile(self, job: Job) -> Compiled:
        """Make the component of the module `plugin` and what it imports."""
        if job.kind is None:
            raise BuildFailed("the manifest says no kind")
        app, sdk, out = job.work / "app", job.work / "sdk", job.work / "plugin.wasm"
        await asyncio.to_thread(_copy, job, app, sdk)
        # With an environment that is empty, it does not take what is installed beside it.
        env = environment(_DROPPED, VIRTUAL_ENV=str(job.work / "no-environment"))
        packages = await install_packages(job.project.root, _tool(job), job.work / "packages", environment(_DROPPED))
        folders = [app, sdk, *([packages] if packages else [])]
        world: list[str | Path] = ["--wit-path", sdk / "wit", "--world", f"{job.kind.value}-plugin"]
        modules: list[str | Path] = [each for folder in folders for each in ("--python-path", folder)]
        command: list[str | Path] = [_tool(job), *world, "componentize", "--stub-wasi", *modules, "--output", out]
        built = await run([*command, "plugin"], cwd=job.work, env=env, seconds=300)
        if built.status:
            raise _failed(built, job)
        component = await asyncio.to_thread(out.read_bytes)
        return Compiled(_HOME.sub(_NOBODY, component), component=True)


def _tool(job: Job) -> str:
    own = job.project.root / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    tool = found(TOOL, own) or found(TOOL, Path(sys.executable).parent)
    if not tool:
        raise ToolMissing(f"`{TOOL}` is not here, and Python is built with it", remedy=_GET)
    return tool


def _copy(job: Job, app: Path, sdk: Path) -> None:
    """Copy the sources that count: the project's to `app`, the SDK's to `sdk`."""
    for path in sources_of(job.project, job.sdk):
        inside = path.removeprefix("sdk/")
        source, target = (job.sdk / inside, sdk / inside) if inside != path else (job.project.root / path, app / path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _failed(built: Ran, job: Job) -> BuildFailed:
    """Return the error with the author's own frames: those of the tool itself help nobody."""
    said = f"{built.out}\n{built.err}"
    errors = _LAST.findall(said)
    if not errors:
        return compiler_failed(TOOL, built, root=job.project.root)
    frames = [(file, line) for file, line in _FRAME.findall(said) if (job.project.root / file).is_file()]
    return BuildFailed(
        errors[-1],
        where=":".join(frames[-1]) if frames else "",
        remedy="mend it there",
        output=_frames(said.split("\nCaused by:", maxsplit=1)[0])[:8000],
    )


def _frames(said: str) -> str:
    """Return a traceback from the first frame inside the component on, with the paths that the author knows."""
    lines = said.splitlines()
    begin = next((number for number, line in enumerate(lines) if re.match(r'\s+File "/\d/', line)), 0)
    text = "\n".join(lines[begin:]).rstrip()
    return text.replace('File "/0/', 'File "').replace('File "/1/', 'File "sdk/')
