"""What plugins are asked with, what they answer, and the secrets and blobs that documents point to.

Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from .protocol import Prompt, Resource, ResourceTemplate, Tool

__all__ = [
    "Action",
    "ActionKind",
    "Annotate",
    "Ask",
    "BlobRef",
    "Call",
    "Caller",
    "CallerKind",
    "CallerTrust",
    "Catalog",
    "Credential",
    "Credentials",
    "CredentialsTransport",
    "How",
    "NewBlobRef",
    "NewCaller",
    "NewCatalog",
    "NewHow",
    "Outcome",
    "OutcomeStatus",
    "Peer",
    "Redact",
    "RunFacts",
    "Secret",
]

ActionKind: TypeAlias = Literal["method", "prompt", "resource", "template", "tool"]
CallerKind: TypeAlias = Literal["anonymous", "service", "user", "workload"]
CallerTrust: TypeAlias = Literal["anonymous", "asserted", "verified"]
CredentialsTransport: TypeAlias = Literal["http", "stdio"]
OutcomeStatus: TypeAlias = Literal["denied", "failed", "ok", "tool-error", "unknown"]


class Action(TypedDict):
    """What a caller wants to do. `arguments` and `run` are there only if the manifest reads them."""

    method: str
    """the MCP method, such as `tools/call`"""
    kind: ActionKind
    """what is acted on"""
    name: str
    """the name of the tool or prompt, or the URI of the resource"""
    backend: str
    """the operator's name for the backend that will fulfil it"""
    upstream: str
    """the operator's name for the MCP server behind it; empty if there is none"""
    annotations: dict[str, Any]
    """the tool's annotations as its server gives them: hints, not facts"""
    session: str
    """the id of the client's session; empty where there is none"""
    era: str
    """the revision of MCP that the client speaks, such as `2025-11-25`"""
    arguments: NotRequired[dict[str, Any] | None]
    """the call's arguments; null before there are any"""
    run: NotRequired[RunFacts | None]
    """facts of this run"""


class Annotate(TypedDict):
    """Detail of `annotate`: names and texts that the client is shown beside the result."""

    notes: dict[str, str]
    """texts by name"""


class Ask(TypedDict):
    """Input that only the MCP client can give: requests by key, as MCP's `inputRequests` has them.

    The reply holds the results by key, as `inputResponses` has them. What policy refuses is a declined form; any other
    request that is refused, or answered with an error, ends the run.
    """

    requests: dict[str, dict[str, Any]]
    """MCP requests to the client, by a key of your own; each has `method` and `params`"""
    state: NotRequired[str]
    """a text of your own that comes back with the results"""


BlobRef = TypedDict(
    "BlobRef",
    {
        # its name in this run
        "$ref": str,
        # its size in bytes
        "size": int,
        # its digest in hexadecimal digits
        "sha256": str,
        # its media type
        "media": str,
    },
)
"""A body that stays in the host; a plugin may return it where the body should stand."""


NewBlobRef = TypedDict(
    "NewBlobRef",
    {
        # its name in this run
        "$ref": str,
        # its size in bytes
        "size": int,
        # its digest in hexadecimal digits
        "sha256": str,
        # its media type
        "media": NotRequired[str],
    },
)
"""A body that stays in the host; a plugin may return it where the body should stand."""


class Call(TypedDict):
    """One MCP call as backends and transforms see it. `target` is the backend's own name for what is called.

    `arguments` of `completion/complete` are MCP's parameters `ref` (its `type` only), `argument` and `context`; a
    transform sees answers of the client to what a server asks as calls of that method, with the answer as arguments.
    """

    method: str
    """the MCP method, such as `tools/call`"""
    name: str
    """the name that the client said: tool, prompt or resource URI"""
    target: str
    """the backend's own name for it; empty if it is the same"""
    arguments: dict[str, Any]
    """the arguments of the call"""
    binding: dict[str, Any]
    """what the operator wrote under the tool for this backend"""
    run: NotRequired[RunFacts | None]
    """facts of this run"""


class Caller(TypedDict):
    """Who is calling. Never holds a credential. Source: schema `caller`."""

    id: str
    """who it is, as the identity plugin knows him"""
    kind: CallerKind
    """what kind of caller"""
    how: How
    """how he was established"""
    trust: CallerTrust
    """how far the id is proven"""
    issuer: str
    """who vouches for the id; empty if nobody else does"""
    tenant: str
    """the tenant that he belongs to"""
    groups: list[str]
    """his groups"""
    roles: list[str]
    """his roles"""
    scopes: list[str]
    """what his credential is good for"""
    attributes: dict[str, str]
    """further facts, by name"""


