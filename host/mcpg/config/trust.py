"""The keys under `trust`: whose signatures let a plugin in. It reads no key and verifies nothing."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, GetJsonSchemaHandler, PlainValidator, WithJsonSchema, model_validator

from mcpg.config.base import Section
from mcpg.config.values import Count, Text, wrong

__all__ = ["Trust", "TrustIdentity", "TrustKey", "TrustRule"]

_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", re.ASCII)


def _seconds(value: Any, *, end: bool) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    text = value if isinstance(value, str) else ""
    try:
        if _TIME.match(text):
            return int(datetime.fromisoformat(text).timestamp())
        if _DAY.match(text):
            day = datetime.fromisoformat(text).replace(tzinfo=UTC)
            return int((day + timedelta(days=1)).timestamp()) - 1 if end else int(day.timestamp())
    except (ValueError, OverflowError):
        pass
    raise wrong(f"`{value}` is no day and no time", "write `2027-01-31`, or `2027-01-31T12:00:00Z`")


_SCHEMA = WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?$"})
Begin = Annotated[int, PlainValidator(lambda value: _seconds(value, end=False)), _SCHEMA]
"""Seconds since 1970: a day from its first second on, or a time in UTC."""
End = Annotated[int, PlainValidator(lambda value: _seconds(value, end=True)), _SCHEMA]
"""Seconds since 1970: a day up to its last second, or a time in UTC."""


class TrustKey(Section):
    """A publisher's public key. A plain text is short for `file`."""

    file: Text = Field(description="The PEM file, such as `acme.pub`; every key in it counts.")
    not_before: Begin | None = Field(default=None, description="When it begins to count: a day, or a time in UTC.")
    not_after: End | None = Field(
        default=None, description="Until when it counts; what the lock names is still let in later, with a warning."
    )

    @model_validator(mode="before")
    @classmethod
    def _plain_text(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema of both spellings."""
        schema = handler.resolve_ref_schema(handler(core))
        return {"description": schema.pop("description", ""), "anyOf": [schema, {"type": "string", "minLength": 1}]}


class TrustIdentity(Section):
    """Somebody who signs without a key of their own, as a certificate names them."""

    issuer: Text = Field(description="Who has vouched for the name: the URL of the OIDC provider, as it stands.")
    identity: Text | None = Field(default=None, description="The name, as it stands: a workflow's URI or an address.")
    pattern: Text | None = Field(
        default=None, description="Or a pattern for all of the name, such as `^https://github\\.com/acme/[a-z-]+/.*$`."
    )
    root: Text | None = Field(
        default=None, description="The sigstore trusted root to go by, JSON; else the one of the `sigstore` package."
    )

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if (self.identity is None) == (self.pattern is None):
            raise wrong("an identity has either `identity` or `pattern`", "write one of the two")
        return self


class TrustRule(Section):
    """Who must have signed the plugins of some repositories; the longest prefix that matches counts alone."""

    prefix: Text = Field(description="`HOST/PATH` without `*`, such as `ghcr.io/acme`: it and all below it.")
    keys: tuple[TrustKey, ...] = Field(default=(), description="Public keys that may sign.")
    threshold: Count = Field(default=1, description="How many of these keys must have signed.")
    identities: tuple[TrustIdentity, ...] = Field(default=(), description="Who may sign keyless; one is enough.")
    require: Literal["any", "all"] = Field(
        default="any", description="With keys and identities: whether one of the two is enough, or both are wanted."
    )
    ids: tuple[Text, ...] = Field(
        default=(), description="Plugin ids that may be released: `acme/redact` or `acme/*`. Any but `mcpg/*`, if none."
    )


class Trust(Section):
    """Whose signatures let a plugin in. What no rule speaks of is refused."""

    file: Text | None = Field(
        default=None, description="A file of its own with `rules` and `rotations`; paths in it start at its folder."
    )
    rules: tuple[TrustRule, ...] = Field(default=(), description="Rules by prefix.")
    rotations: tuple[Text, ...] = Field(
        default=(), description="Files that prove that a new key stands in for an old one (`mcpg keys rotate`)."
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.file is not None and (self.rules or self.rotations):
            raise wrong("the trust policy stands in two places", "keep either `file` or the rules here")
        return self
