from __future__ import annotations

import json
import os
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from tests.registry.artifacts import component, facts_of, packed_of, signatures_of, writer_of

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes, hex_of
from mcpg_registry.layout import Layout, fallback_tag
from mcpg_registry.layout_writing import put_directory
from mcpg_registry.manifests import Descriptor, parse_descriptor, parse_index, parse_manifest, plugin_layer
from mcpg_registry.packing import pack_signature
from mcpg_registry.strict_json import compact
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.signing import sign_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = PrivateKey.generate()
WASM = component()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    writer_of(WASM, KEY).write(tmp_path / "layout")
    return tmp_path / "layout"


def test_what_is_written_is_what_is_read(place: Path) -> None:
    layout = Layout(place)
    entry = layout.find("acme/echo", "1.2.0", None)
    manifest = parse_manifest(layout.read(entry, media.MAX_MANIFEST))
    assert layout.read(plugin_layer(manifest), media.MAX_LAYER) == WASM
    assert len(layout.referrers(entry.digest)) == 2
    assert layout.find("acme/echo", None, entry.digest) == layout.find("acme/echo", "1.2.0", entry.digest) == entry
    files = {path.name for path in (place / "blobs" / "sha256").iterdir()}
    assert {hex_of(digest) for digest in layout.reachable()} == files


def test_the_same_input_gives_the_same_files(tmp_path: Path) -> None:
    files = writer_of(WASM, KEY).files()
    assert files == writer_of(WASM, KEY).files()
    assert packed_of(WASM).manifest.digest == packed_of(WASM).manifest.digest
    # Golden: a change here changes the digest of every artifact ever packed.
    assert packed_of(WASM).manifest.digest == GOLDEN


def test_the_artifact_is_in_the_shape_of_the_cncf() -> None:
    packed = packed_of(WASM)
    manifest = json.loads(packed.blobs[packed.manifest.digest])
    assert manifest["config"]["mediaType"] == "application/vnd.wasm.config.v0+json"
    assert [layer["mediaType"] for layer in manifest["layers"]] == ["application/wasm"]
    assert manifest["layers"][0]["annotations"]["org.opencontainers.image.title"] == "echo.wasm"
    assert manifest["annotations"]["org.opencontainers.image.created"] == "1970-01-01T00:00:00Z"
    assert manifest["annotations"]["dev.mcpg.plugin.id"] == "acme/echo"
    assert "artifactType" not in manifest
    config = json.loads(packed.blobs[manifest["config"]["digest"]])
    assert config["layerDigests"] == [digest_bytes(WASM)]
    assert config["architecture"] == "wasm"


def test_a_signature_is_a_referrer_and_stands_under_the_fallback_tag(place: Path) -> None:
    layout = Layout(place)
    subject = layout.find("acme/echo", "1.2.0", None)
    (tagged,) = [e for e in layout.entries if e.annotations.get(media.REF_NAME) == fallback_tag(subject.digest)]
    listed = parse_index(layout.read(tagged, media.MAX_INDEX))
    referrers = [entry for entry in layout.entries if entry.artifact_type == media.BUNDLE]
    assert {entry.digest for entry in listed} == {entry.digest for entry in referrers}
    for entry in listed:
        manifest = json.loads(layout.read(entry, media.MAX_MANIFEST))
        assert manifest["subject"]["digest"] == subject.digest
        assert manifest["subject"]["size"] == subject.size
        assert manifest["artifactType"] == manifest["layers"][0]["mediaType"] == media.BUNDLE
        assert manifest["config"]["digest"] == digest_bytes(b"{}")
        assert manifest["annotations"]["dev.sigstore.bundle.content"] == "dsse-envelope"


