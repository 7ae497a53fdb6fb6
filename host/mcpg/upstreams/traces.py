"""W3C trace context in `_meta`: one hop further for an upstream. It records no span and reads no header.

Source: W3C Trace Context level 1, sections 3.2 and 3.3; MCP 2026-07-28, basic/index (`traceparent`, `tracestate`,
`baggage` in `_meta`).
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TRACE_KEYS", "child", "trace_headers"]

TRACE_KEYS = frozenset({"traceparent", "tracestate", "baggage"})
MAX_STATE = 512
MAX_BAGGAGE = 8192
_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?")
_PLAIN = re.compile(r"[\x20-\x7e]+")


def child(meta: Mapping[str, Any], *, baggage: bool) -> dict[str, str]:
    """Return the trace members of `meta` for the next hop: the same trace under a new span id; nothing if unsound."""
    found: dict[str, str] = {}
    parent = meta.get("traceparent")
    match = _PARENT.fullmatch(parent) if isinstance(parent, str) else None
    if match is not None and (match[3] is None or not match[0].startswith("00")):
        found["traceparent"] = f"00-{match[1]}-{secrets.token_hex(8)}-{match[2]}"
        found |= _sound(meta, "tracestate", MAX_STATE)
    return found | _sound(meta, "baggage", MAX_BAGGAGE) if baggage else found


def trace_headers(dressed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the headers that repeat the trace members of a request's own `_meta`, which `child` has made."""
    meta = dressed.get("_meta")
    return [(key, meta[key]) for key in sorted(TRACE_KEYS & meta.keys())] if meta else []


def _sound(meta: Mapping[str, Any], key: str, most: int) -> dict[str, str]:
    """Return the member if it may stand in a header."""
    value = meta.get(key)
    return {key: value} if isinstance(value, str) and len(value) <= most and _PLAIN.fullmatch(value) else {}
