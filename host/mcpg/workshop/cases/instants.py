"""Times as people write them in cases. It knows no clock."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["instant", "instant_text"]


def instant(text: str) -> int | None:
    """Return an RFC 3339 time as ms since 1970; None when it is none, or names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else round(moment.timestamp() * 1000)


def instant_text(now: int) -> str:
    """Return ms since 1970 as RFC 3339 in UTC."""
    return datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
