"""The definitions and fixed texts that the official conformance suite looks for. It runs nothing."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.tasks import TASK_TOOLS
from tests.peers.features import PIXEL

__all__ = [
    "DEFAULTS",
    "ENUMS",
    "NONE",
    "PROMPTS",
    "RESOURCES",
    "TEMPLATES",
    "USER",
    "contents",
    "messages",
    "said",
    "tools",
]

NONE: dict[str, Any] = {"type": "object", "properties": {}}
USER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    },
    "required": ["username", "email"],
}
DEFAULTS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    },
    "required": [],
}
_OPTIONS = ["option1", "option2", "option3"]


def _titled(*titles: str) -> list[dict[str, str]]:
    return [{"const": f"value{number}", "title": title} for number, title in enumerate(titles, 1)]


ENUMS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "untitledSingle": {"type": "string", "enum": _OPTIONS},
        "titledSingle": {"type": "string", "oneOf": _titled("First Option", "Second Option", "Third Option")},
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": _OPTIONS}},
        "titledMulti": {"type": "array", "items": {"anyOf": _titled("First Choice", "Second Choice", "Third Choice")}},
    },
    "required": [],
}
DIALECT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
_PLAIN = (
    "simple_text", "image_content", "audio_content", "embedded_resource", "multiple_content_types", "tool_with_logging",
    "logging_tool", "error_handling", "tool_with_progress", "reconnection", "missing_capability",
    "streaming_elicitation", "elicitation_sep1034_defaults", "elicitation_sep1330_enums",
    "input_required_result_elicitation", "input_required_result_sampling", "input_required_result_list_roots",
    "input_required_result_request_state", "input_required_result_tampered_state",
    "input_required_result_multiple_inputs", "input_required_result_multi_round",
    "input_required_result_capabilities", "trigger_tool_change", "trigger_prompt_change",
)  # fmt: skip


def _one(name: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"}}, "required": [name]}


def tools(*, tasks: bool = False) -> list[dict[str, Any]]:
    """Return the definitions of all tools; to a client with a handshake `x-mcp-header` is an unknown keyword."""
    schemas = {f"test_{name}": NONE for name in _PLAIN}
    schemas |= {"test_sampling": _one("prompt"), "test_elicitation": _one("message")}
    schemas["json_schema_2020_12_tool"] = DIALECT
    region = {"type": "string", "x-mcp-header": "Region"}
    schemas["test_x_mcp_header"] = {"type": "object", "properties": {"region": region}}
    if tasks:
        schemas |= {name: {"type": "object", "properties": given} for name, given in TASK_TOOLS.items()}
    return [
        {"name": name, "description": f"The suite's `{name}`.", "inputSchema": schema}
        for name, schema in schemas.items()
    ]


PROMPTS: list[dict[str, Any]] = [
    {"name": "test_simple_prompt", "description": "A simple prompt."},
    {
        "name": "test_prompt_with_arguments",
        "description": "A prompt with arguments.",
        "arguments": [{"name": name, "description": "An argument.", "required": True} for name in ("arg1", "arg2")],
    },
    {
        "name": "test_prompt_with_embedded_resource",
        "description": "A prompt with a resource.",
        "arguments": [{"name": "resourceUri", "description": "Its URI.", "required": True}],
    },
    {"name": "test_prompt_with_image", "description": "A prompt with an image."},
    {"name": "test_input_required_result_prompt", "description": "A prompt that asks first."},
]
RESOURCES: list[dict[str, Any]] = [
    {"uri": f"test://{name}", "name": name, "description": f"The suite's {name}.", "mimeType": media}
    for name, media in (
        ("static-text", "text/plain"),
        ("static-binary", "image/png"),
        ("watched-resource", "text/plain"),
    )
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "uriTemplate": "test://template/{id}/data",
        "name": "template",
        "description": "The suite's template.",
        "mimeType": "application/json",
    }
]


def said(*texts: str) -> dict[str, Any]:
    """Return a prompt's result of plain texts."""
    return {"messages": [{"role": "user", "content": {"type": "text", "text": each}} for each in texts]}


def messages(name: str, given: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a prompt says, none for one that there is not."""
    if name == "test_simple_prompt":
        return said("This is a simple prompt for testing.")
    if name == "test_prompt_with_arguments":
        return said(f"Prompt with arguments: arg1='{given.get('arg1')}', arg2='{given.get('arg2')}'")
    if name == "test_prompt_with_embedded_resource":
        words = "Embedded resource content for testing."
        resource = {"uri": given.get("resourceUri"), "mimeType": "text/plain", "text": words}
        first = {"role": "user", "content": {"type": "resource", "resource": resource}}
        return {"messages": [first, *said("Please process the embedded resource above.")["messages"]]}
    if name == "test_prompt_with_image":
        first = {"role": "user", "content": {"type": "image", "data": PIXEL, "mimeType": "image/png"}}
        return {"messages": [first, *said("Please analyze the image above.")["messages"]]}
    return None


def contents(uri: str) -> dict[str, Any] | None:
    """Return what a resource holds, none for one that there is not."""
    if uri == "test://static-text":
        words = "This is the content of the static text resource."
        return {"uri": uri, "mimeType": "text/plain", "text": words}
    if uri == "test://static-binary":
        return {"uri": uri, "mimeType": "image/png", "blob": PIXEL}
    if uri == "test://watched-resource":
        return {"uri": uri, "mimeType": "text/plain", "text": "Watched."}
    start, end = "test://template/", "/data"
    if uri.startswith(start) and uri.endswith(end):
        number = uri[len(start) : -len(end)]
        data = {"id": number, "templateTest": True, "data": f"Data for ID: {number}"}
        return {"uri": uri, "mimeType": "application/json", "text": json.dumps(data)}
    return None
