"""The chains: who asks which uses, in which order. It does not know what kind a use is; `check` is told."""

from typing import Any, Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator

from mcpg.config.base import Section
from mcpg.config.values import Name

__all__ = ["Identity", "LimitChain", "PolicyChain"]


class Identity(Section):
    """Who is calling: the first plugin that knows decides."""

    chain: tuple[Name, ...] = Field(
        default=(), description="Uses of identity plugins, in order. If all abstain, the call is refused."
    )


class PolicyChain(Section):
    """What a caller may do: every engine is asked."""

    engines: tuple[Name, ...] = Field(
        default=(), description="Uses of policy plugins. If all abstain, or there is none, the call is denied."
    )
    combine: Literal["deny-overrides", "first", "all-permit"] = Field(
        default="deny-overrides", description="How several verdicts become one."
    )


class LimitChain(Section):
    """How much a caller may do. A plain list is short for `chain`."""

    chain: tuple[Name, ...] = Field(
        default=(), description="Uses of limit plugins; their charges are taken all or none."
    )
    on_store_failure: Literal["deny", "allow"] = Field(
        default="deny", description="What a call becomes when charges cannot be counted."
    )

    @model_validator(mode="before")
    @classmethod
    def _plain_list(cls, value: Any) -> Any:
        settings = {"chain": value} if isinstance(value, list) else value
        if isinstance(settings, dict) and isinstance(settings.get("chain"), list):
            return {**settings, "chain": tuple(settings["chain"])}
        return settings

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema of both spellings."""
        schema = handler.resolve_ref_schema(handler(core))
        return {"description": schema.pop("description", ""), "anyOf": [schema, dict(schema["properties"]["chain"])]}
