"""Sizes, durations, addresses and secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from mcpg.config.values import Address, Duration, Listen, SecretText, SecretValue, Size


def _read(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).validate_json(json.dumps(value))


@pytest.mark.parametrize(("text", "size"), [("1B", 1), ("512KiB", 2**19), ("1MiB", 2**20), ("2GiB", 2**31), (77, 77)])
def test_sizes(text: Any, size: int) -> None:
    assert _read(Size, text) == size


@pytest.mark.parametrize("text", ["1MB", "1", "MiB", "-1B", "0B", "1.5MiB", 0, -1, True, 1.5, None, [], "1MiB "])
def test_what_is_no_size(text: Any) -> None:
    with pytest.raises(ValidationError, match="is not a size"):
        _read(Size, text)


@pytest.mark.parametrize(("text", "seconds"), [("500ms", 0.5), ("30s", 30), ("1.5m", 90), ("2h", 7200), ("1d", 86400)])
def test_durations(text: str, seconds: float) -> None:
    assert _read(Duration, text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["5", 5, "0s", "-1s", "1w", "s", "1e3s", "∞s", None, "1s\n"])
def test_what_is_no_duration(text: Any) -> None:
    with pytest.raises(ValidationError, match="is not a duration"):
        _read(Duration, text)


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("127.0.0.1:80", Address("127.0.0.1", 80), True),
        ("[::1]:0", Address("::1", 0), True),
        ("localhost:1", Address("localhost", 1), True),
        ("unix:a/b.sock", Address(path="a/b.sock"), True),
        ("0.0.0.0:1", Address("0.0.0.0", 1), False),
        ("[::]:65535", Address("::", 65535), False),
    ],
)
def test_addresses(text: str, address: Address, *, loopback: bool) -> None:
    assert (_read(Listen, text), str(address), address.loopback) == (address, text, loopback)


@pytest.mark.parametrize("text", ["", "a", ":80", "a:", "a:65536", "::1:80", "a:b", "unix:", "http://a:80", 8787])
def test_what_is_no_address(text: Any) -> None:
    with pytest.raises(ValidationError, match="is not an address"):
        _read(Listen, text)


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("plain", SecretValue("plain")),
        ("secret://env/A_1", SecretValue(reference="secret://env/A_1")),
        ({"$secret": "secret://file/a.b-c", "suffix": "!"}, SecretValue(reference="secret://file/a.b-c", suffix="!")),
    ],
)
def test_secrets(value: Any, secret: SecretValue) -> None:
    assert _read(SecretText, value) == secret


@pytest.mark.parametrize(
    "value",
    ["", "secret://", "secret://env/", "secret://env/../x", "secret://vault/x", "secret://env/A B", {}, 7, None,
     {"$secret": "x"}, {"$secret": "secret://env/A", "also": "x"}, {"$secret": 1}, ["secret://env/A"], {"prefix": "x"}],
)  # fmt: skip
def test_what_is_no_secret(value: Any) -> None:
    with pytest.raises(ValidationError, match="neither text nor a reference"):
        _read(SecretText, value)


def test_a_literal_secret_is_not_shown() -> None:
    assert "hunter2" not in repr(SecretValue("hunter2")) + str(SecretValue("hunter2"))
