"""The maker: what it writes, when it refuses, and that it never keeps a private key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.plugins.kitchen import ECHO, KEY, PLAIN, SOURCE, bake, places_in
from tests.registry.artifacts import component
from tests.sandbox.world import guest_bytes

from mcpg.contract.problems import ConfigError, PluginRefused
from mcpg.plugins import bundle as command
from mcpg.plugins.making import Ingredient, make_bundle, read_key
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.plugins.making import Places


def files_of(places: Places) -> dict[str, bytes]:
    roots = (places.bundle, places.revocations)
    return {f"{r.name}/{p.relative_to(r)}": p.read_bytes() for r in roots for p in r.rglob("*") if p.is_file()}


def test_the_same_input_and_key_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = files_of(bake(tmp_path / "1")), files_of(bake(tmp_path / "2"))
    assert one == two
    later = files_of(bake(tmp_path / "3", created=86400))
    assert later["builtin/lock.json"] != one["builtin/lock.json"]
    assert later["builtin/anchor.pem"] == one["builtin/anchor.pem"]


def test_a_fresh_key_changes_anchor_signatures_and_list_together(tmp_path: Path) -> None:
    places = bake(tmp_path / "1")
    before = files_of(places)
    bake(tmp_path / "1", key=PrivateKey.generate())
    after = files_of(places)
    assert before["builtin/lock.json"] == after["builtin/lock.json"]
    for name in ("builtin/anchor.pem", "revocations/anchor.pem", "revocations/list.json", "builtin/index.json"):
        assert before[name] != after[name]
    assert command.check(places, None).names() == ("echo", "plain")
    assert not [path for path in (tmp_path / "1").iterdir() if path.name.startswith(".")]


def test_no_private_key_is_written(tmp_path: Path) -> None:
    body = KEY.pem().split("\n")[1].encode()
    for data in files_of(bake(tmp_path)).values():
        assert b"PRIVATE" not in data
        assert body not in data


def test_a_component_of_another_name_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    with pytest.raises(ConfigError, match="found plugin `mcpg/plain`, wanted `mcpg/echo`"):
        make_bundle({"echo": Ingredient(PLAIN, SOURCE)}, KEY, places)
    with pytest.raises(PluginRefused, match="no section"):
        make_bundle({"echo": Ingredient(ECHO[:8], SOURCE)}, KEY, places)
    assert files_of(places) == {}


def test_keys_come_as_text_or_path_and_are_never_told(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(KEY.pem())
    assert read_key(KEY.pem()).public == read_key(str(tmp_path / "key.pem")).public == KEY.public
    locked = KEY.pem(b"password")
    for bad in (str(tmp_path / "missing.pem"), locked, "-----BEGIN nonsense", ""):
        with pytest.raises(ConfigError, match="the signing key cannot be used") as caught:
            read_key(bad)
        if bad:
            assert bad not in caught.value.diagnostics()


def _check(places: Places, *more: str) -> int:
    return command.main(["check", f"--bundle={places.bundle}", f"--revocations={places.revocations}", *more])


def test_check_compares_sources(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places, sources = bake(tmp_path), tmp_path / "sources.json"
    assert _check(places, "--no-sources") == 0
    assert "2 built-in plugins verify: digests, signatures\n" in capsys.readouterr().out
    sources.write_text(json.dumps({"echo": SOURCE, "plain": SOURCE}))
    assert _check(places, f"--sources={sources}") == 0
    assert "signatures, sources" in capsys.readouterr().out
    for changed in ({"echo": SOURCE}, {"echo": SOURCE, "plain": "sha256:" + "0" * 64}):
        sources.write_text(json.dumps(changed))
        assert _check(places, f"--sources={sources}") == 1
        assert "built-in plugin `plain`: the lock has sources" in capsys.readouterr().err
    sources.write_text("[]")
    assert _check(places, f"--sources={sources}") == 1
    assert _check(places, f"--sources={tmp_path / 'none'}") == 1
    assert "no such file" in capsys.readouterr().err


def test_check_finds_what_nobody_verifies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = bake(tmp_path)
    stray = places.bundle / "blobs" / "sha256" / ("0" * 64)
    stray.write_bytes(b"x")
    assert _check(places, "--no-sources") == 1
    assert "is too much or missing" in capsys.readouterr().err
    stray.unlink()
    lock = json.loads((places.bundle / "lock.json").read_bytes())
    del lock["plugins"]["plain"]
    (places.bundle / "lock.json").write_text(json.dumps(lock))
    assert _check(places, "--no-sources") == 1
    assert "the index names `mcpg/plain:1.2.0` and the lock does not" in capsys.readouterr().err.replace(
        "0.1.0", "1.2.0"
    )


def _make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wasm: bytes) -> tuple[int, Places]:
    places, out = places_in(tmp_path / "program"), tmp_path / "out"
    out.mkdir(exist_ok=True)
    (out / "echo.wasm").write_bytes(wasm)
    (tmp_path / "sources.json").write_text(json.dumps({"echo": SOURCE}))
    monkeypatch.setenv("MCPG_SIGNING_KEY", KEY.pem())
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    arguments = ["make", f"--from={out}", f"--sources={tmp_path / 'sources.json'}", f"--cache={tmp_path / 'cache'}"]
    return command.main([*arguments, f"--bundle={places.bundle}", f"--revocations={places.revocations}"]), places


def test_make_packs_a_real_component(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wasm = component(guest_bytes("good"), id="mcpg/echo", kind="policy", world="mcpg:plugin/policy-plugin@1.0.0")
    status, places = _make(tmp_path, monkeypatch, wasm)
    assert status == 0
    told = capsys.readouterr().out
    assert f"signed with the given key {KEY.public.id}" in told
    assert "PRIVATE" not in told
    first = files_of(places)
    assert _make(tmp_path, monkeypatch, wasm)[0] == 0
    assert files_of(places) == first
    manifest = next(
        json.loads(data) for data in first.values() if b"vnd.wasm.config" in data and b"schemaVersion" in data
    )
    assert manifest["annotations"]["org.opencontainers.image.created"] == "2023-11-14T22:13:20Z"


def test_make_refuses_a_component_that_would_not_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, places = _make(tmp_path, monkeypatch, component(guest_bytes("forbidden_function"), id="mcpg/echo"))
    assert status == 1
    assert "component `echo`" in capsys.readouterr().err
    assert files_of(places) == {}


def test_make_refuses_a_component_that_holds_a_path_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, places = _make(tmp_path, monkeypatch, component(id="mcpg/echo", summary=f"{tmp_path}/src/lib.rs"))
    assert status == 1
    assert "holds a path of this machine" in capsys.readouterr().err
    assert files_of(places) == {}
