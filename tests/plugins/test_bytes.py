"""One changed byte, anywhere in what ships: the plugin is refused, or nothing at all has changed in what is loaded."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.plugins.kitchen import KEY, PrivateKey, bake
from tests.registry.artifacts import NOW

from mcpg.contract.problems import PluginRefused
from mcpg.plugins.builtin import ANCHOR, LOCK, Bundle
from mcpg.plugins.making import Places
from mcpg_registry.digests import digest_bytes
from mcpg_registry.strict_json import compact
from mcpg_revocations.shipped import load_list

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.plugins.artifacts import Artifact

KINDS = ["component", "manifest", "config", "signature", "signature manifest", "fallback index"]


def verify(places: Places) -> tuple[Artifact, ...]:
    bundle = Bundle.open(places.bundle)
    return bundle.verify_all(load_list(places.revocations, now=NOW, at_least=bundle.lock.revocations), NOW)


def blob(places: Places, digest: str) -> Path:
    return places.bundle / "blobs" / "sha256" / digest.removeprefix("sha256:")


def blob_of(places: Places, name: str, kind: str) -> tuple[Path, int]:
    """Return one blob of a plugin and the step that guards it."""
    locked = json.loads((places.bundle / LOCK).read_bytes())["plugins"][name]
    if kind == "component":
        return blob(places, locked["wasm"]), 9
    if kind == "manifest":
        return blob(places, locked["manifest"]), 2
    if kind == "config":
        return blob(places, json.loads(blob(places, locked["manifest"]).read_bytes())["config"]["digest"]), 3
    for path in sorted((places.bundle / "blobs" / "sha256").iterdir()):
        data = path.read_bytes()
        if not data.startswith(b"{"):
            continue
        document = json.loads(data)
        if document.get("subject", {}).get("digest") == locked["manifest"]:
            return (path if kind == "signature manifest" else blob(places, document["layers"][0]["digest"])), 5
    raise AssertionError("the bundle has no such blob")


def fallback_of(places: Places, name: str) -> Path:
    locked = json.loads((places.bundle / LOCK).read_bytes())["plugins"][name]
    tag = locked["manifest"].replace(":", "-")
    entries = json.loads((places.bundle / "index.json").read_bytes())["manifests"]
    named = "org.opencontainers.image.ref.name"
    return blob(places, next(e["digest"] for e in entries if e.get("annotations", {}).get(named) == tag))


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", ["first", "middle", "last"])
@pytest.mark.parametrize("name", ["echo", "plain"])
def test_one_byte_of_a_blob(places: Places, kind: str, where: str, name: str) -> None:
    path, step = (fallback_of(places, name), 5) if kind == "fallback index" else blob_of(places, name, kind)
    flip(path, {"first": 0, "middle": path.stat().st_size // 2, "last": -1}[where])
    with pytest.raises(PluginRefused) as caught:
        verify(places)
    assert caught.value.where == f"built-in plugin `{name}`"
    assert caught.value.step == step
    assert "found" in caught.value.message
    assert "wanted" in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("kind", KINDS)
def test_one_byte_of_a_blob_of_the_bundle_that_ships(tmp_path: Path, kind: str) -> None:
    shipped = Places()
    name = min(Bundle.open().lock.plugins.items(), key=lambda item: blob(shipped, item[1].wasm).stat().st_size)[0]
    places = Places(tmp_path / "builtin", shipped.revocations)
    shutil.copytree(shipped.bundle, places.bundle)
    path, step = (fallback_of(places, name), 5) if kind == "fallback index" else blob_of(places, name, kind)
    flip(path, path.stat().st_size // 2)
    with pytest.raises(PluginRefused) as caught:
        Bundle.open(places.bundle).verify(name, load_list(now=NOW), NOW)
    assert caught.value.where == f"built-in plugin `{name}`"
    assert caught.value.step == step


def test_the_bundle_that_ships_verifies_and_does_not_die_of_age() -> None:
    for now in (NOW, NOW + 30 * 366 * 86400):
        bundle = Bundle.open()
        names = [a.release.id for a in bundle.verify_all(load_list(now=now), now) if a.release]
        assert names == [f"mcpg/{name}" for name in bundle.names()]
        assert names


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(data=st.data())
def test_any_byte_of_any_file(places: Places, data: st.DataObject) -> None:
    before = verify(places)
    files = sorted(path for path in places.bundle.rglob("*") if path.is_file())
    files += sorted(places.revocations.iterdir())
    path = data.draw(st.sampled_from(files))
    original = path.read_bytes()
    at, bit = data.draw(st.integers(0, len(original) - 1)), data.draw(st.integers(0, 7))
    path.write_bytes(original[:at] + bytes([original[at] ^ 1 << bit]) + original[at + 1 :])
    refused: PluginRefused | None = None
    try:
        after = verify(places)
    except PluginRefused as error:
        refused = error
    finally:
        path.write_bytes(original)
    if refused is None:
        assert after == before
        assert path.parent.name != "sha256", "a changed blob was let in"
    else:
        assert refused.step
        assert refused.where


def test_a_signature_swapped_for_that_of_another_plugin(places: Places) -> None:
    """Everything consistent, but the signatures of `echo` are replaced by those of `plain` in index and blobs."""
    (mine, _), (theirs, _) = (blob_of(places, name, "signature manifest") for name in ("echo", "plain"))
    document = json.loads(mine.read_bytes())
    document["layers"] = json.loads(theirs.read_bytes())["layers"]
    data = compact(document)
    (mine.parent / digest_bytes(data).removeprefix("sha256:")).write_bytes(data)
    index = json.loads((places.bundle / "index.json").read_bytes())
    kept = [
        e for e in index["manifests"] if e.get("artifactType") is None and "sha256-" not in str(e.get("annotations"))
    ]
    kept.append({"mediaType": document["mediaType"], "digest": digest_bytes(data), "size": len(data)})
    (places.bundle / "index.json").write_bytes(compact(index | {"manifests": kept}))
    with pytest.raises(PluginRefused, match="it is about") as caught:
        verify(places)
    assert (caught.value.step, caught.value.where) == (6, "built-in plugin `echo`")


def test_a_name_that_leads_to_another_signed_plugin(places: Places) -> None:
    lock = json.loads((places.bundle / LOCK).read_bytes())
    lock["plugins"]["echo"] = lock["plugins"]["plain"]
    (places.bundle / LOCK).write_bytes(compact(lock))
    with pytest.raises(PluginRefused, match="found plugin `mcpg/plain` under this name") as caught:
        verify(places)
    assert caught.value.step == 8


@pytest.mark.parametrize("file", [LOCK, ANCHOR, "index.json", "oci-layout", "blobs"])
def test_a_missing_part(places: Places, file: str) -> None:
    path = places.bundle / file
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    with pytest.raises(PluginRefused):
        verify(places)


def test_a_foreign_anchor_refuses_everything(places: Places, tmp_path: Path) -> None:
    stranger = PrivateKey.generate()
    (places.bundle / ANCHOR).write_text(stranger.public.pem)
    with pytest.raises(PluginRefused, match=KEY.public.id) as caught:
        verify(places)
    assert caught.value.step == 6
    other = bake(tmp_path / "other", key=stranger)
    shutil.copy(other.revocations / "list.json", places.revocations / "list.json")
    with pytest.raises(PluginRefused) as caught:
        verify(places)
    assert caught.value.step == 4
