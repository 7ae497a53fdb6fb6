"""From the operator's upstreams to the specs of the upstreams room. It connects nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.upstreams import HttpSpec, StdioSpec, UpstreamSpec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.config import Loaded
    from mcpg.config.upstreams import Upstream
    from mcpg.config.values import SecretValue

    Reveal = Callable[[SecretValue], Awaitable[str]]

__all__ = ["upstream_specs"]

MOST_AT_ONCE = 1024


async def upstream_specs(loaded: Loaded, reveal: Reveal) -> list[UpstreamSpec]:
    """Return the spec of every upstream in the file, secrets put in; raises `ConfigError` for one that has no value."""
    return [
        UpstreamSpec(
            name=name,
            transport=await _transport(loaded, upstream, reveal),
            mode=upstream.mode,
            call_timeout=upstream.timeout,
            max_in_flight=MOST_AT_ONCE,
        )
        for name, upstream in loaded.config.upstreams.items()
    ]


async def _transport(loaded: Loaded, upstream: Upstream, reveal: Reveal) -> StdioSpec | HttpSpec:
    if upstream.stdio is not None:
        stdio = upstream.stdio
        environment = {name: await reveal(value) for name, value in stdio.environment.items()}
        cwd = loaded.resolve(stdio.cwd) if stdio.cwd else loaded.base
        return StdioSpec(command=stdio.command, environment=environment, cwd=cwd)
    http = upstream.http
    assert http is not None  # noqa: S101 - the model takes exactly one of the two
    headers = {name: await reveal(value) for name, value in http.headers.items()}
    ca = loaded.resolve(http.ca) if http.ca else None
    return HttpSpec(url=http.url, headers=headers, private=http.private, ca=ca)
