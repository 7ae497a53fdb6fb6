"""Who we are to a registry: one host's credentials, from the environment, docker's and containers' files and helpers.

It writes nothing and asks nobody. A secret is never in a repr or an error, and none is given for another host.
Order: the file named with --registry-config and no other; else MCPG_REGISTRY_TOKEN, or MCPG_REGISTRY_USER and
MCPG_REGISTRY_PASSWORD, for the host MCPG_REGISTRY_HOST alone; $DOCKER_CONFIG/config.json or ~/.docker/config.json;
$REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json or ~/.config/containers/auth.json.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mcpg.contract.problems import ConfigError
from mcpg_registry.credential_programs import ask_program
from mcpg_registry.layout import read_followed
from mcpg_registry.strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CredentialSource",
    "Credentials",
    "KnownCredentials",
    "NoCredentials",
    "StoredCredentials",
    "config_file",
    "entry_names",
    "server_of",
]

MAX_FILE = 1024 * 1024
DOCKER_HUB = "https://index.docker.io/v1/"


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """A user's password, an OAuth2 identity token, or a registry token that is sent as it is: one of the three."""

    username: str = ""
    password: str = ""
    identity_token: str = ""
    token: str = ""

    def __repr__(self) -> str:
        return "Credentials(...)"


class CredentialSource(Protocol):
    """Where credentials come from."""

    async def find(self, host: str, repository: str) -> Credentials | None:
        """Return the credentials for one repository at one host; `ConfigError` when a source cannot be read."""
        ...


class NoCredentials:
    """Everybody is anonymous."""

    async def find(self, host: str, repository: str) -> Credentials | None:
        """Return none."""
        del host, repository
        return None


@dataclass(frozen=True, slots=True)
class KnownCredentials:
    """Credentials of one host, known beforehand."""

    host: str
    credentials: Credentials

    async def find(self, host: str, repository: str) -> Credentials | None:
        """Return them for that host, and none for any other."""
        del repository
        return self.credentials if host == self.host else None


class StoredCredentials:
    """Credentials as docker, podman and the environment hold them; read when a registry asks for them."""

    def __init__(self, *, file: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._file = file
        self._environment = dict(os.environ if environment is None else environment)

    async def find(self, host: str, repository: str) -> Credentials | None:
        """Return the first that is found, most special name first within a file."""
        if self._file is None and (given := _from_environment(self._environment, host)):
            return given
        files = [self._file] if self._file is not None else _files(self._environment)
        for file in files:
            document = await asyncio.to_thread(_read, file, must=file == self._file)
            if found := await self._from_document(document, host, repository):
                return found
        return None

    async def _from_document(self, document: dict[str, Any], host: str, repository: str) -> Credentials | None:
        server = server_of(host)
        programs = document.get("credHelpers")
        program = programs.get(host) if isinstance(programs, dict) else None
        if isinstance(program, str):
            return _from_program(await ask_program(program, server, self._environment))
        auths = document.get("auths")
        if isinstance(auths, dict):
            for name in entry_names(host, repository):
                if isinstance(entry := auths.get(name), dict) and (found := _from_entry(entry, host)):
                    return found
        store = document.get("credsStore")
        if isinstance(store, str) and store:
            return _from_program(await ask_program(store, server, self._environment))
        return None


def config_file(environment: Mapping[str, str]) -> Path:
    """Return docker's configuration file: below $DOCKER_CONFIG, or in the home directory."""
    folder = environment.get("DOCKER_CONFIG")
    return (Path(folder) if folder else _home(environment) / ".docker") / "config.json"


def server_of(host: str) -> str:
    """Return the name under which docker keeps a host's credentials."""
    return DOCKER_HUB if host == "docker.io" else host


def _files(environment: Mapping[str, str]) -> list[Path]:
    files = [config_file(environment)]
    if named := environment.get("REGISTRY_AUTH_FILE"):
        return [*files, Path(named)]
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        files.append(Path(runtime) / "containers" / "auth.json")
    return [*files, _home(environment) / ".config" / "containers" / "auth.json"]


def _home(environment: Mapping[str, str]) -> Path:
    home = environment.get("HOME")
    return Path(home) if home else Path.home()


def _read(file: Path, *, must: bool) -> dict[str, Any]:
    try:
        return parse_object(read_followed(file, MAX_FILE), MAX_FILE)
    except FileNotFoundError:
        if not must:
            return {}
        raise ConfigError(f"there is no `{file}`", remedy="name a docker config.json") from None
    except (OSError, ValueError) as error:
        # What is wrong is told without a word of the content.
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "it is no JSON object"
        raise ConfigError(f"`{file}` cannot be read: {reason}", remedy="mend it, or `mcpg login` anew") from None


def _from_environment(environment: Mapping[str, str], host: str) -> Credentials | None:
    if not host or environment.get("MCPG_REGISTRY_HOST", "").lower() != host:
        return None
    if token := environment.get("MCPG_REGISTRY_TOKEN"):
        return Credentials(token=token)
    user, password = environment.get("MCPG_REGISTRY_USER"), environment.get("MCPG_REGISTRY_PASSWORD")
    return Credentials(user, password) if user and password else None


def entry_names(host: str, repository: str) -> list[str]:
    """Return the names that an entry may have: podman's by repository, longest first, then the host's."""
    parts = repository.split("/")
    names = [f"{host}/{'/'.join(parts[:count])}" for count in range(len(parts), 0, -1)]
    names += [host, f"https://{host}", f"https://{host}/v1/", f"https://{host}/v2/", f"http://{host}"]
    return [*names, DOCKER_HUB] if host == "docker.io" else names


def _from_entry(entry: dict[str, Any], host: str) -> Credentials | None:
    if isinstance(identity := entry.get("identitytoken"), str) and identity:
        return Credentials(identity_token=identity)
    if isinstance(token := entry.get("registrytoken"), str) and token:
        return Credentials(token=token)
    user, password = entry.get("username"), entry.get("password")
    if isinstance(pair := entry.get("auth"), str) and pair:
        try:
            user, _, password = base64.b64decode(pair, validate=True).decode().rstrip("\0").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise ConfigError(f"the stored credentials of `{host}` are malformed", remedy="`mcpg login` anew") from None
    if isinstance(user, str) and isinstance(password, str) and user and password:
        return Credentials(user, password)
    return None


def _from_program(found: tuple[str, str] | None) -> Credentials | None:
    if found is None:
        return None
    user, secret = found
    return Credentials(identity_token=secret) if user == "<token>" else Credentials(user, secret)
