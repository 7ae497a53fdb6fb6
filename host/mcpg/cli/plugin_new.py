"""`mcpg plugin new`: writes a project that builds, tests and explains itself. It builds nothing and reaches nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, json_option, say, show
from mcpg.contract.worlds import PluginKind

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["new"]

_SHORT = {"js": "javascript", "py": "python"}


@click.command(cls=Verb)
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in PluginKind]), help="What it is for.")
@click.option(
    "--lang", required=True, type=click.Choice(["rust", "go", "javascript", "js", "python", "py"]), help="Its language."
)
@click.option("--publisher", default="acme", show_default=True, help="Who publishes it: its id is PUBLISHER/NAME.")
@click.option("--into", type=click.Path(path_type=Path), help="The folder for it. Default: NAME, here.")
@click.option("--licence", default="Apache-2.0", show_default=True, metavar="SPDX", help="Under which licence.")
@json_option
def new(name: str, kind: str, lang: str, into: Path | None, *, publisher: str, licence: str, as_json: bool) -> None:
    """Write the project of a plugin NAME.

    It is a working plugin with its manifest, cases, README, Makefile and CI file, and with the SDK in its folder `sdk`.
    Rust, Go and JavaScript have every kind, Python has policy, transform and backend.
    """
    from mcpg.workshop.new import Wish, new_project  # noqa: PLC0415 - slow to import

    wish = Wish(name, PluginKind(kind), _SHORT.get(lang, lang), publisher, licence)  # type: ignore[arg-type]
    folder = into if into is not None else Path(name)
    project = new_project(wish, folder)
    document: dict[str, Any] = {
        "id": wish.values["id"],
        "kind": kind,
        "language": wish.language,
        "folder": str(project.root),
        "entry": str(project.entry),
        "next": [f"cd {folder}", "mcpg plugin build", "mcpg plugin test"],
    }

    def draw(console: Console) -> None:
        say(console, f"made {document['id']}, a plugin of kind {kind} in {wish.language}")
        say(console, f"  begin in  {folder / project.entry.relative_to(project.root)}")
        say(console, f"  next      {' && '.join(document['next'])}")

    show(document, draw, as_json=as_json)
