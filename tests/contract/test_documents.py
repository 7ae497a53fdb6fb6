"""Documents: models and schemas take and refuse the same; ours are closed, MCP's are open."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import msgspec
import pytest

from mcpg.contract import documents, effects
from mcpg.contract.examples import EXAMPLES
from mcpg.contract.meanings import MEANINGS
from mcpg.contract.problems import ConfigError, McpgError, PluginRefused
from mcpg.contract.schemas import DOCUMENTS, schema_of

_CALLER = {"id": "ana", "kind": "user", "trust": "verified", "how": {"credential": "api-key", "plugin": "keys"}}
_GOOD: dict[str, dict[str, Any]] = {
    "action": {"method": "tools/call", "kind": "tool", "name": "t"},
    "ask": {"requests": {"a": {"method": "elicitation/create"}}},
    "call": {"method": "tools/call", "name": "t", "arguments": {"a": 1}, "run": {"id": "r", "now": 1, "seed": "00"}},
    "caller": _CALLER,
    "catalog": {"tools": [{"name": "t", "inputSchema": {"type": "object"}, "vendor": 1}]},
    "credential": {"value": "x"},
    "credentials": {"transport": "http", "peer": {"address": "127.0.0.1", "local": True}},
    "effects/command": {"argv": ["/bin/true"]},
    "effects/command.reply": {"status": 0},
    "effects/http": {"url": "https://a.example", "headers": {"authorization": {"$secret": "secret://env/T"}}},
    "effects/http.reply": {"status": 200, "json": [1]},
    "effects/log": {"message": "greeted", "data": {"name": "ana"}},
    "effects/log.reply": {},
    "effects/mcp": {"upstream": "u", "method": "tools/list"},
    "effects/mcp.reply": {"result": {}},
    "effects/notify": {"kind": "progress", "progress": 0.5},
    "effects/notify.reply": {"sent": True},
    "effects/sign": {"key": {"$secret": "secret://env/KEY", "prefix": "AWS4"}, "derive": ["20261121"], "text": "x"},
    "effects/sign.reply": {"signature": "00"},
    "effects/sql": {"connection": "c", "statement": "select 1"},
    "effects/sql.reply": {"rows": []},
    "obligations/annotate": {"notes": {"a": "b"}},
    "obligations/redact": {"paths": ["/a"]},
    "outcome": {"status": "ok", "result": {}},
    "record": {"kind": "intent", "tenant": "default", "seq": 1, "stages": [{"stage": "p", "use": "u", "verdict": "v"}]},
}
_BAD: list[tuple[str, dict[str, Any]]] = [
    ("caller", {**_CALLER, "password": "x"}),
    ("caller", {**_CALLER, "kind": "root"}),
    ("caller", {key: value for key, value in _CALLER.items() if key != "how"}),
    ("caller", {**_CALLER, "attributes": {"a": 1}}),
    ("call", {"method": "tools/call"}),
    ("outcome", {"status": "fine"}),
    ("record", {"kind": "guess", "tenant": "default", "seq": 1}),
    ("record", {"kind": "intent", "tenant": "default"}),
    ("effects/notify.reply", {}),
    ("effects/command", {"argv": []}),
    ("effects/command", {"argv": "/bin/true"}),
    ("effects/http", {"url": "u", "shell": True}),
    ("effects/http", {"url": "u", "timeout": 0}),
    ("effects/http", {"url": "u", "headers": {"a": {"$secret": "s", "also": 1}}}),
    ("effects/log", {"level": "critical", "message": "x"}),
    ("effects/log", {"message": "x" * 4097}),
    ("effects/log.reply", {"sent": True}),
    ("effects/sign", {"key": "hunter2", "text": "x"}),
    ("effects/sign", {"key": {"$secret": "secret://env/KEY"}, "algorithm": "hmac-md5", "text": "x"}),
    ("effects/sign", {"key": {"$secret": "secret://env/KEY"}, "derive": ["x"] * 9, "text": "x"}),
    ("effects/sql", {"connection": "c", "mode": "all"}),
    ("obligations/redact", {"paths": ["/a"], "path": "/b"}),
]


@pytest.mark.parametrize("name", sorted(set(DOCUMENTS) - {"manifest"}))
def test_a_good_document_passes_model_and_schema(name: str) -> None:
    value = msgspec.convert(_GOOD[name], DOCUMENTS[name])
    jsonschema_rs.validate(schema_of(name), _GOOD[name])
    jsonschema_rs.validate(schema_of(name), msgspec.to_builtins(value))


@pytest.mark.parametrize(("name", "document"), _BAD)
def test_a_bad_document_passes_neither(name: str, document: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(document, DOCUMENTS[name])
    assert not jsonschema_rs.is_valid(schema_of(name), document)


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_example_of_each_document_is_one(name: str) -> None:
    jsonschema_rs.validate(schema_of(name), EXAMPLES[name])
    msgspec.convert(EXAMPLES[name], DOCUMENTS[name])


def test_every_member_has_its_meaning_and_every_meaning_its_member() -> None:
    found: dict[str, set[str]] = {}
    for name, model in DOCUMENTS.items():
        schema = schema_of(name)
        for title, each in ((model.__name__, schema), *schema.get("$defs", {}).items()):
            if "properties" in each:
                found[title] = set(each["properties"])
                assert all(member["description"] for member in each["properties"].values()), title
    assert found == {title: set(lines) for title, lines in MEANINGS.items()}


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_every_schema_is_a_schema(name: str) -> None:
    schema = schema_of(name)
    jsonschema_rs.meta.validate(schema)
    assert schema["$id"].endswith(f"/{name}.json")
    assert schema["description"]


def test_documents_are_frozen() -> None:
    caller = msgspec.convert(_CALLER, documents.Caller)
    with pytest.raises(AttributeError):
        caller.id = "root"  # type: ignore[misc]


def test_a_secret_is_a_typed_node_only() -> None:
    request = msgspec.convert({"url": "secret://env/X", "headers": {"a": "secret://env/X"}}, effects.HttpRequest)
    assert request.url == request.headers["a"] == "secret://env/X"
    assert not isinstance(request.headers["a"], effects.Secret)


def test_errors_tell_where_what_and_what_to_do() -> None:
    error = ConfigError("no key `x`", where="mcpg.yaml:1:1", remedy="add it")
    assert error.diagnostics() == "mcpg.yaml:1:1: no key `x`\n  to do: add it"
    assert McpgError("plain").diagnostics() == "plain"
    assert (PluginRefused("no", step=6).step, PluginRefused("no", code="bad-signature").code) == (6, "bad-signature")
