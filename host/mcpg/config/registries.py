"""The keys under `registries`: how registries are reached. It opens no connection and reads no credentials."""

from pydantic import Field

from mcpg.config.base import Section
from mcpg.config.values import Duration, Text

__all__ = ["Registries", "RegistryHost", "RegistryMirrors"]


class RegistryHost(Section):
    """One registry's host."""

    ca: Text | None = Field(
        default=None, description="Certificates to trust in place of the system's, PEM, relative to this file."
    )
    plain_http: bool = Field(default=False, description="Whether to speak HTTP without TLS. Bytes are checked anyway.")
    realms: tuple[Text, ...] = Field(default=(), description="Further hosts that may issue tokens for this one.")
    timeout: Duration = Field(default=30.0, description="How long an answer may take; a blob may take longer.")


class RegistryMirrors(Section):
    """Where to read instead. Trust goes by the original name, and every byte is checked."""

    to: tuple[Text, ...] = Field(
        min_length=1, description="Places that each stand in for the prefix, in order: `registry.corp:5000/ghcr.io`."
    )
    only: bool = Field(default=False, description="Whether the original host is never asked.")


class Registries(Section):
    """How registries are reached; none needs a setting."""

    hosts: dict[Text, RegistryHost] = Field(
        default_factory=dict, description="Settings by host, such as `registry.corp:5000`."
    )
    mirrors: dict[Text, RegistryMirrors] = Field(
        default_factory=dict, description="Mirrors by prefix, such as `ghcr.io` or `ghcr.io/acme`; the longest counts."
    )
    credentials: Text | None = Field(
        default=None,
        description="A file in docker's format, in place of the environment and docker's and podman's files.",
    )
