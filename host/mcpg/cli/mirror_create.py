"""`mcpg plugin mirror create`: a bundle out of the store. It opens no connection."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, json_option, say, show, table
from mcpg.cli.plugin_options import site_options
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.plugin_options import Chosen
    from mcpg.cli.plugin_site import Site
    from mcpg_mirror.gathering import Gathered
    from mcpg_mirror.lists import Believed
    from mcpg_mirror.planning import Have, Plan
    from mcpg_registry.claims import Claim
    from mcpg_registry.locking import Lock, Locked
    from mcpg_registry.proving import Proven
    from mcpg_revocations.rules import Anchor

__all__ = ["create"]

FILE = click.Path(dir_okay=False, path_type=Path)
EPOCH = "SOURCE_DATE_EPOCH"
_SIZE = re.compile(r"([1-9][0-9]{0,11})(B|KiB|MiB|GiB)?")
_UNITS = {None: 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the options say of the bundle; `part` in bytes, 0 for one file."""

    source: Path | None
    out: Path
    have: Path | None
    revocations: Path | None
    part: int
    dry: bool


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
@site_options("store", "trust", "key")
@json_option
def create(chosen: Chosen, *, as_json: bool, **given: Any) -> None:
    """Make a bundle of what the lock names, from the store.

    It holds plugins, their signatures, the revocation list, public keys and roots, the lock, and an inventory that the
    mirror's operator signs. The same inputs give the same bytes. What is missing in the store is named with the
    command that brings it. No connection is opened.
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
    from mcpg.cli.plugin_signing import open_signers  # noqa: PLC0415 - slow to import
    from mcpg.cli.plugin_site import open_site  # noqa: PLC0415 - likewise

    if len(sign_keys) + bool(sign_command) > 1:
        raise click.UsageError("one key signs an inventory: give one --sign-key, or --sign-command")
    wanted = _Wanted(part=_size(max_part_size), dry=dry_run, **paths)
    signers = None
    if sign_keys or sign_command:
        signers = await open_signers(sign_keys, password_file, sign_command, sign_public_key)
    site = await asyncio.to_thread(open_site, chosen)
    lock, text = await asyncio.to_thread(_lock, site, wanted)
    revocations, believed, anchor = await asyncio.to_thread(_list, site, wanted.revocations)
    have = await asyncio.to_thread(_have, wanted.have)
    gathered = await asyncio.to_thread(_gather, site, lock, believed)
    if gathered.missing and not dry_run:
        from mcpg_mirror.gathering import demand_all  # noqa: PLC0415 - slow to import

        demand_all(gathered)
    from mcpg_mirror.planning import Ingredients, make_plan  # noqa: PLC0415 - slow to import

    ingredients = Ingredients(
        plugins=gathered.plugins,
        shelf=site.store,
        revocations=revocations,
        version=believed.version,
        expires=believed.expires,
        trust=_trust(site, gathered, anchor),
        lock=text,
        created=await asyncio.to_thread(_created, site, gathered, believed),
        have=have,
    )
    plan = await make_plan(ingredients, signers[0] if signers else None)
    if not dry_run:
        await asyncio.to_thread(_write, plan, wanted, silent=silent)
    return _document(plan, gathered, believed, wanted)


def _lock(site: Site, wanted: _Wanted) -> tuple[Lock, bytes]:
    from mcpg_registry.locking import read_lock  # noqa: PLC0415 - slow to import

    path = wanted.source or site.lock_path
    lock = read_lock(path)
    if lock is None:
        remedy = "write one with `mcpg plugin lock`, or name one with --from"
        raise ConfigError("there is none, and a bundle holds what a lock names", where=f"lock `{path}`", remedy=remedy)
    return lock, lock.text()


def _list(site: Site, path: Path | None) -> tuple[bytes, Believed, Anchor]:
    """Return the list to ship, as it was signed, what this site makes of it, and whose lists the site believes."""
    from mcpg.cli.mirror_site import revocation_site  # noqa: PLC0415 - slow to import
    from mcpg_mirror.lists import SiteLists, held_text, shipped_anchor  # noqa: PLC0415 - likewise

    known = revocation_site(site)
    text = _read(path, "revocation list") if path else held_text(known)
    return text, SiteLists(known).judge(text, site.now), known.anchor or shipped_anchor(known.shipped)


def _have(path: Path | None) -> Have | None:
    from mcpg_mirror.having import parse_have  # noqa: PLC0415 - slow to import

    if path is None:
        return None
    try:
        return parse_have(_read(path, "have list"))
    except ValueError as error:
        remedy = "have it written with `mcpg plugin mirror have` at the far side"
        raise ConfigError(str(error), where=f"have list `{path}`", remedy=remedy) from error


def _read(path: Path, what: str) -> bytes:
    from mcpg_mirror.kinds import MAX_PAPER  # noqa: PLC0415 - slow to import
    from mcpg_registry.layout import read_file  # noqa: PLC0415 - likewise

    try:
        return read_file(path.resolve(), MAX_PAPER)
    except (OSError, ValueError) as error:
        reason = (error.strerror or "cannot be read").lower() if isinstance(error, OSError) else str(error)
        raise ConfigError(reason, where=f"{what} `{path}`", remedy="name a file that can be read") from error


def _gather(site: Site, lock: Lock, believed: Believed) -> Gathered:
    """Return what the store has, each proven by this site's trust, and not revoked by the list that goes with it."""
    from mcpg_mirror.gathering import gather, wanted_of  # noqa: PLC0415 - slow to import
    from mcpg_mirror.verifying import subject_of  # noqa: PLC0415 - likewise
    from mcpg_registry.proving import Judgement, prove  # noqa: PLC0415 - likewise
    from mcpg_registry.trust.bundles import claimed_keys  # noqa: PLC0415 - likewise
    from mcpg_revocations.rules import demand, revoked  # noqa: PLC0415 - likewise

    hit = revoked(believed.index)

    def judge(claim: Claim, locked: Locked) -> Proven:
        where = f"plugin `{claim.repository}@{claim.manifest.digest}`"
        rule = site.trust.rule_for(claim.repository, where=where, claimed=claimed_keys(claim.bundles()))
        proven = prove(claim, Judgement(rule, site.now, hit, locked), where=where)
        demand(subject_of(proven), believed.index, where=where)
        return proven

    return gather(site.store, wanted_of(lock), judge)


