"""`mcpg plugin inspect`: what a plugin is and asks for, who signed it, and what that counts for. It installs nothing.

A plugin that nobody vouches for is shown too, and as what it is: unproven.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, say, show

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen

__all__ = ["inspect"]


@click.command(cls=Verb)
@click.argument("reference", required=False)
@click.option("--use", metavar="NAME", help="Show the grants of this use in the file; it also names the plugin.")
@site_options("store", "trust", "key", "mirror", "lock", "offline", "plain-http")
@json_option
def inspect(reference: str | None, use: str | None, chosen: Chosen, *, as_json: bool) -> None:
    """Show what REFERENCE is, imports, reads and asks for, and who signed it.

    REFERENCE is `builtin:NAME`, `layout:PLACE#REPOSITORY@DIGEST`, HOST/REPOSITORY@DIGEST, or `file:PATH`. It is
    compiled to read its imports, and not run. Without a trust rule its signers are shown as unproven.
    """
    from mcpg.cli.kit.describing import describe  # noqa: PLC0415 - slow to import
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - likewise

    if not reference and not use:
        raise click.UsageError("give REFERENCE, or --use NAME of the file")
    document = asyncio.run(describe(reference, use, open_site(chosen)))
    show(document, lambda console: _draw(console, document), as_json=as_json)


def _draw(console: Console, document: dict[str, Any]) -> None:
    say(console, f"{document['id']} {document['version']} ({document['kind']}): {document['summary']}")
    imports = [f"{each['name']} ({each['kind']})" for each in document["imports"] if each["kind"] != "types"]
    lines = [
        ("digest", document["digest"]),
        *[("manifest", document["manifest"])] * bool(document["manifest"]),
        *[("from", document["place"])] * bool(document["place"]),
        *[("signed by", text) for text in _signers(document)],
        ("revoked", document["revocation"]["reason"] or "no"),
        ("world", document["world"]),
        ("size", f"{document['size']} bytes"),
        ("imports", ", ".join(imports) or "nothing"),
        ("reads", ", ".join(document["reads"]) or "nothing"),
        *[("may ask for", text) for text in _effects(document)],
        ("limits", ", ".join(f"{name} {value}" for name, value in document["limits"].items())),
        ("memo", "its verdicts may be remembered" if document["memo"] else "its verdicts are not remembered"),
        ("takes", ", ".join(document["config"].get("properties", {})) or "no configuration"),
        *[("under a tool", ", ".join(document["binding"].get("properties", {})))] * bool(document["binding"]),
        *[("warning", warning) for warning in document["warnings"]],
        *[("unproven", document["unproven"])] * bool(document["unproven"]),
        *[("fault", fault) for fault in document["faults"]],
    ]
    for name, text in lines:
        say(console, f"  {name:<12} {text}")


def _signers(document: dict[str, Any]) -> list[str]:
    if not document["signers"]:
        return ["nobody"]
    return [f"{each['signer']} ({each['counts']})" for each in document["signers"]]


def _effects(document: dict[str, Any]) -> list[str]:
    """Return a line for each effect asked for, with the grants of the file's uses beside it."""
    lines = []
    for each in document["effects"]:
        given = [
            f"`{use}`: {'granted' if grant is not None else 'not granted'}" for use, grant in each["grants"].items()
        ]
        lines.append(f"{each['driver']}: {each['why']}" + (f" [{', '.join(given)}]" if given else ""))
    lines += [f"nothing of `{driver}`, which `{use}` grants" for use, driver in document["idle_grants"]]
    return lines or ["nothing"]
