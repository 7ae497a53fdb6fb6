"""The requests and the replies of drivers.

Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from .runs import BlobRef, NewBlobRef, Secret

__all__ = [
    "CommandReply",
    "CommandRequest",
    "Driver",
    "HttpMethod",
    "HttpReply",
    "HttpRequest",
    "LogLevel",
    "LogReply",
    "LogRequest",
    "McpReply",
    "McpRequest",
    "NotifyKind",
    "NotifyLevel",
    "NotifyReply",
    "NotifyRequest",
    "SignAlgorithm",
    "SignEncoding",
    "SignReply",
    "SignRequest",
    "SqlMode",
    "SqlReply",
    "SqlRequest",
    "SqlStep",
    "Stream",
    "StreamFormat",
]

HttpMethod: TypeAlias = Literal["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
LogLevel: TypeAlias = Literal["debug", "error", "info", "warning"]
NotifyKind: TypeAlias = Literal["log", "progress"]
NotifyLevel: TypeAlias = Literal["alert", "critical", "debug", "emergency", "error", "info", "notice", "warning"]
SignAlgorithm: TypeAlias = Literal["hmac-sha256", "hmac-sha512"]
SignEncoding: TypeAlias = Literal["base64", "base64url", "hex"]
SqlMode: TypeAlias = Literal["count", "one", "rows", "scalar"]
StreamFormat: TypeAlias = Literal["lines", "sse"]
Driver: TypeAlias = Literal["command", "http", "log", "mcp", "notify", "sign", "sql"]
"""The built-in drivers; others may be installed."""


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
