"""Components read by the engine without running them, and where their compiled forms are kept. It runs none."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
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


async def inspected(wasm: bytes, label: str) -> Inspection:
    """Return what can be read off a component; `PluginRefused` when it does not compile."""
    with scratch() as folder:
        sandbox = Sandbox(SandboxSettings(cache=folder))
        try:
            return await sandbox.inspect(wasm, label=label, progress=lambda line: click.echo(line, err=True))
        finally:
            await sandbox.stop()


def compiled_cache(own: Path, stack: AsyncExitStack) -> Path:
    """Return the gateway's cache if we are who writes it, else a folder that goes away again."""
    try:
        if own.is_dir() and own.stat().st_uid == os.geteuid():
            return own
    except OSError:
        pass
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mcpg-check-")))
