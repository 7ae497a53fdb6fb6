"""The keys under `revocations`: whose lists are believed, where they come from, and what the site says for itself.

It fetches none and reads no key.
"""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from mcpg.config.base import Section
from mcpg.config.values import Count, Duration, Text, wrong

__all__ = ["Anchor", "Revocations"]


class Anchor(Section):
    """Whose revocation lists are believed."""

    keys: tuple[Text, ...] = Field(
        min_length=1, description="PEM files with the public keys of the lists' publishers, relative to this file."
    )
    threshold: Count | None = Field(
        default=None, description="How many of these keys must have signed a list. Default: 2, or 1 of one."
    )


class Revocations(Section):
    """What is revoked here, beside the list that ships with the program."""

    feed: str | None = Field(
        default=None,
        pattern=r"^[!-~]+$",
        description="Where newer lists come from: `https://HOST/PATH`, `HOST/REPOSITORY:TAG` or `file:PATH`.",
    )
    anchor: Anchor | None = Field(default=None, description="Whose lists are believed; a feed wants it.")
    poll: Duration = Field(default=300.0, description="How often the feed is asked, a fifth more or less.")
    on_dead: Literal["deny-new", "stop-all", "warn"] = Field(
        default="deny-new",
        description="What a list whose grace is over means: nothing is loaded, nothing is answered, or an alarm only.",
    )
    additions: Text | None = Field(
        default=None, description="A folder of `*.json` with entries of your own, which need no signature."
    )
    overrides: Text | None = Field(
        default=None, description="A folder of `*.json` with signed overrides: entries that do not count for a while."
    )
    override_keys: tuple[Text, ...] = Field(
        default=(), description="PEM files with the public keys that may sign overrides, relative to this file."
    )

    @field_validator("feed")
    @classmethod
    def _feed(cls, value: str | None) -> str | None:
        if value is not None and value.startswith(("oci:", "layout:", "builtin:", "mirror:")):
            raise wrong("this is no feed", "write `https://HOST/PATH`, `HOST/REPOSITORY:TAG` or `file:PATH`")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.feed is not None and self.anchor is None:
            raise wrong(
                "a feed wants an anchor: nobody else says whose lists to believe", "give `anchor: {keys: [...]}`"
            )
        if self.overrides is not None and not self.override_keys:
            raise wrong("overrides want the keys that may sign them", "give `override_keys: [...]`")
        return self
