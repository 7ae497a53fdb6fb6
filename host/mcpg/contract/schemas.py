"""JSON Schemas (2020-12) of every document, generated from the models. It writes no file; `docs/generate.py` does.

The files in `wit/schemas/` are these texts; a test compares them.
"""

from __future__ import annotations

import inspect
import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract import documents, effects, manifest, obligations, records
from mcpg.contract.examples import EXAMPLES
from mcpg.contract.meanings import MEANINGS
from mcpg.contract.worlds import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DOCUMENTS", "schema_of", "schema_texts"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BASE = f"https://mcpg.dev/schemas/{VERSION}"

DOCUMENTS: MappingProxyType[str, type[msgspec.Struct]] = MappingProxyType(
    {
        "action": documents.Action,
        "ask": documents.Ask,
        "call": documents.Call,
        "caller": documents.Caller,
        "catalog": documents.Catalog,
        "credential": documents.Credential,
        "credentials": documents.Credentials,
        "effects/command": effects.CommandRequest,
        "effects/command.reply": effects.CommandReply,
        "effects/http": effects.HttpRequest,
        "effects/http.reply": effects.HttpReply,
        "effects/log": effects.LogRequest,
        "effects/log.reply": effects.LogReply,
        "effects/mcp": effects.McpRequest,
        "effects/mcp.reply": effects.McpReply,
        "effects/notify": effects.NotifyRequest,
        "effects/notify.reply": effects.NotifyReply,
        "effects/sign": effects.SignRequest,
        "effects/sign.reply": effects.SignReply,
        "effects/sql": effects.SqlRequest,
        "effects/sql.reply": effects.SqlReply,
        "manifest": manifest.Manifest,
        "obligations/annotate": obligations.Annotate,
        "obligations/redact": obligations.Redact,
        "outcome": documents.Outcome,
        "record": records.Record,
    }
)
"""Every document by the name that `wit/` and manifests call it."""


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema of the document `name`; `KeyError` when there is none of that name."""
    model = DOCUMENTS[name]
    (root,), components = msgspec.json.schema_components([model], ref_template="#/$defs/{name}")
    title = root["$ref"].rpartition("/")[2]
    for model_name, component in components.items():
        _explain(component, MEANINGS.get(model_name, {}))
    body = components.pop(title)
    schema = {"$schema": DIALECT, "$id": f"{BASE}/{name}.json", **body, "title": name, "examples": [EXAMPLES[name]]}
    if components:
        schema["$defs"] = dict(sorted(components.items()))
    cleaned: dict[str, Any] = _clean(schema)
    return cleaned


def schema_texts() -> dict[str, str]:
    """Return the text of every schema file by its path below `wit/schemas/`."""
    return {f"{name}.json": json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n" for name in DOCUMENTS}


def _explain(schema: dict[str, Any], lines: Mapping[str, str]) -> None:
    for name, line in lines.items():
        schema["properties"][name]["description"] = line


def _clean(value: Any) -> Any:
    """Return `value` with docstrings as one paragraph a piece, as a reader of JSON wants them."""
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if not isinstance(value, dict):
        return value
    cleaned = {key: _clean(item) for key, item in value.items()}
    if isinstance(cleaned.get("description"), str):
        cleaned["description"] = inspect.cleandoc(cleaned["description"])
    return cleaned
