"""What each era wants of a client: handshakes, `_meta` and headers as plain values. It sends nothing.

Legacy is the initialize handshake (2025-11-25 and before), modern is `_meta` on every request (2026-07-28).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mcpg import __version__
from mcpg.protocol.headers import METHOD, NAME, SESSION, VERSION, encode_value
from mcpg.protocol.methods import NAME_KEYS, RESERVED_PREFIX
from mcpg.protocol.versions import HANDSHAKE, LATEST_HANDSHAKE, LATEST_MODERN
from mcpg.upstreams.faults import Nonsense
from mcpg.upstreams.traces import TRACE_KEYS, child

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.upstreams.clients import Client

__all__ = [
    "BEFORE_HANDSHAKE",
    "PROBE",
    "Agreement",
    "dress",
    "initialize_params",
    "listen_params",
    "read_discover",
    "read_initialize",
    "routing_headers",
    "shown",
]

BEFORE_VERSION_HEADER: Final = frozenset({"", "2024-11-05", "2025-03-26"})
"""Versions without the header `MCP-Protocol-Version`; and before the handshake there is none to name."""
KINDS: Final = ("tools", "prompts", "resources")
LOG_LEVEL: Final = RESERVED_PREFIX + "logLevel"
CAPABILITIES: Final = RESERVED_PREFIX + "clientCapabilities"
CLIENT: Final = {"name": "mcpg", "version": __version__}
OURS: Final = TRACE_KEYS | {"progressToken"}
MODERN_META: Final = {
    RESERVED_PREFIX + "protocolVersion": LATEST_MODERN,
    CAPABILITIES: {},
    RESERVED_PREFIX + "clientInfo": CLIENT,
}
_CAPABILITIES: Final = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resources",
    "completion/complete": "completions",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a handshake came to. `session` is the legacy HTTP session id, empty where there is none."""

    version: str
    modern: bool
    server: Mapping[str, Any] = field(default_factory=dict)
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    instructions: str = ""
    session: str = field(default="", repr=False)

    def offers(self, kind: str) -> bool:
        """Whether the server has `kind` (tools, prompts, resources)."""
        return isinstance(self.capabilities.get(kind), dict)

    def serves(self, method: str) -> bool:
        """Whether a request is covered by what the server declared: nothing else may be asked of it (basic/lifecycle).

        Completion was part of 2024-11-05 before there was a capability that says so.
        """
        needed = _CAPABILITIES.get(method)
        return needed is None or self.offers(needed) or (needed == "completions" and self.version == HANDSHAKE[0])

    def announces(self, kind: str) -> bool:
        """Whether the server says that it sends list_changed for `kind`."""
        capability = self.capabilities.get(kind)
        return isinstance(capability, dict) and capability.get("listChanged") is True


PROBE: Final = Agreement(version=LATEST_MODERN, modern=True)
BEFORE_HANDSHAKE: Final = Agreement(version="", modern=False)


def initialize_params(declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params of `initialize` for a link that stands for clients with these capabilities."""
    return {"protocolVersion": LATEST_HANDSHAKE, "capabilities": dict(declared), "clientInfo": CLIENT}


def read_initialize(result: Mapping[str, Any], session: str) -> Agreement:
    """Return the agreement in an initialize result; raises `Nonsense` for a version that we do not speak."""
    version = result.get("protocolVersion")
    if version not in HANDSHAKE:
        raise Nonsense(f"answered initialize with version `{shown(version)}`, which this gateway does not speak")
    return _agreement(str(version), result, result.get("serverInfo"), modern=False, session=session)


def read_discover(result: Mapping[str, Any]) -> Agreement | None:
    """Return the agreement in a server/discover result, None if the server has no modern version in common with us."""
    versions = result.get("supportedVersions")
    if not isinstance(versions, list) or LATEST_MODERN not in versions:
        return None
    meta = result.get("_meta")
    server = meta.get(RESERVED_PREFIX + "serverInfo") if isinstance(meta, dict) else None
    return _agreement(LATEST_MODERN, result, server, modern=True, session="")


def shown(value: Any) -> str:
    """Return a server's word as a message may quote it: short and printable, or a question mark."""
    return value[:40] if isinstance(value, str) and value.isprintable() else "?"


def _agreement(version: str, result: Mapping[str, Any], server: Any, *, modern: bool, session: str) -> Agreement:
    capabilities = result.get("capabilities")
    instructions = result.get("instructions")
    return Agreement(
        version=version,
        modern=modern,
        server=server if isinstance(server, dict) else {},
        capabilities=capabilities if isinstance(capabilities, dict) else {},
        instructions=instructions if isinstance(instructions, str) else "",
        session=session,
    )


def dress(
    params: Mapping[str, Any], *, modern: bool, token: int | None, client: Client | None = None
) -> dict[str, Any]:
    """Return `params` with our own `_meta`: the client's reserved keys and progress token never reach an upstream.

    `token` is our progress token, None when the client asked for no progress. A modern upstream is told what `client`
    can be asked and which log messages it wants. Trace context goes on under a span id of our own.
    """
    given = params.get("_meta")
    if client is not None and client.meta:
        given = {**client.meta, **given} if isinstance(given, dict) else client.meta
    if not modern and token is None and not given:
        return dict(params)
    meta: dict[str, Any] = _relayed(given, client) if given and isinstance(given, dict) else {}
    if modern:
        meta.update(MODERN_META)
        level = given.get(LOG_LEVEL) if isinstance(given, dict) else None
        if client is not None:
            meta[CAPABILITIES] = dict(client.capabilities)
            level = client.level or level
        if isinstance(level, str):
            meta[LOG_LEVEL] = level
    if token is not None:
        meta["progressToken"] = token
    dressed = {key: value for key, value in params.items() if key != "_meta"}
    if meta:
        dressed["_meta"] = meta
    return dressed


def _relayed(given: Mapping[str, Any], client: Client | None) -> dict[str, Any]:
    """Return what of a client's `_meta` goes on: nothing that is the protocol's."""
    meta = {key: value for key, value in given.items() if key not in OURS and not _reserved(key)}
    if not TRACE_KEYS.isdisjoint(given):
        meta.update(child(given, baggage=client is not None and client.baggage))
    return meta


def _reserved(key: str) -> bool:
    """Whether a key's prefix is kept for MCP: its second label says so (2026-07-28, basic/index, `_meta`)."""
    prefix, slash, _ = key.partition("/")
    labels = prefix.split(".", 2)
    return bool(slash) and len(labels) > 1 and labels[1] in {"modelcontextprotocol", "mcp"}


def routing_headers(agreement: Agreement, method: str, params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the protocol headers of one request under `agreement`; no `method` is for GET and DELETE."""
    headers = [(VERSION, agreement.version)] if agreement.version not in BEFORE_VERSION_HEADER else []
    if not agreement.modern:
        if agreement.session:
            headers.append((SESSION, agreement.session))
        return headers
    headers.append((METHOD, method))
    key = NAME_KEYS.get(method)
    if key is not None and isinstance(name := params.get(key), str):
        headers.append((NAME, encode_value(name)))
    return headers


def listen_params(agreement: Agreement) -> dict[str, Any]:
    """Return the params of `subscriptions/listen` for what the server announces (2026-07-28, subscriptions)."""
    return {"notifications": {f"{kind}ListChanged": True for kind in KINDS if agreement.announces(kind)}}
