"""The documents of the contract, typed. A plugin is given what its manifest's `reads` lists and nothing else; the types
of what it reads name every member that can be there. `NewCaller` and the like are what a plugin may write.

Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

__all__ = [
    "Action",
    "ActionKind",
    "Annotate",
    "Ask",
    "AskTold",
    "BlobRef",
    "Call",
    "Caller",
    "CallerKind",
    "CallerTrust",
    "Catalog",
    "CommandReply",
    "CommandRequest",
    "Credential",
    "Credentials",
    "CredentialsTransport",
    "Driver",
    "How",
    "HttpMethod",
    "HttpReply",
    "HttpRequest",
    "LogLevel",
    "LogReply",
    "LogRequest",
    "McpReply",
    "McpRequest",
    "NewBlobRef",
    "NewCaller",
    "NewCatalog",
    "NewHow",
    "NotifyKind",
    "NotifyLevel",
    "NotifyReply",
    "NotifyRequest",
    "Outcome",
    "OutcomeStatus",
    "Peer",
    "Prompt",
    "Record",
    "RecordKind",
    "RecordedCaller",
    "Redact",
    "Resource",
    "ResourceTemplate",
    "RunFacts",
    "Secret",
    "SignAlgorithm",
    "SignEncoding",
    "SignReply",
    "SignRequest",
    "SqlMode",
    "SqlReply",
    "SqlRequest",
    "SqlStep",
    "StageRun",
    "Stream",
    "StreamFormat",
    "Tool",
]

ActionKind: TypeAlias = Literal["method", "prompt", "resource", "template", "tool"]
CallerKind: TypeAlias = Literal["anonymous", "service", "user", "workload"]
CallerTrust: TypeAlias = Literal["anonymous", "asserted", "verified"]
CredentialsTransport: TypeAlias = Literal["http", "stdio"]
HttpMethod: TypeAlias = Literal["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
LogLevel: TypeAlias = Literal["debug", "error", "info", "warning"]
NotifyKind: TypeAlias = Literal["log", "progress"]
NotifyLevel: TypeAlias = Literal["alert", "critical", "debug", "emergency", "error", "info", "notice", "warning"]
OutcomeStatus: TypeAlias = Literal["denied", "failed", "ok", "tool-error", "unknown"]
RecordKind: TypeAlias = Literal["answered", "asked", "event", "intent", "outcome", "refusal"]
SignAlgorithm: TypeAlias = Literal["hmac-sha256", "hmac-sha512"]
SignEncoding: TypeAlias = Literal["base64", "base64url", "hex"]
SqlMode: TypeAlias = Literal["count", "one", "rows", "scalar"]
StreamFormat: TypeAlias = Literal["lines", "sse"]
Driver: TypeAlias = Literal["command", "http", "log", "mcp", "notify", "sign", "sql"]
"""The built-in drivers; others may be installed."""


class Action(TypedDict):
    """What a caller wants to do. `arguments` and `run` are there only if the manifest reads them."""

    method: str
    kind: ActionKind
    name: str
    backend: str
    upstream: str
    annotations: dict[str, Any]
    session: str
    era: str
    arguments: NotRequired[dict[str, Any] | None]
    run: NotRequired[RunFacts | None]


class Annotate(TypedDict):
    """Detail of `annotate`: names and texts that the client is shown beside the result."""

    notes: dict[str, str]


class Ask(TypedDict):
    """Input that only the MCP client can give: requests by key, as MCP's `inputRequests` has them.

    The reply holds the results by key, as `inputResponses` has them. What policy refuses is a declined form; any other
    request that is refused, or answered with an error, ends the run.
    """

    requests: dict[str, dict[str, Any]]
    state: NotRequired[str]


class AskTold(TypedDict):
    """One request of a server to the client of a call: its asker's key, and what became of it.

    `verdict` is `asked` or `refused` (by policy, under `code`) in an `asked` record; `answered`, `error`, `invalid` or
    `timeout` in an `answered` one. `digest` is that of the request as it was shown, or of the response as it counts.
    """

    key: str
    method: str
    verdict: str
    code: str
    digest: str


BlobRef = TypedDict(
    "BlobRef",
    {
        "$ref": str,
        "size": int,
        "sha256": str,
        "media": str,
    },
)
"""A body that stays in the host; a plugin may return it where the body should stand."""


NewBlobRef = TypedDict(
    "NewBlobRef",
    {
        "$ref": str,
        "size": int,
        "sha256": str,
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
    name: str
    target: str
    arguments: dict[str, Any]
    binding: dict[str, Any]
    run: NotRequired[RunFacts | None]


class Caller(TypedDict):
    """Who is calling. Never holds a credential. Source: schema `caller`."""

    id: str
    kind: CallerKind
    how: How
    trust: CallerTrust
    issuer: str
    tenant: str
    groups: list[str]
    roles: list[str]
    scopes: list[str]
    attributes: dict[str, str]


class NewCaller(TypedDict):
    """Who is calling. Never holds a credential. Source: schema `caller`."""

    id: str
    kind: CallerKind
    how: NewHow
    trust: CallerTrust
    issuer: NotRequired[str]
    tenant: NotRequired[str]
    groups: NotRequired[list[str]]
    roles: NotRequired[list[str]]
    scopes: NotRequired[list[str]]
    attributes: NotRequired[dict[str, str]]


class Catalog(TypedDict):
    """What a backend offers, or what a caller is shown."""

    tools: list[Tool]
    prompts: list[Prompt]
    resources: list[Resource]
    templates: list[ResourceTemplate]


class NewCatalog(TypedDict):
    """What a backend offers, or what a caller is shown."""

    tools: NotRequired[list[Tool]]
    prompts: NotRequired[list[Prompt]]
    resources: NotRequired[list[Resource]]
    templates: NotRequired[list[ResourceTemplate]]


class CommandReply(TypedDict):
    """Answer of driver `command`: `status` is the exit status, negative for a signal."""

    status: int
    stdout: str | BlobRef
    stderr: str
    truncated: bool


class CommandRequest(TypedDict):
    """Driver `command`: `argv[0]` is a path that the grant names. No shell. `timeout` in ms."""

    argv: list[str]
    stdin: NotRequired[str | NewBlobRef | None]
    timeout: NotRequired[int]


class Credential(TypedDict):
    """A credential for the host's vault: the value never reaches a plugin other than its issuer. `expires` is ms since
    1970, 0 for none.
    """

    value: str
    scheme: NotRequired[str]
    header: NotRequired[str]
    expires: NotRequired[int]


class Credentials(TypedDict):
    """What an identity plugin judges: only headers that its manifest reads, by lower-case name."""

    transport: CredentialsTransport
    peer: Peer
    headers: dict[str, str]
    run: NotRequired[RunFacts | None]


class How(TypedDict):
    """How a caller was established: the identity use (set by the host) and the kind of credential."""

    credential: str
    plugin: str


class NewHow(TypedDict):
    """How a caller was established: the identity use (set by the host) and the kind of credential."""

    credential: str
    plugin: NotRequired[str]


class HttpReply(TypedDict):
    """Answer of driver `http`: `json` when the media type is JSON, `body` for other text, else `body_base64`."""

    status: int
    headers: dict[str, str]
    media: str
    json: NotRequired[Any]
    body: NotRequired[str | BlobRef | None]
    body_base64: NotRequired[str | None]


class HttpRequest(TypedDict):
    """Driver `http`. Exactly one of `body` (text), `body_base64` and `json` at most. `timeout` in ms."""

    method: NotRequired[HttpMethod]
    url: str
    headers: NotRequired[dict[str, str | Secret]]
    body: NotRequired[str | NewBlobRef | None]
    body_base64: NotRequired[str | None]
    json: NotRequired[Any]
    timeout: NotRequired[int]
    expect: NotRequired[list[int]]
    idempotent: NotRequired[bool]
    stream: NotRequired[Stream | None]


class LogReply(TypedDict):
    """Answer of driver `log`: nothing, also for a line that was dropped, so that no answer depends on the log."""


class LogRequest(TypedDict):
    """Driver `log`: one line of the gateway's own log, for its operator; `data` stands in JSON logs only."""

    level: NotRequired[LogLevel]
    message: str
    data: NotRequired[Any]


