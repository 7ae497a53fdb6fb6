"""`mcpg revocations add`: an entry of the site's own. It needs no key, because it can only add."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, say, show
from mcpg.cli.revocations_revoke import entry_options, make_entry
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from mcpg.cli.kit.options import Chosen

__all__ = ["add", "folder_of"]

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(cls=Verb)
@click.argument("name")
@entry_options
@click.option("--folder", type=FOLDER, help="Where additions stand; else `revocations.additions` of the file.")
@site_options()
@json_option
def add(name: str, folder: Path | None, chosen: Chosen, *, as_json: bool, **given: Any) -> None:
    """Revoke something at this site only, without a signature.

    The entry is written as NAME.json into the folder of additions; remove the file to take it back.
    """
    from mcpg.cli.kit.list_files import described_entry, save_file  # noqa: PLC0415 - slow to import
    from mcpg_revocations.lists import Additions, encode  # noqa: PLC0415 - likewise

    entry = make_entry(given, name)
    if entry is None:
        raise click.UsageError("give --match, what is revoked")
    path = _new(folder_of(folder, chosen, "additions"), name)
    save_file(path, encode(Additions(schema=1, entries=(entry,))))
    document = {"file": str(path), "entry": described_entry(entry)}
    show(document, lambda console: say(console, f"{entry.action} by `{entry.id}` stands in {path}"), as_json=as_json)


def folder_of(folder: Path | None, chosen: Chosen, what: str) -> Path:
    """Return the folder that an option or the operator's file names, made if it is not there; `ConfigError`."""
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import

    found: Path | None = folder or getattr(open_site(chosen).revocations.site, what)
    if found is None:
        raise ConfigError(
            "no folder is named",
            where=f"revocations.{what}",
            remedy=f"give --folder, or configure `revocations.{what}`",
            code="bad-revocations",
        )
    found.mkdir(parents=True, exist_ok=True)
    return found


def _new(folder: Path, name: str) -> Path:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name) is None:
        raise click.UsageError("NAME is letters, digits, and inner dots, hyphens and underscores")
    path = folder / f"{name}.json"
    if path.exists():
        raise ConfigError("is there already", where=f"`{path}`", remedy="take another name", code="bad-revocations")
    return path
