"""What every section of the file has in common. It holds no key."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Section"]


class Section(BaseModel):
    """A mapping of the file: closed, strict and frozen. Values come as JSON, so that lists may become tuples."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