class McpReply(TypedDict):
    """Answer of driver `mcp`: the MCP result (or its `$ref` node), or the upstream's JSON-RPC error."""

    result: NotRequired[dict[str, Any] | None]
    error: NotRequired[dict[str, Any] | None]


class McpRequest(TypedDict):
    """Driver `mcp`: one MCP request to an upstream by name. `timeout` in ms."""

    upstream: str
    method: str
    params: NotRequired[dict[str, Any]]
    timeout: NotRequired[int]


class NotifyReply(TypedDict):
    """Answer of driver `notify`: whether it was sent; what comes too fast is dropped."""

    sent: bool


class NotifyRequest(TypedDict):
    """Driver `notify`: progress or a log message to the client of this very call."""

    kind: NotifyKind
    progress: NotRequired[float]
    total: NotRequired[float | None]
    message: NotRequired[str]
    level: NotRequired[NotifyLevel]
    data: NotRequired[Any]


class Outcome(TypedDict):
    """How a call ended: `ok` (the result), `tool-error` (a result with isError), `failed` or `unknown` (no result)."""

    status: OutcomeStatus
    result: NotRequired[dict[str, Any] | None]
    problem: str


class Peer(TypedDict):
    """The other end of the connection. `local` is true only if the listener is bound to loopback, the Host header names
    loopback and no forwarding header is present.
    """

    address: str
    local: bool
    certificates: list[str]
    names: list[str]


