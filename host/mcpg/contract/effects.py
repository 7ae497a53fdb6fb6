"""Requests and replies of the built-in drivers. It does not say who may ask for what; grants in `effects` do.

A secret is a typed node, legal only where a model here has a `Secret` field; strings are never scanned for one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

__all__ = [
    "BlobRef",
    "CommandReply",
    "CommandRequest",
    "HttpReply",
    "HttpRequest",
    "LogReply",
    "LogRequest",
    "McpReply",
    "McpRequest",
    "NotifyReply",
    "NotifyRequest",
    "Secret",
    "SignReply",
    "SignRequest",
    "SqlReply",
    "SqlRequest",
    "SqlStep",
    "Stream",
]

Milliseconds = Annotated[int, msgspec.Meta(ge=1, le=3_600_000)]


class _Closed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Ours: unknown fields are refused, so that no driver ignores what a plugin asked for."""


class Secret(_Closed, frozen=True, kw_only=True):
    """Secret by reference (`secret://env/NAME`, `secret://file/NAME`, `cred://issuer/target`), put in by the driver."""

    reference: str = msgspec.field(name="$secret")
    prefix: str = ""
    suffix: str = ""


class BlobRef(_Closed, frozen=True, kw_only=True):
    """A body that stays in the host; a plugin may return it where the body should stand."""

    ref: str = msgspec.field(name="$ref")
    size: int
    sha256: str
    media: str = "application/octet-stream"


class Stream(_Closed, frozen=True, kw_only=True):
    """How to read a streamed answer: `sse` events or JSON `lines`, with pointers to progress in each of them.

    `progress`, `total` and `message` are JSON pointers into an event's data; what they find is sent to the client as
    progress. `last` keeps only the last event's data, else the reply's json is the list of all.
    """

    format: Literal["sse", "lines"] = "sse"
    progress: str = ""
    total: str = ""
    message: str = ""
    last: bool = False


class HttpRequest(_Closed, frozen=True, kw_only=True):
    """Driver `http`. Exactly one of `body` (text), `body_base64` and `json` at most. `timeout` in ms."""

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    url: str
    headers: dict[str, str | Secret] = {}
    body: str | BlobRef | None = None
    body_base64: str | None = None
    json: Any = msgspec.UNSET
    timeout: Milliseconds = 10_000
    expect: tuple[int, ...] = ()
    idempotent: bool = False
    stream: Stream | None = None


class HttpReply(_Closed, frozen=True, kw_only=True):
    """Answer of driver `http`: `json` when the media type is JSON, `body` for other text, else `body_base64`."""

    status: int
    headers: dict[str, str] = {}
    media: str = ""
    json: Any = msgspec.UNSET
    body: str | BlobRef | None = None
    body_base64: str | None = None


class SqlStep(_Closed, frozen=True, kw_only=True):
    """One statement of a transaction; named parameters (`:name`) only, never text of the statement."""

    statement: str
    parameters: dict[str, Any] = {}
    mode: Literal["rows", "one", "scalar", "count"] = "rows"


class SqlRequest(_Closed, frozen=True, kw_only=True):
    """Driver `sql`: one statement, or `transaction` steps that all happen or none. `limit` in rows, `timeout` in ms."""

    connection: str
    statement: str = ""
    parameters: dict[str, Any] = {}
    mode: Literal["rows", "one", "scalar", "count"] = "rows"
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1000
    timeout: Milliseconds = 10_000
    transaction: tuple[SqlStep, ...] = ()


class SqlReply(_Closed, frozen=True, kw_only=True):
    """Answer of driver `sql`: rows as objects, one object or null, a scalar, a count, or `results` of a transaction."""

    rows: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET
    row: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET
    scalar: Any = msgspec.UNSET
    count: int | msgspec.UnsetType = msgspec.UNSET
    truncated: bool = False
    results: list[Any] | msgspec.UnsetType = msgspec.UNSET


class CommandRequest(_Closed, frozen=True, kw_only=True):
    """Driver `command`: `argv[0]` is a path that the grant names. No shell. `timeout` in ms."""

    argv: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=256)]
    stdin: str | BlobRef | None = None
    timeout: Milliseconds = 10_000


class CommandReply(_Closed, frozen=True, kw_only=True):
    """Answer of driver `command`: `status` is the exit status, negative for a signal."""

    status: int
    stdout: str | BlobRef = ""
    stderr: str = ""
    truncated: bool = False


class McpRequest(_Closed, frozen=True, kw_only=True):
    """Driver `mcp`: one MCP request to an upstream by name. `timeout` in ms."""

    upstream: str
    method: str
    params: dict[str, Any] = {}
    timeout: Milliseconds = 30_000


class McpReply(_Closed, frozen=True, kw_only=True):
    """Answer of driver `mcp`: the MCP result (or its `$ref` node), or the upstream's JSON-RPC error."""

    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


class NotifyRequest(_Closed, frozen=True, kw_only=True):
    """Driver `notify`: progress or a log message to the client of this very call."""

    kind: Literal["progress", "log"]
    progress: float = 0.0
    total: float | None = None
    message: str = ""
    level: Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"] = "info"
    data: Any = None


class NotifyReply(_Closed, frozen=True, kw_only=True):
    """Answer of driver `notify`: whether it was sent; what comes too fast is dropped."""

    sent: bool


class LogRequest(_Closed, frozen=True, kw_only=True):
    """Driver `log`: one line of the gateway's own log, for its operator; `data` stands in JSON logs only."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    message: Annotated[str, msgspec.Meta(max_length=4096)]
    data: Any = None


class LogReply(_Closed, frozen=True, kw_only=True):
    """Answer of driver `log`: nothing, also for a line that was dropped, so that no answer depends on the log."""


class SignRequest(_Closed, frozen=True, kw_only=True):
    """Driver `sign`: an HMAC over `text` or `text_base64` (exactly one) under a key that the plugin never sees.

    `derive` makes a key of the key first, once for each text: `key = HMAC(key, text)`, as AWS Signature 4 does.
    """

    algorithm: Literal["hmac-sha256", "hmac-sha512"] = "hmac-sha256"
    key: Secret
    derive: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=1024)], ...], msgspec.Meta(max_length=8)] = ()
    text: Annotated[str, msgspec.Meta(max_length=1_048_576)] | None = None
    text_base64: Annotated[str, msgspec.Meta(max_length=1_398_104)] | None = None
    encoding: Literal["hex", "base64", "base64url"] = "hex"


class SignReply(_Closed, frozen=True, kw_only=True):
    """Answer of driver `sign`: the signature in the encoding that was asked for; `base64url` has no padding."""

    signature: str
