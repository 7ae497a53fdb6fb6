from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.registry.artifacts import NOW, component, rule_of
from tests.registry.shelves import KEY, NAME, good

from mcpg.contract.problems import McpgError, PluginRefused
from mcpg_registry import media
from mcpg_registry.claims import claim_from
from mcpg_registry.digests import digest_bytes, hex_of
from mcpg_registry.manifests import Descriptor
from mcpg_registry.proving import Judgement, prove
from mcpg_registry.receipts import parse_receipt
from mcpg_registry.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg_registry.digests import Digest


def files_of(store: Store) -> dict[str, bytes]:
    found = store.directory.rglob("*")
    return {path.relative_to(store.directory).as_posix(): path.read_bytes() for path in found if path.is_file()}


def read_all(store: Store, digest: Digest, layer: Descriptor) -> None:
    claim_from(store, NAME, None, digest, where="the store")
    store.read(layer, media.MAX_LAYER)


def test_what_was_installed_is_a_shelf(tmp_path: Path) -> None:
    plugin, store = good(tmp_path / "layout"), Store(tmp_path / "store")
    receipt = plugin.put_into(store, grants=("net",))
    digest = plugin.claim.manifest.digest
    for tag, wanted in (("1.2.0", None), (None, digest), ("other", digest)):
        claim = claim_from(store, NAME, tag, wanted, where="the store")
        assert claim.manifest.digest == digest
        assert claim.bundles() == plugin.claim.bundles()
        proven = prove(claim, Judgement(rule_of(KEY, prefix=NAME), NOW), where="the store")
        assert store.read(proven.layer, media.MAX_LAYER) == plugin.wasm
    assert store.receipts() == (receipt,) == (Store(store.directory).receipt(NAME, digest),)
    assert (receipt.id, receipt.version, receipt.keys) == ("acme/echo", "1.2.0", (KEY.public.id,))
    assert (receipt.tags, receipt.revocations, receipt.grants) == ({"1.2.0": NOW}, 7, ("net",))
    assert parse_receipt(receipt.text()) == receipt


def test_an_empty_store_has_nothing_and_reading_makes_nothing(tmp_path: Path) -> None:
    store, digest = Store(tmp_path / "store"), digest_bytes(b"")
    assert store.receipts() == ()
    assert store.receipt(NAME, digest) is None
    assert store.referrers(digest) == ()
    assert store.sizes().blobs == 0
    assert store.remove(NAME, digest) is False
    with pytest.raises(PluginRefused, match=r"step 2, .* is not in the store"):
        claim_from(store, NAME, None, digest, where="the store")
    with pytest.raises(PluginRefused, match=r"step 2, .* has 0 plugins"):
        claim_from(store, NAME, "1.2.0", None, where="the store")
    assert not store.directory.exists()


