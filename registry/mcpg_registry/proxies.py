"""Which proxy the environment names for a host: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY. It opens nothing."""

from __future__ import annotations

import os
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["proxy_for"]


def proxy_for(scheme: str, host: str, environment: Mapping[str, str] | None = None) -> str | None:
    """Return the proxy's URL for `host`, or none; names are taken in lower case first, as curl does."""
    source = os.environ if environment is None else environment
    proxies = {name: value for name in (scheme, "all", "no") if (value := _value(source, f"{name}_proxy"))}
    found = proxies.get(scheme) or proxies.get("all")
    if not found or urllib.request.proxy_bypass_environment(host, proxies):  # type: ignore[attr-defined]
        return None
    return found if "://" in found else f"http://{found}"


def _value(source: Mapping[str, str], name: str) -> str:
    return source.get(name) or source.get(name.upper()) or ""
