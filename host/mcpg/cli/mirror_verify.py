"""`mcpg plugin mirror verify`: a bundle judged as this site would, with a report. It opens no connection."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import FAILED, REFUSED, Verb, json_option, say, show, table
from mcpg.contract.problems import ConfigError, McpgError, reason_of

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen

__all__ = ["operator_option", "verify"]

FILE = click.Path(dir_okay=False, path_type=Path)
_CODES = {"good": 0, "incomplete": FAILED, "refused": REFUSED}

operator_option = click.option(
    "--operator-key",
    "operators",
    type=FILE,
    multiple=True,
    help="A public key of the mirror's operator: one of them must have signed the inventory.",
)


@click.command(cls=Verb)
@click.argument("bundle", type=click.Path(path_type=Path))
@operator_option
@click.option("--report", type=FILE, help="Write the report there: Markdown, or JSON if it ends in .json.")
@click.option("--compile", "compiled", is_flag=True, help="Compile each component too, to read its imports.")
@site_options("store", "trust", "key", "lock")
@json_option
def verify(
    bundle: Path, chosen: Chosen, *, operators: tuple[Path, ...], report: Path | None, compiled: bool, as_json: bool
) -> None:
    """Verify BUNDLE as this site would, without a network.

    Every digest, the inventory's signature, every publisher's signature under this site's trust, the revocation list
    and its age, and whether the components would break this gateway. BUNDLE is a directory, a tar, or a tar in parts.
    The report is written whatever the verdict is, and replaces an earlier one.
    Exit code 3 when it must not be imported, 1 when something that it builds on is missing here.
    """
    document = asyncio.run(
        asyncio.to_thread(_verify, bundle, chosen, operators, report, compiled=compiled, silent=as_json)
    )
    show(document, lambda console: _draw(console, document), as_json=as_json)
    click.get_current_context().exit(_CODES[document["outcome"]])


def _verify(
    path: Path, chosen: Chosen, operators: tuple[Path, ...], report: Path | None, *, compiled: bool, silent: bool
) -> dict[str, Any]:
    from mcpg.cli.kit.bundle_site import counting, here_of, size_of  # noqa: PLC0415 - slow to import
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - likewise
    from mcpg_mirror.report import refusal_of, report_of  # noqa: PLC0415 - likewise
    from mcpg_mirror.verifying import verify_bundle  # noqa: PLC0415 - likewise

    site = open_site(chosen)
    here = here_of(site, operators, base=site.store, compiled=compiled)
    size = size_of(path)
    try:
        with counting(path.name, size, silent=silent) as progress:
            findings = verify_bundle(path, here, progress)
    except McpgError as error:
        if report is not None:
            _write(report, refusal_of(error, name=path.name, now=site.now, digest=_digest(path), size=size))
        raise
    with closing(findings.bundle.files):
        document = report_of(findings, now=site.now, digest=_digest(path), size=size)
    if report is not None:
        _write(report, document)
    return document


def _digest(path: Path) -> str:
    """Return the digest of a tar in one file, for the change board to compare; nothing for any other bundle."""
    import hashlib  # noqa: PLC0415 - used here only

    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
    return ""


def _write(path: Path, document: dict[str, Any]) -> None:
    from mcpg_mirror.report import report_text  # noqa: PLC0415 - slow to import
    from mcpg_registry.durable import write_whole  # noqa: PLC0415 - likewise

    as_json = path.suffix == ".json"
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n" if as_json else report_text(document)
    try:
        write_whole(path, text.encode())
    except OSError as error:
        reason = reason_of(error)
        remedy = "name a folder that you may write to"
        raise ConfigError(f"cannot be written: {reason}", where=f"report `{path}`", remedy=remedy) from error


def _draw(console: Console, document: dict[str, Any]) -> None:
    bundle, listed = document["bundle"], document["revocations"]
    say(console, f"{document['outcome']}: {bundle['name']}, {bundle['mode']}, {len(document['plugins'])} plugins")
    say(console, f"  bundle       {bundle['id']}")
    say(console, f"  signed by    {bundle['signed_by'] or 'nobody'}")
    say(console, f"  revocations  version {listed['version']}, {listed['state']} {listed['reason']}".rstrip())
    rows = [
        (each["name"], each["state"], ", ".join(each["signed_by"]) or "-", (each["error"] or {}).get("message", ""))
        for each in document["plugins"]
    ]
    table(console, ("plugin", "result", "signed by", "why not"), rows)
    for each in document["plugins"]:
        for text in each["breaks"]:
            say(console, f"would break this gateway: {each['name']}: {text}")
        for text in each["notes"]:
            say(console, f"note: {each['name']}: {text}")
    for error in document["errors"]:
        say(console, f"error: {error['where']}: {error['message']}\n  to do: {error['remedy']}")
