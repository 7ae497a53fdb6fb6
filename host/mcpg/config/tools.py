"""The keys under `tools`. What a key of the backend means, its manifest says; it is kept here as the tool's binding."""

from typing import Any, Self

from pydantic import ConfigDict, Field, model_validator

from mcpg.config.base import Section
from mcpg.config.values import Duration, Name, Text, wrong

__all__ = ["Cache", "Tool"]


class Cache(Section):
    """Keep results of a tool that only reads."""

    ttl: Duration = Field(description="How long a result may be given again to the same caller for the same arguments.")


class Tool(Section):
    """One tool: what clients see of it, and every other key as the binding that its backend obeys."""

    model_config = ConfigDict(extra="allow")

    backend: Name = Field(description="The use of a backend plugin that answers.")
    description: Text = Field(description="What the tool does, for models and people.")
    title: Text | None = Field(default=None, description="A name for people.")
    input: dict[str, dict[str, Any]] | None = Field(
        default=None,
        description="Arguments by name, each a JSON Schema; one without `default` is required, no other is taken.",
    )
    input_schema: dict[str, Any] | None = Field(
        default=None, description="The whole JSON Schema of the arguments, in place of `input`."
    )
    output_schema: dict[str, Any] | None = Field(
        default=None, description="The JSON Schema of the structured result; a result outside it is an error."
    )
    annotations: dict[str, Any] = Field(
        default_factory=dict, description="MCP's tool annotations, such as `readOnlyHint`."
    )
    transforms: tuple[Name, ...] = Field(default=(), description="Transforms for this tool, after those for all.")
    cache: Cache | None = Field(default=None, description="Keep results; only for tools with `readOnlyHint: true`.")
    timeout: Duration | None = Field(
        default=None, description="How long a call may take, instead of `server.limits.call_timeout`."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.input is not None and self.input_schema is not None:
            raise wrong("both `input` and `input_schema` are given", "keep one: `input` is the short form")
        if self.input_schema is not None and self.input_schema.get("type") != "object":
            raise wrong("`input_schema` does not say `type: object`", "arguments are an object: add `type: object`")
        if self.cache is not None and self.annotations.get("readOnlyHint") is not True:
            raise wrong(
                "`cache` is given for a tool that may write",
                "add `annotations: {readOnlyHint: true}` or remove `cache`",
            )
        return self

    @property
    def binding(self) -> dict[str, Any]:
        """The backend's keys, as written."""
        return dict(self.__pydantic_extra__ or {})

    def schema_of_arguments(self) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of the arguments."""
        if self.input_schema is not None:
            return self.input_schema
        properties = self.input or {}
        required = [name for name, schema in properties.items() if "default" not in schema]
        schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
        return {**schema, "required": required} if required else schema