def test_another_repository_has_its_own_receipt(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    here = good(tmp_path / "one")
    there = good(tmp_path / "two", repository="quay.io/other/echo")
    here.put_into(store)
    with pytest.raises(PluginRefused, match="is not in the store"):
        claim_from(store, "quay.io/other/echo", None, here.claim.manifest.digest, where="the store")
    there.put_into(store)
    assert len(store.receipts()) == 2


def test_a_tag_means_what_it_was_last_pulled_as(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    old, new = (
        good(tmp_path / "old", tag="latest"),
        good(tmp_path / "new", wasm=component(version="1.3.0"), tag="latest"),
    )
    old.put_into(store, verified_at=NOW)
    new.put_into(store, verified_at=NOW + 1)
    assert store.find(NAME, "latest", None).digest == new.claim.manifest.digest
    old.put_into(store, verified_at=NOW + 2)
    assert store.find(NAME, "latest", None).digest == old.claim.manifest.digest
    new.put_into(store, verified_at=NOW + 2)
    with pytest.raises(ValueError, match="has 2 plugins"):
        store.find(NAME, "latest", None)


def test_tags_are_kept_and_bounded(tmp_path: Path) -> None:
    store, plugin = Store(tmp_path / "store"), good(tmp_path / "layout")
    for number in range(70):
        claim = replace(plugin.claim, tag=f"t{number}")
        receipt = msgspec.structs.replace(plugin.receipt(), tags={f"t{number}": NOW + number})
        with store.writing():
            store.put(plugin.wasm)
            store.install(claim, receipt)
    (kept,) = store.receipts()
    assert len(kept.tags) == 64
    assert {"t6", "t69"} <= kept.tags.keys()


def test_install_refuses_what_does_not_belong_together(tmp_path: Path) -> None:
    store, plugin = Store(tmp_path / "store"), good(tmp_path / "layout")
    other = good(tmp_path / "other", wasm=component(version="9.0.0"), tag="9.0.0")
    with pytest.raises(ValueError, match="another plugin's"):
        store.install(plugin.claim, other.receipt())
    with pytest.raises(ValueError, match=r"blob .* is missing"):
        store.install(plugin.claim, plugin.receipt())
    store.put(plugin.wasm)
    with pytest.raises(ValueError, match="not those of the claim"):
        store.install(replace(plugin.claim, referrers=()), plugin.receipt())
    assert store.receipts() == ()


TAMPERINGS = {
    "layer": lambda good: good.proven.layer.digest,
    "manifest": lambda good: good.claim.manifest.digest,
    "config": lambda good: digest_bytes(good.claim.config_bytes),
    "signature": lambda good: good.claim.referrers[0].layer.digest,
    "signature's manifest": lambda good: good.claim.referrers[0].descriptor.digest,
}


@pytest.mark.parametrize("how", ["one byte", "longer", "shorter", "gone", "a link", "a folder"])
@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_changed_blob_is_refused(tmp_path: Path, what: str, how: str) -> None:
    store, plugin = Store(tmp_path / "store"), good(tmp_path / "layout")
    plugin.put_into(store)
    path = store.blobs / hex_of(TAMPERINGS[what](plugin))
    data = path.read_bytes()
    path.unlink()
    if how == "a link":
        path.symlink_to(tmp_path / "elsewhere")
        (tmp_path / "elsewhere").write_bytes(data)
    elif how == "a folder":
        path.mkdir()
    elif how != "gone":
        path.write_bytes({"one byte": data[:-1] + b"\0", "longer": data + b"\0", "shorter": data[:-1]}[how])
    before = set(files_of(store))
    with pytest.raises(
        (PluginRefused, ValueError, OSError), match=r"blob .* (missing|in the store: )|[Ii]s a directory"
    ):
        read_all(store, plugin.claim.manifest.digest, plugin.proven.layer)
    assert set(files_of(store)) == before
    if how != "a folder":
        plugin.put_into(store)
        assert claim_from(store, NAME, "1.2.0", None, where="the store").bundles() == plugin.claim.bundles()
        assert store.has(plugin.proven.layer)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"repository": "ghcr.io/acme/../x"}, "no repository name"),
        ({"repository": "ghcr.io/acme/other"}, "about another plugin"),
        ({"manifest": {"media_type": media.MANIFEST, "digest": "sha256:../../x", "size": 1}}, "is not a digest"),
        ({"blobs": {"sha256:" + "0" * 64: 5}}, "not all that it speaks of"),
        ({"blobs": {"../../../etc/passwd": 5}}, "is not a digest"),
        ({"tags": {"a/b": 5}}, "a tag of the receipt"),
        ({"version": "one"}, "no version"),
        ({"more": 1}, "unknown field"),
        ({"referrers": "none"}, "Expected `array`"),
    ],
)
def test_a_changed_receipt_is_refused(tmp_path: Path, change: dict[str, object], told: str) -> None:
    store, plugin = Store(tmp_path / "store"), good(tmp_path / "layout")
    plugin.put_into(store)
    path = next((store.directory / "receipts").glob("*.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(PluginRefused, match=told):
        claim_from(store, NAME, None, plugin.claim.manifest.digest, where="the store")
    with pytest.raises(ValueError, match=told):
        store.receipts()
    with pytest.raises(ValueError, match=told):
        store.collect()
    plugin.put_into(store)
    assert claim_from(store, NAME, "1.2.0", None, where="the store").manifest == store.find(NAME, "1.2.0", None)


def test_a_receipt_without_its_signatures_lets_nothing_in(tmp_path: Path) -> None:
    store, plugin = Store(tmp_path / "store"), good(tmp_path / "layout")
    plugin.put_into(store)
    path = next((store.directory / "receipts").glob("*.json"))
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "referrers": []}))
    claim = claim_from(store, NAME, None, plugin.claim.manifest.digest, where="the store")
    with pytest.raises(PluginRefused, match=r"step 5, .*no signature"):
        prove(claim, Judgement(rule_of(KEY, prefix=NAME), NOW), where="the store")


