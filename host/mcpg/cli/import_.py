"""`mcpg import`: servers of other MCP clients, or of a registry, as upstreams of our file. It starts none of them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.clients.values import Needs, name_of
from mcpg.cli.output import Verb, config_option, json_option, say, show
from mcpg.contract.problems import ConfigError, reason_of

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.clients.values import Imported

__all__ = ["import_"]

PICK = click.Choice(["remote", "npm", "pypi", "oci", "nuget"])


@click.command("import", cls=Verb)
@click.argument("sources", nargs=-1, required=True, metavar="FILE|URL|registry:NAME[@VERSION]...")
@config_option
@click.option("--write", is_flag=True, help="Put the upstreams into the file; without it they are printed.")
@click.option("--only", multiple=True, metavar="NAME", help="Take this server only; may be given several times.")
@click.option("--name", "new_name", help="The upstream's name, where one server is taken.")
@click.option("--pick", type=PICK, help="Which of the ways to take that a registry's document offers.")
@click.option(
    "--registry", default="https://registry.modelcontextprotocol.io", show_default=True, help="The registry's address."
)
@click.option("--private", is_flag=True, help="Fetch from addresses that are private or loopback too.")
@json_option
def import_(
    sources: tuple[str, ...], config_path: str, *, write: bool, new_name: str | None, as_json: bool, **how: Any
) -> None:
    """Take over servers of other clients, or of a registry, as upstreams.

    Files of Claude, Cursor, VS Code and others with `mcpServers` or `servers` are read, and a registry's `server.json`.
    Values that may be secret are not taken over: references stand in their place, and what to set is listed.
    """
    from mcpg.cli.clients.merging import as_documents  # noqa: PLC0415 - slow to import

    needs = Needs()
    servers = [server for source in sources for server in _servers(source, needs, **how)]
    if new_name is not None:
        if len(servers) != 1:
            raise click.UsageError("--name is for one server: choose it with --only")
        if name_of(new_name) != new_name:
            raise click.UsageError("--name takes letters, digits, `_`, `-` and `.`")
        servers[0].name = new_name
    _tell_apart(servers)
    if write:
        _write(Path(config_path), servers)
    document = {
        "written": config_path if write else None,
        "upstreams": as_documents(servers),
        "variables": [{"name": name, "for": purpose} for name, purpose in sorted(needs.variables.items())],
    }

    show(document, lambda console: _draw(console, document, servers), as_json=as_json)


def _draw(console: Console, document: dict[str, Any], servers: list[Imported]) -> None:
    from mcpg.cli.clients.merging import fragment  # noqa: PLC0415 - slow to import

    written, lead = document["written"], "" if document["written"] else "# "
    if written:
        say(console, f"{written} has {len(servers)} more: {', '.join(server.name for server in servers)}")
        for server in servers:
            for note in server.notes:
                say(console, f"  {server.name}: {note}")
    else:
        say(console, fragment(servers).rstrip("\n"))
    if document["variables"]:
        say(console, f"\n{lead}set these in the environment of the gateway:")
    for variable in document["variables"]:
        say(console, f"{lead}  {variable['name']}: {' '.join(variable['for'].split())}")


def _servers(
    source: str, needs: Needs, *, only: tuple[str, ...], pick: str | None, registry: str, private: bool
) -> list[Imported]:
    """Return the servers of one source; raises `McpgError`."""
    from mcpg.cli.clients.entries import Inputs, imported  # noqa: PLC0415 - slow to import
    from mcpg.cli.clients.reading import read_json, shape_of  # noqa: PLC0415 - likewise
    from mcpg.cli.clients.registered import registered  # noqa: PLC0415 - likewise

    shape = shape_of(read_json(_bytes(source, registry, private=private), source), source)
    if shape.kind == "registry":
        server = registered(shape.servers, needs, source, pick=pick or "")
        server.notes[:0] = shape.notes
        return [server]
    if unknown := [name for name in only if name not in shape.servers]:
        known = ", ".join(f"`{name}`" for name in sorted(shape.servers))
        raise ConfigError(f"it has no server `{unknown[0]}`", where=source, remedy=f"it has {known}")
    inputs = Inputs(shape.inputs)
    chosen = {name: entry for name, entry in shape.servers.items() if not only or name in only}
    found = [imported(str(name), entry, inputs, needs, source) for name, entry in chosen.items()]
    servers = [server for server in found if server is not None]
    if not servers:
        raise ConfigError("it has no server that is switched on", where=source, remedy="give another file")
    servers[0].notes[:0] = shape.notes
    return servers


def _bytes(source: str, registry: str, *, private: bool) -> bytes:
    from mcpg.cli.clients.fetching import address_of, fetch  # noqa: PLC0415 - slow to import
    from mcpg.cli.clients.reading import MAX_BYTES  # noqa: PLC0415 - likewise

    if source.startswith("registry:"):
        source = address_of(source.removeprefix("registry:"), registry)
    if source.startswith(("http://", "https://")):
        return asyncio.run(fetch(source, private=private))
    try:
        with Path(source).expanduser().open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        remedy = "give a client's file, an https address, or `registry:NAME`"
        raise ConfigError(f"it cannot be read: {reason_of(error)}", where=source, remedy=remedy) from None


def _tell_apart(servers: list[Imported]) -> None:
    """Give servers of the same name a number each."""
    taken: set[str] = set()
    for server in servers:
        name, number = server.name, 2
        while server.name in taken:
            server.name, number = f"{name}-{number}", number + 1
        taken.add(server.name)


def _write(path: Path, servers: list[Imported]) -> None:
    """Put the servers into the file, whole or not at all; raises `ConfigError`."""
    from mcpg.cli.clients.merging import merged  # noqa: PLC0415 - slow to import

    path = path.resolve()
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else "version: 1\n"
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        whole = merged(text, servers, str(path))
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with beside.open("x", encoding="utf-8") as file:
                file.write(whole)
            beside.chmod(mode)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"cannot be written: {reason}", where=str(path), remedy="see who may write it") from None
