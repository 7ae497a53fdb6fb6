"""What holds for every component that ships: manifest, schemas, imports, size, no path of the machine that built it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from mcpg.contract.manifest import decode_manifest
from mcpg.sandbox import manifest_section

if TYPE_CHECKING:
    from mcpg.sandbox import Sandbox

NAMES = [
    "backend-command",
    "backend-http",
    "backend-mcp",
    "backend-mock",
    "backend-sql",
    "catalog-curate",
    "credential-static",
    "identity-anonymous",
    "identity-api-key",
    "limit-rate",
    "policy-business-hours",
    "policy-cedar",
    "policy-rules",
    "sink-http",
    "transform-jsonata",
    "transform-redact",
]
SMALL = 400_000
# Those with a whole engine, or a language's run time, in them.
LARGER = {
    "policy-business-hours": 4_000_000,
    "policy-cedar": 5_000_000,
    "policy-rules": 20_000_000,
    "transform-jsonata": 4_000_000,
}
# Words of CPython's own, and where those who publish the engines of Python and JavaScript built them.
SAID = (b"/tmp/perf-", b"/tmp/myimport.zip", b"%brunner/" % b"/home/")
PATHS = re.compile(rb"(?<![\w./-])/(?:home|root|work|tmp|Users|private|github)/[^\0 ]{0,40}")


def _properties(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for item in schema for found in _properties(item)]
    if not isinstance(schema, dict):
        return []
    own = [p for p in schema.get("properties", {}).values() if isinstance(p, dict)]
    return own + [found for item in schema.values() for found in _properties(item)]


def test_all_are_there(components: dict[str, bytes]) -> None:
    assert sorted(components) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_manifest(components: dict[str, bytes], name: str) -> None:
    manifest = decode_manifest(manifest_section(components[name]))
    assert manifest.id == f"mcpg/{name}"
    assert name.startswith(manifest.kind.value)
    assert manifest.licence == "Apache-2.0"
    for schema in filter(None, (manifest.config, manifest.binding)):
        jsonschema_rs.Draft202012Validator(schema)
        assert schema["additionalProperties"] is False
        described = [p for p in _properties(schema) if "description" not in p and "$ref" not in p]
        assert described == []
    assert bool(manifest.binding) == (manifest.kind.value == "backend")


@pytest.mark.parametrize("name", NAMES)
async def test_imports_nothing_and_is_small(components: dict[str, bytes], sandbox: Sandbox, name: str) -> None:
    wasm = components[name]
    component = await sandbox.load(wasm, label=name)
    assert not component.virtual
    assert len(wasm) < LARGER.get(name, SMALL)
    assert [path for path in PATHS.findall(wasm) if not path.startswith(SAID)] == []


@pytest.mark.parametrize(
    ("name", "binding", "good"),
    [
        ("backend-http", {"request": {"path": "/v1", "query": {"q": "{{ city }}", "n": 1}}}, True),
        ("backend-http", {"request": {"headers": {"authorization": {"$secret": "secret://env/T"}}}}, True),
        ("backend-http", {"request": {"json": {}, "body": ""}}, False),
        ("backend-http", {"request": {"headers": {"a": {"$secret": "env/T"}}}}, False),
        ("backend-http", {}, False),
        ("backend-sql", {"query": {"sql": "select 1"}}, True),
        ("backend-sql", {"query": {"sql": "select 1"}, "transaction": [{"sql": "select 1"}]}, False),
        ("backend-command", {"command": {"argv": ["/bin/date", ["-d", "{{ day }}"]]}}, True),
        ("backend-command", {"command": {"argv": ["{{ program }}"]}}, False),
        ("backend-mock", {"mock": {"text": "hi"}}, True),
        ("backend-mock", {"mock": {"text": "hi", "echo": True}}, False),
        ("backend-mcp", {"anything": 1}, False),
    ],
)
def test_bindings_are_checked(components: dict[str, bytes], name: str, binding: Any, *, good: bool) -> None:
    manifest = decode_manifest(manifest_section(components[name]))
    assert jsonschema_rs.is_valid(manifest.binding, binding) is good, json.dumps(binding)
