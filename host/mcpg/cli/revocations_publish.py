"""`mcpg revocations publish`: puts a signed list where sites read it. It signs nothing."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, say, show
from mcpg.cli.revocations_verify import FILE, anchor_of
from mcpg.contract.problems import ConfigError, reason_of

if TYPE_CHECKING:
    from mcpg.cli.kit.options import Chosen
    from mcpg_registry.packing import Packed

__all__ = ["publish"]

PATH = "file:"


@click.command(cls=Verb)
@click.argument("file", type=FILE)
@click.argument("place")
@click.option("--key", "keys", type=FILE, multiple=True, required=True, help="A public key that sites believe.")
@click.option("--threshold", type=click.IntRange(1), help="How many of the keys must have signed; else 2, or all of 1.")
@site_options("plain-http")
@json_option
def publish(
    file: Path, place: str, keys: tuple[Path, ...], threshold: int | None, chosen: Chosen, *, as_json: bool
) -> None:
    """Put the list in FILE where sites read it.

    PLACE is HOST/REPOSITORY:TAG, layout:DIR#REPOSITORY:TAG, or file:PATH, for example below a web server. It is
    verified with the keys first, so that no site is sent a list that it would refuse; an emergency list, with the full
    list that it adds to.
    """
    from mcpg.cli.kit.list_files import read_text, save_file  # noqa: PLC0415 - slow to import
    from mcpg_revocations.artifact import pack_list  # noqa: PLC0415 - likewise
    from mcpg_revocations.rules import Known, accept_chain  # noqa: PLC0415 - likewise

    text = read_text(file)
    found = accept_chain(Known(anchor_of(keys, threshold)), text, now=int(time.time()))
    document: dict[str, Any] = {"version": found.version, "list": found.digest, "place": place}
    if place.startswith(PATH):
        save_file(Path(place.removeprefix(PATH)), text)
    else:
        packed = pack_list(text, found.version)
        asyncio.run(_push(place, packed, chosen))
        document["digest"] = packed.manifest.digest
    show(document, lambda console: say(console, f"version {found.version} is at {place}"), as_json=as_json)


async def _push(place: str, packed: Packed, chosen: Chosen) -> None:
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import
    from mcpg_registry.layout_editing import add_to_layout  # noqa: PLC0415 - likewise
    from mcpg_registry.references import LayoutReference, RegistryReference, parse_reference  # noqa: PLC0415 - likewise

    reference = parse_reference(place)
    if not isinstance(reference, LayoutReference | RegistryReference) or not reference.tag or reference.digest:
        remedy = "write HOST/REPOSITORY:TAG, layout:DIR#REPOSITORY:TAG or file:PATH"
        raise ConfigError("is nothing that a list can be published at", where=f"`{place}`", remedy=remedy)
    if isinstance(reference, LayoutReference):
        directory = Path(reference.directory)
        try:
            await asyncio.to_thread(add_to_layout, directory, packed, reference.repository, reference.tag, replace=True)
        except (OSError, ValueError) as error:
            reason = reason_of(error)
            remedy = "name a directory that can be written"
            raise ConfigError(f"cannot be written: {reason}", where=f"layout `{directory}`", remedy=remedy) from error
        return
    async with open_site(chosen).client() as client:
        await client.push(reference.full_name, packed, tag=reference.tag)
