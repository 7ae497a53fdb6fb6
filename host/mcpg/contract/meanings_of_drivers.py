"""What each member of the drivers' requests and replies means; see `meanings`."""

from __future__ import annotations

__all__ = ["MEANINGS_OF_DRIVERS"]

_BODY = "a text, or the `$ref` of a body that stays in the host"

MEANINGS_OF_DRIVERS: dict[str, dict[str, str]] = {
    "BlobRef": {
        "$ref": "its name in this run",
        "size": "its size in bytes",
        "sha256": "its digest in hexadecimal digits",
        "media": "its media type",
    },
    "CommandReply": {
        "status": "the exit status, negative for a signal",
        "stdout": f"what it wrote: {_BODY}",
        "stderr": "the end of what it complained, 16 KiB at most",
        "truncated": "whether output was cut",
    },
    "CommandRequest": {
        "argv": "the program's absolute path, then its arguments",
        "stdin": f"what it reads: {_BODY}",
        "timeout": "ms that it may run",
    },
    "HttpReply": {
        "status": "the HTTP status; any status is a reply, unless `expect` says otherwise",
        "headers": "headers by lower-case name",
        "media": "the media type without its parameters",
        "json": "the body, where it is JSON",
        "body": f"the body, where it is other text: {_BODY}",
        "body_base64": "the body, where it is neither",
    },
    "HttpRequest": {
        "method": "the HTTP method",
        "url": "the absolute URL; encode what you put into it",
        "headers": "headers by name; a value may be a secret by reference",
        "body": f"what is sent: {_BODY}",
        "body_base64": "bytes to send",
        "json": "a value to send as JSON",
        "timeout": "ms that it may take, connecting included",
        "expect": "statuses that are replies; any other fails the effect with `unexpected-status`",
        "idempotent": "whether it may be sent again under one idempotency key when its fate is unknown",
        "stream": "how to read an answer that comes in pieces",
    },
    "LogReply": {},
    "LogRequest": {
        "level": "how urgent it is",
        "message": "one line; what is not printable is replaced",
        "data": "facts beside it, 16 KiB and 16 levels at most",
    },
    "McpReply": {
        "result": "the MCP result",
        "error": "the upstream's JSON-RPC error",
    },
    "McpRequest": {
        "upstream": "the operator's name for the MCP server",
        "method": "the MCP method",
        "params": "its parameters",
        "timeout": "ms that it may take",
    },
    "NotifyReply": {"sent": "whether it was sent"},
    "NotifyRequest": {
        "kind": "what is told",
        "progress": "how far it is; more each time",
        "total": "where it ends, if that is known",
        "message": "one line for people",
        "level": "how urgent a log message is",
        "data": "what a log message says, in place of `message`",
    },
    "Secret": {
        "$secret": "the reference",
        "prefix": "what is put before the secret, such as `Bearer `",
        "suffix": "what is put after it",
    },
    "SignReply": {"signature": "the signature"},
    "SignRequest": {
        "algorithm": "the HMAC and its hash",
        "key": "the key, by a reference that the grant's `keys` lists",
        "derive": "texts that a key is derived by, one after the other; as many as are granted",
        "text": "the text to sign",
        "text_base64": "bytes to sign",
        "encoding": "how the signature is written",
    },
    "SqlReply": {
        "rows": "mode `rows`: the rows, as objects",
        "row": "mode `one`: the row; null if there is none",
        "scalar": "mode `scalar`: the first value of the first row",
        "count": "mode `count`: how many rows were changed",
        "truncated": "whether there were more rows than `limit` or the grant allows",
        "results": "of a transaction: what each step gave, in order",
    },
    "SqlRequest": {
        "connection": "the operator's name for the database",
        "statement": "one statement with named parameters (`:name`)",
        "parameters": "values by name; never put them into the statement",
        "mode": "what is wanted back",
        "limit": "rows at most",
        "timeout": "ms that it may run",
        "transaction": "steps in place of `statement`, done all or not at all",
    },
    "SqlStep": {
        "statement": "one statement with named parameters (`:name`)",
        "parameters": "values by name",
        "mode": "what is wanted back",
    },
    "Stream": {
        "format": "how the pieces are told apart",
        "progress": "JSON pointer to how far it is, in each piece",
        "total": "JSON pointer to where it ends",
        "message": "JSON pointer to a line for people",
        "last": "whether only the last piece is kept",
    },
}
