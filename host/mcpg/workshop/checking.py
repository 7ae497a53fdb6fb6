"""Whether a component was built from the sources that stand here: by their digest, and by building it again.

The digest in the manifest (`built.sources`) is what its author's build wrote, so it tells an honest author what is
stale. For languages whose builds give the same bytes each time it is built again into a folder that goes away, which
also tells a component that says so falsely. It changes nothing in the project.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpg.contract.problems import PluginRefused, reason_of
from mcpg.plugins.components import describe_component
from mcpg.workshop.building import build, sources_file
from mcpg.workshop.problems import BuildFailed
from mcpg.workshop.sdks import place_sdk
from mcpg.workshop.sources import differences, digest_of, sources_of
from mcpg_registry.digests import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.manifest import Built
    from mcpg.workshop.project import Language, Project

__all__ = ["REPRODUCIBLE", "Checked", "Stale", "check"]

REPRODUCIBLE: Final[frozenset[Language]] = frozenset({"rust", "go", "javascript"})
"""Languages whose builds give the same bytes for the same sources and tools."""
_AGAIN: Final = "build it again: `mcpg plugin build`"


class Stale(BuildFailed):
    """A component is not what the sources that stand here give."""

    code = "stale-component"


@dataclass(frozen=True, slots=True)
class Checked:
    """A component that was built from the sources here; `again` says whether building it again gave its bytes."""

    wasm: Path
    digest: str
    built: Built
    again: bool


async def check(project: Project, wasm: Path, say: Callable[[str], None]) -> Checked:
    """Return if the component in file `wasm` is of the project's sources; `Stale` says what changed."""
    data = await asyncio.to_thread(_read, wasm)
    try:
        built = describe_component(data, str(wasm)).manifest.built
    except PluginRefused as error:
        raise Stale(error.message, where=str(wasm), remedy=_AGAIN) from None
    if built is None:
        raise Stale("it does not say what it was built from", where=str(wasm), remedy=_AGAIN)
    sdk = await asyncio.to_thread(place_sdk, project, say)
    now = await asyncio.to_thread(sources_of, project, sdk.folder)
    if digest_of(now) != built.sources:
        changed = await asyncio.to_thread(_changes, wasm, built, now)
        raise Stale(f"its sources have changed: {changed}", where=str(wasm), remedy=_AGAIN)
    digest = digest_bytes(data)
    if project.language not in REPRODUCIBLE:
        return Checked(wasm, digest, built, again=False)
    with tempfile.TemporaryDirectory(prefix="mcpg-again-") as folder:
        fresh = await build(project, out=Path(folder) / wasm.name, say=say)
    if fresh.digest != digest:
        raise Stale(_different(digest, fresh.digest, built, fresh.manifest.built), where=str(wasm), remedy=_AGAIN)
    return Checked(wasm, digest, built, again=True)


def _different(wanted: str, found: str, then: Built, now: Built | None) -> str:
    if now is not None and (now.tool, now.sdk) != (then.tool, then.sdk):
        return f"it was built with {then.tool} and {then.sdk}, here are {now.tool} and {now.sdk}"
    return f"these sources and this mcpg give `{found}`, and it is `{wanted}`"


def _changes(wasm: Path, built: Built, now: dict[str, str]) -> str:
    """Return what is different by file, if the digests of the single files are still there, else only that it is."""
    try:
        before = json.loads(sources_file(wasm).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = None
    if not isinstance(before, dict) or digest_of(before) != built.sources:
        return "which of them is not known, for the list beside it is gone"
    lines = differences(before, now)
    return ", ".join(lines[:8]) + (f", and {len(lines) - 8} more" if len(lines) > 8 else "")  # noqa: PLR2004 - what a line holds


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Stale(f"cannot be read: {reason_of(error)}", where=str(path), remedy=_AGAIN) from None
