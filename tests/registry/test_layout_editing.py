"""Artifacts and signatures added to a layout on the disk: what stood there stays, what breaks changes nothing."""

from __future__ import annotations

import multiprocessing
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.registry.artifacts import NOW, component, facts_of, packed_of, rule_of, signatures_of

from mcpg_registry import layout_editing
from mcpg_registry.claims import claim_from
from mcpg_registry.layout import Layout
from mcpg_registry.layout_editing import add_to_layout, sign_in_layout
from mcpg_registry.packing import pack_signature
from mcpg_registry.proving import Judgement, prove
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg_registry.packing import Packed

A, B = PrivateKey.generate(), PrivateKey.generate()


def signed(directory: Path, wasm: bytes, *keys: PrivateKey) -> Packed:
    packed = packed_of(wasm)
    bundles = signatures_of(packed, facts_of(wasm), *keys)
    sign_in_layout(directory, packed.manifest.digest, [pack_signature(each, packed.manifest) for each in bundles])
    return packed


def files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_a_layout_is_begun_filled_and_signed_twice(tmp_path: Path) -> None:
    first, second = component(), component(version="1.3.0")
    for wasm, tag in ((first, "1.2.0"), (second, "1.3.0")):
        add_to_layout(tmp_path / "lay", packed_of(wasm), "acme/echo", tag)
        signed(tmp_path / "lay", wasm, A)
    signed(tmp_path / "lay", first, B)
    layout = Layout(tmp_path / "lay")
    for tag, keys in (("1.2.0", (A, B)), ("1.3.0", (A,))):
        claim = claim_from(layout, "acme/echo", tag, None, where="x")
        proven = prove(claim, Judgement(rule_of(*keys, threshold=len(keys)), NOW), where="x")
        assert set(proven.signed.keys) == {key.public.id for key in keys}
        assert len(claim.referrers) == 2 * len(keys)
    layout.reachable()


def test_doing_it_again_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        add_to_layout(tmp_path, packed_of(component()), "acme/echo", "1.2.0")
        signed(tmp_path, component(), A)
        seen = files(tmp_path)
    add_to_layout(tmp_path, packed_of(component()), "acme/echo", "1.2.0")
    signed(tmp_path, component(), A)
    assert files(tmp_path) == seen


def test_a_tag_does_not_move_unless_said(tmp_path: Path) -> None:
    old, new = packed_of(component()), packed_of(component(summary="Changed."))
    add_to_layout(tmp_path, old, "acme/echo", "1.2.0")
    seen = files(tmp_path)
    with pytest.raises(ValueError, match="is there already and is another artifact"):
        add_to_layout(tmp_path, new, "acme/echo", "1.2.0")
    assert files(tmp_path) == seen
    add_to_layout(tmp_path, new, "acme/echo", "1.2.0", replace=True)
    layout = Layout(tmp_path)
    assert layout.find("acme/echo", "1.2.0", None).digest == new.manifest.digest
    assert layout.find("acme/echo", None, old.manifest.digest).digest == old.manifest.digest


def test_a_broken_blob_is_written_anew(tmp_path: Path) -> None:
    packed = packed_of(component())
    add_to_layout(tmp_path, packed, "acme/echo", "1.2.0")
    assert packed.wasm is not None
    blob = tmp_path / "blobs" / "sha256" / packed.wasm.partition(":")[2]
    blob.write_bytes(b"x" * 5)
    add_to_layout(tmp_path, packed, "acme/echo", "1.2.0")
    assert blob.read_bytes() == packed.blobs[packed.wasm]


def test_a_link_in_place_of_a_blob_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    packed, victim = packed_of(component()), tmp_path / "victim"
    victim.write_bytes(b"mine")
    assert packed.wasm is not None
    blob = tmp_path / "lay" / "blobs" / "sha256" / packed.wasm.partition(":")[2]
    add_to_layout(tmp_path / "lay", packed_of(component(version="9.0.0")), "acme/echo", "9.0.0")
    blob.symlink_to(victim)
    add_to_layout(tmp_path / "lay", packed, "acme/echo", "1.2.0")
    assert (victim.read_bytes(), blob.is_symlink()) == (b"mine", False)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="holds other files"):
        add_to_layout(tmp_path, packed_of(component()), "acme/echo", "1.2.0")
    assert files(tmp_path) == {"thesis.txt": b"years of work"}


def test_what_fails_half_way_leaves_the_layout_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_to_layout(tmp_path, packed_of(component()), "acme/echo", "1.2.0")
    index = (tmp_path / "index.json").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(layout_editing, "_put_index", full)
    with pytest.raises(OSError, match="No space"):
        add_to_layout(tmp_path, packed_of(component(version="1.3.0")), "acme/echo", "1.3.0")
    assert (tmp_path / "index.json").read_bytes() == index
    Layout(tmp_path).reachable()


def _add(directory: Path, number: int) -> None:
    wasm = component(version=f"1.0.{number}")
    add_to_layout(directory, packed_of(wasm), "acme/echo", f"1.0.{number}")
    signed(directory, wasm, A)


def test_many_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_add, args=(tmp_path / "lay", number)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0] * 8
    layout = Layout(tmp_path / "lay")
    for number in range(8):
        assert len(claim_from(layout, "acme/echo", f"1.0.{number}", None, where="x").referrers) == 2


@pytest.mark.real
@pytest.mark.skipif(shutil.which("skopeo") is None, reason="skopeo is not installed")
def test_skopeo_reads_it(tmp_path: Path) -> None:
    add_to_layout(tmp_path / "lay", packed_of(component()), "acme/echo", "1.2.0")
    command = ["skopeo", "inspect", "--raw", f"oci:{tmp_path / 'lay'}:acme/echo:1.2.0"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stdout == packed_of(component()).blobs[packed_of(component()).manifest.digest]
