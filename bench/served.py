"""The server side of the benchmarks, one process each: `python bench/served.py SUBJECT PORT FOLDER [UPSTREAM]`.

Subjects: `echo` (a bare ASGI application), `full`, `memo`, `disk`, `unledgered` (the pipeline before a mock), `proxy`,
`off` (the gateway before an MCP server, with the same stages and with none), `flooded` (`proxy`, and a tool `here` of
its own), `connector`, `pyreqwest` (bare proxies), `catalog` (10,000 tools), `many-uses` (20 plugins), `upstream` and
`many` (the MCP servers). It measures nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["KEYS", "config_of", "main"]

CORE = 0
USES = 20
KEYS = 64
"""API keys of the benchmark: `mcpg_bench0`, `mcpg_bench1`, ..."""
POLICIES = """
permit(principal in Mcpg::Group::"analysts", action == Mcpg::Action::"tools/call", resource);
permit(principal in Mcpg::Group::"admins", action, resource);
permit(principal, action, resource) when { resource.annotations has readOnlyHint && resource.annotations.readOnlyHint };
permit(principal, action, resource) when { principal.id == "root" };
permit(principal in Mcpg::Role::"operator", action, resource) when { resource.backend == "ops" };
permit(principal, action, resource == Mcpg::Tool::"status");
forbid(principal, action, resource) when { principal.trust == "anonymous" };
forbid(principal, action, resource == Mcpg::Tool::"order") when { context has arguments && context.arguments has n };
forbid(principal, action, resource) when { resource.name like "admin-*" };
forbid(principal, action, resource) unless { principal.tenant == "default" };
"""
OPEN = 'permit(principal, action, resource) when { resource.name like "open-*" || resource.name == "echo" };'


def config_of(subject: str, port: int, folder: Path, upstream: int) -> Path:
    """Write the configuration of a gateway subject into `folder` and return the file."""
    digests = [hashlib.sha256(f"mcpg_bench{i}".encode()).hexdigest() for i in range(KEYS)]
    keys = [{"id": f"ana{i}", "hash": f"sha256:{d}", "groups": ["analysts"]} for i, d in enumerate(digests)]
    memo = {} if subject in {"memo", "disk", "catalog", "many-uses", "unledgered"} else {"memo": False}
    rules = [{"per": ["caller", "tool"], "burst": 10_000_000, "per_second": 10_000_000}]
    config: dict[str, Any] = {
        "version": 1,
        "server": {"listen": f"127.0.0.1:{port}"},
        "plugins": {
            "keys": {"from": "builtin:identity-api-key", "config": {"keys": keys}, **memo},
            "rules": {"from": "builtin:policy-cedar", "config": {"policies": "*.cedar"}, **memo},
            "fair": {"from": "builtin:limit-rate", "config": {"rules": rules}, **memo},
            "mask": {"from": "builtin:transform-redact", "config": {"patterns": ["email"]}},
            "mock": {"from": "builtin:backend-mock"},
        },
        "identity": {"chain": ["keys"]},
        "policy": {"engines": ["rules"]},
        "limits": ["fair"],
        "transforms": ["mask"],
    }
    if subject == "many-uses":
        add_uses(config)
    if upstream:
        config["upstreams"] = {"peer": {"http": {"url": f"http://127.0.0.1:{upstream}/mcp", "private": True}}}
    if not upstream or subject == "flooded":
        echo = {"backend": "mock", "description": "Says it back.", "input": {"q": {"type": "string"}}}
        config["tools"] = {"here" if upstream else "echo": echo | {"mock": {"echo": True}}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.cedar").write_text(OPEN if subject == "catalog" else POLICIES)
    path = folder / "mcpg.yaml"
    path.write_text(json.dumps(config))  # JSON is YAML
    return path


def add_uses(config: dict[str, Any]) -> None:
    """Add uses of the plugins that there are until there are twenty."""
    kinds = ("policy-cedar", "limit-rate", "transform-redact", "backend-mock", "identity-anonymous", "backend-http")
    settings: dict[str, Any] = {
        "policy-cedar": config["plugins"]["rules"]["config"],
        "limit-rate": config["plugins"]["fair"]["config"],
        "transform-redact": config["plugins"]["mask"]["config"],
        "backend-http": {"base_url": "http://127.0.0.1:9/"},
    }
    for number in range(USES - len(config["plugins"])):
        name = kinds[number % len(kinds)]
        config["plugins"][f"more-{number}"] = {"from": f"builtin:{name}", "config": settings.get(name, {})}


class NoLedger:
    """Keeps nothing; digests are not made either."""

    def __init__(self, ledger: Any) -> None:
        self.close, self.head = ledger.close, ledger.head

    async def append(self, _tenant: str, _record: Any) -> int:
        """Forget the record."""
        return 0

    def keyed_digest(self, _tenant: str, _text: str | bytes) -> str:
        """Return nothing."""
        return ""


def serve_gateway(subject: str, path: Path) -> None:
    """Serve what the file says, for the subjects `off` and `unledgered` with parts taken out."""
    from mcpg.gateway import gateway as room  # noqa: PLC0415 - the other subjects need none of it
    from mcpg.gateway import serve, served  # noqa: PLC0415 - likewise

    class Bare(room.Gateway):
        def _assemble(self) -> None:
            self.rooms = dataclasses.replace(self.rooms, ledger=NoLedger(self.rooms.ledger))  # type: ignore[arg-type]
            super()._assemble()
            if subject == "off":
                self._identity = Somebody()  # type: ignore[assignment] # no stage at all

        def plan(self, endpoint: str = "mcp") -> Any:
            plan = super().plan(endpoint)
            if subject != "off":
                return plan
            if getattr(self, "_of", None) is not plan:
                self._of = plan
                off: Any = {"combine": "off", "policy": (), "limits": (), "transforms": (), "identity": ()}
                self._without = dataclasses.replace(plan, **off)
            return self._without

    if subject in {"off", "unledgered"}:
        served.Gateway = Bare  # type: ignore[attr-defined]
    serve.run(str(path))


class Somebody:
    """An identity chain that always finds the same caller."""

    def __init__(self) -> None:
        from mcpg.contract.documents import Caller, How  # noqa: PLC0415 - as above
        from mcpg.pipeline.work import Known  # noqa: PLC0415 - as above

        self._known = Known(Caller(id="ana", kind="user", how=How(credential="none"), trust="verified"))

    async def identify(self, _chain: Any, _credentials: Any, _work: Any) -> Any:
        """Return the caller."""
        return self._known


def serve_app(exchange: Callable[[bytes], Awaitable[bytes]], port: int) -> None:
    """Serve a raw ASGI application that answers a body with what `exchange` makes of it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        answer = await exchange(body)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    options: Any = {"loop": "uvloop", "http": "httptools", "lifespan": "off", "access_log": False, "log_level": "error"}
    uvicorn.run(app, host="127.0.0.1", port=port, **options)


