"""What MCP itself has: tools, prompts and resources.

Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

__all__ = [
    "Prompt",
    "Resource",
    "ResourceTemplate",
    "Tool",
]


class Prompt(TypedDict):
    """A prompt as MCP's prompts/list shows it."""

    name: str
    """its name"""
    title: NotRequired[str]
    """what people are shown in place of the name"""
    description: NotRequired[str]
    """what it is for, in words for people and models"""
    arguments: NotRequired[list[dict[str, Any]]]
    """what it takes, as MCP has it"""
    icons: NotRequired[list[dict[str, Any]]]
    """icons as MCP has them"""
    _meta: NotRequired[dict[str, Any]]
    """MCP's own extension point, as it came"""
    target: NotRequired[str]
    """the backend's own name, where it is another"""


class Resource(TypedDict):
    """A resource as MCP's resources/list shows it."""

    uri: str
    """its URI"""
    name: str
    """its name"""
    title: NotRequired[str]
    """what people are shown in place of the name"""
    description: NotRequired[str]
    """what it is for, in words for people and models"""
    mimeType: NotRequired[str]
    """its media type"""
    size: NotRequired[int]
    """its size in bytes"""
    annotations: NotRequired[dict[str, Any]]
    """hints of its server"""
    icons: NotRequired[list[dict[str, Any]]]
    """icons as MCP has them"""
    _meta: NotRequired[dict[str, Any]]
    """MCP's own extension point, as it came"""
    target: NotRequired[str]
    """the backend's own name, where it is another"""


class ResourceTemplate(TypedDict):
    """A resource template as MCP's resources/templates/list shows it."""

    uriTemplate: str
    """the template of its URIs (RFC 6570)"""
    name: str
    """its name"""
    title: NotRequired[str]
    """what people are shown in place of the name"""
    description: NotRequired[str]
    """what it is for, in words for people and models"""
    mimeType: NotRequired[str]
    """the media type of what it leads to"""
    annotations: NotRequired[dict[str, Any]]
    """hints of its server"""
    icons: NotRequired[list[dict[str, Any]]]
    """icons as MCP has them"""
    _meta: NotRequired[dict[str, Any]]
    """MCP's own extension point, as it came"""


class Tool(TypedDict):
    """A tool as MCP's tools/list shows it; `target` is the backend's own name where it differs."""

    name: str
    """its name"""
    inputSchema: NotRequired[dict[str, Any]]
    """JSON Schema of its arguments"""
    title: NotRequired[str]
    """what people are shown in place of the name"""
    description: NotRequired[str]
    """what it is for, in words for people and models"""
    outputSchema: NotRequired[dict[str, Any]]
    """JSON Schema of its structured content"""
    annotations: NotRequired[dict[str, Any]]
    """hints such as `readOnlyHint`"""
    icons: NotRequired[list[dict[str, Any]]]
    """icons as MCP has them"""
    execution: NotRequired[dict[str, Any]]
    """how it may be run, as MCP has it"""
    _meta: NotRequired[dict[str, Any]]
    """MCP's own extension point, as it came"""
    target: NotRequired[str]
    """the backend's own name, where it is another"""