class Prompt(TypedDict):
    """A prompt as MCP's prompts/list shows it."""

    name: str
    title: NotRequired[str]
    description: NotRequired[str]
    arguments: NotRequired[list[dict[str, Any]]]
    icons: NotRequired[list[dict[str, Any]]]
    _meta: NotRequired[dict[str, Any]]
    target: NotRequired[str]


class Record(TypedDict):
    """A record of the ledger: `intent` and `outcome` of a call, a `refusal`, or an `event` of the gateway.

    Between intent and outcome there are `asked` and `answered` where a server asks the call's client: `round` counts,
    `how` is `live`, `sealed` or `impossible`, `resumes` names the call that asked, where the client came back with
    another. `notices` counts the notifications of a call: `progress`, `messages`, `withheld`.

    `now` is the call's time in ms since 1970. `name` is what the client of the `endpoint` said, `canonical` what
    policies know it as, if that is another. Refusals of a flood are one record with `counted`, their codes and how many
    peers there were.
    """

    kind: RecordKind
    tenant: str
    seq: int
    call: str
    caller: NotRequired[RecordedCaller | None]
    method: str
    name: str
    endpoint: str
    canonical: str
    backend: str
    target: str
    version: str
    arguments: str
    result: str
    now: int
    seed: str
    stages: list[StageRun]
    status: str
    stage: str
    code: str
    message: str
    peer: str
    counted: int
    codes: dict[str, int]
    peers: int
    event: str
    round: int
    how: str
    asks: list[AskTold]
    resumes: str
    notices: dict[str, int]


class RecordedCaller(TypedDict):
    """The caller of a record: no attributes, no credential, only what kind of credential it was."""

    id: str
    kind: str
    trust: str
    groups: list[str]
    identity: str
    credential: str


class Redact(TypedDict):
    """Detail of `redact`: JSON pointers into the result, `*` for every member or item."""

    paths: list[str]
    replacement: NotRequired[str]


class Resource(TypedDict):
    """A resource as MCP's resources/list shows it."""

    uri: str
    name: str
    title: NotRequired[str]
    description: NotRequired[str]
    mimeType: NotRequired[str]
    size: NotRequired[int]
    annotations: NotRequired[dict[str, Any]]
    icons: NotRequired[list[dict[str, Any]]]
    _meta: NotRequired[dict[str, Any]]
    target: NotRequired[str]


