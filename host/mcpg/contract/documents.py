"""The documents that cross the boundary as JSON text. It does not validate MCP's own shapes beyond what we rely on.

Every model here has a generated JSON Schema in `wit/schemas/`; field names are the names in the JSON text.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = [
    "Action",
    "Ask",
    "Call",
    "Caller",
    "Catalog",
    "Credential",
    "Credentials",
    "How",
    "Outcome",
    "Peer",
    "Prompt",
    "Resource",
    "ResourceTemplate",
    "RunFacts",
    "Tool",
]

Kind = Literal["anonymous", "user", "service", "workload"]
Trust = Literal["anonymous", "asserted", "verified"]


class _Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False, forbid_unknown_fields=True):
    """Ours: closed, so that a misspelt field is found where it was written."""


class _Open(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """MCP's own: open, unknown fields are the protocol's business and pass through as raw JSON elsewhere."""


class How(_Document, frozen=True, kw_only=True):
    """How a caller was established: the identity use (set by the host) and the kind of credential."""

    credential: str
    plugin: str = ""


class Caller(_Document, frozen=True, kw_only=True):
    """Who is calling. Never holds a credential. Source: schema `caller`."""

    id: str
    kind: Kind
    how: How
    trust: Trust
    issuer: str = ""
    tenant: str = "default"
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    attributes: dict[str, str] = {}

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What tells one caller from every other: an id means something only with who vouches for it."""
        return (self.tenant, self.how.plugin, self.issuer, self.id)


class Peer(_Document, frozen=True, kw_only=True):
    """The other end of the connection. `local` is true only if the listener is bound to loopback, the Host header names
    loopback and no forwarding header is present."""  # noqa: D205, D209 - one sentence that needs two lines

    address: str = ""
    local: bool = False
    certificates: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class RunFacts(_Document, frozen=True, kw_only=True):
    """What a run may know of the world: its id, its recorded time (ms since 1970) and its seed (hex)."""

    id: str
    now: int
    seed: str


class Credentials(_Document, frozen=True, kw_only=True):
    """What an identity plugin judges: only headers that its manifest reads, by lower-case name."""

    transport: Literal["http", "stdio"]
    peer: Peer
    headers: dict[str, str] = {}
    run: RunFacts | None = None


class Action(_Document, frozen=True, kw_only=True):
    """What a caller wants to do. `arguments` and `run` are there only if the manifest reads them."""

    method: str
    kind: Literal["tool", "prompt", "resource", "template", "method"]
    name: str
    backend: str = ""
    upstream: str = ""
    annotations: dict[str, Any] = {}
    session: str = ""
    era: str = ""
    arguments: dict[str, Any] | None = None
    run: RunFacts | None = None


class Call(_Document, frozen=True, kw_only=True):
    """One MCP call as backends and transforms see it. `target` is the backend's own name for what is called.

    `arguments` of `completion/complete` are MCP's parameters `ref` (its `type` only), `argument` and `context`; a
    transform sees answers of the client to what a server asks as calls of that method, with the answer as arguments.
    """

    method: str
    name: str
    target: str = ""
    arguments: dict[str, Any] = {}
    binding: dict[str, Any] = {}
    run: RunFacts | None = None


class Outcome(_Document, frozen=True, kw_only=True):
    """How a call ended: `ok` (the result), `tool-error` (a result with isError), `failed` or `unknown` (no result)."""

    status: Literal["ok", "tool-error", "failed", "denied", "unknown"]
    result: dict[str, Any] | None = None
    problem: str = ""


class Tool(_Open, frozen=True, kw_only=True):
    """A tool as MCP's tools/list shows it; `target` is the backend's own name where it differs."""

    name: str
    inputSchema: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "object"})  # noqa: N815 - MCP's name
    title: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    outputSchema: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - MCP's name
    annotations: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    icons: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    execution: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    _meta: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    target: str | msgspec.UnsetType = msgspec.UNSET


class Prompt(_Open, frozen=True, kw_only=True):
    """A prompt as MCP's prompts/list shows it."""

    name: str
    title: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    arguments: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    icons: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    _meta: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    target: str | msgspec.UnsetType = msgspec.UNSET


class Resource(_Open, frozen=True, kw_only=True):
    """A resource as MCP's resources/list shows it."""

    uri: str
    name: str
    title: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    mimeType: str | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - MCP's name
    size: int | msgspec.UnsetType = msgspec.UNSET
    annotations: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    icons: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    _meta: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    target: str | msgspec.UnsetType = msgspec.UNSET


class ResourceTemplate(_Open, frozen=True, kw_only=True):
    """A resource template as MCP's resources/templates/list shows it."""

    uriTemplate: str  # noqa: N815 - MCP's name
    name: str
    title: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    mimeType: str | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - MCP's name
    annotations: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    icons: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    _meta: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class Catalog(_Document, frozen=True, kw_only=True):
    """What a backend offers, or what a caller is shown."""

    tools: tuple[Tool, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    resources: tuple[Resource, ...] = ()
    templates: tuple[ResourceTemplate, ...] = ()


class Ask(_Document, frozen=True, kw_only=True):
    """Input that only the MCP client can give: requests by key, as MCP's `inputRequests` has them.

    The reply holds the results by key, as `inputResponses` has them. What policy refuses is a declined form; any other
    request that is refused, or answered with an error, ends the run.
    """

    requests: dict[str, dict[str, Any]]
    state: str = ""


class Credential(_Document, frozen=True, kw_only=True):
    """A credential for the host's vault: the value never reaches a plugin other than its issuer. `expires` is ms since
    1970, 0 for none."""  # noqa: D205, D209 - one sentence that needs two lines

    value: str
    scheme: str = "Bearer"
    header: str = "authorization"
    expires: int = 0
