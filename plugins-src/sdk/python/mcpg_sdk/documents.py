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


class AskTold(TypedDict):
    """One request of a server to the client of a call: its asker's key, and what became of it.

    `verdict` is `asked` or `refused` (by policy, under `code`) in an `asked` record; `answered`, `error`, `invalid` or
    `timeout` in an `answered` one. `digest` is that of the request as it was shown, or of the response as it counts.
    """

    key: str
    """the asker's key for it"""
    method: str
    """the MCP method that was asked"""
    verdict: str
    """what became of it"""
    code: str
    """why, where it was refused"""
    digest: str
    """digest under the tenant's key (`hmac-sha256:HEX`), or empty"""


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


class CommandReply(TypedDict):
    """Answer of driver `command`: `status` is the exit status, negative for a signal."""

    status: int
    """the exit status, negative for a signal"""
    stdout: str | BlobRef
    """what it wrote: a text, or the `$ref` of a body that stays in the host"""
    stderr: str
    """the end of what it complained, 16 KiB at most"""
    truncated: bool
    """whether output was cut"""


class CommandRequest(TypedDict):
    """Driver `command`: `argv[0]` is a path that the grant names. No shell. `timeout` in ms."""

    argv: list[str]
    """the program's absolute path, then its arguments"""
    stdin: NotRequired[str | NewBlobRef | None]
    """what it reads: a text, or the `$ref` of a body that stays in the host"""
    timeout: NotRequired[int]
    """ms that it may run"""


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


class HttpReply(TypedDict):
    """Answer of driver `http`: `json` when the media type is JSON, `body` for other text, else `body_base64`."""

    status: int
    """the HTTP status; any status is a reply, unless `expect` says otherwise"""
    headers: dict[str, str]
    """headers by lower-case name"""
    media: str
    """the media type without its parameters"""
    json: NotRequired[Any]
    """the body, where it is JSON"""
    body: NotRequired[str | BlobRef | None]
    """the body, where it is other text: a text, or the `$ref` of a body that stays in the host"""
    body_base64: NotRequired[str | None]
    """the body, where it is neither"""


class HttpRequest(TypedDict):
    """Driver `http`. Exactly one of `body` (text), `body_base64` and `json` at most. `timeout` in ms."""

    method: NotRequired[HttpMethod]
    """the HTTP method"""
    url: str
    """the absolute URL; encode what you put into it"""
    headers: NotRequired[dict[str, str | Secret]]
    """headers by name; a value may be a secret by reference"""
    body: NotRequired[str | NewBlobRef | None]
    """what is sent: a text, or the `$ref` of a body that stays in the host"""
    body_base64: NotRequired[str | None]
    """bytes to send"""
    json: NotRequired[Any]
    """a value to send as JSON"""
    timeout: NotRequired[int]
    """ms that it may take, connecting included"""
    expect: NotRequired[list[int]]
    """statuses that are replies; any other fails the effect with `unexpected-status`"""
    idempotent: NotRequired[bool]
    """whether it may be sent again under one idempotency key when its fate is unknown"""
    stream: NotRequired[Stream | None]
    """how to read an answer that comes in pieces"""


class LogReply(TypedDict):
    """Answer of driver `log`: nothing, also for a line that was dropped, so that no answer depends on the log."""


class LogRequest(TypedDict):
    """Driver `log`: one line of the gateway's own log, for its operator; `data` stands in JSON logs only."""

    level: NotRequired[LogLevel]
    """how urgent it is"""
    message: str
    """one line; what is not printable is replaced"""
    data: NotRequired[Any]
    """facts beside it, 16 KiB and 16 levels at most"""


class McpReply(TypedDict):
    """Answer of driver `mcp`: the MCP result (or its `$ref` node), or the upstream's JSON-RPC error."""

    result: NotRequired[dict[str, Any] | None]
    """the MCP result"""
    error: NotRequired[dict[str, Any] | None]
    """the upstream's JSON-RPC error"""


class McpRequest(TypedDict):
    """Driver `mcp`: one MCP request to an upstream by name. `timeout` in ms."""

    upstream: str
    """the operator's name for the MCP server"""
    method: str
    """the MCP method"""
    params: NotRequired[dict[str, Any]]
    """its parameters"""
    timeout: NotRequired[int]
    """ms that it may take"""


class NotifyReply(TypedDict):
    """Answer of driver `notify`: whether it was sent; what comes too fast is dropped."""

    sent: bool
    """whether it was sent"""


class NotifyRequest(TypedDict):
    """Driver `notify`: progress or a log message to the client of this very call."""

    kind: NotifyKind
    """what is told"""
    progress: NotRequired[float]
    """how far it is; more each time"""
    total: NotRequired[float | None]
    """where it ends, if that is known"""
    message: NotRequired[str]
    """one line for people"""
    level: NotRequired[NotifyLevel]
    """how urgent a log message is"""
    data: NotRequired[Any]
    """what a log message says, in place of `message`"""


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


