"""The keys that seal tokens, with ids and rotation: the first seals, all open. It seals nothing itself."""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from mcpg.contract.problems import ConfigError
from mcpg.sealing.files import private_file, replace_private_file

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KEY_ID_BYTES", "SealKey", "SealKeys", "load_seal_keys", "rotate_seal_keys"]

KEY_ID_BYTES = 6
SECRET_BYTES = 32
MAX_KEYS = 16


@dataclass(frozen=True, slots=True)
class SealKey:
    """One secret of 32 bytes and its random id of 6; the secret never shows in a `repr`."""

    key_id: bytes
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key_id) != KEY_ID_BYTES or len(self.secret) != SECRET_BYTES:
            raise ValueError("a seal key has an id of 6 bytes and a secret of 32")

    @classmethod
    def generate(cls) -> SealKey:
        """Return a new random key."""
        return cls(secrets.token_bytes(KEY_ID_BYTES), secrets.token_bytes(SECRET_BYTES))


@dataclass(frozen=True, slots=True)
class SealKeys:
    """The current key and older ones that still open what they sealed."""

    current: SealKey
    older: tuple[SealKey, ...] = ()

    def __post_init__(self) -> None:
        if len({key.key_id for key in self.all}) != len(self.all):
            raise ValueError("two seal keys have the same id")

    @property
    def all(self) -> tuple[SealKey, ...]:
        """Every key, the current one first."""
        return (self.current, *self.older)

    def rotated(self, *, keep: int) -> SealKeys:
        """Return these keys behind a new current one, with at most `keep` older ones."""
        return SealKeys(SealKey.generate(), self.all[:keep])


class _StoredKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    key: str


class _StoredKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    v: int
    keys: list[_StoredKey]


def load_seal_keys(path: Path) -> SealKeys:
    """Return the keys in the private file `path`, made there at the first start; raises `ConfigError`."""
    content = private_file(path, lambda: _dump(SealKeys(SealKey.generate())))
    try:
        return _parse(content)
    except (ValueError, msgspec.MsgspecError, binascii.Error):
        remedy = "restore it from a backup, or remove it: sessions and paused calls then end"
        raise ConfigError(
            "the file holds no seal keys that this version reads", where=str(path), remedy=remedy
        ) from None


def rotate_seal_keys(path: Path, *, keep: int = 2) -> SealKeys:
    """Put a new current key into `path` and return all; tokens of keys beyond the `keep` older ones open no more."""
    if not 0 <= keep < MAX_KEYS:
        raise ValueError(f"keep must be between 0 and {MAX_KEYS - 1}")
    keys = load_seal_keys(path).rotated(keep=keep)
    replace_private_file(path, _dump(keys))
    return keys


def _dump(keys: SealKeys) -> bytes:
    stored = [_StoredKey(key.key_id.hex(), base64.b64encode(key.secret).decode()) for key in keys.all]
    return msgspec.json.encode(_StoredKeys(1, stored)) + b"\n"


def _parse(content: bytes) -> SealKeys:
    stored = msgspec.json.decode(content, type=_StoredKeys)
    if stored.v != 1 or not 1 <= len(stored.keys) <= MAX_KEYS:
        raise ValueError("unknown version or number of keys")
    keys = [SealKey(bytes.fromhex(each.id), base64.b64decode(each.key, validate=True)) for each in stored.keys]
    return SealKeys(keys[0], tuple(keys[1:]))
