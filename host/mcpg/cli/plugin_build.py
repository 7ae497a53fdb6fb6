"""`mcpg plugin build`: from a project to a component, with what the author should mend. It signs and pushes nothing."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, json_option, plain, say, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from mcpg.workshop.project import Project

__all__ = ["build"]


@click.command(cls=Verb)
@click.argument("folder", required=False, default=".", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="The component's file. Default: out/NAME.wasm."
)
@click.option(
    "--check", is_flag=True, help="Build nothing there: say whether the component is of the sources that stand here."
)
@json_option
def build(folder: Path, out: Path | None, *, check: bool, as_json: bool) -> None:
    """Build the project in FOLDER, the current one if none is given.

    Finds the language and its tools, or says what is missing; compiles, makes a component that imports nothing, puts
    the manifest in and checks all of it. Rust and Go give the same bytes each time, in any folder. With --check, the
    digest of the sources that the component names is compared, and where builds can be repeated it is built again.
    """
    from mcpg.workshop.project import open_project  # noqa: PLC0415 - slow to import

    project = open_project(folder)
    if check:
        _check(project, out or project.wasm, as_json=as_json)
        return
    document = asyncio.run(_build(project, out, _quiet if as_json else _say))

    def draw(console: Console) -> None:
        say(
            console, f"built {document['id']} {document['version']} ({document['size']} bytes, {document['seconds']} s)"
        )
        say(console, f"  digest  {document['digest']}\n  file    {document['wasm']}")
        for line in document["next"]:
            say(console, f"  next    {line}")

    show(document, draw, as_json=as_json)


async def _build(project: Project, out: Path | None, tell: Callable[[str], None]) -> dict[str, Any]:
    from mcpg.workshop.building import build as build_it  # noqa: PLC0415 - slow to import

    built = await build_it(project, out=out, say=tell)
    for warning in built.warnings:
        tell(f"warning: {warning}")
    told, wasm = built.manifest, _near(built.wasm)
    return {
        "id": told.id,
        "version": told.version,
        "kind": told.kind.value,
        "language": project.language,
        "wasm": str(built.wasm),
        "traced": str(built.traced) if built.traced else "",
        "digest": built.digest,
        "size": built.size,
        "seconds": round(built.seconds, 1),
        "sources": told.built.sources if told.built else "",
        "sdk": told.built.sdk if told.built else "",
        "tool": told.built.tool if told.built else "",
        "warnings": list(built.warnings),
        "next": ["mcpg plugin test", f"mcpg plugin push {wasm} HOST/REPOSITORY --sign-key KEY"],
    }


def _check(project: Project, wasm: Path, *, as_json: bool) -> None:
    from mcpg.workshop.checking import check as check_it  # noqa: PLC0415 - slow to import

    checked = asyncio.run(check_it(project, wasm, _quiet if as_json else _say))
    document = {
        "wasm": str(checked.wasm),
        "digest": checked.digest,
        "sources": checked.built.sources,
        "built_again": checked.again,
    }
    how = (
        "its sources have its digest, and building it again gave the same bytes"
        if checked.again
        else "its sources have its digest"
    )
    show(
        document, lambda console: say(console, f"{_near(checked.wasm)} is of the sources here: {how}"), as_json=as_json
    )


def _say(line: str) -> None:
    click.echo(plain(line), err=True)


def _quiet(_line: str) -> None:
    """Say nothing: with --json, standard error has an error's JSON or nothing."""


def _near(path: Path) -> str:
    """Return a path as one would type it here, if it is below the current folder."""
    here = Path.cwd()
    return os.fspath(path.relative_to(here)) if path.is_relative_to(here) else os.fspath(path)
