"""The doctor's questions about what the configuration names: ports, secrets, connections, upstreams, the ledger.

They open connections and close them again; they change nothing, and no secret is printed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import urllib.parse
from typing import TYPE_CHECKING, Any

from mcpg.cli.findings import Result
from mcpg.contract.problems import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.cli.findings import Subject
    from mcpg.config import Loaded
    from mcpg.config.values import Address

__all__ = ["connections", "ledger", "listeners", "secrets", "tls", "upstreams"]

SECONDS = 3.0
SQLITE = b"SQLite format 3\0"


def listeners(subject: Subject) -> Iterator[Result]:
    """Are the listeners' addresses free, or does a gateway answer there?"""
    if subject.loaded is None:
        return
    server = subject.loaded.config.server
    for name, address in (("server.listen", server.listen), ("server.admin", server.admin)):
        if address is not None:
            yield _listener(name, address, subject.loaded)


def _listener(name: str, address: Address, loaded: Loaded) -> Result:
    family = socket.AF_UNIX if address.path else socket.AF_INET6 if ":" in address.host else socket.AF_INET
    target: Any = str(loaded.resolve(address.path)) if address.path else (address.host, address.port)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(SECONDS)
        try:
            probe.connect(target)
        except OSError:
            return _free(name, address, family, target)
        if address.path or loaded.config.server.tls:
            return Result("listeners", "good", f"{name}: something answers at {address}")
        probe.sendall(f"GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        try:
            answer = probe.recv(4096)
        except OSError:
            answer = b""
    if answer.startswith(b"HTTP/1.1 ") and (b" 200 " in answer[:16] or name == "server.admin"):
        return Result("listeners", "good", f"{name}: a gateway answers at {address}")
    remedy = f"stop what listens there, or change `{name}`"
    return Result("listeners", "bad", f"{name}: {address} is taken by something that is no healthy gateway", remedy)


def _free(name: str, address: Address, family: int, target: Any) -> Result:
    if address.path:
        return Result("listeners", "good", f"{name}: nobody listens at {address}")
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(target)
        except OSError as error:
            reason = reason_of(error)
            remedy = f"change `{name}`, or give this user the right to it"
            return Result("listeners", "bad", f"{name}: {address} cannot be bound: {reason}", remedy)
    return Result("listeners", "good", f"{name}: {address} is free")


def secrets(subject: Subject) -> Iterator[Result]:
    """Is there a value for every reference to a secret? The values are not read out."""
    if subject.loaded is None:
        return
    config = subject.loaded.config
    references = sorted(set(_references(config)))
    for reference in references:
        scheme, _, name = reference.removeprefix("secret://").partition("/")
        folder = config.secrets.file_directory
        if scheme == "env" and not os.environ.get(name):
            yield Result("secrets", "bad", f"`{reference}` has no value", f"set `{name}` in the gateway's environment")
        elif scheme == "file" and folder is None:
            remedy = "say where secrets are kept: `secrets: {file_directory: ...}`"
            yield Result("secrets", "bad", f"`{reference}` has no folder to be in", remedy)
        elif scheme == "file" and not os.access(subject.loaded.resolve(f"{folder}/{name}"), os.R_OK):
            yield Result("secrets", "bad", f"`{reference}` cannot be read", f"put a file `{name}` into `{folder}`")
        elif scheme not in {"env", "file"}:
            yield Result(
                "secrets", "bad", f"`{reference}` is of no known kind", "write secret://env/ or secret://file/"
            )
        else:
            yield Result("secrets", "good", f"`{reference}` has a value")


def _references(value: Any) -> Iterator[str]:
    """Yield the references in typed nodes and in grants: of secrets, and of `sign`; other text is not looked at."""
    from pydantic import BaseModel  # noqa: PLC0415 - slow to import

    from mcpg.config.values import SecretValue  # noqa: PLC0415 - likewise

    if isinstance(value, SecretValue):
        yield from [value.reference] * bool(value.reference)
    elif isinstance(value, BaseModel):
        yield from _references([item for _, item in value])
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str) and key.startswith("secret://"):
                yield key
            if key == "$secret" and isinstance(item, str) and item.startswith("secret://"):
                yield item
            if key == "keys" and isinstance(item, list | tuple):
                yield from (each for each in item if isinstance(each, str) and each.startswith("secret://"))
            yield from _references(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _references(item)


def connections(subject: Subject) -> Iterator[Result]:
    """Can the databases be opened?"""
    if subject.loaded is None:
        return
    for name, connection in subject.loaded.config.connections.items():
        if connection.url.reference:
            yield Result(
                "connections", "doubtful", f"`{name}`: its URL is a secret and was not tried", "try it by a call"
            )
        else:
            yield _connection(name, connection.url.literal, subject.loaded)


def _connection(name: str, url: str, loaded: Loaded) -> Result:
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - slow to import
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - likewise

    place = f"connections.{name}.url"
    try:
        parsed = make_url(url)
        parsed.get_dialect(_is_async=True)
    except (SQLAlchemyError, ImportError):
        return Result(
            "connections", "bad", f"`{name}`: no driver for its URL", f"mend `{place}`: `sqlite+aiosqlite:///FILE`"
        )
    if parsed.get_backend_name() != "sqlite":
        return Result("connections", "doubtful", f"`{name}`: only SQLite can be tried here", "try it by a call")
    if parsed.database in {None, "", ":memory:"}:
        return Result(
            "connections", "doubtful", f"`{name}` is in memory and ends with the gateway", f"name a file in `{place}`"
        )
    path = loaded.resolve(str(parsed.database))
    try:
        with path.open("rb") as file:
            head = file.read(len(SQLITE))
    except OSError as error:
        reason = reason_of(error)
        return Result("connections", "bad", f"`{name}`: `{path}`: {reason}", f"make the database, or mend `{place}`")
    if head not in {SQLITE, b""}:
        return Result("connections", "bad", f"`{name}`: `{path}` is not SQLite", f"mend `{place}`")
    return Result("connections", "good", f"`{name}` is there")


def upstreams(subject: Subject) -> Iterator[Result]:
    """Are the upstreams' programs there, and do their hosts take connections?"""
    if subject.loaded is None:
        return
    for name, upstream in subject.loaded.config.upstreams.items():
        if upstream.stdio is not None:
            program = upstream.stdio.command[0]
            folder = subject.loaded.resolve(upstream.stdio.cwd or ".")
            found = (
                shutil.which(program) or shutil.which(program, path=str(folder)) or shutil.which(str(folder / program))
            )
            remedy = f"install it, or mend `upstreams.{name}.stdio.command`"
            text = f"`{name}`: program `{program}`"
            yield (
                Result("upstreams", "good", text)
                if found
                else Result("upstreams", "bad", f"{text} is not found", remedy)
            )
        elif upstream.http is not None:
            yield asyncio.run(_reach(name, upstream.http.url))


async def _reach(name: str, url: str) -> Result:
    parts = urllib.parse.urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError):
        remedy = f"start it, or mend `upstreams.{name}.http.url`; its tools fail until then, others do not"
        return Result("upstreams", "bad", f"`{name}`: nobody answers at {parts.hostname}:{port}", remedy)
    writer.close()
    return Result("upstreams", "good", f"`{name}`: {parts.hostname}:{port} takes connections")


