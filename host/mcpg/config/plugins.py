"""The keys under `plugins`: one use of a plugin each. It loads none, and it does not judge grants or configurations."""

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from mcpg.config.base import Section
from mcpg.config.values import Duration, Size, wrong
from mcpg.contract.problems import PluginRefused
from mcpg_registry.references import parse_reference

__all__ = ["From", "PluginLimits", "PluginUse"]


def _reference(value: Any) -> str:
    try:
        parse_reference(value if isinstance(value, str) else "")
    except PluginRefused as error:
        raise wrong(error.message.removeprefix("step 1, reference: "), error.remedy) from None
    return str(value)


From = Annotated[
    str,
    PlainValidator(_reference),
    WithJsonSchema({"type": "string", "pattern": r"^((builtin|file|layout):.+|[^/@]+/[^@]+[:@].+)$"}),
]
"""A reference to a plugin."""


class PluginLimits(Section):
    """Caps on what a component takes; the smaller of these and the manifest's own count."""

    memory: Size | None = Field(default=None, description="Linear memory of one instance.")
    time: Duration | None = Field(default=None, description="Time of one pass.")
    output: Size | None = Field(default=None, description="Size of one answer.")


class PluginUse(Section):
    """One use of a plugin: where it comes from, its configuration and what it may do."""

    source: From = Field(
        alias="from",
        description="Where it is: `builtin:NAME`, `HOST/REPOSITORY@sha256:...` or `:TAG` with a lock, "
        "`layout:PLACE#REFERENCE`, or `file:PATH` (unsigned, for development).",
    )
    config: dict[str, Any] = Field(
        default_factory=dict, description="The plugin's configuration; its own schema checks it."
    )
    grants: dict[str, Any] = Field(
        default_factory=dict, description="What it may ask the host to do, by driver. Nothing if not given."
    )
    isolation: Literal["shared", "tenant", "call"] | None = Field(
        default=None,
        description="Who shares an instance. Default: `shared` for built-in plugins, `call` for all others.",
    )
    memo: bool | None = Field(
        default=None, description="Whether its verdicts may be remembered. Default: built-in plugins only."
    )
    limits: PluginLimits = Field(default_factory=PluginLimits, description="Caps on memory, time and answers.")
    on_failure: Literal["deny", "skip"] = Field(
        default="deny", description="What a failed run means; `skip` is for transforms that are not for security."
    )
    shadow: bool = Field(default=False, description="Record this policy engine's verdicts without obeying them.")