def test_an_entry_that_another_program_named_by_its_tag_alone_is_found(place: Path) -> None:
    index = json.loads((place / "index.json").read_bytes())
    whole = Layout(place).find("acme/echo", "1.2.0", None)
    for entry in index["manifests"]:
        if entry["digest"] == whole.digest:
            entry["annotations"][media.REF_NAME] = "1.2.0"
    (place / "index.json").write_bytes(compact(index))
    assert Layout(place).find("acme/echo", "1.2.0", None).digest == whole.digest
    with pytest.raises(ValueError, match="0 entries"):
        Layout(place).find("acme/echo", "1.2.1", None)
    other = index["manifests"][-1] | {"annotations": {media.REF_NAME: "acme/echo:1.2.0"}}
    (place / "index.json").write_bytes(compact(index | {"manifests": [*index["manifests"], other]}))
    assert Layout(place).find("acme/echo", "1.2.0", None).digest == other["digest"], "a whole name comes first"


@pytest.mark.parametrize("way", ["referrers only", "fallback tag only"])
def test_signatures_are_found_either_way(place: Path, way: str) -> None:
    index = json.loads((place / "index.json").read_bytes())
    drop = "application/vnd.oci.image.index.v1+json" if way == "referrers only" else media.BUNDLE
    kept = [m for m in index["manifests"] if drop not in (m["mediaType"], m.get("artifactType"))]
    (place / "index.json").write_bytes(compact(index | {"manifests": kept}))
    layout = Layout(place)
    assert len(layout.referrers(layout.find("acme/echo", "1.2.0", None).digest)) == 2


def test_a_fallback_tag_cannot_lend_the_signature_of_another_artifact(tmp_path: Path) -> None:
    other = component(version="9.9.9")
    mine, theirs = writer_of(WASM), packed_of(other)
    lent = pack_signature(sign_manifest(theirs.manifest.digest, KEY), theirs.manifest)
    mine._blobs |= lent.blobs
    mine._tag_referrers(packed_of(WASM).manifest.digest, [lent.manifest])
    mine.write(tmp_path / "layout")
    layout = Layout(tmp_path / "layout")
    assert layout.referrers(packed_of(WASM).manifest.digest) == ()


def test_a_fallback_tag_that_is_no_index_is_refused(place: Path) -> None:
    index = json.loads((place / "index.json").read_bytes())
    for entry in index["manifests"]:
        if entry["mediaType"] == media.INDEX:
            entry["mediaType"] = media.MANIFEST
    (place / "index.json").write_bytes(compact(index))
    layout = Layout(place)
    with pytest.raises(ValueError, match=r"media type|no image index"):
        layout.referrers(layout.find("acme/echo", "1.2.0", None).digest)


def _changes() -> Iterator[tuple[str, dict[str, Any] | bytes, str]]:
    yield "oci-layout", b"", "no JSON"
    yield "oci-layout", {"imageLayoutVersion": "2.0.0"}, "layout version"
    yield "oci-layout", b" " * 2000, "more than 1024 bytes"
    yield "index.json", b"[]", "wanted an object"
    yield "index.json", b'{"schemaVersion":2,"manifests":[],"manifests":[]}', "twice"
    yield "index.json", {"schemaVersion": 1, "manifests": []}, "schemaVersion"
    yield "index.json", {"schemaVersion": True, "manifests": []}, "schemaVersion"
    yield "index.json", {"schemaVersion": 2}, "no list of manifests"
    yield "index.json", {"schemaVersion": 2, "manifests": [], "layers": []}, "layers"
    yield "index.json", {"schemaVersion": 2, "mediaType": media.MANIFEST, "manifests": []}, "media type"
    yield "index.json", {"schemaVersion": 2, "manifests": [{}] * 5000}, "more than 4096"
    good = {"mediaType": media.MANIFEST, "digest": "sha256:" + "a" * 64, "size": 1}
    for change, told in (
        ({"digest": "sha256:../../../../etc/passwd"}, "is not a digest"),
        ({"digest": "sha256:" + "A" * 64}, "is not a digest"),
        ({"digest": None}, "is not a digest"),
        ({"size": -1}, "no size"),
        ({"size": True}, "no size"),
        ({"size": 1.0}, "no size"),
        ({"mediaType": None}, "no media type"),
        ({"artifactType": 1}, "no media type"),
        ({"urls": ["https://example.com"]}, "urls"),
        ({"data": "eA=="}, "data"),
        ({"annotations": {"a": 1}}, "no text"),
        ({"annotations": []}, "no object"),
        ({"annotations": {str(n): "" for n in range(300)}}, "more than 256"),
    ):
        yield "index.json", {"schemaVersion": 2, "manifests": [good | change]}, told