def tls(subject: Subject) -> Iterator[Result]:
    """Do the certificate and its key fit?"""
    if subject.loaded is None or subject.loaded.config.server.tls is None:
        return
    import ssl  # noqa: PLC0415 - only where TLS is configured

    settings = subject.loaded.config.server.tls
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(subject.loaded.resolve(settings.certificate), subject.loaded.resolve(settings.key))
        if settings.client_ca:
            context.load_verify_locations(subject.loaded.resolve(settings.client_ca))
    except (OSError, ssl.SSLError) as error:
        reason = (error.strerror or str(error)).lower()
        yield Result("tls", "bad", f"certificate and key cannot be used: {reason}", "mend the files under `server.tls`")
    else:
        yield Result("tls", "good", "certificate and key fit")


def ledger(subject: Subject) -> Iterator[Result]:
    """Does the ledger verify?"""
    from mcpg.cli.audit import own_key  # noqa: PLC0415 - slow to import
    from mcpg.contract.problems import McpgError  # noqa: PLC0415 - likewise
    from mcpg.ledger import verify  # noqa: PLC0415 - likewise

    if not subject.ledger.exists():
        yield Result("ledger", "good", "there is none yet; the first start makes it")
        return
    try:
        report = verify(subject.ledger, public_key=own_key(subject.state))
    except McpgError as error:
        yield Result("ledger", "bad", error.message, error.remedy or "restore the ledger from a backup")
        return
    if report.ok:
        yield Result("ledger", "good", f"{report.records} records in {report.commits} commits are proven")
        return
    first = report.findings[0]
    remedy = "see `mcpg audit verify`; keep the file as evidence and restore a copy"
    yield Result("ledger", "bad", f"{first.what}: {first.tenant}#{first.seq}: {first.message}", remedy)
