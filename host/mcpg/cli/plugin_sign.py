"""`mcpg plugin sign`: states that a manifest is ours and what it releases, where it lies. It pushes none."""

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

__all__ = ["sign"]

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(cls=Verb)
@click.argument("reference")
@click.option("--key", "keys", type=FILE, multiple=True, help="A private key's file, as `mcpg keys generate` makes it.")
@password_option
@click.option("--command", help="A program that signs what it gets on standard input, for a KMS or HSM.")
@click.option("--public-key", type=FILE, help="The public key of --command.")
@click.option(
    "--vulnerability",
    "vulnerabilities",
    multiple=True,
    metavar="ID",
    help="State that this artifact has a known vulnerability, such as CVE-2026-1234; a revocation list may name it.",
)
@site_options("store", "offline", "plain-http")
@json_option
def sign(reference: str, chosen: Chosen, vulnerabilities: tuple[str, ...], *, as_json: bool, **given: Any) -> None:
    """Sign REFERENCE where it lies.

    Each key makes cosign's statement and the release statement, attached as referrers and under the fallback tag. What
    another tool has pushed is signed too, once its component was read. With --offline a registry's REFERENCE is signed
    in the store.
    """
    document = asyncio.run(_sign(reference, chosen, vulnerabilities, **given))

    def draw(console: Console) -> None:
        say(console, f"signed {document['id']} {document['version']}, {document['made']} new statements")
        say(console, f"  digest  {document['digest']}")
        for key in document["keys"]:
            say(console, f"  key     {key}")
        say(console, f"  next    {document['next']}")

    show(document, draw, as_json=as_json)


async def _sign(text: str, chosen: Chosen, vulnerabilities: tuple[str, ...], **given: Any) -> dict[str, Any]:
    from mcpg.cli.environment import said_time  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.origins import origin_of  # noqa: PLC0415 - slow to import
    from mcpg.cli.kit.signing import open_signers, sign_there  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.targets import open_target, pinned, signed_next, target_of  # noqa: PLC0415 - likewise

    reference = target_of(text)
    signers = await open_signers(**given)
    site = await asyncio.to_thread(open_site, chosen)
    where = f"plugin `{reference}`"
    revocations = await asyncio.to_thread(site.index, locked=False)
    async with (
        origin_of(reference, site, where=where, fresh=not site.offline) as origin,
        open_target(reference, site) as target,
    ):
        signed = await sign_there(
            origin, target, signers, revocations, where=where, created=said_time() or 0, vulnerabilities=vulnerabilities
        )
    name = pinned(reference, signed.claim.manifest.digest)
    return {
        "reference": text,
        "digest": signed.claim.manifest.digest,
        "id": signed.release.id,
        "version": signed.release.version,
        "keys": list(signed.keys),
        "made": signed.made,
        "pinned": name,
        "next": signed_next(name) + chosen.repeated,
    }
