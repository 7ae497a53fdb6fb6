"""Bundles: the same inputs give the same bits, an increment holds only what is missing, nothing half appears."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from tests.mirror.tars import tar_of
from tests.mirror.workshop import ECHO, NOW, OPERATOR, STRANGER, files_of, large, nothing, plan_of, proven_by, workshop
from tests.registry.artifacts import component

from mcpg.contract.problems import ConfigError, McpgError, PluginRefused
from mcpg_mirror import writing
from mcpg_mirror.faults import Incomplete
from mcpg_mirror.gathering import demand_all, gather, wanted_of
from mcpg_mirror.having import have_text, parse_have
from mcpg_mirror.planning import Piece, Plan
from mcpg_mirror.reading import check_parts, open_bundle
from mcpg_mirror.writing import MIN_PART, tar_size, write_directory, write_parts, write_tar
from mcpg_registry.digests import digest_bytes
from mcpg_registry.layout import Layout, fallback_tag
from mcpg_registry.locking import Lock, Locked
from mcpg_registry.tar_layout import TarFiles
from mcpg_registry.tar_sources import part_name, parts_file, read_parts

if TYPE_CHECKING:
    from pathlib import Path

BLOBS = "blobs/sha256/"


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tree(path: Path) -> dict[str, tuple[str, int]]:
    return {
        each.relative_to(path).as_posix(): (sha(each), each.stat().st_mode)
        for each in sorted(path.rglob("*"))
        if each.is_file()
    }


def test_two_bundles_of_the_same_inputs_are_identical_to_the_bit(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_tar(plan_of(workshop()), tmp_path / "one" / "a.tar", nothing)
        write_directory(plan_of(workshop()), tmp_path / "one" / "a", nothing)
        os.umask(0)
        write_tar(plan_of(workshop()), tmp_path / "other" / "deep" / "b.tar", nothing)
        write_directory(plan_of(workshop()), tmp_path / "b", nothing)
    finally:
        os.umask(before)
    assert sha(tmp_path / "one" / "a.tar") == sha(tmp_path / "other" / "deep" / "b.tar")
    assert tree(tmp_path / "one" / "a") == tree(tmp_path / "b")
    modes = {(tmp_path / "b").stat().st_mode, (tmp_path / "b" / "blobs" / "sha256").stat().st_mode}
    assert {mode & 0o777 for mode in modes} == {0o755}
    assert (tmp_path / "one" / "a.tar").stat().st_mode & 0o777 == 0o644


def test_the_order_on_the_shelf_does_not_matter() -> None:
    shop = workshop()
    shop.writer._entries.reverse()
    shop.locked = dict(reversed(shop.locked.items()))
    assert files_of(plan_of(shop)) == files_of(plan_of(workshop()))


def test_the_files_stand_in_their_order_and_belong_to_nobody(tmp_path: Path) -> None:
    plan = plan_of(workshop())
    write_tar(plan, tmp_path / "m.tar", nothing)
    assert (tmp_path / "m.tar").stat().st_size == tar_size(plan)
    with tarfile.open(tmp_path / "m.tar") as tar:
        members = tar.getmembers()
    assert {(each.mtime, each.uid, each.gid, each.mode, each.uname) for each in members} == {(0, 0, 0, 0o644, "")}
    names = [each.name for each in members]
    index = json.loads(files_of(plan)["index.json"])["manifests"]
    papers = [BLOBS + entry["digest"].removeprefix("sha256:") for entry in index[:4]]
    assert names[:2] == ["oci-layout", "index.json"]
    assert [names.index(paper) for paper in papers] == [2, 4, 6, 8]
    assert names[10:] == sorted(names[10:])


def test_the_index_names_plugins_signatures_and_papers(tmp_path: Path) -> None:
    write_tar(plan_of(workshop()), tmp_path / "m.tar", nothing)
    with TarFiles.open(tmp_path / "m.tar") as files:
        layout = Layout(files)
        echo = layout.find("ghcr.io/acme/echo", "1.2.0", None)
        assert layout.find("ghcr.io/acme/two", "0.2.0", None) != echo
        assert len(layout.referrers(echo.digest)) == 2
        names = {entry.annotations.get("org.opencontainers.image.ref.name") for entry in layout.entries}
        assert names >= {"mcpg/inventory:latest", "mcpg/revocations:latest", fallback_tag(echo.digest)}
        kinds = {entry.artifact_type for entry in layout.entries}
        assert "application/vnd.mcpg.mirror.inventory.v1+json" in kinds
        assert {BLOBS + digest.removeprefix("sha256:") for digest in layout.reachable()} | {
            "oci-layout",
            "index.json",
        } == set(files.names())


def test_the_id_comes_from_the_content() -> None:
    plan, other = plan_of(workshop()), plan_of(workshop(), created=NOW + 1)
    assert plan.inventory.bundle != other.inventory.bundle
    assert plan.inventory.bundle == plan_of(workshop()).inventory.bundle


def test_an_increment_holds_only_what_is_missing(tmp_path: Path) -> None:
    old = set(plan_of(workshop()).inventory.here())
    shop = workshop()
    shop.add(component(version="1.3.0"))
    have = parse_have(have_text(old))
    plan = plan_of(shop, have=have)
    assert (plan.inventory.mode, plan.inventory.have) == ("delta", have.digest)
    missing = set(plan_of(shop).inventory.here()) - old
    assert set(plan.inventory.here()) == missing
    increment = files_of(plan)
    papers = {digest_bytes(b"{}")}
    for entry in json.loads(increment["index.json"])["manifests"][:4]:
        manifest = json.loads(increment[BLOBS + entry["digest"].removeprefix("sha256:")])
        papers |= {entry["digest"], *(layer["digest"] for layer in manifest["layers"])}
    found = {"sha256:" + name.removeprefix(BLOBS) for name in increment if name.startswith(BLOBS)}
    (tagged,) = found - papers - missing
    assert "sha256-" in next(
        entry["annotations"]["org.opencontainers.image.ref.name"]
        for entry in json.loads(increment["index.json"])["manifests"]
        if entry["digest"] == tagged
    )
    assert plan.new_bytes < plan.all_bytes
    assert [plugin.version for plugin in plan.inventory.plugins if plugin.layer.here] == ["1.3.0"]
    write_tar(plan, tmp_path / "m.tar", nothing)
    open_bundle(tmp_path / "m.tar", (OPERATOR.public,)).files.close()


def test_an_increment_for_somebody_who_has_all_holds_papers_only() -> None:
    full = plan_of(workshop())
    have = parse_have(have_text(full.inventory.here()))
    plan = plan_of(workshop(), have=have)
    assert plan.new_bytes == 0
    assert len(plan.pieces) == 2 + 4 * 2 + 1


@pytest.mark.parametrize(
    "text",
    [
        b"[]",
        b'{"schema":1,"digests":[]}',
        b'{"schema":2,"mediaType":"application/vnd.mcpg.mirror.have.v1+json","digests":[]}',
        b'{"schema":1,"mediaType":"text/plain","digests":[]}',
        b'{"schema":1,"mediaType":"application/vnd.mcpg.mirror.have.v1+json","digests":{}}',
        b'{"schema":1,"mediaType":"application/vnd.mcpg.mirror.have.v1+json","digests":["../x"]}',
        b'{"schema":1,"schema":1,"mediaType":"application/vnd.mcpg.mirror.have.v1+json","digests":[]}',
    ],
)
def test_a_broken_have_list_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_have(text)


def test_what_is_missing_is_named_with_the_command_that_brings_it() -> None:
    shop, more = workshop(), workshop()
    absent = more.add(component(id="acme/three"))
    gathered = gather(shop.shelf, wanted_of(more.lock), proven_by())
    assert [each.command for each in gathered.missing] == [
        f"mcpg plugin pull ghcr.io/acme/three:1.2.0@{absent.manifest}"
    ]
    with pytest.raises(Incomplete) as caught:
        demand_all(gathered)
    assert caught.value.code == "missing-plugin"
    assert absent.manifest in caught.value.remedy


def test_a_plugin_that_the_maker_does_not_trust_is_not_shipped() -> None:
    shop = workshop()
    shop.add(component(id="acme/three"), STRANGER)
    with pytest.raises(PluginRefused) as caught:
        plan_of(shop)
    assert caught.value.code == "bad-signature"


@pytest.mark.parametrize("reference", ["ghcr.io/Acme/echo:1", "ghcr.io/acme/echo:-", "../x:1"])
def test_a_name_that_no_registry_has_cannot_be_mirrored(reference: str) -> None:
    digest = "sha256:" + "0" * 64
    locked = Locked(reference=reference, manifest=digest, wasm=digest, id="acme/echo", version="1.0.0")
    with pytest.raises(ConfigError, match="no mirror can carry it"):
        wanted_of(Lock(schema=1, revocations=1, plugins={"x": locked}))


def test_one_name_with_two_digests_is_refused() -> None:
    one, other = (
        Locked(
            reference="ghcr.io/a/b:1", manifest="sha256:" + d * 64, wasm="sha256:" + d * 64, id="a/b", version="1.0.0"
        )
        for d in "12"
    )
    with pytest.raises(ConfigError, match="two digests"):
        wanted_of(Lock(schema=1, revocations=1, plugins={"x": one, "y": other}))
    assert len(wanted_of(Lock(schema=1, revocations=1, plugins={"x": one, "y": one}))) == 1


def test_parts_are_the_tar_cut_up(tmp_path: Path) -> None:
    shop = workshop()
    shop.add(large(id="acme/large"))
    plan = plan_of(shop)
    write_tar(plan, tmp_path / "whole.tar", nothing)
    parts = write_parts(plan, tmp_path / "m.tar", MIN_PART, nothing)
    assert len(parts.parts) > 2
    joined = b"".join(part_name(tmp_path / "m.tar", number).read_bytes() for number in range(len(parts.parts)))
    assert joined == (tmp_path / "whole.tar").read_bytes()
    assert read_parts(tmp_path / "m.tar") == parts
    check_parts(tmp_path / "m.tar", where="here")
    open_bundle(tmp_path / "m.tar").files.close()
    bad = part_name(tmp_path / "m.tar", 1)
    bad.write_bytes(b"?" * bad.stat().st_size)
    with pytest.raises(PluginRefused) as caught:
        check_parts(tmp_path / "m.tar", where="here")
    assert caught.value.remedy == "copy `m.tar.001` again"
    bad.unlink()
    with pytest.raises(Incomplete) as told:
        open_bundle(tmp_path / "m.tar")
    assert (told.value.code, "m.tar.001" in told.value.message) == ("missing-part", True)


def test_one_bundle_takes_the_place_of_another(tmp_path: Path) -> None:
    shop, path = workshop(), tmp_path / "m.tar"
    plan = plan_of(shop)
    (tmp_path / "m.tar.notes").write_text("mine")
    write_parts(plan, path, MIN_PART, nothing)
    write_tar(plan, path, nothing)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["m.tar", "m.tar.notes"]
    write_parts(plan, path, MIN_PART, nothing)
    assert not path.exists()
    part_name(path, 7).write_bytes(b"of an older bundle")
    write_parts(plan, path, MIN_PART, nothing)
    assert not part_name(path, 7).exists()
    write_directory(plan, tmp_path / "d", nothing)
    before = tree(tmp_path / "d")
    write_directory(plan_of(shop, created=NOW + 1), tmp_path / "d", nothing)
    assert tree(tmp_path / "d") != before


@pytest.mark.parametrize("size", [0, 1, MIN_PART - 1])
def test_parts_that_are_too_small_are_refused(tmp_path: Path, size: int) -> None:
    with pytest.raises(ConfigError, match="wanted at most"):
        write_parts(plan_of(workshop()), tmp_path / "m.tar", size, nothing)


def test_something_else_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "thesis.txt").write_text("years of work")
    (tmp_path / "link").symlink_to(tmp_path / "d")
    plan = plan_of(workshop())
    for name, write in (("d", write_directory), ("link", write_directory), ("d", write_tar)):
        with pytest.raises(ConfigError):
            write(plan, tmp_path / name, nothing)
    assert (tmp_path / "d" / "thesis.txt").read_text() == "years of work"


class Pulled(Exception):  # noqa: N818 - the plug
    pass


def interrupted(plan: Plan, after: int) -> Any:
    left = [after]

    def progress(_: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Pulled

    return progress


WRITERS: dict[str, Any] = {
    "tar": lambda plan, folder, progress: write_tar(plan, folder / "m.tar", progress),
    "parts": lambda plan, folder, progress: write_parts(plan, folder / "m.tar", MIN_PART, progress),
    "directory": lambda plan, folder, progress: write_directory(plan, folder / "m", progress),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_an_interrupted_writer_leaves_no_bundle_and_the_next_makes_the_same(tmp_path: Path, kind: str) -> None:
    shop = workshop()
    shop.add(large(id="acme/large"))
    plan = plan_of(shop)
    WRITERS[kind](plan, tmp_path / "whole", nothing)
    for after in (0, 1, 2, 5, len(plan.pieces) // 2, len(plan.pieces) - 1):
        folder = tmp_path / str(after)
        with pytest.raises(Pulled):
            WRITERS[kind](plan, folder, interrupted(plan, after))
        assert not (folder / "m.tar").exists()
        assert not (folder / "m").exists()
        assert not parts_file(folder / "m.tar").exists()
        WRITERS[kind](plan, folder, nothing)
        assert tree(folder) == tree(tmp_path / "whole")


def test_what_a_dead_writer_has_left_is_swept_away_and_a_living_ones_is_not(tmp_path: Path) -> None:
    plan, path = plan_of(workshop()), tmp_path / "m.tar"
    (tmp_path / ".m.tar.dead.partial").write_bytes(b"half")
    with writing.aside_file(path) as mine:
        mine.write(b"mine")
        write_tar(plan, path, nothing)
        left = [each.name for each in tmp_path.iterdir() if each.name != "m.tar"]
        assert len(left) == 1
        assert left != [".m.tar.dead.partial"]
    assert path.read_bytes() == b"mine"


def test_a_blob_that_changes_between_plan_and_write_is_noticed(tmp_path: Path) -> None:
    plan = plan_of(workshop())
    at = next(i for i, piece in enumerate(plan.pieces) if piece.size == len(ECHO))
    pieces = list(plan.pieces)
    pieces[at] = Piece(pieces[at].name, pieces[at].size, lambda: b"?" * pieces[at].size)
    with pytest.raises(McpgError) as caught:
        write_tar(Plan(plan.inventory, tuple(pieces), 0, 0), tmp_path / "m.tar", nothing)
    assert caught.value.code == "bad-digest"
    assert list(tmp_path.iterdir()) == []


def test_the_tar_is_what_a_plain_tar_of_the_files_is(tmp_path: Path) -> None:
    plan = plan_of(workshop())
    write_tar(plan, tmp_path / "m.tar", nothing)
    files = files_of(plan)
    ours = (tmp_path / "m.tar").read_bytes()
    assert sorted(tar_of(files)[i : i + 512] for i in range(0, len(ours), 512)) == sorted(
        ours[i : i + 512] for i in range(0, len(ours), 512)
    )
