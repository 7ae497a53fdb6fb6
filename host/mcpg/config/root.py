"""The whole file. A key stands here only together with the code that obeys it."""

from typing import Annotated, Literal

from pydantic import Field

from mcpg.config.base import Section
from mcpg.config.chains import Identity, LimitChain, PolicyChain
from mcpg.config.plugins import PluginUse
from mcpg.config.profiles import Profile, ProfileName
from mcpg.config.registries import Registries
from mcpg.config.revocations import Revocations
from mcpg.config.server import Server
from mcpg.config.tools import Tool
from mcpg.config.trust import Trust
from mcpg.config.upstreams import Upstream
from mcpg.config.values import Count, Name, SecretText, Text

__all__ = ["Audit", "Config", "Connection", "Logs", "Secrets", "Telemetry", "ToolName"]

ToolName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]


class Connection(Section):
    """A database that grants can name."""

    url: SecretText = Field(
        description="SQLAlchemy's async URL, such as `sqlite+aiosqlite:///sales.db`; a file is relative to this one."
    )
    pool: Count = Field(default=5, description="Connections kept at most.")


class Audit(Section):
    """The ledger: what was decided, in a chain that can be verified."""

    ledger: Text | None = Field(
        default=None, description="The ledger's SQLite file, relative to this one. Default: `ledger.db` in `state`."
    )
    keep_payloads: Literal["digests", "none"] = Field(
        default="digests",
        description="What records keep of arguments, results and the like: keyed digests, or nothing at all.",
    )


class Logs(Section):
    """The program's own log, on standard error."""

    format: Literal["text", "json"] = Field(default="text", description="Lines for people or for machines.")
    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least that is written."
    )


class Telemetry(Section):
    """What MCPG tells about itself."""

    logs: Logs = Field(default_factory=Logs, description="The program's own log.")


class Secrets(Section):
    """Where `secret://file/NAME` looks."""

    file_directory: Text | None = Field(
        default=None, description="The folder with one file for each secret; off if not given."
    )


class Config(Section):
    """The operator's file."""

    version: Literal[1] = Field(description="The version of this file's shape.")
    server: Server = Field(default_factory=Server, description="Where MCPG listens and what it takes.")
    development: bool = Field(
        default=False,
        description="Whether unsigned components may be loaded with `file:`; read at the start. Never in production.",
    )
    state: Text = Field(
        default=".state", description="The folder for keys, caches and the ledger, relative to this file."
    )
    trust: Trust = Field(
        default_factory=Trust, description="Whose signatures let a plugin in that does not ship with the program."
    )
    registries: Registries = Field(default_factory=Registries, description="How registries are reached.")
    lock: Text | None = Field(
        default=None,
        description="The lock of plugins, relative to this file. Default: `mcpg.lock` beside it, if it is there.",
    )
    store: Text | None = Field(
        default=None, description="The folder of pulled plugins, relative to this file. Default: `plugins` in `state`."
    )
    revocations: Revocations = Field(
        default_factory=Revocations, description="What is revoked here, beside the list that ships; read at the start."
    )
    plugins: dict[Name, PluginUse] = Field(default_factory=dict, description="Uses of plugins, by your name for each.")
    connections: dict[Name, Connection] = Field(default_factory=dict, description="Databases, by name.")
    identity: Identity = Field(default_factory=Identity, description="Who is calling.")
    catalog: tuple[Name, ...] = Field(
        default=(), description="Uses of catalog plugins that shape what is shown, in order."
    )
    transforms: tuple[Name, ...] = Field(
        default=(), description="Uses of transform plugins for every call: in order going in, in reverse coming out."
    )
    policy: PolicyChain = Field(default_factory=PolicyChain, description="What a caller may do.")
    limits: LimitChain = Field(default_factory=LimitChain, description="How much a caller may do.")
    tools: dict[ToolName, Tool] = Field(default_factory=dict, description="Tools made from backends, by name.")
    upstreams: dict[Name, Upstream] = Field(
        default_factory=dict, description="MCP servers behind the gateway, by name."
    )
    profiles: dict[ProfileName, Profile] = Field(
        default_factory=dict, description="Named selections with rules of their own, each at `/NAME/mcp`."
    )
    credentials: dict[Name, Name] = Field(
        default_factory=dict, description="Issuers (`cred://NAME/...`) and the use of a credential plugin for each."
    )
    sinks: tuple[Name, ...] = Field(
        default=(), description="Uses of sink plugins that get a copy of every ledger record."
    )
    audit: Audit = Field(default_factory=Audit, description="The ledger.")
    telemetry: Telemetry = Field(default_factory=Telemetry, description="What MCPG tells about itself.")
    secrets: Secrets = Field(default_factory=Secrets, description="Where secrets are read from.")