@pytest.mark.parametrize(("name", "change", "told"), list(_changes()))
def test_layouts_out_of_shape(place: Path, name: str, change: dict[str, Any] | bytes, told: str) -> None:
    (place / name).write_bytes(change if isinstance(change, bytes) else json.dumps(change).encode())
    with pytest.raises(ValueError, match=told):
        Layout(place)


def test_what_is_no_directory_is_no_layout(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"")
    with pytest.raises(ValueError, match="no directory"):
        Layout(tmp_path / "x.tar")
    with pytest.raises(FileNotFoundError):
        Layout(tmp_path)


def _layer_path(place: Path) -> Path:
    return place / "blobs" / "sha256" / hex_of(digest_bytes(WASM))


def _layer() -> Descriptor:
    return Descriptor(media.WASM, digest_bytes(WASM), len(WASM))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (WASM[:-1], "found .* bytes, wanted"),
        (WASM + b"x", "more than"),
        (b"x" + WASM[1:], "wanted `sha256"),
        (b"", "found 0 bytes"),
    ],
)
def test_blobs_that_are_not_what_their_name_says(place: Path, data: bytes, told: str) -> None:
    _layer_path(place).write_bytes(data)
    with pytest.raises(ValueError, match=told):
        Layout(place).read(_layer(), media.MAX_LAYER)


def test_blobs_that_are_no_files(place: Path, tmp_path: Path) -> None:
    path = _layer_path(place)
    for make, told in (
        (lambda: None, "is missing"),
        (lambda: path.symlink_to(tmp_path / "elsewhere"), "is a link"),
        (path.mkdir, "no regular file|directory"),
        (lambda: os.mkfifo(path), "no regular file"),
    ):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
        make()
        (tmp_path / "elsewhere").write_bytes(WASM)
        with pytest.raises((ValueError, OSError), match=told):
            Layout(place).read(_layer(), media.MAX_LAYER)


def test_a_blob_larger_than_allowed_is_not_read(place: Path) -> None:
    with pytest.raises(ValueError, match="at most 10 are allowed"):
        Layout(place).read(_layer(), 10)


def test_names_must_be_found_exactly_once(place: Path) -> None:
    layout = Layout(place)
    digest = layout.find("acme/echo", "1.2.0", None).digest
    for tag, wanted in (("1.2.1", None), ("1.2.0", digest_bytes(b"")), (None, digest_bytes(b""))):
        with pytest.raises(ValueError, match="has 0 entries"):
            layout.find("acme/echo", tag, wanted)
    with pytest.raises(ValueError, match="has 0 entries"):
        layout.find("acme/other", "1.2.0", digest)
    index = json.loads((place / "index.json").read_bytes())
    for entry in index["manifests"]:
        entry["annotations"] = {media.REF_NAME: "acme/echo:1.2.0"}
    (place / "index.json").write_bytes(compact(index))
    with pytest.raises(ValueError, match="has 4 entries"):
        Layout(place).find("acme/echo", "1.2.0", None)


def _manifest(**changes: Any) -> bytes:
    packed = packed_of(WASM)
    return json.dumps(json.loads(packed.blobs[packed.manifest.digest]) | changes).encode()


