"""Components read by the engine without running them. It keeps no compiled form."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcpg.sandbox import Sandbox, SandboxSettings

if TYPE_CHECKING:
    from mcpg.sandbox import Inspection

__all__ = ["inspected"]


async def inspected(wasm: bytes, label: str) -> Inspection:
    """Return what can be read off a component; `PluginRefused` when it does not compile."""
    with tempfile.TemporaryDirectory(prefix="mcpg-inspect-") as folder:
        sandbox = Sandbox(SandboxSettings(cache=Path(folder)))
        try:
            return await sandbox.inspect(wasm, label=label, progress=lambda line: click.echo(line, err=True))
        finally:
            await sandbox.stop()
