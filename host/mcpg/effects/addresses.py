"""Which addresses an outgoing connection may use. Pure: it resolves nothing and opens nothing.

The table is written out from the IANA special-purpose registries instead of `ipaddress.is_global`, whose answer has
changed between patch releases of Python. What no row names is public only inside 0.0.0.0/0 or 2000::/3.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

__all__ = ["Address", "Network", "Private", "kind_of"]

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_V4 = tuple(
    (ipaddress.IPv4Network(text), kind)
    for text, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "translated"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_V6 = tuple(
    (ipaddress.IPv6Network(text), kind)
    for text, kind in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "mapped"),
        ("::/96", "mapped"),
        ("64:ff9b::/96", "translated"),
        ("64:ff9b:1::/48", "translated"),
        ("2001::/32", "translated"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "translated"),
        ("3fff::/20", "documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
)
_UNICAST = ipaddress.IPv6Network("2000::/3")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
_OPENED = frozenset({"private", "loopback", "shared"})


@lru_cache(maxsize=4096)
def kind_of(address: Address) -> str:
    """Return `public` or why `address` is not: `private`, `loopback`, `link-local`, `mapped`, `translated`, ..."""
    if isinstance(address, ipaddress.IPv4Address):
        return next((kind for network, kind in _V4 if address in network), "public")
    if address.scope_id is not None:
        return "link-local"
    for network, kind in _V6:
        if address in network:
            return kind
    if address not in _UNICAST:
        return "reserved"
    # An ISATAP interface identifier carries an IPv4 address that a router may deliver to.
    return "translated" if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP else "public"


@dataclass(frozen=True, slots=True)
class Private:
    """The addresses beside public ones that a grant opens.

    `everywhere` opens private, loopback and shared (CGNAT) addresses. Link-local (where clouds keep their metadata),
    mapped, translated, multicast and reserved ones are open only inside a network that is listed.
    """

    everywhere: bool = False
    networks: tuple[Network, ...] = ()

    def refuses(self, address: Address) -> str:
        """Return the kind of address that is refused, or an empty text when it may be used."""
        kind = kind_of(address)
        if kind == "public" or (self.everywhere and kind in _OPENED):
            return ""
        return "" if any(address in network for network in self.networks) else kind