LAYER = _layer().document()
CONFIG = {"mediaType": media.CONFIG, "digest": digest_bytes(b"{}"), "size": 2}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (_manifest(schemaVersion=1), "schemaVersion"),
        (_manifest(mediaType=media.INDEX), "media type"),
        (_manifest(mediaType=None), "media type"),
        (_manifest(layers=[LAYER, LAYER]), "found 2 layers"),
        (_manifest(layers=[]), "found 0 layers"),
        (_manifest(layers={}), "no list of layers"),
        (_manifest(manifests=[]), "as an index has"),
        (
            _manifest(layers=[LAYER | {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}]),
            "found a layer of type",
        ),
        (_manifest(layers=[LAYER | {"size": 0}]), "has 0 bytes"),
        (_manifest(layers=[LAYER | {"size": 10**9}]), "at most"),
        (_manifest(layers=[LAYER | {"digest": "sha256:../../x"}]), "is not a digest"),
        (_manifest(config=CONFIG | {"mediaType": "application/vnd.oci.image.config.v1+json"}), "found config"),
        (_manifest(config=CONFIG | {"size": 10**6}), "the config has"),
        (_manifest(config=None), "config is no descriptor"),
        (_manifest(subject=LAYER), "refers to no other"),
        (_manifest(subject=1), "subject is no descriptor"),
        (_manifest(artifactType=1), "artifactType"),
        (_manifest(annotations={"x": None}), "no text"),
        (b'{"schemaVersion":2,"schemaVersion":2}', "twice"),
        (b" " * 2_000_000, "at most"),
    ],
)
def test_manifests_out_of_shape(data: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        plugin_layer(parse_manifest(data))


def test_a_written_layout_replaces_the_old_one_as_a_whole(place: Path) -> None:
    old = {path.relative_to(place) for path in place.rglob("*")}
    put_directory(place, {"a/b": b"x"})
    assert [path.name for path in place.rglob("*") if path.is_file()] == ["b"]
    assert old
    assert [path.name for path in place.parent.iterdir()] == ["layout"]


def test_a_layout_that_cannot_be_written_leaves_the_old_one(place: Path) -> None:
    before = (place / "index.json").read_bytes()
    with pytest.raises(OSError, match=r"exists|directory"):
        put_directory(place, {"a": b"x", "a/b": b"x"})
    assert (place / "index.json").read_bytes() == before
    assert [path.name for path in place.parent.iterdir()] == ["layout"]


def test_descriptors_read_back() -> None:
    for entry in (packed_of(WASM).manifest, _layer()):
        assert parse_descriptor(entry.document(), "x") == entry


def test_a_signature_has_no_release() -> None:
    packed, facts = packed_of(WASM), facts_of(WASM)
    (bundle, _) = signatures_of(packed, facts, KEY)
    with pytest.raises(ValueError, match="no release"):
        pack_signature(bundle, packed.manifest).release(facts)


GOLDEN = "sha256:f79242268d8409f9986bc68caa37ccc07fd97d0f763d1ded968e617708ed302c"


class Endless:
    """A layout whose manifests are made when they are read."""

    def __init__(self, count: int, size: int) -> None:
        self.size = size
        self.numbers = {hex_of(digest_bytes(self.manifest(number))): number for number in range(count)}

    def manifest(self, number: int) -> bytes:
        empty = {"mediaType": media.EMPTY, "digest": digest_bytes(b"{}"), "size": 2}
        note = {"number": str(number), "padding": "x" * self.size}
        shape = {"schemaVersion": 2, "mediaType": media.MANIFEST, "config": empty, "layers": [], "annotations": note}
        return compact(shape)

    def read(self, name: str, limit: int) -> bytes:
        del limit
        if name == "oci-layout":
            return b'{"imageLayoutVersion":"1.0.0"}'
        if name != "index.json":
            return self.manifest(self.numbers[name.rpartition("/")[2]])
        entries = [
            {"mediaType": media.MANIFEST, "digest": f"sha256:{digits}", "size": len(self.manifest(number))}
            for digits, number in self.numbers.items()
        ]
        return compact({"schemaVersion": 2, "manifests": entries})


def test_a_layout_keeps_no_more_manifests_in_memory_than_it_may() -> None:
    layout = Layout(Endless(80, 500_000))
    tracemalloc.start()
    try:
        assert layout.referrers(digest_bytes(b"nobody")) == ()
        assert tracemalloc.get_traced_memory()[0] < 20_000_000
    finally:
        tracemalloc.stop()
