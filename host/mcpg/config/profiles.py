"""The keys under `profiles`: named selections of what there is, each with an endpoint `/NAME/mcp` of its own.

What a profile does not say is as it is at the top of the file; what it says stands in place of that.
"""

from typing import Annotated

from pydantic import Field

from mcpg.config.about import Info
from mcpg.config.base import Section
from mcpg.config.chains import Identity, LimitChain, PolicyChain
from mcpg.config.server import Authorization
from mcpg.config.values import Duration, Name, Text

__all__ = ["Profile", "ProfileName", "Selection"]

ProfileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]


class Selection(Section):
    """Which of one kind to take."""

    include: tuple[Text, ...] = Field(default=(), description="Names to take, `*` for any part; all if empty.")
    exclude: tuple[Text, ...] = Field(default=(), description="Names to leave out, `*` for any part.")


class Profile(Section):
    """A selection of what there is, with its own rules. What is not said here is as it is for `/mcp`."""

    tools: Selection = Field(default_factory=Selection, description="Which tools, by their names on `/mcp`.")
    prompts: Selection = Field(default_factory=Selection, description="Which prompts, by their names on `/mcp`.")
    resources: Selection = Field(
        default_factory=Selection, description="Which resources and templates, by their URIs on `/mcp`."
    )
    upstreams: tuple[Name, ...] | None = Field(
        default=None, description="Whose things to take: MCP servers. With neither this nor `backends`: everybody's."
    )
    backends: tuple[Name, ...] | None = Field(default=None, description="Whose things to take: uses of backends.")
    identity: Identity | None = Field(default=None, description="Who is calling, here.")
    policy: PolicyChain | None = Field(default=None, description="What a caller may do here: engines instead of all.")
    limits: LimitChain | None = Field(default=None, description="How much a caller may do here.")
    transforms: tuple[Name, ...] | None = Field(default=None, description="Transforms for every call here.")
    catalog: tuple[Name, ...] | None = Field(default=None, description="Catalog plugins that shape what is shown here.")
    authorization: Authorization | None = Field(default=None, description="Whose tokens are taken here.")
    info: Info = Field(default_factory=Info, description="What the endpoint is called, over `server.info`.")
    list_ttl: Duration | None = Field(default=None, description="How long lists may be kept, for this endpoint.")
    instructions: Text | None = Field(
        default=None, description="What clients are told of its use, in place of `server.instructions`."
    )
