"""What each member of each document means, in one line for its reader. It says nothing of types; the models do.

The lines become descriptions in `wit/schemas/`, comments in the SDKs and rows of the reference. A test holds them to
the models: no member without its line, no line without its member.
"""

from __future__ import annotations

from types import MappingProxyType

from mcpg.contract.meanings_of_drivers import MEANINGS_OF_DRIVERS

__all__ = ["MEANINGS"]

_LISTED = {
    "title": "what people are shown in place of the name",
    "description": "what it is for, in words for people and models",
    "icons": "icons as MCP has them",
    "_meta": "MCP's own extension point, as it came",
}
_TARGET = {"target": "the backend's own name, where it is another"}
_DIGEST = "digest under the tenant's key (`hmac-sha256:HEX`), or empty"

_DOCUMENTS: dict[str, dict[str, str]] = {
    "Action": {
        "method": "the MCP method, such as `tools/call`",
        "kind": "what is acted on",
        "name": "the name of the tool or prompt, or the URI of the resource",
        "backend": "the operator's name for the backend that will fulfil it",
        "upstream": "the operator's name for the MCP server behind it; empty if there is none",
        "annotations": "the tool's annotations as its server gives them: hints, not facts",
        "session": "the id of the client's session; empty where there is none",
        "era": "the revision of MCP that the client speaks, such as `2025-11-25`",
        "arguments": "the call's arguments; null before there are any",
        "run": "facts of this run",
    },
    "Annotate": {"notes": "texts by name"},
    "Ask": {
        "requests": "MCP requests to the client, by a key of your own; each has `method` and `params`",
        "state": "a text of your own that comes back with the results",
    },
    "AskTold": {
        "key": "the asker's key for it",
        "method": "the MCP method that was asked",
        "verdict": "what became of it",
        "code": "why, where it was refused",
        "digest": _DIGEST,
    },
    "Call": {
        "method": "the MCP method, such as `tools/call`",
        "name": "the name that the client said: tool, prompt or resource URI",
        "target": "the backend's own name for it; empty if it is the same",
        "arguments": "the arguments of the call",
        "binding": "what the operator wrote under the tool for this backend",
        "run": "facts of this run",
    },
    "Caller": {
        "id": "who it is, as the identity plugin knows him",
        "kind": "what kind of caller",
        "how": "how he was established",
        "trust": "how far the id is proven",
        "issuer": "who vouches for the id; empty if nobody else does",
        "tenant": "the tenant that he belongs to",
        "groups": "his groups",
        "roles": "his roles",
        "scopes": "what his credential is good for",
        "attributes": "further facts, by name",
    },
    "Catalog": {
        "tools": "tools, as MCP lists them",
        "prompts": "prompts, as MCP lists them",
        "resources": "resources, as MCP lists them",
        "templates": "resource templates, as MCP lists them",
    },
    "Credential": {
        "value": "the secret itself; nobody but the host's vault is given it",
        "scheme": "what stands before it in the header; empty for nothing",
        "header": "the header that it is for, in lower case",
        "expires": "when it ends, in ms since 1970; 0 for never",
    },
    "Credentials": {
        "transport": "how the client reached the gateway",
        "peer": "the other end of the connection",
        "headers": "the headers that the manifest reads, by lower-case name",
        "run": "facts of this run",
    },
    "How": {
        "credential": "the kind of credential, such as `api-key`",
        "plugin": "the operator's name for the identity plugin; the host sets it",
    },
    "Outcome": {
        "status": "how it ended",
        "result": "the MCP result; null if there is none",
        "problem": "why there is no result, in one line",
    },
    "Peer": {
        "address": "its IP address",
        "local": "whether it is this machine, as far as that can be known",
        "certificates": "its TLS certificates in PEM, its own first",
        "names": "subject names of its certificate that the host verified",
    },
    "Prompt": {"name": "its name", "arguments": "what it takes, as MCP has it", **_LISTED, **_TARGET},
    "Redact": {
        "paths": "JSON pointers into the result; `*` for every member or item",
        "replacement": "what stands there instead",
    },
    "Resource": {
        "uri": "its URI",
        "name": "its name",
        "mimeType": "its media type",
        "size": "its size in bytes",
        "annotations": "hints of its server",
        **_LISTED,
        **_TARGET,
    },
    "ResourceTemplate": {
        "uriTemplate": "the template of its URIs (RFC 6570)",
        "name": "its name",
        "mimeType": "the media type of what it leads to",
        "annotations": "hints of its server",
        **_LISTED,
    },
    "RunFacts": {
        "id": "the id of the run: that of the call, and a number",
        "now": "the recorded time of the call in ms since 1970; the only clock there is",
        "seed": "hexadecimal digits that differ from run to run; the only randomness there is, and no secret",
    },
    "Tool": {
        "name": "its name",
        "inputSchema": "JSON Schema of its arguments",
        "outputSchema": "JSON Schema of its structured content",
        "annotations": "hints such as `readOnlyHint`",
        "execution": "how it may be run, as MCP has it",
        **_LISTED,
        **_TARGET,
    },
}
_RECORDS: dict[str, dict[str, str]] = {
    "Record": {
        "kind": "what is recorded",
        "tenant": "whose chain it stands in",
        "seq": "its number in that chain",
        "call": "the id of the call, for `mcpg explain`",
        "caller": "who called",
        "method": "the MCP method",
        "name": "what the client said",
        "endpoint": "the endpoint that was asked",
        "canonical": "the name that policies know, if another",
        "backend": "the operator's name for the backend",
        "target": "the backend's own name",
        "version": "the revision of MCP that the client speaks",
        "arguments": _DIGEST,
        "result": _DIGEST,
        "now": "the call's time in ms since 1970",
        "seed": "the call's seed",
        "stages": "every run of every stage, in order",
        "status": "how the call ended, as `status` of an outcome",
        "stage": "the stage that ended it",
        "code": "the error's code",
        "message": "the error in one line",
        "peer": "the address of who was refused",
        "counted": "how many refusals this one record stands for",
        "codes": "how many there were of each code",
        "peers": "how many peers there were",
        "event": "the name of an event of the gateway",
        "round": "how often the call's client had been asked",
        "how": "how the client was asked",
        "asks": "what it was asked, or answered",
        "resumes": "the call that this one goes on with",
        "notices": "how many notifications there were, by what became of them",
    },
    "RecordedCaller": {
        "id": "his id",
        "kind": "what kind of caller",
        "trust": "how far the id is proven",
        "groups": "his groups",
        "identity": "the identity plugin's name",
        "credential": "the kind of credential",
    },
    "StageRun": {
        "stage": "the stage",
        "use": "the operator's name for the plugin",
        "verdict": "what it said",
        "function": "what it was asked",
        "component": "the digest of the component",
        "config": "the digest of its configuration",
        "input": _DIGEST,
        "us": "how long it took, in microseconds",
        "code": "the code of a denial or failure",
        "message": "the same in one line",
        "answer": _DIGEST,
        "effects": "the drivers that it asked, in order",
        "replies": _DIGEST,
        "memo": "whether the verdict was remembered from before",
        "shadow": "whether the verdict did not count",
        "skipped": "whether it failed and was passed over",
    },
}
_MANIFEST: dict[str, dict[str, str]] = {
    "Built": {
        "sources": "digest over the project's sources, as `mcpg plugin build` counts it",
        "sdk": "the SDK and its version",
        "tool": "what made the component, and its version",
    },
    "EffectWish": {"driver": "the driver's name", "why": "what for, in words for the operator"},
    "Limits": {
        "memory": "linear memory of one instance",
        "time": "time of one pass",
        "output": "length of one answer",
    },
    "Manifest": {
        "schema": "the version of this document",
        "id": "publisher and name, such as `acme/my-plugin`",
        "version": "semantic version",
        "kind": "what it is for",
        "world": "the world that it exports, which follows from the kind",
        "summary": "one sentence for the operator",
        "licence": "SPDX expression",
        "config": "JSON Schema of what the operator configures; a file (`mcpg-file`) is given as `{name, text}`",
        "binding": "JSON Schema of what he writes under a tool of this backend",
        "reads": "JSON pointers to what it is given; nothing else is",
        "memo": "whether the same input may be answered from memory",
        "whole_bodies": "whether it is given bodies over 64 KiB themselves, instead of a reference",
        "security": "whether its failure must end the call; only a transform may say no",
        "effects": "drivers that it may ask; any other is refused, granted or not",
        "limits": "what one pass needs; the operator's caps win",
        "built": "what it was built from",
    },
}

MEANINGS: MappingProxyType[str, dict[str, str]] = MappingProxyType(
    {**_DOCUMENTS, **_RECORDS, **_MANIFEST, **MEANINGS_OF_DRIVERS}
)
"""The line of each member, by the model's name and the member's name in JSON."""
