"""What an endpoint is called, for its clients. What it offers is not said here but seen from what stands behind."""

from typing import Literal

from pydantic import Field

from mcpg.config.base import Section
from mcpg.config.values import Text

__all__ = ["Icon", "Info"]


class Icon(Section):
    """A picture that clients may show."""

    src: Text = Field(pattern=r"^(https://|data:image/)", description="Where it is: `https:` or `data:`.")
    mime_type: Text | None = Field(default=None, description="Its media type, such as `image/png`.")
    sizes: tuple[Text, ...] = Field(default=(), description="Its sizes, such as `48x48` or `any`.")
    theme: Literal["light", "dark"] | None = Field(default=None, description="The background that it is made for.")


class Info(Section):
    """The name of an endpoint (MCP's `serverInfo`)."""

    name: Text | None = Field(default=None, description="The name for programs. Default: `mcpg`.")
    title: Text | None = Field(default=None, description="The name for people.")
    version: Text | None = Field(default=None, description="The version. Default: that of MCPG.")
    description: Text | None = Field(default=None, description="What it is, in a sentence.")
    website: Text | None = Field(default=None, description="Where people read more.")
    icons: tuple[Icon, ...] = Field(default=(), description="Pictures that clients may show.")
