"""What the operator says of one thing that an upstream offers, by the upstream's own name. It renames nothing."""

from typing import Annotated, Any

from pydantic import Field

from mcpg.config.base import Section
from mcpg.config.values import Text

__all__ = ["PromptOverride", "PublicName", "ResourceOverride", "ToolOverride"]

PublicName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]{1,128}$")]
"""A name that every client takes."""


class ResourceOverride(Section):
    """One resource, by its URI, or one resource template, by its URI template."""

    title: Text | None = Field(default=None, description="A name for people.")
    description: Text | None = Field(default=None, description="What it is, in place of the upstream's own words.")
    hidden: bool = Field(default=False, description="Whether it is left out on every endpoint.")


class PromptOverride(ResourceOverride):
    """One prompt, by its name."""

    name: PublicName | None = Field(
        default=None, description="What it is called everywhere but on the upstream's own endpoint; no prefix is added."
    )


class ToolOverride(PromptOverride):
    """One tool, by its name."""

    annotations: dict[str, Any] = Field(
        default_factory=dict, description="MCP's tool annotations, over the upstream's own; policies see them."
    )
    defaults: dict[str, Any] = Field(
        default_factory=dict, description="Arguments that are filled in where a caller gives none."
    )
