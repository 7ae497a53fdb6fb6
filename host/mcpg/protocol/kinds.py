"""Which members each kind of object has, since which version, and of what type. It looks at no value.

A member that a version does not define yet (or any more) is left out for peers of that version; members that no
version defines are a third party's, and pass. `conform` reads these tables, and so does the reference page on shapes.
Source: schema.ts of each version.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from mcpg.protocol.versions import KNOWN, at_least

__all__ = ["BLOCKS", "KINDS", "SAMPLING_BLOCKS", "Member", "defines"]

_FIRST, _MARCH, _JUNE, _NOVEMBER, _JULY = KNOWN


class Member(NamedTuple):
    """One member: its type, the first version that has it, the first that has it no more (empty: none)."""

    type: str
    since: str = _FIRST
    until: str = ""
    required: bool = False


def defines(member: Member, version: str) -> bool:
    """Return whether `version` has this member."""
    return at_least(version, member.since) and not (member.until and at_least(version, member.until))


def _need(kind: str) -> Member:
    return Member(kind, required=True)


_TEXT = Member("str")
_NAME = _need("str")
_TITLE = Member("str", _JUNE)
_META = Member("obj", _JUNE)
_OWN_META = Member("obj")
_ICONS = Member("[icon]", _NOVEMBER)
_ANNOTATIONS = Member("annotations")
_CURSOR = {"nextCursor": _TEXT}
_RESULT = {
    "_meta": _OWN_META,
    "resultType": Member("str", _JULY),
    "ttlMs": Member("ttl", _JULY),
    "cacheScope": Member("scope", _JULY),
}
_ENTRY = {
    "name": _NAME,
    "title": _TITLE,
    "description": _TEXT,
    "icons": _ICONS,
    "_meta": _META,
}
_RESOURCE = {**_ENTRY, "mimeType": _TEXT, "annotations": _ANNOTATIONS}
_MEDIA = {"data": _NAME, "mimeType": _NAME, "annotations": _ANNOTATIONS, "_meta": _META}

KINDS: Final[dict[str, dict[str, Member]]] = {
    "annotations": {"audience": Member("[role]"), "priority": Member("share"), "lastModified": Member("str", _JUNE)},
    "icon": {"src": _NAME, "mimeType": _TEXT, "sizes": Member("[str]"), "theme": Member("theme")},
    "implementation": {
        "name": _NAME,
        "version": _NAME,
        "title": _TITLE,
        "description": Member("str", _NOVEMBER),
        "websiteUrl": Member("str", _NOVEMBER),
        "icons": _ICONS,
    },
    "server capabilities": {
        "experimental": Member("objects"),
        "logging": Member("obj"),
        "completions": Member("obj", _MARCH),
        "prompts": Member("obj"),
        "resources": Member("obj"),
        "tools": Member("obj"),
        "tasks": Member("obj", _NOVEMBER, _JULY),
        "extensions": Member("objects", _NOVEMBER),
    },
    "tool annotations": {
        "title": _TEXT,
        "readOnlyHint": Member("bool"),
        "destructiveHint": Member("bool"),
        "idempotentHint": Member("bool"),
        "openWorldHint": Member("bool"),
    },
    "tool": {
        **_ENTRY,
        "inputSchema": _need("input schema"),
        "outputSchema": Member("output schema", _JUNE),
        "annotations": Member("tool annotations", _MARCH),
        "execution": Member("execution", _NOVEMBER),
    },
    "prompt argument": {"name": _NAME, "title": _TITLE, "description": _TEXT, "required": Member("bool")},
    "prompt": {**_ENTRY, "arguments": Member("[prompt argument]")},
    "resource": {**_RESOURCE, "uri": _NAME, "size": Member("int")},
    "resource template": {**_RESOURCE, "uriTemplate": _NAME},
    "contents": {"uri": _NAME, "mimeType": _TEXT, "text": _TEXT, "blob": _TEXT, "_meta": _META},
    "message": {"role": _need("role"), "content": _need("block")},
    "completion": {"values": _need("values"), "total": Member("int"), "hasMore": Member("bool")},
    "block text": {"text": _NAME, "annotations": _ANNOTATIONS, "_meta": _META},
    "block image": _MEDIA,
    "block audio": _MEDIA,
    "block resource_link": {**_RESOURCE, "uri": _NAME, "size": Member("int")},
    "block resource": {"resource": _need("either contents"), "annotations": _ANNOTATIONS, "_meta": _META},
    "block tool_use": {"id": _NAME, "name": _NAME, "input": _need("obj"), "_meta": _META},
    "block tool_result": {
        "toolUseId": _NAME,
        "content": _need("[block]"),
        "structuredContent": Member("structured"),
        "isError": Member("failed"),
        "_meta": _META,
    },
    "sampling message": {
        "role": _need("role"),
        "content": _need("sampling content"),
        "_meta": Member("obj", _NOVEMBER),
    },
    "preferences": {
        "hints": Member("[hint]"),
        "costPriority": Member("share"),
        "speedPriority": Member("share"),
        "intelligencePriority": Member("share"),
    },
    "hint": {"name": _TEXT},
    "tool choice": {"mode": Member("choice")},
    "root": {"uri": _NAME, "name": _TEXT, "_meta": _META},
    "ask sampling/createMessage": {
        "messages": _need("[!sampling message]"),
        "modelPreferences": Member("preferences"),
        "systemPrompt": _TEXT,
        "includeContext": Member("context"),
        "temperature": Member("num"),
        "maxTokens": _need("int"),
        "stopSequences": Member("[str]"),
        "metadata": Member("obj"),
        "tools": Member("[!tool]", _NOVEMBER),
        "toolChoice": Member("tool choice", _NOVEMBER),
        "task": Member("never"),
        "_meta": _OWN_META,
    },
    "ask roots/list": {"_meta": _OWN_META},
    "answer sampling/createMessage": {
        "role": _need("role"),
        "content": _need("sampling content"),
        "model": _NAME,
        "stopReason": _TEXT,
        "_meta": _OWN_META,
    },
    "answer roots/list": {"roots": _need("[!root]"), "_meta": _OWN_META},
    "answer elicitation/create": {"action": _need("action"), "content": Member("filled"), "_meta": _OWN_META},
    "ask elicitation/create form": {
        "mode": Member("form mode", _NOVEMBER),
        "message": _NAME,
        "requestedSchema": _need("obj"),
        "url": Member("never"),
        "elicitationId": Member("never"),
        "task": Member("never"),
        "_meta": _OWN_META,
    },
    "ask elicitation/create url": {
        "mode": _need("url mode"),
        "message": _NAME,
        "url": _need("web address"),
        "elicitationId": Member("str", _NOVEMBER, _JULY),
        "requestedSchema": Member("never"),
        "task": Member("never"),
        "_meta": _OWN_META,
    },
    "call completion/complete": {
        "ref": _need("ref"),
        "argument": _need("obj"),
        "context": Member("obj", _JUNE),
    },
    "ref": {"title": _TITLE},
    "note notifications/progress": {
        "progressToken": _need("id"),
        "progress": _need("num"),
        "total": Member("num"),
        "message": Member("str", _MARCH),
        "_meta": _OWN_META,
    },
    "note notifications/message": {
        "level": _need("level"),
        "logger": _TEXT,
        "data": _need("any"),
        "_meta": _OWN_META,
    },
    "note notifications/resources/updated": {"uri": _NAME, "_meta": _OWN_META},
    "note notifications/cancelled": {"requestId": _need("id"), "reason": _TEXT, "_meta": _OWN_META},
    "note notifications/elicitation/complete": {"elicitationId": _NAME, "_meta": _OWN_META},
    "note": {"_meta": _OWN_META},
    "result": _RESULT,
    "result initialize": {
        **_RESULT,
        "protocolVersion": _NAME,
        "capabilities": _need("server capabilities"),
        "serverInfo": _need("implementation"),
        "instructions": _TEXT,
    },
    "result server/discover": {
        **_RESULT,
        "supportedVersions": _need("[str]"),
        "capabilities": _need("server capabilities"),
        "instructions": _TEXT,
    },
    "result tools/list": {**_RESULT, **_CURSOR, "tools": _need("[tool]")},
    "result prompts/list": {**_RESULT, **_CURSOR, "prompts": _need("[prompt]")},
    "result resources/list": {**_RESULT, **_CURSOR, "resources": _need("[resource]")},
    "result resources/templates/list": {**_RESULT, **_CURSOR, "resourceTemplates": _need("[resource template]")},
    "result resources/read": {**_RESULT, "contents": _need("[!either contents]")},
    "result tools/call": {
        **_RESULT,
        "content": _need("[block]"),
        "structuredContent": Member("structured", _JUNE),
        "isError": Member("failed"),
    },
    "result prompts/get": {**_RESULT, "description": _TEXT, "messages": _need("[!message]")},
    "result completion/complete": {**_RESULT, "completion": _need("completion")},
}
"""Kinds of objects by our own names for them; each maps a member to what the versions say of it."""

BLOCKS: Final = {
    "text": _FIRST,
    "image": _FIRST,
    "resource": _FIRST,
    "audio": _MARCH,
    "resource_link": _JUNE,
}
"""Content blocks of results and prompts by `type`, with the first version that has them."""

SAMPLING_BLOCKS: Final = {
    "text": _FIRST,
    "image": _FIRST,
    "audio": _MARCH,
    "tool_use": _NOVEMBER,
    "tool_result": _NOVEMBER,
}
"""Content blocks of sampling messages."""
