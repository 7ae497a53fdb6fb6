"""`mcpg plugin mirror import`: a verified bundle into the store, or into a registry. It pulls nothing."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.environment import whoever
from mcpg.cli.kit.options import site_options
from mcpg.cli.mirror_verify import operator_option
from mcpg.cli.output import Verb, json_option, say, show

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen
    from mcpg.cli.kit.site import Site
    from mcpg_mirror.importing import Wish
    from mcpg_registry.client import RegistryClient

__all__ = ["import_"]


@click.command("import", cls=Verb)
@click.argument("bundle", type=click.Path(path_type=Path, allow_dash=True))
@operator_option
@click.option("--to", "target", metavar="HOST/PREFIX", help="Push to a registry instead of filling the store.")
@click.option("--take-lock", is_flag=True, help="Put what the bundle's lock names into this site's lock.")
@click.option("--accept-stale", is_flag=True, help="Take it although its revocation list is stale or dead.")
@click.option("--reason", default="", help="Why --accept-stale: recorded in the journal of imports.")
@site_options("store", "trust", "key", "lock", "offline", "plain-http")
@json_option
def import_(
    bundle: Path,
    chosen: Chosen,
    *,
    operators: tuple[Path, ...],
    target: str | None,
    take_lock: bool,
    accept_stale: bool,
    reason: str,
    as_json: bool,
) -> None:
    """Verify BUNDLE and take it into the store, or into a registry.

    Everything is verified again before the first byte is taken, and whatever is wrong refuses all of it. The site goes
    by the bundle's revocation list from then on. What was interrupted is finished by the same command; parts may come
    one medium after the other. `-` reads a tar from standard input. With --offline no host but that of --to is spoken
    to.
    """
    if bool(reason) != accept_stale:
        raise click.UsageError("--accept-stale and --reason belong together")
    if take_lock and target:
        raise click.UsageError("--take-lock goes with the store, not with --to")
    document = asyncio.run(
        _import(bundle, chosen, operators, target=target, take_lock=take_lock, reason=reason, silent=as_json)
    )

    def draw(console: Console) -> None:
        verb = "pushed" if target else "installed"
        say(console, f"{verb} {len(document['installed'])} plugins, {len(document['known'])} were there already")
        for name in document["installed"]:
            say(console, f"  {name}")
        changed = "now in force" if document["list_changed"] else "no change"
        for reference in document.get("locked", ()):
            say(console, f"  locked       {reference}")
        say(console, f"  revocations  version {document['revocations']}, {document['state']}, {changed}")

    show(document, draw, as_json=as_json)


async def _import(
    path: Path,
    chosen: Chosen,
    operators: tuple[Path, ...],
    *,
    target: str | None,
    take_lock: bool,
    reason: str,
    silent: bool,
) -> dict[str, Any]:
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import
    from mcpg_mirror.importing import Wish  # noqa: PLC0415 - likewise

    site = await asyncio.to_thread(open_site, chosen)
    wish = Wish(stale_reason=reason, by=whoever(), take_lock=take_lock, lock=site.lock)
    if target is None:
        return await asyncio.to_thread(_into_store, path, site, operators, wish, silent=silent)
    return await _into_registry(path, site, operators, wish, target.rstrip("/"), silent=silent)


def _into_store(path: Path, site: Site, operators: tuple[Path, ...], wish: Wish, *, silent: bool) -> dict[str, Any]:
    from mcpg.cli.kit.bundle_site import counting, here_of, size_of  # noqa: PLC0415 - slow to import
    from mcpg.cli.kit.lock_file import change_lock  # noqa: PLC0415 - likewise
    from mcpg_mirror.importing import import_bundle  # noqa: PLC0415 - likewise

    path = _received(path, site, silent=silent)
    here = here_of(site, operators, base=site.store)
    with counting(path.name, size_of(path), silent=silent) as progress:
        done = import_bundle(path, site.store, here, wish=wish, progress=progress)
    if done.locked:
        change_lock(site.lock_path, lambda before: before | dict(done.locked), done.version)
    return {
        "bundle": done.bundle,
        "store": str(site.store.directory),
        "installed": list(done.installed),
        "known": list(done.known),
        "revocations": done.version,
        "state": done.state,
        "list_changed": done.list_changed,
        "resumed": done.resumed,
        "locked": sorted(done.locked),
    }


async def _into_registry(
    path: Path, site: Site, operators: tuple[Path, ...], wish: Wish, target: str, *, silent: bool
) -> dict[str, Any]:
    from mcpg.cli.kit.bundle_site import counting, here_of, size_of  # noqa: PLC0415 - slow to import
    from mcpg_mirror.importing import collect_parts, demand_good, record_push  # noqa: PLC0415 - likewise
    from mcpg_mirror.pushing import push_bundle  # noqa: PLC0415 - likewise
    from mcpg_mirror.verifying import verify_bundle  # noqa: PLC0415 - likewise

    client = _client(site, target)
    here = here_of(site, operators, base=site.store)

    def verified() -> Any:
        place = _received(path, site, silent=silent)
        with counting(place.name, size_of(place), silent=silent) as progress:
            return verify_bundle(collect_parts(place, site.store, progress), here, progress)

    findings = await asyncio.to_thread(verified)
    try:
        believed = demand_good(findings, wish)
        async with client:
            noted = partial(record_push, findings, believed, site.store, wish, now=site.now, target=target)
            await asyncio.to_thread(noted, event="begin")
            names = await push_bundle(findings, client, target, base=site.store, told=_tell(silent=silent))
            await asyncio.to_thread(noted, event="end")
    finally:
        findings.bundle.files.close()
    changed = await asyncio.to_thread(here.lists.take, findings.bundle.revocations, site.now)
    return {
        "bundle": findings.bundle.inventory.bundle,
        "registry": target,
        "installed": list(names),
        "known": [],
        "revocations": believed.version,
        "state": believed.state,
        "list_changed": changed,
    }


def _received(path: Path, site: Site, *, silent: bool) -> Path:
    """Return where the bundle is: a stream is kept first, each of its members checked as it comes."""
    from mcpg.cli.kit.bundle_site import counting  # noqa: PLC0415 - slow to import
    from mcpg_mirror.importing import receive_stream  # noqa: PLC0415 - likewise

    if str(path) != "-":
        return path
    with counting("standard input", 0, silent=silent) as progress:
        return receive_stream(sys.stdin.buffer.read, site.store, progress)


def _client(site: Site, target: str) -> RegistryClient:
    from mcpg_registry.client import RegistryClient  # noqa: PLC0415 - slow to import
    from mcpg_registry.credentials import StoredCredentials  # noqa: PLC0415 - likewise
    from mcpg_registry.hosts import split_repository  # noqa: PLC0415 - likewise
    from mcpg_registry.http import Network  # noqa: PLC0415 - likewise
    from mcpg_registry.narrowed import OnlyHosts  # noqa: PLC0415 - likewise

    host, _ = split_repository(f"{target}/any")
    network = OnlyHosts(Network(), [host]) if site.offline else Network()
    return RegistryClient(network, hosts=site.hosts, credentials=StoredCredentials(file=site.credentials))


def _tell(*, silent: bool) -> Any:
    return lambda name: None if silent else click.echo(f"pushed {name}", err=True)
