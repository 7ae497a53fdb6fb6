"""`mcpg plugin push`: packs a component reproducibly and puts it into a registry or layout. It builds no component."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, json_option, say, show
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg_registry.packing import Facts, Packed

__all__ = ["push"]

EPOCH = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True, slots=True)
class Parcel:
    """An artifact on its way, and what its component says of itself."""

    packed: Packed
    facts: Facts


@click.command(cls=Verb)
@click.argument("source")
@click.argument("reference")
@click.option("--replace", is_flag=True, help="Let the tag name this artifact, even if it names another one now.")
@json_option
def push(source: str, reference: str, *, replace: bool, as_json: bool) -> None:
    """Pack SOURCE and push it as REFERENCE.

    SOURCE is a component's file. REFERENCE is HOST/REPOSITORY or layout:DIR#REPOSITORY; the tag is the version that the
    component's own manifest has. The same component and SOURCE_DATE_EPOCH give the same digest.
    """
    document = asyncio.run(_push(source, reference, replace=replace))

    def draw(console: Console) -> None:
        say(console, f"pushed {document['id']} {document['version']} ({document['size']} bytes)")
        say(console, f"  digest  {document['digest']}\n  as      {document['pinned']}\n  next    {document['next']}")

    show(document, draw, as_json=as_json)


async def _push(source: str, reference: str, *, replace: bool) -> dict[str, Any]:
    from mcpg.cli.plugin_targets import open_target, parse_target, pinned  # noqa: PLC0415 - slow to import

    parcel = await packed_file(Path(source))
    target = parse_target(reference, parcel.facts.version)
    await open_target(target).put(parcel.packed, parcel.facts.version, replace=replace)
    digest = parcel.packed.manifest.digest
    name = pinned(target, digest)
    return {
        "id": parcel.facts.id,
        "version": parcel.facts.version,
        "reference": str(target),
        "digest": digest,
        "wasm": parcel.packed.wasm,
        "size": len(parcel.packed.blobs[parcel.packed.wasm]) if parcel.packed.wasm else 0,
        "pinned": name,
        "next": f"mcpg plugin sign {name} --key KEY",
    }


async def packed_file(path: Path) -> Parcel:
    """Return the artifact of the component in a file; `PluginRefused` when no gateway would load it."""
    from mcpg.cli.plugin_inspect import inspected  # noqa: PLC0415 - slow to import
    from mcpg.plugins.components import describe_component  # noqa: PLC0415 - likewise
    from mcpg_registry.media import MAX_LAYER  # noqa: PLC0415 - likewise
    from mcpg_registry.packing import pack_plugin  # noqa: PLC0415 - likewise
    from mcpg_registry.steps import refusal  # noqa: PLC0415 - likewise

    where = f"component `{path}`"
    wasm = await asyncio.to_thread(_read, path, MAX_LAYER)
    described = await asyncio.to_thread(describe_component, wasm, where)
    found = await inspected(wasm, str(path))
    if found.faults:
        remedy = "build it anew; no gateway would load it as it is"
        raise refusal(10, "; ".join(found.faults), where=where, remedy=remedy, code="bad-component")
    facts = replace(described.facts, imports=tuple(each.name for each in found.imports))
    return Parcel(pack_plugin(wasm, facts, created=_created()), facts)


def _read(path: Path, limit: int) -> bytes:
    from mcpg_registry.layout import read_file  # noqa: PLC0415 - slow to import

    try:
        return read_file(path.resolve(), limit)
    except (OSError, ValueError) as error:
        reason = (error.strerror or "cannot be read").lower() if isinstance(error, OSError) else str(error)
        raise ConfigError(f"cannot be read: {reason}", where=f"`{path}`", remedy="name a component's file") from error


def _created() -> int:
    """Return the seconds since 1970 that the artifact says it was made at: SOURCE_DATE_EPOCH, else 0."""
    text = os.environ.get(EPOCH, "0")
    if not text.isascii() or not text.isdigit() or len(text) > 11:  # noqa: PLR2004 - beyond the year 5000
        raise ConfigError(f"`{text[:40]}` is no number of seconds since 1970", where=EPOCH, remedy="unset or mend it")
    return int(text)