def test_a_receipt_that_calls_another_blob_a_signature_is_refused(tmp_path: Path) -> None:
    store, plugin = Store(tmp_path / "store"), good(tmp_path / "layout")
    plugin.put_into(store)
    path = next((store.directory / "receipts").glob("*.json"))
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "referrers": [document["manifest"]]}))
    with pytest.raises(PluginRefused, match=r"step 5, .*no signature of"):
        claim_from(store, NAME, None, plugin.claim.manifest.digest, where="the store")


def test_removing_and_collecting(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    one, two = good(tmp_path / "one"), good(tmp_path / "two", wasm=component(version="1.3.0"), tag="1.3.0")
    one.put_into(store)
    before = files_of(store)
    two.put_into(store)
    assert store.collect() == store.collect(dry=True)
    assert store.remove(NAME, two.claim.manifest.digest)
    told = store.collect(dry=True)
    assert told is not None
    assert told.blobs == 7  # config and layer of one are not those of the other; the signatures' empty config is both's
    assert told.bytes == store.sizes().bytes - sum(len(data) for name, data in before.items() if "blobs/" in name)
    assert store.collect() == told
    assert files_of(store).keys() - {"receipts.lock"} == before.keys() - {"receipts.lock"}
    assert store.collect(keep={two.claim.manifest.digest}, dry=True) != told
    assert store.find(NAME, "1.2.0", None).digest == one.claim.manifest.digest
    gone = store.collect(keep=set())
    assert gone is not None
    assert gone.receipts == 1
    assert store.sizes().blobs == 0


def test_nothing_is_collected_while_somebody_writes(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with store.writing():
        digest = store.put(b"soon to be installed")
        assert Store(store.directory).collect() is None
        assert store.has(Descriptor(media.WASM, digest, 20))
    assert store.collect() is not None
    assert not store.has(Descriptor(media.WASM, digest, 20))


def test_stale_partials_are_collected_and_fresh_ones_are_kept(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for data in (b"old", b"new"):
        partial = store.ingest(Descriptor(media.WASM, digest_bytes(data), 3))
        assert partial is not None
        with partial:
            partial.write(data[:1])
    os.utime(store.partials / f"{hex_of(digest_bytes(b'old'))}.partial", (1, 1))
    told = store.collect()
    assert told is not None
    assert (told.partials, told.partial_bytes) == (1, 1)
    assert [path.name for path in store.partials.iterdir()] == [f"{hex_of(digest_bytes(b'new'))}.partial"]


def test_a_store_takes_a_bounded_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpg_registry.store.MAX_RECEIPTS", 1)
    store = Store(tmp_path / "store")
    one, two = good(tmp_path / "one"), good(tmp_path / "two", wasm=component(version="1.3.0"), tag="1.3.0")
    one.put_into(store)
    one.put_into(store)
    with pytest.raises(McpgError, match="as many as it takes"):
        two.put_into(store)
