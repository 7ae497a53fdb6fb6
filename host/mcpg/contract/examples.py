"""One example of each document, valid by its schema. They stand in `wit/schemas/` and in the reference."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

__all__ = ["EXAMPLES"]

_RUN = {"id": "019a3f2c7d10aa.1", "now": 1795564800000, "seed": "9f3c01d2a4b5e6f70001"}
_SECRET = {"$secret": "secret://env/API_TOKEN", "prefix": "Bearer "}

EXAMPLES: MappingProxyType[str, Any] = MappingProxyType(
    {
        "action": {
            "method": "tools/call",
            "kind": "tool",
            "name": "top-customers",
            "backend": "sales",
            "annotations": {"readOnlyHint": True},
            "era": "2025-11-25",
            "arguments": {"year": 2026},
            "run": _RUN,
        },
        "ask": {
            "requests": {
                "sure": {
                    "method": "elicitation/create",
                    "params": {
                        "message": "Delete 12 rows?",
                        "requestedSchema": {"type": "object", "properties": {"yes": {"type": "boolean"}}},
                    },
                }
            },
            "state": "rows=12",
        },
        "call": {
            "method": "tools/call",
            "name": "top-customers",
            "arguments": {"year": 2026},
            "binding": {"query": {"statement": "select name from customers where year = :year"}},
        },
        "caller": {
            "id": "ana",
            "kind": "user",
            "how": {"credential": "api-key", "plugin": "keys"},
            "trust": "verified",
            "tenant": "default",
            "groups": ["analysts"],
            "attributes": {"department": "sales"},
        },
        "catalog": {
            "tools": [
                {
                    "name": "greet",
                    "description": "Greets somebody by name.",
                    "inputSchema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
                    "annotations": {"readOnlyHint": True},
                }
            ]
        },
        "credential": {
            "value": "eyJhbGciOi...",
            "scheme": "Bearer",
            "header": "authorization",
            "expires": 1795568400000,
        },
        "credentials": {
            "transport": "http",
            "peer": {"address": "192.0.2.7", "local": False},
            "headers": {"x-api-key": "mk_..."},
        },
        "effects/command": {"argv": ["/usr/bin/pandoc", "-f", "markdown", "-t", "plain"], "stdin": "# Title"},
        "effects/command.reply": {"status": 0, "stdout": "Title\n"},
        "effects/http": {
            "method": "POST",
            "url": "https://api.example.com/v1/orders",
            "headers": {"authorization": _SECRET},
            "json": {"item": "tea", "count": 2},
            "idempotent": True,
            "expect": [200, 201],
        },
        "effects/http.reply": {"status": 201, "media": "application/json", "json": {"order": 17}},
        "effects/log": {"level": "warning", "message": "the list is stale", "data": {"age_seconds": 7200}},
        "effects/log.reply": {},
        "effects/mcp": {
            "upstream": "time",
            "method": "tools/call",
            "params": {"name": "now", "arguments": {"zone": "UTC"}},
        },
        "effects/mcp.reply": {"result": {"content": [{"type": "text", "text": "12:00"}]}},
        "effects/notify": {"kind": "progress", "progress": 2, "total": 5, "message": "reading page 2"},
        "effects/notify.reply": {"sent": True},
        "effects/sign": {
            "algorithm": "hmac-sha256",
            "key": {"$secret": "secret://env/WEBHOOK_KEY"},
            "text": '1795564800.{"item":"tea"}',
            "encoding": "hex",
        },
        "effects/sign.reply": {"signature": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        "effects/sql": {
            "connection": "sales",
            "statement": "select name, revenue from customers where year = :year order by revenue desc",
            "parameters": {"year": 2026},
            "mode": "rows",
            "limit": 10,
        },
        "effects/sql.reply": {"rows": [{"name": "Umbrella", "revenue": 1200}]},
        "manifest": {
            "schema": 1,
            "id": "acme/greeter",
            "version": "1.0.0",
            "kind": "backend",
            "world": "mcpg:plugin/backend-plugin@1.0.0",
            "summary": "Greets people by name.",
            "licence": "Apache-2.0",
            "config": {
                "type": "object",
                "properties": {"base_url": {"type": "string"}},
                "required": ["base_url"],
                "additionalProperties": False,
            },
            "reads": ["/call/name", "/call/arguments"],
            "effects": [{"driver": "http", "why": "ask the service that knows the greetings"}],
            "limits": {"memory": "16MiB", "time": "20ms"},
        },
        "obligations/annotate": {"notes": {"reviewed-by": "rules of 2026"}},
        "obligations/redact": {"paths": ["/structuredContent/rows/*/email"], "replacement": "[redacted]"},
        "outcome": {"status": "ok", "result": {"content": [{"type": "text", "text": "Umbrella"}]}},
        "record": {
            "kind": "intent",
            "tenant": "default",
            "seq": 41,
            "call": "019a3f2c7d10aa",
            "caller": {"id": "ana", "kind": "user", "trust": "verified", "groups": ["analysts"]},
            "method": "tools/call",
            "name": "top-customers",
            "stages": [{"stage": "policy", "use": "rules", "verdict": "permit", "function": "decide", "us": 120}],
        },
    }
)
"""An example by the name of its document, as `schemas.DOCUMENTS` has it."""
