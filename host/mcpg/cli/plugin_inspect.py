"""`mcpg plugin inspect`: what can be read off a component without running it. It installs nothing."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, json_option, say, show
from mcpg.cli.plugin_list import summary

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.plugins.loader import VerifiedPlugin
    from mcpg.sandbox import Inspection

__all__ = ["inspect", "inspected"]


@click.command(cls=Verb)
@click.argument("reference")
@json_option
def inspect(reference: str, *, as_json: bool) -> None:
    """Show what REFERENCE is, imports, reads and asks for.

    REFERENCE is `builtin:NAME`, `layout:DIR#REPOSITORY@DIGEST`, HOST/REPOSITORY@DIGEST, or `file:PATH`.

    It is compiled to read its imports, and not run.
    """
    from mcpg.cli.manifests import verified  # noqa: PLC0415 - slow to import

    found = verified(reference, Path())
    inspection = asyncio.run(inspected(found.artifact.wasm, reference))
    document = _document(found, inspection)
    show(document, lambda console: _draw(console, document), as_json=as_json)


async def inspected(wasm: bytes, label: str) -> Inspection:
    """Return what can be read off a component without running it; `PluginRefused` when it does not compile."""
    from mcpg.sandbox import Sandbox, SandboxSettings  # noqa: PLC0415 - the engine

    with tempfile.TemporaryDirectory(prefix="mcpg-inspect-") as folder:
        sandbox = Sandbox(SandboxSettings(cache=Path(folder)))
        try:
            return await sandbox.inspect(wasm, label=label, progress=lambda line: click.echo(line, err=True))
        finally:
            await sandbox.stop()


def _document(found: VerifiedPlugin, inspection: Inspection) -> dict[str, Any]:
    manifest = found.manifest
    return {
        **summary(found),
        "world": manifest.world,
        "licence": manifest.licence,
        "size": inspection.size,
        "imports": [{"name": each.name, "kind": each.kind} for each in inspection.imports],
        "faults": list(inspection.faults),
        "reads": list(manifest.reads),
        "effects": [{"driver": wish.driver, "why": wish.why} for wish in manifest.effects],
        "memo": manifest.memo,
        "security": manifest.security,
        "limits": {name: getattr(manifest.limits, name) for name in ("memory", "time", "output")},
        "keys": [str(key) for key in found.artifact.keys],
        "warnings": list(found.warnings),
        "config": manifest.config,
        "binding": manifest.binding,
    }


def _draw(console: Console, document: dict[str, Any]) -> None:
    say(console, f"{document['id']} {document['version']} ({document['kind']}): {document['summary']}")
    imports = [f"{each['name']} ({each['kind']})" for each in document["imports"] if each["kind"] != "types"]
    effects = [f"{each['driver']}: {each['why']}" for each in document["effects"]]
    lines = [
        ("digest", document["digest"]),
        ("signed by", ", ".join(document["keys"]) or "nobody: for development only"),
        ("world", document["world"]),
        ("size", f"{document['size']} bytes"),
        ("imports", ", ".join(imports) or "nothing"),
        ("reads", ", ".join(document["reads"]) or "nothing"),
        ("may ask for", "; ".join(effects) or "nothing"),
        ("limits", ", ".join(f"{name} {value}" for name, value in document["limits"].items())),
        ("memo", "its verdicts may be remembered" if document["memo"] else "its verdicts are not remembered"),
        ("takes", ", ".join(document["config"].get("properties", {})) or "no configuration"),
        *[("under a tool", ", ".join(document["binding"].get("properties", {})))] * bool(document["binding"]),
        *[("warning", warning) for warning in document["warnings"]],
        *[("fault", fault) for fault in document["faults"]],
    ]
    for name, text in lines:
        say(console, f"  {name:<12} {text}")
