"""`mcpg plugin push`: puts a component, packed reproducibly, into a registry or layout. It builds no component."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.keys_opening import password_option
from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, say, show

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen

__all__ = ["push"]


@click.command(cls=Verb)
@click.argument("source")
@click.argument("reference")
@click.option("--replace", is_flag=True, help="Let the tag name this artifact, even if it names another one now.")
@click.option(
    "--sign-key",
    "keys",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    help="Sign it too, with this private key's file.",
)
@password_option
@click.option("--via", type=click.Choice(["oras"]), help="Let this library carry it to the registry.")
@site_options("plain-http")
@json_option
def push(source: str, reference: str, chosen: Chosen, *, as_json: bool, **how: Any) -> None:
    """Pack SOURCE and push it as REFERENCE.

    SOURCE is a component's file, or layout:PLACE#REPOSITORY:TAG, which goes as it stands with its signatures. REFERENCE
    is HOST/REPOSITORY or layout:DIR#REPOSITORY; the tag is the version that the component's own manifest has. The same
    component and SOURCE_DATE_EPOCH give the same digest.
    """
    document = asyncio.run(_push(source, reference, chosen, **how))

    def draw(console: Console) -> None:
        say(console, f"pushed {document['id']} {document['version']} ({document['size']} bytes)")
        say(console, f"  digest  {document['digest']}\n  as      {document['pinned']}\n  next    {document['next']}")

    show(document, draw, as_json=as_json)


async def _push(
    source: str,
    text: str,
    chosen: Chosen,
    *,
    replace: bool,
    keys: tuple[Path, ...],
    password_file: Path | None,
    via: str | None,
) -> dict[str, Any]:
    from mcpg.cli.environment import said_time  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.origins import origin_of  # noqa: PLC0415 - slow to import
    from mcpg.cli.kit.parcels import parcel_of  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.signing import open_signers, sign_there  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.targets import open_target, parse_target, pinned, signed_next, target_of  # noqa: PLC0415 - likewise

    signers = await open_signers(keys, password_file) if keys else ()
    site = await asyncio.to_thread(open_site, chosen)
    parcel = await parcel_of(source, site)
    reference, digest = parse_target(text, parcel.facts.version), parcel.packed.manifest.digest
    name = pinned(reference, digest)
    async with open_target(reference, site, via=via or "") as target:
        await target.put(parcel.packed, parcel.facts.version, replace=replace)
        await target.sign(digest, parcel.signatures)
        if signers:
            revocations = await asyncio.to_thread(site.index, locked=False)
            async with origin_of(target_of(name), site, where=f"plugin `{name}`", fresh=True) as origin:
                await sign_there(
                    origin, target, signers, revocations, where=f"plugin `{name}`", created=said_time() or 0
                )
    signed = bool(signers or parcel.signatures)
    return {
        "id": parcel.facts.id,
        "version": parcel.facts.version,
        "reference": str(reference),
        "digest": digest,
        "wasm": parcel.packed.wasm,
        "size": parcel.size,
        "signed": signed,
        "pinned": name,
        "next": (signed_next(name) if signed else f"mcpg plugin sign {name} --key KEY") + chosen.repeated,
    }
