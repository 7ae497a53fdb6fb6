"""Key files, signing keys and derivation."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from mcpg.contract.problems import ConfigError
from mcpg.sealing import (
    Sealer,
    SealKey,
    SealKeys,
    SigningKey,
    VerifyKey,
    derive_key,
    load_seal_keys,
    load_signing_key,
    private_file,
    replace_private_file,
    rotate_seal_keys,
)

KEY = SigningKey.generate()


def test_a_private_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "key"
    assert private_file(path, lambda: b"first") == b"first"
    assert private_file(path, lambda: b"second") == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["key"]


def test_of_many_that_create_a_file_one_wins_and_all_read_it(tmp_path: Path) -> None:
    path, seen, gate = tmp_path / "key", [], threading.Barrier(8)

    def create(number: int) -> None:
        gate.wait()
        seen.append(private_file(path, lambda: b"made by %d" % number))

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert set(seen) == {path.read_bytes()}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"x")
    path.chmod(mode)
    with pytest.raises(ConfigError, match="read by others") as caught:
        private_file(path, lambda: b"y")
    assert "chmod 600" in caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"x" * 70_000])
def test_an_empty_or_huge_key_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="empty or too large"):
        private_file(path, lambda: b"y")


def test_a_device_is_no_key_file() -> None:
    with pytest.raises(ConfigError):
        private_file(Path(os.devnull), lambda: b"y")


def test_a_place_that_cannot_be_written_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot be used"):
        private_file(tmp_path / "file" / "key", lambda: b"y")


def test_a_replaced_file_is_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "key"
    private_file(path, lambda: b"first")
    replace_private_file(path, b"second")
    assert private_file(path, lambda: b"third") == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_seal_keys_live_in_their_file_and_rotate(tmp_path: Path) -> None:
    path = tmp_path / "seal.keys"
    first = load_seal_keys(path)
    assert load_seal_keys(path) == first
    token = Sealer(first).seal("s", b"x", bind=b"", ttl=60)
    second = rotate_seal_keys(path, keep=1)
    assert second == load_seal_keys(path)
    assert second.older == (first.current,)
    assert Sealer(load_seal_keys(path)).open("s", token, bind=b"") == b"x"
    assert rotate_seal_keys(path, keep=0).older == ()
    with pytest.raises(ValueError, match="keep"):
        rotate_seal_keys(path, keep=16)


@pytest.mark.parametrize(
    "content",
    [
        b"not json",
        b'{"v":2,"keys":[]}',
        b'{"v":1,"keys":[]}',
        b'{"v":1,"keys":[{"id":"00","key":"AA=="}]}',
        b'{"v":1,"keys":[{"id":"zz","key":"!"}]}',
        b'{"v":1,"keys":[],"more":1}',
    ],
)
def test_a_file_without_seal_keys_is_refused_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "seal.keys"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="no seal keys") as caught:
        load_seal_keys(path)
    assert caught.value.__suppress_context__


def test_seal_keys_are_checked_and_hidden() -> None:
    key = SealKey.generate()
    with pytest.raises(ValueError, match="same id"):
        SealKeys(key, (key,))
    with pytest.raises(ValueError, match="32"):
        SealKey(b"123456", b"short")
    assert repr(key.secret)[2:-1] not in repr(SealKeys(key))


def test_a_signing_key_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    first, second = load_signing_key(path), load_signing_key(path)
    assert first.public.text == second.public.text
    assert second.public.verifies(first.sign(b"x"), b"x")


def test_a_file_without_a_signing_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\nsecret-material\n-----END PRIVATE KEY-----\n")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="not an Ed25519") as caught:
        load_signing_key(path)
    assert "secret-material" not in caught.value.diagnostics()


def test_a_key_of_another_kind_is_refused() -> None:
    pem = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match="not an Ed25519"):
        SigningKey.from_pem(pem)


@given(message=st.binary(max_size=100), data=st.data())
def test_a_changed_message_or_signature_does_not_verify(message: bytes, data: st.DataObject) -> None:
    signature = KEY.sign(message)
    assert KEY.public.verifies(signature, message)
    assert not KEY.public.verifies(signature, message + b"x")
    place = data.draw(st.integers(0, 63))
    bit = 1 << data.draw(st.integers(0, 7))
    assert not KEY.public.verifies(
        signature[:place] + bytes([signature[place] ^ bit]) + signature[place + 1 :], message
    )
    assert not SigningKey.generate().public.verifies(signature, message)


def test_a_public_key_has_one_text() -> None:
    text = KEY.public.text
    assert VerifyKey.parse(text).key_id == KEY.public.key_id
    assert VerifyKey.parse(text.removeprefix("ed25519:")).text == text
    for bad in ("", "ed25519:", text[:-1], text + "A", text.replace("ed25519:", "rsa:"), text[:-1] + "!"):
        with pytest.raises(ValueError, match="Ed25519"):
            VerifyKey.parse(bad)


@given(one=st.lists(st.text(max_size=4), max_size=3), other=st.lists(st.text(max_size=4), max_size=3))
def test_derived_keys_differ_by_purpose(one: list[str], other: list[str]) -> None:
    secret = b"s" * 32
    assert (derive_key(secret, *one) == derive_key(secret, *other)) == (one == other)


def test_a_derived_key_follows_rfc_5869_by_hand() -> None:
    secret = bytes(range(32))
    extracted = hmac.digest(b"\0" * 32, secret, "sha256")
    expected = hmac.digest(extracted, b"mcpg" + b"\0\0\0\x04seal" + b"\x01", hashlib.sha256)
    assert derive_key(secret, "seal") == expected
    with pytest.raises(ValueError, match="too short"):
        derive_key(b"short", "seal")