class Prompt(TypedDict):
    """A prompt as MCP's prompts/list shows it."""

    name: str
    """its name"""
    title: NotRequired[str]
    """what people are shown in place of the name"""
    description: NotRequired[str]
    """what it is for, in words for people and models"""
    arguments: NotRequired[list[dict[str, Any]]]
    """what it takes, as MCP has it"""
    icons: NotRequired[list[dict[str, Any]]]
    """icons as MCP has them"""
    _meta: NotRequired[dict[str, Any]]
    """MCP's own extension point, as it came"""
    target: NotRequired[str]
    """the backend's own name, where it is another"""


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
    """what is recorded"""
    tenant: str
    """whose chain it stands in"""
    seq: int
    """its number in that chain"""
    call: str
    """the id of the call, for `mcpg explain`"""
    caller: NotRequired[RecordedCaller | None]
    """who called"""
    method: str
    """the MCP method"""
    name: str
    """what the client said"""
    endpoint: str
    """the endpoint that was asked"""
    canonical: str
    """the name that policies know, if another"""
    backend: str
    """the operator's name for the backend"""
    target: str
    """the backend's own name"""
    version: str
    """the revision of MCP that the client speaks"""
    arguments: str
    """digest under the tenant's key (`hmac-sha256:HEX`), or empty"""
    result: str
    """digest under the tenant's key (`hmac-sha256:HEX`), or empty"""
    now: int
    """the call's time in ms since 1970"""
    seed: str
    """the call's seed"""
    stages: list[StageRun]
    """every run of every stage, in order"""
    status: str
    """how the call ended, as `status` of an outcome"""
    stage: str
    """the stage that ended it"""
    code: str
    """the error's code"""
    message: str
    """the error in one line"""
    peer: str
    """the address of who was refused"""
    counted: int
    """how many refusals this one record stands for"""
    codes: dict[str, int]
    """how many there were of each code"""
    peers: int
    """how many peers there were"""
    event: str
    """the name of an event of the gateway"""
    round: int
    """how often the call's client had been asked"""
    how: str
    """how the client was asked"""
    asks: list[AskTold]
    """what it was asked, or answered"""
    resumes: str
    """the call that this one goes on with"""
    notices: dict[str, int]
    """how many notifications there were, by what became of them"""


class RecordedCaller(TypedDict):
    """The caller of a record: no attributes, no credential, only what kind of credential it was."""

    id: str
    """his id"""
    kind: str
    """what kind of caller"""
    trust: str
    """how far the id is proven"""
    groups: list[str]
    """his groups"""
    identity: str
    """the identity plugin's name"""
    credential: str
    """the kind of credential"""


class Redact(TypedDict):
    """Detail of `redact`: JSON pointers into the result, `*` for every member or item."""

    paths: list[str]
    """JSON pointers into the result; `*` for every member or item"""
    replacement: NotRequired[str]
    """what stands there instead"""


class Resource(TypedDict):
    """A resource as MCP's resources/list shows it."""

    uri: str
    """its URI"""
    name: str
    """its name"""
    title: NotRequired[str]
    """what people are shown in place of the name"""
    description: NotRequired[str]
    """what it is for, in words for people and models"""
    mimeType: NotRequired[str]
    """its media type"""
    size: NotRequired[int]
    """its size in bytes"""
    annotations: NotRequired[dict[str, Any]]
    """hints of its server"""
    icons: NotRequired[list[dict[str, Any]]]
    """icons as MCP has them"""
    _meta: NotRequired[dict[str, Any]]
    """MCP's own extension point, as it came"""
    target: NotRequired[str]
    """the backend's own name, where it is another"""


class ResourceTemplate(TypedDict):
    """A resource template as MCP's resources/templates/list shows it."""

    uriTemplate: str
    """the template of its URIs (RFC 6570)"""
    name: str
    """its name"""
    title: NotRequired[str]
    """what people are shown in place of the name"""
    description: NotRequired[str]
    """what it is for, in words for people and models"""
    mimeType: NotRequired[str]
    """the media type of what it leads to"""
    annotations: NotRequired[dict[str, Any]]
    """hints of its server"""
    icons: NotRequired[list[dict[str, Any]]]
    """icons as MCP has them"""
    _meta: NotRequired[dict[str, Any]]
    """MCP's own extension point, as it came"""


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


class SignReply(TypedDict):
    """Answer of driver `sign`: the signature in the encoding that was asked for; `base64url` has no padding."""

    signature: str
    """the signature"""


