"""JSON that came from outside: bounded, UTF-8, no key twice, no NaN. It knows no schema and does no I/O.

Two parsers that disagree on a doubled key are a way to have one document signed and another obeyed.
"""

from __future__ import annotations

import json
from typing import Any

__all__ = ["compact", "parse_object"]


def parse_object(data: bytes, limit: int) -> dict[str, Any]:
    """Return the JSON object in `data`; `ValueError` over `limit` bytes, or for anything but one clean object."""
    if len(data) > limit:
        raise ValueError(f"found {len(data)} bytes, at most {limit} are allowed")
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_no_doubles, parse_constant=_no_constant, parse_int=_small_int
        )
    except UnicodeDecodeError as error:
        raise ValueError(f"no UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON at character {error.pos}: {error.msg.lower()}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError(f"found a JSON {type(value).__name__}, wanted an object")  # noqa: TRY004 - the data is wrong, not the caller
    return value


def compact(value: Any) -> bytes:
    """Return `value` as JSON with sorted keys and no spaces: the same value always gives the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        double = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"key {double[:60]!r} stands there twice")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _small_int(text: str) -> int:
    if len(text) > 20:  # noqa: PLR2004 - the digits of 2^64, and a sign
        raise ValueError("a number has more than 20 digits")
    return int(text)
