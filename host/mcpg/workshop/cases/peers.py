"""What the world may answer to an effect, at random and valid: the drivers' documents, and what peers speak in them.

A reply is valid if the driver could have given it: an HTTP status is one, an MCP result is one of its method.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mcpg.contract.documents import Catalog
from mcpg.contract.effects import HttpReply, McpReply
from mcpg.contract.problems import BadDocument
from mcpg.contract.schemas import DOCUMENTS
from mcpg.contract.schemas import schema_of as _schema_of
from mcpg.pipeline.backends import check_result

if TYPE_CHECKING:
    from mcpg.contract.verdicts import Case, Effect
    from mcpg.workshop.cases.generating import Chance

__all__ = ["fits", "reply_document", "schema_of"]

schema_of = lru_cache(maxsize=64)(_schema_of)
"""The schema of a document by its name; each is worked out once."""
_STATUSES: Final = (200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 409, 429, 500, 502, 503)
_LISTS: Final = {
    "tools/list": ("tools", "name"),
    "prompts/list": ("prompts", "name"),
    "resources/list": ("resources", "uri"),
    "resources/templates/list": ("resourceTemplates", "uriTemplate"),
}
_MEMBERS: Final = {"resourceTemplates": "templates"}
"""Lists that have another name in a catalog."""


def reply_document(effect: Effect, chance: Chance) -> Any:
    """Return a random reply document of the effect's driver; any JSON for a driver that is not ours."""
    name = f"effects/{effect.driver}.reply"
    if name not in DOCUMENTS:
        return chance.json()
    document = chance.fitting(schema_of(name))
    if effect.driver == "http":
        document["status"] = chance.of(_STATUSES)
    if effect.driver == "mcp":
        return _mcp_reply(_method(effect), chance)
    return document


def fits(effect: Effect, reply: Case) -> bool:
    """Whether the effect's driver could have given this reply."""
    model = DOCUMENTS.get(f"effects/{effect.driver}.reply")
    if reply.tag != "ok" or model is None:
        return True
    try:
        document = msgspec.json.decode(reply.value, type=model)
    except msgspec.DecodeError:
        return False
    if isinstance(document, HttpReply):
        return document.status in range(100, 600)
    return not isinstance(document, McpReply) or _mcp_fits(_method(effect), document)


def _method(effect: Effect) -> str:
    try:
        return str(json.loads(effect.request).get("method", ""))
    except (ValueError, AttributeError):
        return ""


def _mcp_reply(method: str, chance: Chance) -> dict[str, Any]:
    if chance.hit(0.2):
        return {"error": {"code": chance.of((-32601, -32602, -32603, 7)), "message": chance.text()}}
    if method in _LISTS:
        field, naming = _LISTS[method]
        rows = [{naming: chance.text(), "name": chance.text()} for _ in range(chance.random.randrange(3))]
        return {"result": {field: [{**row, "inputSchema": {"type": "object"}} for row in rows]}}
    results: dict[str, Any] = {
        "prompts/get": {"messages": [{"role": "user", "content": {"type": "text", "text": chance.text()}}]},
        "resources/read": {"contents": [{"uri": "x:y", "text": chance.text()}]},
        "completion/complete": {"completion": {"values": [chance.text()]}},
    }
    content = [{"type": "text", "text": chance.text()} for _ in range(chance.random.randrange(3))]
    called = {"content": content, **({"structuredContent": chance.object()} if chance.hit(0.5) else {})}
    return {"result": results.get(method, called)}


def _mcp_fits(method: str, reply: McpReply) -> bool:
    if reply.result is None:
        return isinstance(reply.error, dict) and isinstance(reply.error.get("code"), int)
    if method in _LISTS:
        field = _LISTS[method][0]
        try:
            msgspec.convert({_MEMBERS.get(field, field): reply.result.get(field)}, Catalog)
        except msgspec.ValidationError:
            return False
        return True
    try:
        check_result("it", method, dict(reply.result))
    except (BadDocument, KeyError):
        return False
    return True