class ResourceTemplate(TypedDict):
    """A resource template as MCP's resources/templates/list shows it."""

    uriTemplate: str
    name: str
    title: NotRequired[str]
    description: NotRequired[str]
    mimeType: NotRequired[str]
    annotations: NotRequired[dict[str, Any]]
    icons: NotRequired[list[dict[str, Any]]]
    _meta: NotRequired[dict[str, Any]]


class RunFacts(TypedDict):
    """What a run may know of the world: its id, its recorded time (ms since 1970) and its seed (hex)."""

    id: str
    now: int
    seed: str


Secret = TypedDict(
    "Secret",
    {
        "$secret": str,
        "prefix": NotRequired[str],
        "suffix": NotRequired[str],
    },
)
"""Secret by reference (`secret://env/NAME`, `secret://file/NAME`, `cred://issuer/target`), put in by the driver."""


class SignReply(TypedDict):
    """Answer of driver `sign`: the signature in the encoding that was asked for; `base64url` has no padding."""

    signature: str


class SignRequest(TypedDict):
    """Driver `sign`: an HMAC over `text` or `text_base64` (exactly one) under a key that the plugin never sees.

    `derive` makes a key of the key first, once for each text: `key = HMAC(key, text)`, as AWS Signature 4 does.
    """

    algorithm: NotRequired[SignAlgorithm]
    key: Secret
    derive: NotRequired[list[str]]
    text: NotRequired[str | None]
    text_base64: NotRequired[str | None]
    encoding: NotRequired[SignEncoding]


class SqlReply(TypedDict):
    """Answer of driver `sql`: rows as objects, one object or null, a scalar, a count, or `results` of a transaction."""

    rows: NotRequired[list[dict[str, Any]]]
    row: NotRequired[dict[str, Any] | None]
    scalar: NotRequired[Any]
    count: NotRequired[int]
    truncated: bool
    results: NotRequired[list[Any]]


class SqlRequest(TypedDict):
    """Driver `sql`: one statement, or `transaction` steps that all happen or none. `limit` in rows, `timeout` in ms."""

    connection: str
    statement: NotRequired[str]
    parameters: NotRequired[dict[str, Any]]
    mode: NotRequired[SqlMode]
    limit: NotRequired[int]
    timeout: NotRequired[int]
    transaction: NotRequired[list[SqlStep]]


class SqlStep(TypedDict):
    """One statement of a transaction; named parameters (`:name`) only, never text of the statement."""

    statement: str
    parameters: NotRequired[dict[str, Any]]
    mode: NotRequired[SqlMode]


class StageRun(TypedDict):
    """One run of a stage: which component under which configuration said what. `us` is microseconds."""

    stage: str
    use: str
    verdict: str
    function: str
    component: str
    config: str
    input: str
    us: int
    code: str
    message: str
    answer: str
    effects: list[str]
    replies: str
    memo: bool
    shadow: bool
    skipped: bool


class Stream(TypedDict):
    """How to read a streamed answer: `sse` events or JSON `lines`, with pointers to progress in each of them.

    `progress`, `total` and `message` are JSON pointers into an event's data; what they find is sent to the client as
    progress. `last` keeps only the last event's data, else the reply's json is the list of all.
    """

    format: NotRequired[StreamFormat]
    progress: NotRequired[str]
    total: NotRequired[str]
    message: NotRequired[str]
    last: NotRequired[bool]


class Tool(TypedDict):
    """A tool as MCP's tools/list shows it; `target` is the backend's own name where it differs."""

    name: str
    inputSchema: NotRequired[dict[str, Any]]
    title: NotRequired[str]
    description: NotRequired[str]
    outputSchema: NotRequired[dict[str, Any]]
    annotations: NotRequired[dict[str, Any]]
    icons: NotRequired[list[dict[str, Any]]]
    execution: NotRequired[dict[str, Any]]
    _meta: NotRequired[dict[str, Any]]
    target: NotRequired[str]
