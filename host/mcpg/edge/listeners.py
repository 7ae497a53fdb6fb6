"""Listening sockets, TCP and Unix, opened before anything is served. It accepts nothing.

A Unix socket is made with mode 0600 from its first moment; a stale one is removed only if nobody answers on it.
"""

from __future__ import annotations

import os
import socket
import stat
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from mcpg.contract.problems import ConfigError

__all__ = ["Listener", "open_listener"]

_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Listener:
    """An open socket: what it is called (`127.0.0.1:8787`, `unix:path`) and whether only this machine reaches it."""

    socket: socket.socket
    name: str
    loopback: bool
    path: Path | None = None

    def close(self) -> None:
        """Close the socket, and remove it from its directory if it is a Unix one."""
        self.socket.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def open_listener(address: str) -> Listener:
    """Return an open listener for `host:port` (IPv6 in brackets, port 0 for any) or `unix:path`.

    Raises `ConfigError` for an address that cannot be obeyed. `loopback` is false for a Unix socket: whoever proxies
    to it may be anyone.
    """
    if address.startswith("unix:"):
        return _open_unix(address, Path(address.removeprefix("unix:")))
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdecimal() or int(port) > 65535:  # noqa: PLR2004 - the last port
        raise ConfigError(f"address `{address}` is neither `host:port` nor `unix:path`", code="bad-address")
    try:
        family, _, _, _, place = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        opened = socket.create_server(place[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise _cannot_open(address, error) from None
    opened.setblocking(False)
    bound, port_number = opened.getsockname()[:2]
    shown = f"[{bound}]" if family == socket.AF_INET6 else bound
    return Listener(opened, f"{shown}:{port_number}", ip_address(bound).is_loopback)


def _open_unix(address: str, path: Path) -> Listener:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        previous = os.umask(0o177)
        try:
            opened.bind(str(path))
        finally:
            os.umask(previous)
        opened.listen(_BACKLOG)
    except OSError as error:
        opened.close()
        raise _cannot_open(address, error) from None
    opened.setblocking(False)
    return Listener(opened, address, loopback=False, path=path)


def _remove_stale(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError(17, "a file that is no socket is in its place")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise FileExistsError(17, "somebody is listening there")


def _cannot_open(address: str, error: OSError) -> ConfigError:
    reason = (error.strerror or str(error)).lower().partition(" (while attempting to bind")[0]
    return ConfigError(
        f"cannot listen on `{address}`: {reason}", code="cannot-listen", remedy="choose another address, or free it"
    )
