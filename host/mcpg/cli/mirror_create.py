"""`mcpg plugin mirror create`: a bundle out of the store. It opens no connection."""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, say, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.bundle_making import Wanted
    from mcpg.cli.kit.options import Chosen
    from mcpg_mirror.gathering import Gathered
    from mcpg_mirror.lists import Believed
    from mcpg_mirror.planning import Plan

__all__ = ["create"]

FILE = click.Path(dir_okay=False, path_type=Path)
_SIZE = re.compile(r"([1-9][0-9]{0,11})(B|KiB|MiB|GiB)?")
_UNITS = {None: 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


@click.command(cls=Verb)
@click.option("--from", "source", type=FILE, help="The lock; else `mcpg.lock` beside the file.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("mcpg-mirror.tar"), show_default=True,
              help="A file that ends in .tar, or a directory.")  # fmt: skip
@click.option("--sign-key", "sign_keys", type=FILE, multiple=True, help="The mirror operator's private key.")
@click.option("--password-file", type=FILE, help="The file whose one line opens the key; else MCPG_KEY_PASSWORD.")
@click.option("--sign-command", help="A program that signs what it gets on standard input, for a KMS or HSM.")
@click.option("--sign-public-key", type=FILE, help="The public key of --sign-command.")
@click.option("--have", type=FILE, help="What the far side has, as `mirror have` lists it: make an increment.")
@click.option("--revocations", type=FILE, help="A signed list, or chain of lists, in place of the site's own.")
@click.option("--max-part-size", metavar="SIZE", help="Cut the tar into parts of at most this size, such as 4GiB.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say how much it would be and what is missing.")
@site_options("store", "trust", "key", "mirror")
@json_option
def create(chosen: Chosen, *, as_json: bool, **given: Any) -> None:
    """Make a bundle of what the lock names, from the store.

    It holds plugins, their signatures, the revocation list, public keys and roots, the lock, and an inventory that the
    mirror's operator signs. The same inputs give the same bytes. What the store lacks is looked for in each --mirror
    and in layouts that the lock names; what is still missing is named with the command that brings it. No connection is
    opened.
    """
    document = asyncio.run(_create(chosen, silent=as_json, **given))
    show(document, lambda console: _draw(console, document), as_json=as_json)
    if document["missing"]:
        click.get_current_context().exit(1)


async def _create(
    chosen: Chosen,
    *,
    silent: bool,
    sign_keys: tuple[Path, ...],
    password_file: Path | None,
    sign_command: str | None,
    sign_public_key: Path | None,
    max_part_size: str | None,
    dry_run: bool,
    **paths: Any,
) -> dict[str, Any]:
    from mcpg.cli.kit import bundle_making as making  # noqa: PLC0415 - slow to import
    from mcpg.cli.kit.signing import open_signers  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - likewise
    from mcpg_mirror.gathering import demand_all  # noqa: PLC0415 - likewise
    from mcpg_mirror.planning import Ingredients, make_plan  # noqa: PLC0415 - likewise

    if len(sign_keys) + bool(sign_command) > 1:
        raise click.UsageError("one key signs an inventory: give one --sign-key, or --sign-command")
    wanted = making.Wanted(part=_size(max_part_size), dry=dry_run, **paths)
    signers = None
    if sign_keys or sign_command:
        signers = await open_signers(sign_keys, password_file, sign_command, sign_public_key)
    site = await asyncio.to_thread(open_site, chosen)
    lock, text = await asyncio.to_thread(making.lock_of, site, wanted)
    revocations, believed, anchor = await asyncio.to_thread(making.list_of, site, wanted.revocations)
    have = await asyncio.to_thread(making.have_of, wanted.have)
    with ExitStack() as stack:
        shelf = await asyncio.to_thread(making.shelf_of, site, lock, stack)
        gathered = await asyncio.to_thread(making.gather_proven, site, shelf, lock, believed)
        ingredients = Ingredients(
            plugins=gathered.plugins if dry_run else demand_all(gathered),
            shelf=shelf,
            revocations=revocations,
            version=believed.version,
            expires=believed.expires,
            trust=making.trust_of(site, gathered, anchor),
            lock=text,
            created=await asyncio.to_thread(making.created_of, site, gathered, believed),
            have=have,
        )
        plan = await make_plan(ingredients, signers[0] if signers else None)
        if not dry_run:
            await asyncio.to_thread(making.write_bundle, plan, wanted, silent=silent)
    return _document(plan, gathered, believed, wanted)


def _size(text: str | None) -> int:
    if text is None:
        return 0
    match = _SIZE.fullmatch(text)
    if match is None:
        raise click.UsageError("--max-part-size is bytes as a number, or such as 700MiB or 4GiB")
    return int(match[1]) * _UNITS[match[2]]


def _document(plan: Plan, gathered: Gathered, believed: Believed, wanted: Wanted) -> dict[str, Any]:
    inventory = plan.inventory
    return {
        "out": "" if wanted.dry else str(wanted.out),
        "dry_run": wanted.dry,
        "bundle": inventory.bundle,
        "mode": inventory.mode,
        "signed": bool(inventory.operator),
        "plugins": [
            {"name": each.name, "manifest": each.manifest.digest, "new": each.layer.here} for each in inventory.plugins
        ],
        "bytes": plan.all_bytes,
        "new_bytes": plan.new_bytes,
        "revocations": {"version": believed.version, "state": believed.state},
        "missing": [{"name": each.wanted.reference, "command": each.command} for each in gathered.missing],
    }


def _draw(console: Console, document: dict[str, Any]) -> None:
    verb = "would make" if document["dry_run"] else f"made {document['out']}:"
    count = len(document["plugins"])
    say(console, f"{verb} {count} plugins, {_shown(document['bytes'])}, {_shown(document['new_bytes'])} new")
    listed = document["revocations"]
    say(console, f"  bundle       {document['bundle']} ({document['mode']})")
    say(console, f"  revocations  version {listed['version']}, {listed['state']}")
    if not document["signed"]:
        say(console, "  inventory    not signed: give --sign-key, so that the far side can tell who made it")
    rows = [(each["name"], each["manifest"], "new" if each["new"] else "there already") for each in document["plugins"]]
    table(console, ("plugin", "manifest", "layer"), rows)
    for each in document["missing"]:
        say(console, f"missing {each['name']}\n  to do: {each['command']}")


def _shown(size: int) -> str:
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size} bytes"
