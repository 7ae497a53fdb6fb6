"""What an operator grants for driver `http`, and whether a request is inside it. It sends nothing.

hosts         exact names or addresses, or `*.example.com` for names below it; required
schemes       `https` unless listed otherwise
ports         443 for https and 80 for http unless listed
methods       GET and HEAD unless listed
paths         prefixes of whole segments; all unless listed
max_request, max_response  bytes of a body, 1MiB each unless said
timeout       30s unless said
ca            PEM file: only this authority is trusted
certificate, key  our own, PEM files
private       `true` opens private, loopback and shared addresses; networks open what they name
redirects     how many are followed, each under this same grant; none unless said
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.effects.addresses import Private
from mcpg.effects.grants import GrantFields, duration, read_grant, size
from mcpg.effects.targets import path_under
from mcpg.effects.transport import Reach, Tls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.effects.secrets import Keyring
    from mcpg.effects.targets import Target

__all__ = ["HttpGrant", "read_http_grant"]

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_NAME = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")
_PREFIX = re.compile(r"/[!-~]*")


class _Fields(GrantFields, frozen=True):
    hosts: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    schemes: Annotated[tuple[Literal["https", "http"], ...], msgspec.Meta(min_length=1)] = ("https",)
    ports: tuple[Annotated[int, msgspec.Meta(ge=1, le=65535)], ...] = ()
    methods: tuple[Method, ...] = ("GET", "HEAD")
    paths: tuple[str, ...] = ()
    max_request: str | int = "1MiB"
    max_response: str | int = "1MiB"
    timeout: str | int | float = "30s"
    ca: str = ""
    certificate: str = ""
    key: str = ""
    private: bool | tuple[str, ...] = False
    redirects: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0


@dataclass(frozen=True, slots=True)
class HttpGrant:
    """A grant as it is used. `timeout` in seconds."""

    hosts: frozenset[str]
    below: tuple[str, ...]
    """Suffixes with their leading dot."""
    schemes: frozenset[str]
    ports: frozenset[int]
    methods: frozenset[str]
    paths: tuple[str, ...]
    timeout: float
    private: Private
    tls: Tls
    max_request: int
    max_response: int
    redirects: int
    keyring: Keyring

    def admit(self, target: Target, method: str) -> None:
        """Return if one hop is inside the grant; raises `EffectDenied` that names the field."""
        if target.host not in self.hosts and not target.host.endswith(self.below or ("\0",)):
            raise EffectDenied(f"host `{target.host}` is not granted (`hosts`)")
        if target.scheme not in self.schemes:
            raise EffectDenied(f"`{target.scheme}` is not granted (`schemes`)")
        if target.port not in self.ports:
            raise EffectDenied(f"port `{target.port}` is not granted (`ports`)")
        if method not in self.methods:
            raise EffectDenied(f"method `{method}` is not granted (`methods`)")
        if self.paths and not path_under(target.path.partition("?")[0], self.paths):
            raise EffectDenied("the path is not granted (`paths`)")
        if target.address is not None and (kind := self.private.refuses(target.address)):
            raise EffectDenied(f"`{target.host}` is a {kind} address (`private`)")

    def reach(self) -> Reach:
        """Return the bounds for the connector."""
        return Reach(
            self.private, self.tls, self.redirects, self.max_request, self.max_response, admit=self.admit
        )  # fmt: skip


def read_http_grant(document: Mapping[str, Any], keyring: Keyring) -> HttpGrant:
    """Return the grant; raises `ConfigError`."""
    fields = read_grant(_Fields, document, "http")
    hosts = tuple(host.lower() for host in fields.hosts)
    for host in hosts:
        if not _NAME.fullmatch(host) and not _is_address(host):
            raise ConfigError(
                f"`http.hosts`: `{host}` is not a name, an address or `*.` and a name", where="http.hosts"
            )
    for prefix in fields.paths:
        if not _PREFIX.fullmatch(prefix) or not path_under(prefix, ("/",)):
            raise ConfigError(f"`http.paths`: `{prefix}` is not a plain absolute path", where="http.paths")
    if fields.key and not fields.certificate:
        raise ConfigError("`http.key` needs `http.certificate`", where="http.key")
    usual = {"https": 443, "http": 80}
    return HttpGrant(
        hosts=frozenset(host for host in hosts if not host.startswith("*")),
        below=tuple(host[1:] for host in hosts if host.startswith("*")),
        schemes=frozenset(fields.schemes),
        ports=frozenset(fields.ports or (usual[scheme] for scheme in fields.schemes)),
        methods=frozenset(fields.methods),
        paths=fields.paths,
        timeout=duration(fields.timeout, "http.timeout"),
        private=_private(fields.private),
        tls=_tls(Tls(fields.ca, fields.certificate, fields.key)),
        max_request=size(fields.max_request, "http.max_request"),
        max_response=size(fields.max_response, "http.max_response"),
        redirects=fields.redirects,
        keyring=keyring,
    )


def _is_address(host: str) -> bool:
    try:
        return str(ipaddress.ip_address(host)) == host
    except ValueError:
        return False


def _private(written: bool | tuple[str, ...]) -> Private:  # noqa: FBT001 - the operator's own `true` or list
    if isinstance(written, bool):
        return Private(everywhere=written)
    try:
        return Private(networks=tuple(ipaddress.ip_network(text) for text in written))
    except ValueError:
        raise ConfigError(
            "`http.private` is neither true, false nor a list of networks", where="http.private"
        ) from None


def _tls(tls: Tls) -> Tls:
    if tls != Tls():
        try:
            tls.context()
        except (OSError, ValueError):
            message = "`http.ca`, `http.certificate` or `http.key` cannot be read as PEM files"
            raise ConfigError(message, where="http.ca") from None
    return tls
