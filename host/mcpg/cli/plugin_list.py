"""`mcpg plugin list`: what is built in and what is installed. It fetches nothing."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, show, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from mcpg.cli.kit.options import Chosen
    from mcpg.cli.kit.site import Site
    from mcpg_registry.receipts import Receipt

__all__ = ["list_plugins"]


@click.command("list", cls=Verb)
@site_options("store", "lock")
@json_option
def list_plugins(chosen: Chosen, *, as_json: bool) -> None:
    """List what is built in, each verified, and what is installed.

    Installed ones are shown as their receipts have them; `mcpg plugin verify --all` proves them again.
    """
    found = asyncio.run(asyncio.to_thread(_list, chosen))
    show(found, lambda console: _draw(console, found), as_json=as_json)


def _list(chosen: Chosen) -> list[dict[str, Any]]:
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import

    site = open_site(chosen)
    return [*_builtin(), *_installed(site)]


def _builtin() -> Iterator[dict[str, Any]]:
    from mcpg.plugins.builtin import Bundle  # noqa: PLC0415 - slow to import
    from mcpg.plugins.components import judge_component  # noqa: PLC0415 - likewise
    from mcpg_revocations.shipped import load_list  # noqa: PLC0415 - likewise

    bundle, now = Bundle.open(), int(time.time())
    revocations = load_list(now=now, at_least=bundle.lock.revocations)
    for name in bundle.names():
        artifact = bundle.verify(name, revocations, now)
        manifest = judge_component(artifact, revocations, f"built-in plugin `{name}`")[0].manifest
        yield {
            "reference": f"builtin:{name}",
            "held": "builtin",
            "id": manifest.id,
            "version": manifest.version,
            "kind": manifest.kind.value,
            "summary": manifest.summary,
            "digest": str(artifact.wasm_digest),
            "manifest": str(artifact.manifest_digest),
            "tags": [],
            "signers": list(artifact.keys),
            "signed": bool(artifact.keys),
            "locked": True,
            "revocation": "allow",
        }


def _installed(site: Site) -> Iterator[dict[str, Any]]:
    from mcpg.cli.kit.holdings import installed_subject  # noqa: PLC0415 - slow to import
    from mcpg_registry.steps import at_step  # noqa: PLC0415 - likewise
    from mcpg_revocations.index import check  # noqa: PLC0415 - likewise

    index = site.revocations.index(site.now)
    with at_step(11, where="the store", remedy="pull the plugin again"):
        receipts = site.store.receipts()
    for receipt in receipts:
        yield {
            "reference": f"{receipt.repository}@{receipt.manifest.digest}",
            "held": "installed",
            "id": receipt.id,
            "version": receipt.version,
            "kind": _kind(receipt),
            "summary": "",
            "digest": receipt.layer.digest,
            "manifest": receipt.manifest.digest,
            "tags": sorted(receipt.tags),
            "signers": [*receipt.keys, *(f"{identity} by {issuer}" for issuer, identity in receipt.identities)],
            "signed": True,
            "locked": site.locked_digest(receipt.repository, receipt.digest) is not None,
            "revocation": check(installed_subject(receipt), index).action.name.lower(),
        }


def _kind(receipt: Receipt) -> str:
    """Return the kind in a world's name, `mcpg:plugin/KIND-plugin@VERSION`."""
    return receipt.world.rpartition("/")[2].partition("-plugin@")[0]


def _draw(console: Console, found: list[dict[str, Any]]) -> None:
    builtin = [each for each in found if each["held"] == "builtin"]
    rows = [(each["reference"], each["version"], each["kind"], each["summary"]) for each in builtin]
    table(console, ("use it as", "version", "kind", "what it does"), rows)
    installed = [each for each in found if each["held"] == "installed"]
    if installed:
        console.print()
        columns = ("installed", "plugin", "version", "lock", "revoked", "signed by")
        table(console, columns, [_row(each) for each in installed])


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    verdict = "no" if each["revocation"] == "allow" else each["revocation"]
    locked = "locked" if each["locked"] else "-"
    return each["reference"], each["id"], each["version"], locked, verdict, ", ".join(each["signers"])
