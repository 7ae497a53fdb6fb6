"""The keys under `upstreams`: MCP servers behind the gateway. It starts and calls none."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from mcpg.config.base import Section
from mcpg.config.oauth import OAuth
from mcpg.config.overrides import PromptOverride, ResourceOverride, ToolOverride
from mcpg.config.values import Count, Duration, SecretText, Size, Text, wrong

__all__ = ["HttpUpstream", "StdioUpstream", "Upstream"]


class ChildLimits(Section):
    """What one process of an upstream may use; on Linux."""

    memory: Size | None = Field(default=None, description="Address space at most.")
    cpu: Duration | None = Field(default=None, description="Processor time at most, in whole seconds.")
    files: Count | None = Field(default=None, description="Open files at most.")


class Definitions(Section):
    """What happens when an upstream says something else of its tools, prompts and resources than it did before."""

    changed: Literal["block", "warn"] = Field(
        default="block", description="Whether what has changed is held back until it is approved, or only reported."
    )
    new: Literal["allow", "warn", "block"] = Field(
        default="warn", description="Whether what is new is taken, taken and reported, or held back."
    )
    lock: Text | None = Field(
        default=None, description="The lock, relative to this file. Default: `definitions.json` in `state`."
    )


class StdioUpstream(Section):
    """An MCP server as a child process."""

    command: tuple[Text, ...] = Field(min_length=1, description="The program and its arguments; no shell.")
    environment: dict[str, SecretText] = Field(
        default_factory=dict, description="Its environment; nothing of ours is passed on but PATH and the locale."
    )
    cwd: Text | None = Field(
        default=None, description="Its working directory, relative to the file; default: beside the file."
    )
    limits: ChildLimits = Field(default_factory=ChildLimits, description="What one process of it may use.")


class HttpUpstream(Section):
    """An MCP server over HTTP."""

    url: Text = Field(description="The server's MCP endpoint.")
    headers: dict[str, SecretText] = Field(default_factory=dict, description="Headers for each request.")
    transport: Literal["auto", "streamable", "sse"] = Field(
        default="auto", description="Streamable HTTP, the HTTP with SSE of 2024-11-05, or whichever it speaks."
    )
    oauth: OAuth | None = Field(default=None, description="How to get tokens for it.")
    private: bool = Field(default=False, description="Whether its address may be private, loopback or link-local.")
    ca: Text | None = Field(
        default=None, description="Certificates to trust in place of the system's, PEM, relative to the file."
    )

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.fragment:
            raise wrong("this is not an http or https URL", "write `https://host/path`, credentials under `headers`")
        return value

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if self.oauth is not None and any(name.lower() == "authorization" for name in self.headers):
            raise wrong("`oauth` and an `authorization` header exclude each other", "keep one of the two")
        return self


class Upstream(Section):
    """One MCP server behind us: exactly one of `stdio` and `http`."""

    stdio: StdioUpstream | None = Field(default=None, description="Start it as a child process.")
    http: HttpUpstream | None = Field(default=None, description="Reach it over HTTP.")
    prefix: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{0,32}$",
        description="What its names begin with, a dot after it. Default: its name if names collide.",
    )
    mode: Literal["auto", "legacy", "modern"] = Field(
        default="auto", description="Which MCP it is spoken to: up to 2025-11-25, from 2026-07-28, or tried."
    )
    timeout: Duration = Field(default=30.0, description="How long one request may take.")
    sessions: Literal["caller", "session", "shared"] = Field(
        default="caller",
        description="Whose calls share a process or session of it: those of one caller, of one session, of all.",
    )
    idle: Duration = Field(default=300.0, description="How long such a process or session stays without a call.")
    max_links: Count = Field(default=256, description="Processes or sessions of it at once, beside the gateway's own.")
    ask_timeout: Duration = Field(
        default=660.0,
        description="How long its call may wait for its client to answer; more than `server.limits.ask_timeout`.",
    )
    baggage: bool = Field(default=False, description="Whether the client's W3C `baggage` is passed on to it.")
    refresh: Duration | None = Field(
        default=None, description="How often to ask anew for lists whose changes it does not announce; never if unset."
    )
    definitions: Definitions = Field(
        default_factory=Definitions, description="What happens when it describes itself differently."
    )
    include: tuple[Text, ...] = Field(default=(), description="Names to take, `*` for any part; all if empty.")
    exclude: tuple[Text, ...] = Field(default=(), description="Names to leave out, `*` for any part.")
    tools: dict[Text, ToolOverride] = Field(
        default_factory=dict, description="What you say of its tools, by its own names."
    )
    prompts: dict[Text, PromptOverride] = Field(
        default_factory=dict, description="What you say of its prompts, by its own names."
    )
    resources: dict[Text, ResourceOverride] = Field(
        default_factory=dict, description="What you say of its resources and templates, by its own URIs."
    )
    instructions: str | None = Field(
        default=None, description="What clients are told of its use, in place of its own words; empty for nothing."
    )
    own_endpoint: bool = Field(
        default=True, description="Whether it has an endpoint `/servers/NAME/mcp` under its own names."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.stdio is None) == (self.http is None):
            raise wrong("an upstream wants exactly one of `stdio` and `http`", "keep one of the two")
        return self
