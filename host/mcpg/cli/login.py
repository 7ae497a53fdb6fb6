"""`mcpg login` and `mcpg logout`: credentials of registries, where docker and podman keep them. They pull nothing.

A password is asked for or read from standard input; it is no argument, for arguments are seen by everybody.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, say, show
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.options import Chosen
    from mcpg_registry.hosts import Hosts

__all__ = ["login", "logout"]

MAX_PASSWORD = 16 * 1024
FILE = click.Path(dir_okay=False, path_type=Path)

registry_config_option = click.option(
    "--registry-config",
    "file",
    type=FILE,
    help="The file of credentials; else the operator's file names it, or it is docker's.",
)


@click.command(cls=Verb)
@click.argument("host")
@click.option("--username", "-u", help="The account; asked for when it is left out.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--ca", type=FILE, help="A PEM file with the host's certificate authority, in place of the system's.")
@click.option("--plain-http", is_flag=True, help="Speak HTTP without TLS, the password in clear text with it.")
@registry_config_option
@site_options()
@json_option
def login(host: str, username: str | None, chosen: Chosen, *, password_stdin: bool, as_json: bool, **how: Any) -> None:
    """Log in to the registry HOST: its answer first, then the password is stored.

    Where docker's configuration names a credential helper, the password goes there, and else into the file itself.
    """
    if password_stdin and not username:
        raise click.UsageError("--password-stdin needs --username")
    user = username or click.prompt("Username", err=True)
    password = _from_stdin() if password_stdin else click.prompt("Password", hide_input=True, err=True)
    document = asyncio.run(_login(host, user, password, chosen, **how))

    def draw(console: Console) -> None:
        say(console, f"logged in to {document['host']} as {user}; stored with {document['stored']}")
        if not document["asked"]:
            say(console, "it asked for no log-in: whether the password is right is not known")

    show(document, draw, as_json=as_json)


@click.command(cls=Verb)
@click.argument("host")
@registry_config_option
@site_options()
@json_option
def logout(host: str, file: Path | None, chosen: Chosen, *, as_json: bool) -> None:
    """Forget the credentials of the registry HOST."""
    document = asyncio.run(_logout(host, file, chosen))
    text = f"logged out of {document['host']}" if document["dropped"] else f"nothing was stored for {document['host']}"
    show(document, lambda console: say(console, text), as_json=as_json)


async def _login(
    host: str, user: str, password: str, chosen: Chosen, *, file: Path | None, ca: Path | None
) -> dict[str, Any]:
    from mcpg_registry.carrier import log_in  # noqa: PLC0415 - slow to import
    from mcpg_registry.credentials import Credentials  # noqa: PLC0415 - likewise
    from mcpg_registry.hosts import Hosts, split_repository  # noqa: PLC0415 - likewise

    name = split_repository(f"{host}/any")[0]
    hosts, stands = await asyncio.to_thread(_site, chosen)
    said = hosts.of(name)
    settings = replace(said, ca=ca or said.ca, plain_http=chosen.plain_http or said.plain_http)
    path = file or stands
    asked, program = await log_in(
        name, Credentials(user, password), file=path, hosts=Hosts((settings,)), environment=dict(os.environ)
    )
    stored = f"docker-credential-{program}" if program else str(path)
    return {"host": name, "username": user, "asked": asked, "stored": stored}


async def _logout(host: str, file: Path | None, chosen: Chosen) -> dict[str, Any]:
    from mcpg_registry.carrier import log_out  # noqa: PLC0415 - slow to import
    from mcpg_registry.hosts import split_repository  # noqa: PLC0415 - likewise

    name = split_repository(f"{host}/any")[0]
    path = file or (await asyncio.to_thread(_site, chosen))[1]
    return {"host": name, "dropped": await log_out(name, file=path, environment=dict(os.environ))}


def _site(chosen: Chosen) -> tuple[Hosts, Path]:
    """Return the hosts' settings and the file of credentials, as the operator's file says; it blocks."""
    from mcpg.config import load  # noqa: PLC0415 - slow to import
    from mcpg.gateway.supplying import hosts_of  # noqa: PLC0415 - likewise
    from mcpg_registry.credentials import config_file  # noqa: PLC0415 - likewise
    from mcpg_registry.hosts import Hosts  # noqa: PLC0415 - likewise

    docker = config_file(os.environ)
    if chosen.config is None:
        return Hosts(), docker
    loaded = load(chosen.config)
    return hosts_of(loaded), loaded.credentials or docker


def _from_stdin() -> str:
    """Return what comes on standard input, without the end of its line."""
    text = sys.stdin.read(MAX_PASSWORD + 1)
    if not text.strip() or len(text) > MAX_PASSWORD:
        raise ConfigError("standard input holds no password", remedy="pipe it in: `... | mcpg login --password-stdin`")
    return text.removesuffix("\n").removesuffix("\r")
