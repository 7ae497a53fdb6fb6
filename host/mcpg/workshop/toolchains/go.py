"""Go: the stock compiler, from 1.24 on, for `wasip1`. It makes no component; `componentizing` does, and meets WASI.

The bytes depend on the sources and the version of Go: folders are trimmed away, no version control is looked at, and
flags of the caller are dropped. Names are always made, and taken out of what is shipped, so both variants are the same
code; Go makes no line tables for WebAssembly. Source: `go help build`, `go help environment`.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from mcpg.workshop.componentizing import forbidden_calls
from mcpg.workshop.modules import without_debugging
from mcpg.workshop.problems import ToolMissing
from mcpg.workshop.processes import found, run
from mcpg.workshop.toolchains.shape import Compiled, compiler_failed, environment

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.workshop.toolchains.shape import Job

__all__ = ["Go"]

OLDEST: Final = (1, 24)
_GET_GO: Final = "install Go 1.24 or newer: https://go.dev/dl"
_DROPPED: Final = ("GOFLAGS", "GOEXPERIMENT", "GOWASM", "GODEBUG", "GO_LDFLAGS", "CGO_*")
_ADVICE: Final = {"missing go.sum entry": "run `go mod tidy`", "updates to go.mod needed": "run `go mod tidy`"}


class Go:
    """The toolchain of Go."""

    async def ready(self, job: Job) -> str:
        """Find Go, and bring the modules that `go.mod` names."""
        root = job.project.root
        go = found("go")
        if not go:
            raise ToolMissing("`go` is not in PATH, and Go is built with it", remedy=_GET_GO)
        said = await run([go, "env", "GOVERSION"], cwd=root, env=_environment())
        version = re.fullmatch(r"go(\d+)\.(\d+)\S*", said.out.strip().split(" ")[0])
        if said.status or version is None:
            raise ToolMissing("`go` does not run here", remedy=_GET_GO, output=said.err.strip())
        if (int(version[1]), int(version[2])) < OLDEST:
            raise ToolMissing(f"`{version[0]}` is too old: it cannot export functions to WebAssembly", remedy=_GET_GO)
        brought = await run([go, "mod", "download"], cwd=root, env=_environment())
        if brought.status:
            raise compiler_failed("go", brought, root=root, also=_ADVICE)
        return version[0]

    async def compile(self, job: Job) -> Compiled:
        """Compile the package in the project's folder."""
        root, core = job.project.root, job.work / "core.wasm"
        flags = ["-trimpath", "-buildvcs=false", "-mod=readonly", "-buildmode=c-shared"]
        command: list[str | Path] = ["go", "build", *flags, "-ldflags=-buildid=", "-o", core, "."]
        built = await run(command, cwd=root, env=_environment(GOOS="wasip1", GOARCH="wasm"), seconds=900)
        if built.status:
            raise compiler_failed("go", built, root=root, also=_ADVICE)
        named = await asyncio.to_thread(core.read_bytes)
        notes = await asyncio.to_thread(_notes, named)
        return Compiled(without_debugging(named), component=False, traced=named, notes=notes)


def _notes(named: bytes) -> tuple[str, ...]:
    """Say which calls are linked in that trap; which line they come from, the compiler's output does not tell."""
    found = ", ".join(f"`{name}`" for name in forbidden_calls(named))
    if not found:
        return ()
    return (f"linked in, by this code or a package: {found}; each traps when it is called: ask for an effect instead",)


def _environment(**values: str) -> dict[str, str]:
    return environment(_DROPPED, GOWORK="off", GO111MODULE="on", CGO_ENABLED="0", GOFLAGS="", **values)
