"""Key files: made once, encrypted, for their owner's eyes; read with the password that they want."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from mcpg.contract.problems import ConfigError
from mcpg_registry.keyfiles import (
    create,
    read_password,
    read_private_key,
    read_public_keys,
    read_text,
    write_pair,
)
from mcpg_registry.trust.keys import PrivateKey, is_sealed

if TYPE_CHECKING:
    from pathlib import Path

KEY = PrivateKey.generate()
SEALED = KEY.pem(b"secret")


def nobody() -> bytes:
    raise AssertionError("a password was asked for")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_pair_is_written_and_read_back(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        private, public = write_pair(tmp_path / "acme.v1", KEY, b"secret")
    finally:
        os.umask(before)
    assert (private.name, public.name) == ("acme.v1.key", "acme.v1.pub")
    assert (mode(private), mode(public)) == (0o600, 0o644)
    assert is_sealed(private.read_text())
    assert read_private_key(private, lambda: b"secret").public == KEY.public
    assert read_public_keys(public) == (KEY.public,)


def test_without_a_password_none_is_asked_for(tmp_path: Path) -> None:
    private, _ = write_pair(tmp_path / "a", KEY, None)
    assert not is_sealed(private.read_text())
    assert mode(private) == 0o600
    assert read_private_key(private, nobody).public == KEY.public


@pytest.mark.parametrize("name", ["a.key", "a.pub"])
@pytest.mark.parametrize("link", [False, True])
def test_nothing_is_ever_overwritten(tmp_path: Path, name: str, *, link: bool) -> None:
    target = tmp_path / "target"
    if link:
        (tmp_path / name).symlink_to(target)
    else:
        (tmp_path / name).write_text("mine")
    with pytest.raises(ConfigError, match="ever overwritten") as caught:
        write_pair(tmp_path / "a", KEY, None)
    assert caught.value.code == "bad-key-file"
    assert sorted(each.name for each in tmp_path.iterdir()) == [name]
    assert not target.exists()


def test_a_file_that_cannot_be_finished_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="no space left"):
        create(tmp_path / "a", b"x", mode=0o600)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        write_pair(tmp_path / "no" / "a", KEY, None)


def test_an_empty_password_makes_no_key() -> None:
    with pytest.raises(ValueError, match="protects nothing"):
        KEY.pem(b"")


@pytest.mark.parametrize(
    ("text", "password", "told"),
    [
        (SEALED, b"wrong", "another password"),
        (SEALED, None, "another password"),
        ("junk", None, "no PKCS#8"),
        ("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nx\n", None, "cosign's own form"),
        (KEY.public.pem, None, "no PKCS#8"),
        ("x" * 70_000, None, "at most|more than|larger"),
    ],
)
def test_private_keys_that_cannot_be_used(tmp_path: Path, text: str, password: bytes | None, told: str) -> None:
    (tmp_path / "a.key").write_text(text)
    with pytest.raises(ConfigError, match=told) as caught:
        read_private_key(tmp_path / "a.key", lambda: password)
    assert caught.value.code == "bad-key-file"
    assert not any(line in caught.value.diagnostics() for line in text.splitlines() if len(line) > 30)


def test_a_private_key_is_no_public_key(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(KEY.pem())
    with pytest.raises(ConfigError, match="it is a private key"):
        read_public_keys(tmp_path / "a")


@pytest.mark.parametrize("what", ["missing", "folder", "binary"])
def test_files_that_are_no_key_files(tmp_path: Path, what: str) -> None:
    path = tmp_path / what
    if what == "folder":
        path.mkdir()
    elif what == "binary":
        path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_text(path)


def test_passwords_come_from_a_file_before_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from the file\n")
    environ = {"MCPG_KEY_PASSWORD": "from outside"}
    assert read_password(file, environ) == b"from the file"
    assert read_password(None, environ) == b"from outside"
    assert read_password(None, {"MCPG_KEY_PASSWORD": ""}) is None
    assert read_password(None, {}) is None


@pytest.mark.parametrize("text", ["", "\n", "one\ntwo\n", "x" * 2000])
def test_password_files_that_are_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "password").write_text(text)
    with pytest.raises(ConfigError, match="cannot be used") as caught:
        read_password(tmp_path / "password", {})
    assert "two" not in caught.value.diagnostics()
