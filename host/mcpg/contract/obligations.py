"""The details of the obligations that a permit may carry. It meets none; `pipeline` does, or denies."""

from __future__ import annotations

import msgspec

__all__ = ["Annotate", "Redact"]


class Redact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Detail of `redact`: JSON pointers into the result, `*` for every member or item."""

    paths: tuple[str, ...]
    replacement: str = "[redacted]"


class Annotate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Detail of `annotate`: names and texts that the client is shown beside the result."""

    notes: dict[str, str]
