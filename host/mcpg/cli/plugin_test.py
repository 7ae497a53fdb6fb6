"""`mcpg plugin test`: runs a plugin's cases, and random inputs, without a gateway. It performs no effect.

A project is built first if its sources have changed since; a component's file is taken as it stands.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import FAILED, Verb, json_option, say, show
from mcpg.contract.problems import one_line

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["test"]


@click.command(cls=Verb)
@click.argument("place", default=".", type=click.Path(path_type=Path))
@click.option("--cases", "files", multiple=True, type=click.Path(path_type=Path), help="A file or folder of cases.")
@click.option("-k", "text", default="", metavar="TEXT", help="Only cases with TEXT in their names.")
@click.option(
    "--properties", default=0, metavar="N", type=click.IntRange(0, 1_000_000), help="Try N random inputs, too."
)
@click.option("--seed", default=1, show_default=True, help="Begins the random inputs.")
@click.option("--coverage", is_flag=True, help="Show which functions, answers and effects the cases exercise.")
@click.option("--require-coverage", is_flag=True, help="Fail if a function or a declared effect has no case.")
@click.option("--build/--no-build", default=True, help="Build first what has changed.  [default: build]")
@click.option("-v", "--verbose", is_flag=True, help="Show log lines, and what each case asked for.")
@json_option
@click.pass_context
def test(ctx: click.Context, /, place: Path, *, as_json: bool, verbose: bool, **chosen: Any) -> None:
    """Run the cases of the plugin at PLACE, a project's folder or a component's file.

    Each case is a whole run in fresh instances, made again twice in one that has answered before: the same question has
    one answer. Nothing is performed; a case says what the host replies. Exit code 1 if a case does not hold.
    """
    from mcpg.cli.kit.casing import run  # noqa: PLC0415 - slow to import

    document = asyncio.run(run(place, **chosen))
    show(document, lambda console: _draw(console, document, verbose=verbose), as_json=as_json)
    if not document["good"]:
        ctx.exit(FAILED)


def _draw(console: Console, document: dict[str, Any], *, verbose: bool) -> None:
    for case in document["cases"]:
        _draw_case(console, case, verbose=verbose)
    tried = document["properties"]
    if tried is not None:
        _draw_properties(console, tried)
    if document["coverage"] is not None:
        for line in document["coverage"]["lines"]:
            say(console, f"covers  {line}")
    for line in document["uncovered"]:
        say(console, f"missing {line}")
    failed = f", {document['failed']} failed" if document["failed"] else ""
    said = f"{document['passed']} of {document['passed'] + document['failed']} cases passed{failed}"
    inputs = "" if tried is None else f", {tried['tried']} random inputs of seed {tried['seed']}"
    say(console, f"{document['plugin']} {document['version']}: {said} in {document['ms']:.1f} ms{inputs}")


def _draw_case(console: Console, case: dict[str, Any], *, verbose: bool) -> None:
    say(console, f"{'ok  ' if case['good'] else 'FAIL'} {case['ms']:8.2f} ms  {case['name']}")
    for line in case["lines"]:
        say(console, f"       {line}")
    if verbose:
        for asked in case["effects"]:
            say(console, f"       asked   {one_line(asked)}")
        for logged in case["logs"]:
            say(console, f"       log     {logged['level']}: {one_line(logged['message'])}")


def _draw_properties(console: Console, tried: dict[str, Any]) -> None:
    if tried["bugs"]:
        say(console, f"warning {tried['bugs']} random inputs ended in `plugin-error`, such as: {tried['bug']}")
    if tried["failed"] is None:
        return
    say(console, f"FAIL random input {tried['tried']} of seed {tried['seed']}:")
    for line in tried["failed"]["lines"]:
        say(console, f"       {line}")
    say(console, "       this is it, made small; put it among the cases:")
    say(console, tried["failed"]["case"])
