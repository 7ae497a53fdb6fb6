"""`mcpg plugin list`: what is built in and what is installed. It fetches nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, json_option, show, table

if TYPE_CHECKING:
    from mcpg.plugins.loader import VerifiedPlugin

__all__ = ["list_plugins", "summary"]


@click.command("list", cls=Verb)
@json_option
def list_plugins(*, as_json: bool) -> None:
    """List the plugins that are built in, each verified."""
    from mcpg.cli.manifests import verified  # noqa: PLC0415 - slow to import
    from mcpg.plugins.builtin import Bundle  # noqa: PLC0415 - likewise

    found = [summary(verified(f"builtin:{name}", Path())) for name in Bundle.open().names()]
    rows = [(each["reference"], each["version"], each["kind"], each["summary"]) for each in found]
    show(found, lambda console: table(console, ("use it as", "version", "kind", "what it does"), rows), as_json=as_json)


def summary(found: VerifiedPlugin) -> dict[str, Any]:
    """Return what a list says of a plugin."""
    manifest = found.manifest
    return {
        "reference": str(found.reference),
        "id": manifest.id,
        "version": manifest.version,
        "kind": manifest.kind.value,
        "summary": manifest.summary,
        "digest": str(found.artifact.wasm_digest),
        "signed": bool(found.artifact.keys),
    }