async def _echo(body: bytes) -> bytes:
    return body


def connector_exchange(url: str) -> Callable[[bytes], Awaitable[bytes]]:
    """Return an exchange through the gateway's own guarded connector."""
    from mcpg.effects.addresses import Private  # noqa: PLC0415 - the other subjects need none of it
    from mcpg.effects.connector import GuardedConnector  # noqa: PLC0415 - likewise
    from mcpg.effects.transport import Outgoing, Reach  # noqa: PLC0415 - likewise

    held: list[GuardedConnector] = []
    reach = Reach(Private(everywhere=True))
    headers = (("content-type", "application/json"), ("accept", "application/json, text/event-stream"))

    async def exchange(body: bytes) -> bytes:
        if not held:
            held.append(GuardedConnector())
        deadline = asyncio.get_running_loop().time() + 30
        return (await held[0].request(Outgoing("POST", url, headers, body), reach, deadline=deadline)).body

    return exchange


def pyreqwest_exchange(url: str) -> Callable[[bytes], Awaitable[bytes]]:
    """Return an exchange through Rust's reqwest."""
    from pyreqwest.client import ClientBuilder  # noqa: PLC0415 - may not be installed

    held: list[Any] = []

    async def exchange(body: bytes) -> bytes:
        if not held:
            held.append(ClientBuilder().no_proxy().follow_redirects(enable=False).build())
        request = held[0].post(url).header("content-type", "application/json").body_bytes(body).build()
        return bytes(await (await request.send()).bytes())

    return exchange


def main() -> None:
    """Serve one subject for ever, on one core where the system can do that."""
    subject, port, folder, upstream = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int((*sys.argv, "0")[4])
    behind = subject in {"upstream", "many"}
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {CORE + 1 if behind else CORE})
    url = f"http://127.0.0.1:{upstream}/mcp"
    with contextlib.suppress(KeyboardInterrupt):
        if behind:
            from upstream import serve_upstream  # noqa: PLC0415 - beside this file

            more = 9_998 if subject == "many" else 0
            serve_upstream(port, more=more, visible=499)
        elif subject == "echo":
            serve_app(_echo, port)
        elif subject in {"connector", "pyreqwest"}:
            serve_app((connector_exchange if subject == "connector" else pyreqwest_exchange)(url), port)
        else:
            serve_gateway(subject, config_of(subject, port, folder, upstream))


if __name__ == "__main__":
    main()