class SignRequest(TypedDict):
    """Driver `sign`: an HMAC over `text` or `text_base64` (exactly one) under a key that the plugin never sees.

    `derive` makes a key of the key first, once for each text: `key = HMAC(key, text)`, as AWS Signature 4 does.
    """

    algorithm: NotRequired[SignAlgorithm]
    """the HMAC and its hash"""
    key: Secret
    """the key, by a reference that the grant's `keys` lists"""
    derive: NotRequired[list[str]]
    """texts that a key is derived by, one after the other; as many as are granted"""
    text: NotRequired[str | None]
    """the text to sign"""
    text_base64: NotRequired[str | None]
    """bytes to sign"""
    encoding: NotRequired[SignEncoding]
    """how the signature is written"""


class SqlReply(TypedDict):
    """Answer of driver `sql`: rows as objects, one object or null, a scalar, a count, or `results` of a transaction."""

    rows: NotRequired[list[dict[str, Any]]]
    """mode `rows`: the rows, as objects"""
    row: NotRequired[dict[str, Any] | None]
    """mode `one`: the row; null if there is none"""
    scalar: NotRequired[Any]
    """mode `scalar`: the first value of the first row"""
    count: NotRequired[int]
    """mode `count`: how many rows were changed"""
    truncated: bool
    """whether there were more rows than `limit` or the grant allows"""
    results: NotRequired[list[Any]]
    """of a transaction: what each step gave, in order"""


class SqlRequest(TypedDict):
    """Driver `sql`: one statement, or `transaction` steps that all happen or none. `limit` in rows, `timeout` in ms."""

    connection: str
    """the operator's name for the database"""
    statement: NotRequired[str]
    """one statement with named parameters (`:name`)"""
    parameters: NotRequired[dict[str, Any]]
    """values by name; never put them into the statement"""
    mode: NotRequired[SqlMode]
    """what is wanted back"""
    limit: NotRequired[int]
    """rows at most"""
    timeout: NotRequired[int]
    """ms that it may run"""
    transaction: NotRequired[list[SqlStep]]
    """steps in place of `statement`, done all or not at all"""


class SqlStep(TypedDict):
    """One statement of a transaction; named parameters (`:name`) only, never text of the statement."""

    statement: str
    """one statement with named parameters (`:name`)"""
    parameters: NotRequired[dict[str, Any]]
    """values by name"""
    mode: NotRequired[SqlMode]
    """what is wanted back"""


class StageRun(TypedDict):
    """One run of a stage: which component under which configuration said what. `us` is microseconds."""

    stage: str
    """the stage"""
    use: str
    """the operator's name for the plugin"""
    verdict: str
    """what it said"""
    function: str
    """what it was asked"""
    component: str
    """the digest of the component"""
    config: str
    """the digest of its configuration"""
    input: str
    """digest under the tenant's key (`hmac-sha256:HEX`), or empty"""
    us: int
    """how long it took, in microseconds"""
    code: str
    """the code of a denial or failure"""
    message: str
    """the same in one line"""
    answer: str
    """digest under the tenant's key (`hmac-sha256:HEX`), or empty"""
    effects: list[str]
    """the drivers that it asked, in order"""
    replies: str
    """digest under the tenant's key (`hmac-sha256:HEX`), or empty"""
    memo: bool
    """whether the verdict was remembered from before"""
    shadow: bool
    """whether the verdict did not count"""
    skipped: bool
    """whether it failed and was passed over"""


class Stream(TypedDict):
    """How to read a streamed answer: `sse` events or JSON `lines`, with pointers to progress in each of them.

    `progress`, `total` and `message` are JSON pointers into an event's data; what they find is sent to the client as
    progress. `last` keeps only the last event's data, else the reply's json is the list of all.
    """

    format: NotRequired[StreamFormat]
    """how the pieces are told apart"""
    progress: NotRequired[str]
    """JSON pointer to how far it is, in each piece"""
    total: NotRequired[str]
    """JSON pointer to where it ends"""
    message: NotRequired[str]
    """JSON pointer to a line for people"""
    last: NotRequired[bool]
    """whether only the last piece is kept"""


class Tool(TypedDict):
    """A tool as MCP's tools/list shows it; `target` is the backend's own name where it differs."""

    name: str
    """its name"""
    inputSchema: NotRequired[dict[str, Any]]
    """JSON Schema of its arguments"""
    title: NotRequired[str]
    """what people are shown in place of the name"""
    description: NotRequired[str]
    """what it is for, in words for people and models"""
    outputSchema: NotRequired[dict[str, Any]]
    """JSON Schema of its structured content"""
    annotations: NotRequired[dict[str, Any]]
    """hints such as `readOnlyHint`"""
    icons: NotRequired[list[dict[str, Any]]]
    """icons as MCP has them"""
    execution: NotRequired[dict[str, Any]]
    """how it may be run, as MCP has it"""
    _meta: NotRequired[dict[str, Any]]
    """MCP's own extension point, as it came"""
    target: NotRequired[str]
    """the backend's own name, where it is another"""