class NewCaller(TypedDict):
    """Who is calling. Never holds a credential. Source: schema `caller`."""

    id: str
    """who it is, as the identity plugin knows him"""
    kind: CallerKind
    """what kind of caller"""
    how: NewHow
    """how he was established"""
    trust: CallerTrust
    """how far the id is proven"""
    issuer: NotRequired[str]
    """who vouches for the id; empty if nobody else does"""
    tenant: NotRequired[str]
    """the tenant that he belongs to"""
    groups: NotRequired[list[str]]
    """his groups"""
    roles: NotRequired[list[str]]
    """his roles"""
    scopes: NotRequired[list[str]]
    """what his credential is good for"""
    attributes: NotRequired[dict[str, str]]
    """further facts, by name"""


class Catalog(TypedDict):
    """What a backend offers, or what a caller is shown."""

    tools: list[Tool]
    """tools, as MCP lists them"""
    prompts: list[Prompt]
    """prompts, as MCP lists them"""
    resources: list[Resource]
    """resources, as MCP lists them"""
    templates: list[ResourceTemplate]
    """resource templates, as MCP lists them"""


class NewCatalog(TypedDict):
    """What a backend offers, or what a caller is shown."""

    tools: NotRequired[list[Tool]]
    """tools, as MCP lists them"""
    prompts: NotRequired[list[Prompt]]
    """prompts, as MCP lists them"""
    resources: NotRequired[list[Resource]]
    """resources, as MCP lists them"""
    templates: NotRequired[list[ResourceTemplate]]
    """resource templates, as MCP lists them"""


class Credential(TypedDict):
    """A credential for the host's vault: the value never reaches a plugin other than its issuer. `expires` is ms since
    1970, 0 for none.
    """

    value: str
    """the secret itself; nobody but the host's vault is given it"""
    scheme: NotRequired[str]
    """what stands before it in the header; empty for nothing"""
    header: NotRequired[str]
    """the header that it is for, in lower case"""
    expires: NotRequired[int]
    """when it ends, in ms since 1970; 0 for never"""


class Credentials(TypedDict):
    """What an identity plugin judges: only headers that its manifest reads, by lower-case name."""

    transport: CredentialsTransport
    """how the client reached the gateway"""
    peer: Peer
    """the other end of the connection"""
    headers: dict[str, str]
    """the headers that the manifest reads, by lower-case name"""
    run: NotRequired[RunFacts | None]
    """facts of this run"""


class How(TypedDict):
    """How a caller was established: the identity use (set by the host) and the kind of credential."""

    credential: str
    """the kind of credential, such as `api-key`"""
    plugin: str
    """the operator's name for the identity plugin; the host sets it"""


class NewHow(TypedDict):
    """How a caller was established: the identity use (set by the host) and the kind of credential."""

    credential: str
    """the kind of credential, such as `api-key`"""
    plugin: NotRequired[str]
    """the operator's name for the identity plugin; the host sets it"""


class Outcome(TypedDict):
    """How a call ended: `ok` (the result), `tool-error` (a result with isError), `failed` or `unknown` (no result)."""

    status: OutcomeStatus
    """how it ended"""
    result: NotRequired[dict[str, Any] | None]
    """the MCP result; null if there is none"""
    problem: str
    """why there is no result, in one line"""


class Peer(TypedDict):
    """The other end of the connection. `local` is true only if the listener is bound to loopback, the Host header names
    loopback and no forwarding header is present.
    """

    address: str
    """its IP address"""
    local: bool
    """whether it is this machine, as far as that can be known"""
    certificates: list[str]
    """its TLS certificates in PEM, its own first"""
    names: list[str]
    """subject names of its certificate that the host verified"""


class Redact(TypedDict):
    """Detail of `redact`: JSON pointers into the result, `*` for every member or item."""

    paths: list[str]
    """JSON pointers into the result; `*` for every member or item"""
    replacement: NotRequired[str]
    """what stands there instead"""


class RunFacts(TypedDict):
    """What a run may know of the world: its id, its recorded time (ms since 1970) and its seed (hex)."""

    id: str
    """the id of the run: that of the call, and a number"""
    now: int
    """the recorded time of the call in ms since 1970; the only clock there is"""
    seed: str
    """hexadecimal digits that differ from run to run; the only randomness there is, and no secret"""


Secret = TypedDict(
    "Secret",
    {
        # the reference
        "$secret": str,
        # what is put before the secret, such as `Bearer `
        "prefix": NotRequired[str],
        # what is put after it
        "suffix": NotRequired[str],
    },
)
"""Secret by reference (`secret://env/NAME`, `secret://file/NAME`, `cred://issuer/target`), put in by the driver."""
