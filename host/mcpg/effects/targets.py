"""Where an HTTP request goes: a URL read once, strictly, and sent as it was read. It does no I/O.

A URL that parsers read differently (`http://0x7f.1/`, a backslash, an encoded host, dot segments) is refused instead of
guessed at, so that what a grant is checked against is letter for letter what goes out.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

from mcpg.contract.problems import EffectDenied

if TYPE_CHECKING:
    from mcpg.effects.addresses import Address

__all__ = ["Target", "parse_target", "path_under"]

_SHAPE = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(:(?P<port>[1-9]\d{0,4}))?"
    r"(?P<path>/[^?#\\]*)?(?P<query>\?[^#\\]*)?",
    re.ASCII,
)
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65535
_MAX_URL = 8 * 1024
_UNFOLDINGS = 3


@dataclass(frozen=True, slots=True)
class Target:
    """One hop of a request. `host` is an IPv6 address without brackets; `path` has the query and is sent as it is."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    address: Address | None
    """The address when the host is one, so that nothing is resolved."""

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials belong to: scheme, host and port."""
        return (self.scheme, self.host, self.port)

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def join(self, location: str) -> Target:
        """Return where a redirect leads; raises `EffectDenied` when it is no plain HTTP URL."""
        try:
            joined = urljoin(self.url, location.partition("#")[0])
        except ValueError:
            raise EffectDenied("the redirect's location is not a URL") from None
        return parse_target(joined)


@lru_cache(maxsize=2048)
def parse_target(url: str) -> Target:
    """Return the target of `url`; raises `EffectDenied` unless it is an absolute http(s) URL in its normal form.

    Lower-case ASCII host, no user information, fragment, backslash, space, control character or dot segment.
    """
    shape = _SHAPE.fullmatch(url) if len(url) <= _MAX_URL and _PRINTABLE.fullmatch(url) else None
    if shape is None:
        raise EffectDenied("`url` is not an absolute http or https URL in lower case without user and fragment")
    scheme, path = shape["scheme"], shape["path"] or "/"
    port = int(shape["port"] or _PORTS[scheme])
    if port > _MAX_PORT:
        raise EffectDenied(f"`{port}` is not a port")
    if any(segment.lower().replace("%2e", ".") in {".", ".."} for segment in path.split("/")):
        raise EffectDenied("the path of `url` has dot segments")
    host = shape["host"].strip("[]")
    return Target(url, scheme, host, port, path + (shape["query"] or ""), _address(shape["host"]))


def _address(written: str) -> Address | None:
    """Return the address that a host is, `None` for a name; a host that could be read as either is refused."""
    host = written.strip("[]")
    labels = host.split(".")
    if written.startswith("[") or _NUMBER.fullmatch(labels[-1]):
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            raise EffectDenied(f"`{written}` is not a host name and not an address in its normal form") from None
        if written.startswith("[") != (address.version == 6):  # noqa: PLR2004 - IPv6 stands in brackets
            raise EffectDenied(f"`{written}` is not an address in its normal form")
        return address
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise EffectDenied(f"`{written}` is not a host name")
    return None


def path_under(path: str, prefixes: tuple[str, ...]) -> bool:
    """Whether `path` (without its query) stands below one of `prefixes` however often a server decodes it.

    Encoded slashes, backslashes and dots, parameters on dot segments (`..;x`) and empty segments are refused, because
    servers disagree on what they mean. A prefix without a final slash covers itself and what is below it.
    """
    plain = path
    for _ in range(_UNFOLDINGS):
        decoded = unquote(plain, errors="replace")
        if decoded.count("/") != path.count("/") or "\\" in decoded or "//" in decoded or "\0" in decoded:
            return False
        if decoded == plain:
            break
        plain = decoded
    else:
        return False
    if any(segment.partition(";")[0] in {".", ".."} for segment in plain.split("/")):
        return False
    return any(
        path == prefix or path.startswith(prefix if prefix.endswith("/") else prefix + "/") for prefix in prefixes
    )
