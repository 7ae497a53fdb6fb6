"""From a project to a component with its manifest, checked. It signs and publishes nothing, and runs no plugin.

1 the manifest is read and judged, so that what is wrong in it is told before anything is compiled
2 the language's tools are found, the SDK is put into the project if it is not there, dependencies are brought
3 the digest of all sources is taken, and the code is looked through for what cannot work
4 it is compiled, made a component of the manifest's world, and given the manifest with what it was built from
5 the component is compiled as a gateway would: imports, exports and world, and it must fit its size

The same sources and tools give the same bytes, in any folder, where the language allows it (Rust and Go do).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins
from msgspec.structs import replace

from mcpg.contract.manifest import Built
from mcpg.contract.problems import PluginRefused, reason_of
from mcpg.workshop.admission import admit, told
from mcpg.workshop.advice import about_code, about_manifest
from mcpg.workshop.componentizing import componentize, core_manifest, user_cache
from mcpg.workshop.manifests import Written, find_manifest, judge, with_built
from mcpg.workshop.modules import with_manifest
from mcpg.workshop.problems import BuildFailed, ManifestWrong
from mcpg.workshop.sdks import place_sdk
from mcpg.workshop.sources import digest_of, sources_of
from mcpg.workshop.toolchains import toolchain_of
from mcpg.workshop.toolchains.shape import Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.manifest import Manifest
    from mcpg.contract.worlds import PluginKind
    from mcpg.workshop.project import Project
    from mcpg.workshop.toolchains.shape import Compiled

__all__ = ["BuiltPlugin", "build", "sources_file"]


@dataclass(frozen=True, slots=True)
class BuiltPlugin:
    """What a build gave: `digest` is `sha256:<hex>` of the component, `size` its bytes, `seconds` the whole build.

    `traced` is the same code with names and line tables, for messages on traps, where the language has such.
    """

    wasm: Path
    traced: Path | None
    manifest: Manifest
    digest: str
    size: int
    seconds: float
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Made:
    """A component and what goes beside it, before anything is written."""

    component: bytes
    traced: bytes | None
    manifest: Manifest
    sources: dict[str, str]
    warnings: tuple[str, ...]


async def build(
    project: Project, *, out: Path | None = None, say: Callable[[str], None] = lambda _: None, cache: Path | None = None
) -> BuiltPlugin:
    """Build `project` to the file `out` (its own `out/NAME.wasm` if not given); `say` gets a line for each step.

    The component's compiled form is kept in `cache` (this user's own if not given). Raises `BuildFailed` for what the
    author can mend: a missing tool, an error of the compiler, a wrong manifest, an import that no gateway gives.
    """
    begin = perf_counter()
    wasm = project.wasm if out is None else await asyncio.to_thread(out.resolve)
    async with AsyncExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mcpg-build-")))
        made = await _make(project, work, say)
        await admit(made.component, project, made.manifest, cache or user_cache())
    traced = None if made.traced is None else wasm.with_suffix(".traced.wasm")
    try:
        await asyncio.to_thread(_write, made, wasm, traced)
    except OSError as error:
        message = f"the component cannot be written: {reason_of(error)}"
        raise BuildFailed(message, where=str(wasm), remedy="look at room and rights, or say --out FILE") from error
    digest = f"sha256:{hashlib.sha256(made.component).hexdigest()}"
    return BuiltPlugin(wasm, traced, made.manifest, digest, len(made.component), perf_counter() - begin, made.warnings)


def sources_file(wasm: Path) -> Path:
    """Return where the digests of single sources stand beside a component, so that changes can be named."""
    return wasm.with_suffix(".sources.json")


async def _make(project: Project, work: Path, say: Callable[[str], None]) -> _Made:
    written = await asyncio.to_thread(find_manifest, project)
    plain, manifest = judge(written)
    sdk = await asyncio.to_thread(place_sdk, project, say)
    job = Job(project, sdk.folder, work, say, manifest.kind)
    toolchain = toolchain_of(project.language)
    tool = await toolchain.ready(job)
    sources = await asyncio.to_thread(sources_of, project, sdk.folder)
    warnings = [*about_manifest(written, manifest)]
    warnings += await asyncio.to_thread(lambda: list(about_code(project, sources, manifest)))
    say(f"compiling `{project.name}` with {tool}")
    compiled = await toolchain.compile(job)
    if not compiled.component:
        plain, manifest = await asyncio.to_thread(_embedded, compiled.wasm, project, written)
    built = Built(sources=digest_of(sources), sdk=sdk.label, tool=tool)
    text = with_built(plain, to_builtins(built))
    try:
        component = await asyncio.to_thread(_component, compiled.wasm, compiled, manifest.kind, text)
        traced = compiled.traced and await asyncio.to_thread(_component, compiled.traced, compiled, manifest.kind, text)
    except PluginRefused as error:
        raise await asyncio.to_thread(told, error, project, written) from None
    warnings += compiled.notes
    return _Made(component, traced, replace(manifest, built=built), sources, tuple(warnings))


def _embedded(core: bytes, project: Project, written: Written) -> tuple[dict[str, Any], Manifest]:
    """Return the manifest that the code itself carries, as Rust's does, or the one of the file."""
    try:
        section = core_manifest(core)
    except PluginRefused as error:
        raise told(error, project, written) from None
    if section is not None:
        return judge(Written(written.file, section.decode(errors="replace")))
    if written.file.endswith(".rs"):
        remedy = "write `mcpg_sdk::manifest!({ ... })` at the outermost level, under no `#[cfg]`"
        raise ManifestWrong("the manifest did not come into the module", where=written.at(), remedy=remedy)
    return judge(written)


def _component(wasm: bytes, compiled: Compiled, kind: PluginKind, text: bytes) -> bytes:
    return with_manifest(wasm, text) if compiled.component else componentize(wasm, kind, text)


def _write(made: _Made, wasm: Path, traced: Path | None) -> None:
    wasm.parent.mkdir(parents=True, exist_ok=True)
    _replace(sources_file(wasm), (json.dumps(made.sources, indent=1) + "\n").encode())
    if traced is not None and made.traced is not None:
        _replace(traced, made.traced)
    _replace(wasm, made.component)


def _replace(path: Path, data: bytes) -> None:
    """Write a file so that nobody who reads it meanwhile gets half of it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(data)
    fresh.replace(path)
