"""`mcpg export`: what an MCP client has to be told to reach this gateway. It changes no client's file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.clients.snippets import CLIENTS, VARIABLE, Place, snippet
from mcpg.cli.output import Verb, config_option, json_option, say, show
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.config import Loaded
    from mcpg.config.endpoints import Endpoint

__all__ = ["export"]


@click.command(cls=Verb)
@click.argument("client", type=click.Choice(list(CLIENTS)))
@config_option
@click.option("--endpoint", "names", multiple=True, help="`mcp`, a profile, or `servers/UPSTREAM`; may be repeated.")
@click.option("--all", "everything", is_flag=True, help="Every endpoint of the file.")
@click.option("--url", help="Where clients reach the gateway. Default: `server.listen`.")
@click.option("--stdio", is_flag=True, help="Have the client start the gateway and speak stdio.")
@json_option
def export(
    client: str, config_path: str, names: tuple[str, ...], *, everything: bool, as_json: bool, **how: Any
) -> None:
    """Print what CLIENT has to be told to reach this gateway.

    A key is never in it: the client asks for one, or reads MCPG_KEY.
    """
    from mcpg.config import load  # noqa: PLC0415 - slow to import
    from mcpg.config.endpoints import endpoints_of  # noqa: PLC0415 - likewise

    loaded = load(config_path)
    known = {each.name: each for each in endpoints_of(loaded.config)}
    wanted = tuple(known) if everything else names or ("mcp",)
    if missing := [name for name in wanted if name not in known]:
        remedy = f"there are {', '.join(f'`{name}`' for name in known)}"
        raise ConfigError(f"there is no endpoint `{missing[0]}`", where=config_path, remedy=remedy)
    stdio = how["stdio"] or CLIENTS[client][1] is None
    if stdio and loaded.config.server.stdio is None:
        remedy = "add `server: {stdio: {caller: {id: ...}}}`"
        raise ConfigError("over stdio nobody is calling", where="server.stdio.caller", remedy=remedy)
    places = [_place(known[name], loaded, how["url"]) for name in wanted]
    file, document = snippet(client, places, stdio=stdio)

    def draw(console: Console) -> None:
        click.echo(f"for {file}" + ("" if stdio else f"; the key: `Authorization`, {_key(client)}"), err=True)
        say(console, json.dumps(document, indent=2))

    show(document, draw, as_json=as_json)


def _key(client: str) -> str:
    if client == "vscode":
        return "asked for once"
    return "put yours in" if client == "mcp.json" else f"from the variable {VARIABLE}"


def _place(endpoint: Endpoint, loaded: Loaded, url: str | None) -> Place:
    """Return an endpoint as clients reach it; raises `ConfigError` when the file does not say where."""
    server = loaded.config.server
    if url is None and server.listen.path:
        raise ConfigError("the gateway listens on a Unix socket", where="server.listen", remedy="give `--url`")
    base = (url or f"{'https' if server.tls else 'http'}://{server.listen}").rstrip("/")
    base = base.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
    name = "mcpg" if endpoint.name == "mcp" else f"mcpg-{endpoint.name.replace('/', '-')}"
    extra = () if endpoint.name == "mcp" else ("--endpoint", endpoint.name)
    program = (str(Path(sys.executable)), "-m", "mcpg", "serve", "--stdio", "--config", str(loaded.path), *extra)
    return Place(name, base + endpoint.path, program)