def _trust(site: Site, gathered: Gathered, anchor: Anchor) -> Any:
    from mcpg_mirror.roots import pack_trust  # noqa: PLC0415 - slow to import

    rules = [site.trust.rule_for(each.claim.repository) for each in gathered.plugins]
    return pack_trust(tuple({rule.prefix: rule for rule in rules}.values()), anchor)


def _created(site: Site, gathered: Gathered, believed: Believed) -> int:
    """Return when the bundle counts as made: no clock is asked, so that it can be made again to the bit."""
    if text := os.environ.get(EPOCH):
        if not re.fullmatch(r"[0-9]{1,11}", text):
            raise ConfigError(f"`{text[:40]}` is no number of seconds", where=EPOCH, remedy="unset it, or mend it")
        return int(text)
    claims = [each.claim for each in gathered.plugins]
    receipts = [site.store.receipt(each.repository, each.manifest.digest) for each in claims]
    return max([believed.issued, *(each.verified_at for each in receipts if each is not None)])


def _write(plan: Plan, wanted: _Wanted, *, silent: bool) -> None:
    from mcpg.cli.mirror_site import counting  # noqa: PLC0415 - slow to import
    from mcpg_mirror.faults import while_storing  # noqa: PLC0415 - likewise
    from mcpg_mirror.writing import tar_size, write_directory, write_parts, write_tar  # noqa: PLC0415 - likewise

    out, where = wanted.out, f"bundle `{wanted.out}`"
    with counting(f"into {out.name}", tar_size(plan), silent=silent) as progress, while_storing(where):
        if wanted.part:
            write_parts(plan, out, wanted.part, progress)
        elif out.suffix == ".tar":
            write_tar(plan, out, progress)
        else:
            write_directory(plan, out, progress)


def _size(text: str | None) -> int:
    if text is None:
        return 0
    match = _SIZE.fullmatch(text)
    if match is None:
        raise click.UsageError("--max-part-size is bytes as a number, or such as 700MiB or 4GiB")
    return int(match[1]) * _UNITS[match[2]]


def _document(plan: Plan, gathered: Gathered, believed: Believed, wanted: _Wanted) -> dict[str, Any]:
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
