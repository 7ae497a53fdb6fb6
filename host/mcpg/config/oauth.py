"""The keys under `upstreams.X.http.oauth`: how tokens are got as a client of an authorization server. It gets none."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from mcpg.config.base import Section
from mcpg.config.values import SecretText, Text, wrong

__all__ = ["OAuth"]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class OAuth(Section):
    """Tokens by client credentials (OAuth 2.1): exactly one of `client_secret` and `private_key`."""

    client_id: Text = Field(description="Who we are to the authorization server.")
    client_secret: SecretText | None = Field(
        default=None, description="The client's secret; it wants `issuer` or `token_url`, and goes nowhere else."
    )
    private_key: Text | None = Field(
        default=None, description="The key for signed assertions (RFC 7523), PEM, relative to the file."
    )
    algorithm: Literal["ES256", "RS256", "EdDSA"] | None = Field(
        default=None, description="What `private_key` signs with, to be sure of it. Default: what the key is for."
    )
    key_id: Text | None = Field(default=None, description="The name by which the authorization server knows the key.")
    method: Literal["client_secret_basic", "client_secret_post"] | None = Field(
        default=None, description="How the secret is sent. Default: what the server prefers."
    )
    issuer: Text | None = Field(
        default=None, description="The authorization server's issuer. Default: what the MCP server names."
    )
    token_url: Text | None = Field(default=None, description="Its token endpoint, where it has no metadata.")
    scopes: tuple[Text, ...] = Field(
        default=(), description="What is asked for. Default: what the MCP server says that it needs."
    )
    resource: Text | None = Field(
        default=None, description="What the tokens are for (RFC 8707). Default: the MCP server's URL, or as it says."
    )

    @field_validator("issuer", "token_url")
    @classmethod
    def _safe(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://none.example")
        local = parts.scheme == "http" and parts.hostname in LOOPBACK
        if not parts.hostname or parts.username or parts.fragment or not (parts.scheme == "https" or local):
            raise wrong("this is not an https URL", "write `https://host/path`; http is for this machine only")
        return value

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if (self.client_secret is None) == (self.private_key is None):
            raise wrong("a client has exactly one of `client_secret` and `private_key`", "keep one of the two")
        if self.client_secret is not None and self.issuer is None and self.token_url is None:
            remedy = "say `issuer` or `token_url`: an MCP server that names its own could have the secret otherwise"
            raise wrong("a secret wants to know to whom it may be sent", remedy)
        if self.private_key is None and (self.algorithm or self.key_id):
            raise wrong("`algorithm` and `key_id` are for a `private_key`", "remove them")
        if self.private_key is not None and self.method:
            raise wrong("`method` is for a `client_secret`", "remove it")
        return self
