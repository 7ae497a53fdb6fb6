"""`mcpg login` and `mcpg logout`: credentials of registries, where docker and podman keep them. They pull nothing.

A password is asked for or read from standard input; it is no argument, for arguments are seen by everybody.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, json_option, say, show
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["login", "logout"]

MAX_PASSWORD = 16 * 1024
FILE = click.Path(dir_okay=False, path_type=Path)

registry_config_option = click.option(
    "--registry-config",
    "file",
    type=FILE,
    help="The file of credentials; else $DOCKER_CONFIG/config.json or ~/.docker/config.json.",
)


@click.command(cls=Verb)
@click.argument("host")
@click.option("--username", "-u", help="The account; asked for when it is left out.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--ca", type=FILE, help="A PEM file with the host's certificate authority, in place of the system's.")
@click.option("--plain-http", is_flag=True, help="Speak HTTP without TLS, the password in clear text with it.")
@registry_config_option
@json_option
def login(host: str, username: str | None, file: Path | None, *, as_json: bool, **how: Any) -> None:
    """Log in to the registry HOST: its answer first, then the password is stored.

    Where docker's configuration names a credential helper, the password goes there, and else into the file itself.
    """
    password_stdin, ca, plain_http = how["password_stdin"], how["ca"], how["plain_http"]
    if password_stdin and not username:
        raise click.UsageError("--password-stdin needs --username")
    user = username or click.prompt("Username", err=True)
    password = _from_stdin() if password_stdin else click.prompt("Password", hide_input=True, err=True)
    document = asyncio.run(_login(host, user, password, file or _file(), ca=ca, plain_http=plain_http))

    def draw(console: Console) -> None:
        say(console, f"logged in to {document['host']} as {user}; stored with {document['stored']}")
        if not document["asked"]:
            say(console, "it asked for no log-in: whether the password is right is not known")

    show(document, draw, as_json=as_json)


@click.command(cls=Verb)
@click.argument("host")
@registry_config_option
@json_option
def logout(host: str, file: Path | None, *, as_json: bool) -> None:
    """Forget the credentials of the registry HOST."""
    document = asyncio.run(_logout(host, file or _file()))
    text = f"logged out of {document['host']}" if document["dropped"] else f"nothing was stored for {document['host']}"
    show(document, lambda console: say(console, text), as_json=as_json)


async def _login(
    host: str, user: str, password: str, file: Path, *, ca: Path | None, plain_http: bool
) -> dict[str, Any]:
    from mcpg_registry.carrier import log_in  # noqa: PLC0415 - slow to import
    from mcpg_registry.credentials import Credentials  # noqa: PLC0415 - likewise
    from mcpg_registry.hosts import Hosts, HostSettings, split_repository  # noqa: PLC0415 - likewise

    name = split_repository(f"{host}/any")[0]
    hosts = Hosts((HostSettings(name, ca=ca, plain_http=plain_http),))
    asked, program = await log_in(
        name, Credentials(user, password), file=file, hosts=hosts, environment=dict(os.environ)
    )
    stored = f"docker-credential-{program}" if program else str(file)
    return {"host": name, "username": user, "asked": asked, "stored": stored}


async def _logout(host: str, file: Path) -> dict[str, Any]:
    from mcpg_registry.carrier import log_out  # noqa: PLC0415 - slow to import
    from mcpg_registry.hosts import split_repository  # noqa: PLC0415 - likewise

    name = split_repository(f"{host}/any")[0]
    return {"host": name, "dropped": await log_out(name, file=file, environment=dict(os.environ))}


def _file() -> Path:
    from mcpg_registry.credentials import config_file  # noqa: PLC0415 - slow to import

    return config_file(os.environ)


def _from_stdin() -> str:
    """Return what comes on standard input, without the end of its line."""
    text = sys.stdin.read(MAX_PASSWORD + 1)
    if not text.strip() or len(text) > MAX_PASSWORD:
        raise ConfigError("standard input holds no password", remedy="pipe it in: `... | mcpg login --password-stdin`")
    return text.removesuffix("\n").removesuffix("\r")
