from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.contract.problems import ConfigError, PluginRefused
from mcpg.plugins.builtin import Bundle
from mcpg_registry.digests import digest_bytes
from mcpg_registry.locking import MAX_LOCK, Lock, Locked, check_lock, check_newer, parse_lock, read_lock, write_lock
from mcpg_registry.trust.statements import Release

if TYPE_CHECKING:
    from pathlib import Path

A, B = digest_bytes(b"a"), digest_bytes(b"b")
NAME = "ghcr.io/acme/redact:1.2.0"


def locked(**changes: Any) -> Locked:
    given: dict[str, Any] = {"reference": NAME, "manifest": A, "wasm": B, "id": "acme/redact", "version": "1.2.0"}
    return Locked(**(given | changes))


def test_a_lock_is_written_whole_and_read_again(tmp_path: Path) -> None:
    one = locked(keys=(A,), identities=(("https://issuer", "who"),), revocations=7, grants=("http",))
    lock = Lock(revocations=7, plugins={NAME: one})
    path = tmp_path / "mcpg.lock"
    assert read_lock(path) is None
    write_lock(path, lock)
    assert read_lock(path) == lock
    assert [each.name for each in tmp_path.iterdir()] == ["mcpg.lock"]
    assert lock.find(NAME) == one
    assert lock.find("ghcr.io/acme/redact:1.3.0") is None
    newer = lock.changed({"x": locked(reference="x")}, 3)
    assert (newer.revocations, sorted(newer.plugins)) == (7, [NAME, "x"])
    write_lock(path, newer)
    assert read_lock(path) == newer


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_same_plugins_give_the_same_bytes(names: list[str]) -> None:
    plugins = {name: locked(reference=name) for name in names}
    text = Lock(revocations=1, plugins=plugins).text()
    assert text == Lock(revocations=1, plugins=dict(sorted(plugins.items()))).text()
    assert parse_lock(text).plugins == plugins


def test_the_lock_of_what_is_built_in_is_one_too() -> None:
    lock = Bundle.open().lock
    assert parse_lock(lock.text()) == lock
    assert all(each.source for each in lock.plugins.values())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "no JSON"),
        (b"[]", "wanted an object"),
        (b'{"schema":2,"revocations":1,"plugins":{}}', "schema"),
        (b'{"schema":1,"revocations":0,"plugins":{}}', "revocations"),
        (b'{"schema":1,"revocations":1,"plugins":{},"plugins":{}}', "stands there twice"),
        (b'{"schema":1,"revocations":1,"plugins":{},"more":1}', "unknown field"),
        (b" " * (MAX_LOCK + 1), "more than"),
    ],
)
def test_a_broken_lock_is_refused(tmp_path: Path, text: bytes, told: str) -> None:
    path = tmp_path / "mcpg.lock"
    path.write_bytes(text)
    with pytest.raises(ConfigError, match=told) as caught:
        read_lock(path)
    assert caught.value.code == "bad-lock"


@pytest.mark.parametrize("field", ["manifest", "wasm", "version", "keys"])
def test_no_digest_and_no_version_of_a_lock_is_anything_else(tmp_path: Path, field: str) -> None:
    document = json.loads(Lock(revocations=1, plugins={NAME: locked()}).text())
    document["plugins"][NAME][field] = ["../x"] if field == "keys" else "../x"
    (tmp_path / "mcpg.lock").write_text(json.dumps(document))
    with pytest.raises(ConfigError, match="cannot be used"):
        read_lock(tmp_path / "mcpg.lock")


def test_a_lock_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write_lock(tmp_path / "nowhere" / "mcpg.lock", Lock(revocations=1, plugins={}))


def release(plugin: str = "acme/redact", version: str = "1.2.0") -> Release:
    return Release(plugin, version, "mcpg:plugin/backend-plugin@1.0.0", B)


@pytest.mark.parametrize(
    ("manifest", "found", "code"),
    [
        (B, release(), "not-locked"),
        (A, release("acme/other"), "not-locked"),
        (A, release(version="1.3.0"), "not-locked"),
        (A, release(version="1.1.9"), "downgrade"),
        (A, release(version="1.2.0-rc.1"), "downgrade"),
        (A, release(version="one"), "not-locked"),
    ],
)
def test_what_is_locked_is_this_and_nothing_else(manifest: Any, found: Release, code: str) -> None:
    check_lock(locked(), A, release(), where="here")
    with pytest.raises(PluginRefused) as caught:
        check_lock(locked(), manifest, found, where="here")
    assert (caught.value.step, caught.value.code) == (8, code)


def test_a_lock_written_anew_goes_forward_only() -> None:
    for version in ("1.2.0", "1.2.1", "2.0.0-rc.1"):
        check_newer(locked(), release(version=version), where="here")
    for found, code in ((release(version="1.1.9"), "downgrade"), (release("acme/other", "9.0.0"), "not-locked")):
        with pytest.raises(PluginRefused) as caught:
            check_newer(locked(), found, where="here")
        assert (caught.value.step, caught.value.code) == (8, code)
