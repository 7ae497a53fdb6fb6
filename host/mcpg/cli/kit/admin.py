"""The admin API of a running gateway, asked from its own file. It changes nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import httpx2

if TYPE_CHECKING:
    from mcpg.config import Loaded
    from mcpg.config.values import SecretValue

__all__ = ["ask_admin"]

SECONDS = 3.0
MAX_BODY = 16 * 2**20


def ask_admin(loaded: Loaded, view: str) -> tuple[Any, str]:
    """Return what `/admin/v1/VIEW` says, or None and why nothing was said."""
    server = loaded.config.server
    if server.admin is None or server.admin_token is None:
        return None, "no `server.admin` is configured"
    token = _reveal(loaded, server.admin_token)
    if not token:
        return None, "`server.admin_token` has no value here"
    uds = str(loaded.resolve(server.admin.path)) if server.admin.path else None
    base = "http://localhost" if uds else f"http://{server.admin}"
    try:
        with (
            httpx2.Client(transport=httpx2.HTTPTransport(uds=uds), timeout=SECONDS, trust_env=False) as client,
            client.stream("GET", f"{base}/admin/v1/{view}", headers={"authorization": f"Bearer {token}"}) as answer,
        ):
            body = b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > MAX_BODY:
                    return None, "the gateway's answer is too large"
        if answer.status_code != httpx2.codes.OK:
            return None, f"the gateway answered with HTTP status {answer.status_code}"
        return httpx2.Response(200, content=body).json(), ""
    except (httpx2.HTTPError, ValueError, OSError):
        return None, f"no gateway answers at {server.admin}"


def _reveal(loaded: Loaded, value: SecretValue) -> str:
    """Return the text of a secret, empty where it has none here."""
    if not value.reference:
        return value.literal
    scheme, _, name = value.reference.removeprefix("secret://").partition("/")
    folder = loaded.config.secrets.file_directory
    found = ""
    if scheme == "env":
        found = os.environ.get(name, "")
    elif scheme == "file" and folder is not None:
        try:
            found = loaded.resolve(f"{folder}/{name}").read_text().rstrip("\n")
        except (OSError, ValueError):
            found = ""
    return value.prefix + found + value.suffix if found else ""
