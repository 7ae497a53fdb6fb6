"""What the operator says of registries' hosts: mirrors, certificates, plain HTTP, timeouts. It opens no connection.

Mirrors are chosen as containers' registries.conf does: the longest prefix of HOST/REPOSITORY that ends at a `/` wins,
its mirrors are tried in order, and then the origin unless the mirrors are the only places allowed.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError, PluginRefused
from mcpg_registry.references import RegistryReference, is_repository, parse_reference

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["HostSettings", "Hosts", "Mirror", "Place", "Timeouts", "is_loopback", "split_repository"]

_ENDPOINTS = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}
_REALMS = {
    "docker.io": ("auth.docker.io",),
    "index.docker.io": ("auth.docker.io",),
    "registry.gitlab.com": ("gitlab.com",),
}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a registry may take, in seconds; `slowest` is the fewest bytes a second that a body may come with.

    `total` bounds an answer's head and a small body; a body of N bytes has `total + N / slowest`. Retries end with it.
    """

    connect: float = 5.0
    read: float = 30.0
    pool: float = 5.0
    total: float = 30.0
    slowest: int = 8192

    def body(self, size: int) -> float:
        """Return the seconds that a body of `size` bytes may take."""
        return self.total + size / self.slowest


@dataclass(frozen=True, slots=True)
class HostSettings:
    """One registry's host, such as `registry.corp:5000`.

    `ca` is a PEM file that replaces the system's roots; `plain_http` is HTTP without TLS, only where it is said;
    `realms` are further hosts that may issue tokens for this one.
    """

    host: str
    ca: Path | None = None
    plain_http: bool = False
    realms: tuple[str, ...] = ()
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where to read what stands below `prefix`: each of `to` replaces the prefix. `only` forbids the origin."""

    prefix: str
    to: tuple[str, ...]
    only: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One repository at one host: the origin's, or a mirror's copy of it."""

    host: str
    repository: str
    settings: HostSettings
    mirror: bool = False

    def __str__(self) -> str:
        return f"{'mirror ' if self.mirror else ''}`{self.host}`"

    @property
    def origin(self) -> str:
        """Scheme, host and port, as URLs of this place begin."""
        return f"{'http' if self.settings.plain_http else 'https'}://{_ENDPOINTS.get(self.host, self.host)}"

    @property
    def realms(self) -> tuple[str, ...]:
        """The hosts, besides its own, that may issue this place's tokens."""
        return (*self.settings.realms, *_REALMS.get(self.host, ()))


@dataclass(frozen=True, slots=True)
class Hosts:
    """All settings. `plain_loopback` allows plain HTTP to this machine for hosts without settings of their own."""

    settings: tuple[HostSettings, ...] = ()
    mirrors: tuple[Mirror, ...] = ()
    plain_loopback: bool = False
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Check prefixes and targets; `ConfigError` names the one that is wrong."""
        for mirror in self.mirrors:
            for prefix in (mirror.prefix, *mirror.to):
                _check_prefix(prefix)
            if not mirror.to:
                raise ConfigError(f"the mirrors of `{mirror.prefix}` are empty", remedy="name at least one place")

    def of(self, host: str) -> HostSettings:
        """Return the settings of a host; the defaults where none are given."""
        for settings in self.settings:
            if settings.host.lower() == host.lower():
                return settings
        plain = self.plain_loopback and is_loopback(host)
        return HostSettings(host, plain_http=plain, timeouts=self.timeouts)

    def origin(self, repository: str) -> Place:
        """Return the origin of `HOST/REPOSITORY`, where pushes go."""
        host, path = split_repository(repository)
        return Place(host, path, self.of(host))

    def places(self, repository: str) -> tuple[Place, ...]:
        """Return where `HOST/REPOSITORY` may be read, in the order to try."""
        origin = self.origin(repository)
        named = f"{origin.host}/{origin.repository}"
        best = max((each for each in self.mirrors if _covers(each.prefix, named)), key=_length, default=None)
        if best is None:
            return (origin,)
        rest = named[len(best.prefix) :]
        found = []
        for target in best.to:
            host, path = split_repository(f"{target}{rest}")
            found.append(Place(host, path, self.of(host), mirror=True))
        return tuple(found) if best.only else (*found, origin)


def split_repository(text: str) -> tuple[str, str]:
    """Return host and path of `HOST/REPOSITORY`; `PluginRefused` at step 1 when it is none."""
    reference = parse_reference(f"{text}:any")
    if not isinstance(reference, RegistryReference):
        raise ConfigError(f"`{text[:200]}` is no repository in a registry", remedy="write HOST/REPOSITORY")
    return reference.host, reference.repository


def is_loopback(host: str) -> bool:
    """Whether `HOST` or `HOST:PORT` is this machine."""
    name = host.partition("]")[0][1:] if host.startswith("[") else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _covers(prefix: str, named: str) -> bool:
    return named == prefix or named.startswith(f"{prefix}/")


def _length(mirror: Mirror) -> int:
    return len(mirror.prefix)


def _check_prefix(prefix: str) -> None:
    host, slash, path = prefix.partition("/")
    try:
        good = isinstance(parse_reference(f"{host}/any:any"), RegistryReference) and host == host.lower()
    except PluginRefused:
        good = False
    if not good or (slash and not is_repository(path)):
        raise ConfigError(
            f"`{prefix[:200]}` is no prefix of repositories",
            remedy="write HOST or HOST/PATH in lower case; a port's colon in PATH is a hyphen",
        )
