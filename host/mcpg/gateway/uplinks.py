"""From the operator's upstreams to the specs of the upstreams room. It connects nowhere."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from mcpg.contract.canonical import digest_text
from mcpg.contract.problems import ConfigError, reason_of
from mcpg.sealing import AssertionKey
from mcpg.upstreams import HttpSpec, OAuthSpec, StdioSpec, UpstreamSpec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from mcpg.config import Loaded
    from mcpg.config.oauth import OAuth
    from mcpg.config.upstreams import HttpUpstream, StdioUpstream, Upstream
    from mcpg.config.values import SecretValue

    Reveal = Callable[[SecretValue], Awaitable[str]]

__all__ = ["upstream_specs"]

MOST_AT_ONCE = 1024
MAX_KEY = 64 * 1024


async def upstream_specs(loaded: Loaded, reveal: Reveal) -> list[UpstreamSpec]:
    """Return the spec of every upstream in the file, secrets and keys put in; `ConfigError` for one not there."""
    return [await _spec(loaded, name, upstream, reveal) for name, upstream in loaded.config.upstreams.items()]


async def _spec(loaded: Loaded, name: str, upstream: Upstream, reveal: Reveal) -> UpstreamSpec:
    return UpstreamSpec(
        name=name,
        transport=await _transport(loaded, name, upstream, reveal),
        mode=upstream.mode,
        call_timeout=upstream.timeout,
        max_in_flight=MOST_AT_ONCE,
        refresh=upstream.refresh or 0.0,
        sessions=upstream.sessions,
        max_links=upstream.max_links,
        idle=upstream.idle,
        ask_timeout=upstream.ask_timeout,
        baggage=upstream.baggage,
    )


async def _transport(loaded: Loaded, name: str, upstream: Upstream, reveal: Reveal) -> StdioSpec | HttpSpec:
    if upstream.stdio is not None:
        return await _stdio(loaded, upstream.stdio, reveal)
    assert upstream.http is not None  # noqa: S101 - the model takes exactly one of the two
    return await _http(loaded, name, upstream.http, reveal)


async def _stdio(loaded: Loaded, stdio: StdioUpstream, reveal: Reveal) -> StdioSpec:
    limits = stdio.limits
    return StdioSpec(
        command=stdio.command,
        environment={name: await reveal(value) for name, value in stdio.environment.items()},
        cwd=loaded.resolve(stdio.cwd) if stdio.cwd else loaded.base,
        memory=limits.memory or 0,
        cpu=math.ceil(limits.cpu or 0),
        files=limits.files or 0,
    )


async def _http(loaded: Loaded, name: str, http: HttpUpstream, reveal: Reveal) -> HttpSpec:
    return HttpSpec(
        url=http.url,
        headers={name: await reveal(value) for name, value in http.headers.items()},
        private=http.private,
        ca=loaded.resolve(http.ca) if http.ca else None,
        kind=http.transport,
        oauth=await _oauth(loaded, name, http.oauth, reveal) if http.oauth is not None else None,
    )


async def _oauth(loaded: Loaded, name: str, oauth: OAuth, reveal: Reveal) -> OAuthSpec:
    key, digest = None, ""
    if oauth.private_key is not None:
        where = f"upstreams.{name}.http.oauth.private_key"
        pem = await asyncio.to_thread(_read_key, loaded.resolve(oauth.private_key), where)
        try:
            key, digest = AssertionKey.from_pem(pem, oauth.algorithm or ""), digest_text(pem)
        except ValueError as error:
            remedy = "give a PEM without a passphrase: P-256, RSA of 2048 bits or more, or Ed25519"
            raise ConfigError(f"the file is {error}", where=where, remedy=remedy) from None
    return OAuthSpec(
        client_id=oauth.client_id,
        secret=await reveal(oauth.client_secret) if oauth.client_secret is not None else "",
        key=key,
        key_digest=digest,
        key_id=oauth.key_id or "",
        method="post" if oauth.method == "client_secret_post" else "basic" if oauth.method else "",
        token_url=oauth.token_url or "",
        issuer=oauth.issuer or "",
        scopes=oauth.scopes,
        resource=oauth.resource or "",
    )


def _read_key(path: Path, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_KEY)
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {reason_of(error)}", where=where, remedy="name the key") from error
