"""Components read by the engine without running them, and where their compiled forms are kept. It runs none."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcpg.sandbox import Sandbox, SandboxSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AsyncExitStack

    from mcpg.sandbox import Inspection

__all__ = ["compiled_cache", "inspected", "scratch"]


@contextmanager
def scratch() -> Iterator[Path]:
    """Open a folder for compiled forms that goes away again."""
    with tempfile.TemporaryDirectory(prefix="mcpg-inspect-") as folder:
        yield Path(folder)


async def inspected(wasm: bytes, label: str, own: Path | None = None) -> Inspection:
    """Return what can be read off a component; `PluginRefused` when it does not compile.

    `own` is the gateway's cache of compiled forms, which is used if it is ours.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(scratch()) if own is None else compiled_cache(own, stack)
        sandbox = Sandbox(SandboxSettings(cache=folder))
        try:
            return await sandbox.inspect(wasm, label=label, progress=lambda line: click.echo(line, err=True))
        finally:
            await sandbox.stop()


def compiled_cache(own: Path, stack: AsyncExitStack | ExitStack) -> Path:
    """Return the gateway's cache if we are who writes it, else a folder that goes away again."""
    try:
        if own.is_dir() and own.stat().st_uid == os.geteuid():
            return own
    except OSError:
        pass
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mcpg-check-")))
