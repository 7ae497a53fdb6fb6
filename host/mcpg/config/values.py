"""The small types of the file: sizes, durations, addresses, secrets, names. It resolves and opens none."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

__all__ = ["Address", "Count", "Duration", "Listen", "Name", "SecretText", "SecretValue", "Size", "Text", "wrong"]

_SIZE = re.compile(r"([0-9]{1,12})(B|KiB|MiB|GiB)\Z")
_SIZES = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)\Z")
_DURATIONS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})\Z")
_REFERENCE = re.compile(r"secret://(env|file)/[A-Za-z0-9_.-]{1,128}\Z")
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
MAX_PORT = 65535


def wrong(message: str, remedy: str) -> PydanticCustomError:
    """Return the error for a value that cannot be obeyed; `message` and `remedy` are shown to the operator."""
    return PydanticCustomError("mcpg", "{message}", {"message": message, "remedy": remedy})


def _size(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    match = _SIZE.match(value) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise wrong(f"`{value}` is not a size", "write bytes as a number, or `512KiB`, `1MiB`, `2GiB`")
    return int(match[1]) * _SIZES[match[2]]


def _duration(value: Any) -> float:
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None or float(match[1]) == 0:
        raise wrong(f"`{value}` is not a duration", "write a number with its unit: `500ms`, `30s`, `5m`, `2h`, `1d`")
    return float(match[1]) * _DURATIONS[match[2]]


def _count(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


Size = Annotated[int, PlainValidator(_size), WithJsonSchema({
    "type": ["string", "integer"], "pattern": r"^[0-9]{1,12}(B|KiB|MiB|GiB)$", "minimum": 1, "examples": ["1MiB"],
})]  # fmt: skip
"""Bytes: a number, or text such as `1MiB`."""

Duration = Annotated[float, PlainValidator(_duration), WithJsonSchema({
    "type": "string", "pattern": r"^[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h|d)$", "examples": ["5m"],
})]  # fmt: skip
"""Seconds: text such as `500ms` or `5m`."""

Count = Annotated[int, BeforeValidator(_count), Field(ge=1, le=1_000_000)]
"""A whole number from 1, also as text, so that a variable can hold it."""

Name = Annotated[str, Field(pattern=_NAME)]
"""The operator's name for something."""

Text = Annotated[str, Field(min_length=1)]
"""Text that is not empty."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a listener stands: `host` and `port`, or the `path` of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it, judged by its spelling."""
        return bool(self.path) or self.host in {"localhost", "::1"} or self.host.startswith("127.")


def _address(value: Any) -> Address:
    if isinstance(value, Address):
        return value
    if isinstance(value, str) and value.startswith("unix:") and len(value) > len("unix:"):
        return Address(path=value.removeprefix("unix:"))
    match = _HOST_PORT.match(value) if isinstance(value, str) else None
    if match is None or int(match[2]) > MAX_PORT:
        raise wrong(f"`{value}` is not an address", "write `host:port`, `[::1]:port` or `unix:path`")
    return Address(match[1].strip("[]"), int(match[2]))


Listen = Annotated[
    Address, PlainValidator(_address), WithJsonSchema({"type": "string", "examples": ["127.0.0.1:8787"]})
]
"""`host:port`, `[::1]:port` or `unix:path`."""


@dataclass(frozen=True, slots=True)
class SecretValue:
    """Text that is never shown: `literal`, or a `reference` (`secret://env/X`) with what stands around it."""

    literal: str = field(default="", repr=False)
    reference: str = ""
    prefix: str = ""
    suffix: str = ""


def _secret(value: Any) -> SecretValue:
    if isinstance(value, SecretValue):
        return value
    if isinstance(value, str) and value and not value.startswith("secret://"):
        return SecretValue(literal=value)
    node = {"$secret": value} if isinstance(value, str) else value
    parts = node if isinstance(node, dict) else {}
    texts = all(isinstance(part, str) for part in parts.values())
    if (
        not texts
        or not parts.keys() <= {"$secret", "prefix", "suffix"}
        or not _REFERENCE.match(parts.get("$secret", ""))
    ):
        remedy = "write text, `secret://env/NAME`, `secret://file/NAME`, or `{$secret: ..., prefix: ...}`"
        raise wrong("this is neither text nor a reference to a secret", remedy)
    return SecretValue(reference=parts["$secret"], prefix=parts.get("prefix", ""), suffix=parts.get("suffix", ""))


SecretText = Annotated[SecretValue, PlainValidator(_secret), WithJsonSchema({
    "anyOf": [
        {"type": "string", "minLength": 1},
        {
            "type": "object",
            "properties": {
                "$secret": {"type": "string", "pattern": _REFERENCE.pattern.replace("\\Z", "$")},
                "prefix": {"type": "string"},
                "suffix": {"type": "string"},
            },
            "required": ["$secret"],
            "additionalProperties": False,
        },
    ]
})]  # fmt: skip
"""Text, or a reference to a secret."""
