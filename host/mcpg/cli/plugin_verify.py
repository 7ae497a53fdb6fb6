"""`mcpg plugin verify`: every step again, told one by one. It installs nothing and changes nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import FAILED, REFUSED, Verb, failure, json_option, say, show, table
from mcpg.contract.problems import PluginRefused

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen
    from mcpg.cli.kit.walk import Walk

__all__ = ["verify"]


@click.command(cls=Verb)
@click.argument("references", nargs=-1, metavar="REFERENCE...")
@click.option("--all", "everything", is_flag=True, help="Verify what is installed and what the lock names.")
@click.option("--lock", "must_be_locked", is_flag=True, help="Refuse what the lock does not name.")
@site_options("store", "trust", "key", "mirror", "lock", "offline", "plain-http")
@json_option
def verify(
    references: tuple[str, ...], chosen: Chosen, *, everything: bool, must_be_locked: bool, as_json: bool
) -> None:
    """Verify each REFERENCE again, step by step.

    What is installed is read from the store, all else from where it is. Exit code 3 when a step refuses one of them.
    """
    if not references and not everything:
        raise click.UsageError("give REFERENCE, or --all")
    walks = asyncio.run(_verify(references, chosen, everything=everything, must_be_locked=must_be_locked))
    show([_document(each) for each in walks], lambda console: _draw(console, walks), as_json=as_json)
    errors = [each.error for each in walks if each.error]
    if errors:
        refused = any(isinstance(error, PluginRefused) for error in errors)
        click.get_current_context().exit(REFUSED if refused else FAILED)


async def _verify(references: tuple[str, ...], chosen: Chosen, *, everything: bool, must_be_locked: bool) -> list[Walk]:
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import
    from mcpg.cli.kit.walk import walk  # noqa: PLC0415 - likewise

    site = await asyncio.to_thread(open_site, chosen)
    wanted = [*references, *(await asyncio.to_thread(site.everything) if everything else ())]
    return [await walk(each, site, must_be_locked=must_be_locked) for each in dict.fromkeys(wanted)]


def _document(walked: Walk) -> dict[str, Any]:
    steps = [{"step": row.step, "name": row.name, "found": row.found, "passed": row.passed} for row in walked.rows]
    error = failure(walked.error) if walked.error else None
    return {"reference": walked.text, "place": walked.place, "ok": error is None, "steps": steps, "error": error}


def _draw(console: Console, walks: list[Walk]) -> None:
    for walked in walks:
        say(console, walked.text)
        bad = "REFUSED" if isinstance(walked.error, PluginRefused) else "failed"
        rows = [(str(row.step), row.name, "passed" if row.passed else bad, row.found) for row in walked.rows]
        table(console, ("step", "what", "result", "found"), rows)
        if walked.error is not None and walked.error.remedy:
            say(console, f"to do: {walked.error.remedy}")
        say(console, "")
    if not walks:
        say(console, "nothing is installed and nothing is locked")
