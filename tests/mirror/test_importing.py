"""Imports into a store: all or nothing of what is refused, and whatever interrupts one, the next finishes it."""

from __future__ import annotations

import io
import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mirror.tars import tar_of
from tests.mirror.workshop import (
    ANCHOR,
    DAY,
    ECHO,
    LIST,
    NOW,
    PUBLISHER,
    STRANGER,
    Workshop,
    files_of,
    here_in,
    large,
    list_text,
    nothing,
    plan_of,
    site_in,
    workshop,
)
from tests.registry.artifacts import component

from mcpg.contract.problems import ConfigError, McpgError, PluginRefused
from mcpg_mirror import asides, importing
from mcpg_mirror.catalogue import catalogue_of
from mcpg_mirror.faults import Incomplete
from mcpg_mirror.having import digests_of, have_text, parse_have
from mcpg_mirror.importing import Imported, Wish, import_bundle, receive_stream
from mcpg_mirror.journal import journal_in
from mcpg_mirror.lists import SiteLists
from mcpg_mirror.reading import open_bundle
from mcpg_mirror.writing import MIN_PART, write_parts, write_tar
from mcpg_registry.claims import claim_from
from mcpg_registry.digests import digest_bytes
from mcpg_registry.store import Store
from mcpg_registry.tar_sources import part_name, parts_file
from mcpg_revocations.rules import Entry
from mcpg_revocations.standing import Standing

if TYPE_CHECKING:
    from pathlib import Path

PLAN = plan_of(workshop())
TAR = tar_of(files_of(PLAN))


def take(folder: Path, data: bytes = TAR, *, wish: Wish | None = None, **more: Any) -> Imported:
    path = folder / "m.tar"
    folder.mkdir(exist_ok=True, parents=True)
    path.write_bytes(data)
    store = Store(folder / "store")
    return import_bundle(path, store, here_in(folder, base=store, **more), wish=wish, progress=nothing)


def contents(store: Path) -> dict[str, bytes]:
    """Everything that counts in a store: its blobs and receipts."""
    return {
        each.relative_to(store).as_posix(): each.read_bytes()
        for kind in ("blobs", "receipts")
        for each in sorted((store / kind).rglob("*"))
        if each.is_file()
    }


def test_an_import_installs_plugins_with_signatures_and_the_list(tmp_path: Path) -> None:
    result = take(tmp_path)
    assert result.installed == ("ghcr.io/acme/echo:1.2.0", "ghcr.io/acme/two:0.2.0")
    assert (result.list_changed, result.version, result.state, result.resumed) == (True, 4, "fresh", False)
    store = Store(tmp_path / "store")
    entry = store.find("ghcr.io/acme/echo", "1.2.0", None)
    claim = claim_from(store, "ghcr.io/acme/echo", "1.2.0", entry.digest, where="here")
    assert len(claim.referrers) == 2
    receipt = store.receipt("ghcr.io/acme/echo", entry.digest)
    assert receipt is not None
    assert (receipt.revocations, receipt.source) == (4, f"mirror:{PLAN.inventory.bundle}")
    assert Standing.open(site_in(tmp_path), NOW).freshness(NOW).version == 4
    again = take(tmp_path)
    assert (again.installed, again.known, again.list_changed) == ((), result.installed, False)


def test_what_a_site_has_after_an_import_makes_the_next_increment(tmp_path: Path) -> None:
    take(tmp_path)
    have = parse_have(have_text(digests_of(Store(tmp_path / "store"))))
    assert have.digests == set(PLAN.inventory.here())
    shop = workshop()
    shop.add(component(version="1.3.0"))
    plan = plan_of(shop, have=have)
    result = take(tmp_path, tar_of(files_of(plan)))
    assert result.installed == ("ghcr.io/acme/echo:1.3.0",)
    take(tmp_path / "other", tar_of(files_of(plan_of(shop))))
    one, other = (
        {name: data for name, data in contents(folder / "store").items() if name.startswith("blobs")}
        for folder in (tmp_path, tmp_path / "other")
    )
    assert one == other


def test_a_plugin_that_is_locked_by_digest_alone_has_no_tag(tmp_path: Path) -> None:
    shop = Workshop()
    locked = shop.add(ECHO)
    name = f"ghcr.io/acme/echo@{locked.manifest}"
    shop.locked = {name: msgspec.structs.replace(locked, reference=name)}
    assert take(tmp_path, tar_of(files_of(plan_of(shop)))).installed == (name,)
    (receipt,) = Store(tmp_path / "store").receipts()
    assert (receipt.repository, receipt.tags) == ("ghcr.io/acme/echo", {})
    bundle = open_bundle(tmp_path / "m.tar")
    (repository,) = {
        id(each): each for name, each in catalogue_of(bundle).repositories.items() if "echo" in name
    }.values()
    bundle.files.close()
    assert locked.manifest in repository.manifests
    assert [tag for tag in repository.tags if not tag.startswith("sha256-")] == []


def test_an_increment_without_its_base_names_what_is_missing(tmp_path: Path) -> None:
    shop = workshop()
    plan = plan_of(shop, have=parse_have(have_text([digest_bytes(ECHO)])))
    with pytest.raises(Incomplete) as caught:
        take(tmp_path, tar_of(files_of(plan)))
    assert caught.value.code == "missing-base"
    assert digest_bytes(ECHO) in caught.value.message
    assert contents(tmp_path / "store") == {}


REFUSED: dict[str, tuple[bytes, str]] = {
    "layer": (TAR.replace(ECHO, b"?" * len(ECHO)), "bad-digest"),
    "truncated": (TAR[:-512], "bad-bundle"),
    "stranger": (
        tar_of(files_of(plan_of(workshop(), revocations=list_text(keys=(STRANGER,))))),
        "revocation-signature",
    ),
    "revoked": (
        tar_of(
            files_of(
                plan_of(
                    workshop(),
                    revocations=list_text(
                        5, Entry(id="X", action="block", reason="bad", plugin="acme/two", versions="*")
                    ),
                    version=5,
                )
            )
        ),
        "plugin-revoked",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_refused_bundle_leaves_store_and_list_as_they_were(tmp_path: Path, what: str) -> None:
    take(tmp_path, tar_of(files_of(plan_of(workshop(), revocations=list_text(3), version=3))))
    before = contents(tmp_path / "store")
    journals = sorted((tmp_path / "store" / "imports").iterdir())
    data, code = REFUSED[what]
    with pytest.raises(McpgError) as caught:
        take(tmp_path, data)
    assert caught.value.code == code
    assert contents(tmp_path / "store") == before
    assert sorted((tmp_path / "store" / "imports").iterdir()) == journals
    assert Standing.open(site_in(tmp_path), NOW).freshness(NOW).version == 3


def test_an_older_list_is_refused_and_nothing_is_taken(tmp_path: Path) -> None:
    Standing.open(site_in(tmp_path), NOW).offer(list_text(9), NOW)
    with pytest.raises(PluginRefused) as caught:
        take(tmp_path)
    assert caught.value.code == "revocation-rollback"
    assert contents(tmp_path / "store") == {}


def test_a_stale_list_wants_a_reason_which_is_recorded(tmp_path: Path) -> None:
    late = NOW + 31 * DAY
    with pytest.raises(PluginRefused) as caught:
        take(tmp_path, now=late)
    assert caught.value.code == "stale-list"
    assert contents(tmp_path / "store") == {}
    with pytest.raises(ConfigError):
        take(tmp_path, now=late, wish=Wish("two\nlines"))
    result = take(tmp_path, now=late, wish=Wish("the courier was ill", by="ana"))
    assert result.state == "stale"
    (line,) = [
        each
        for each in journal_in(tmp_path / "store", PLAN.inventory.bundle).lines()
        if each["event"] == "accepted-stale"
    ]
    assert line == {
        "at": late, "event": "accepted-stale", "state": "stale", "reason": "the courier was ill", "by": "ana",
    }  # fmt: skip
    assert Standing.open(site_in(tmp_path), late).freshness(late).state == "stale"


def test_a_dead_list_is_never_gone_by_even_with_a_reason(tmp_path: Path) -> None:
    late = NOW + 60 * DAY
    result = take(tmp_path, now=late, wish=Wish("nothing else is to be had"))
    assert (result.state, result.list_changed) == ("dead", False)
    assert Standing.open(site_in(tmp_path), late).freshness(late).state == "dead"


class Pulled(BaseException):
    """The plug: nothing in the program catches it."""


def pull_at(monkeypatch: pytest.MonkeyPatch, step: int) -> list[int]:
    """Make the process die at the so manyth write of any kind."""
    left = [step]
    for name in ("fsync", "replace", "rename", "write"):
        monkeypatch.setattr(os, name, _dying(getattr(os, name), left))
    return left


def _dying(real: Any, left: list[int]) -> Any:
    def call(*arguments: Any, **more: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Pulled
        return real(*arguments, **more)

    return call


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    take(folder)
    return folder


@settings(deadline=None, max_examples=15)
@given(step=st.integers(1, 130))
def test_an_import_that_is_interrupted_anywhere_is_finished_by_the_next(
    step: int, whole: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    with pytest.MonkeyPatch.context() as patch:
        pull_at(patch, step)
        try:
            take(folder)
        except Pulled:
            interrupted = True
        else:
            interrupted = False
    store = Store(folder / "store")
    for receipt in store.receipts():
        assert all(store.has(part.descriptor()) for part in (receipt.manifest, receipt.layer)), "whole or not there"
    result = take(folder)
    assert contents(folder / "store") == contents(whole / "store")
    assert set(result.installed) | set(result.known) == {"ghcr.io/acme/echo:1.2.0", "ghcr.io/acme/two:0.2.0"}
    assert interrupted or result.installed == ()
    assert journal_in(folder / "store", PLAN.inventory.bundle).unfinished() is None


def test_the_next_import_says_that_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importing._install

    def install(finding: Any, *rest: Any) -> bool:
        if finding.plugin.id == "acme/two":
            raise Pulled
        return real(finding, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(importing, "_install", install)
        with pytest.raises(Pulled):
            take(tmp_path)
    result = take(tmp_path)
    assert (result.resumed, result.installed, result.known) == (
        True, ("ghcr.io/acme/two:0.2.0",), ("ghcr.io/acme/echo:1.2.0",),
    )  # fmt: skip


def test_a_broken_blob_of_the_store_is_mended_by_an_import(tmp_path: Path) -> None:
    take(tmp_path)
    blob = tmp_path / "store" / "blobs" / "sha256" / digest_bytes(ECHO)[7:]
    blob.write_bytes(b"?" * len(ECHO))
    next((tmp_path / "store" / "receipts").glob("*.json")).write_text("{")
    result = take(tmp_path)
    assert result.installed != ()
    assert blob.read_bytes() == ECHO
    assert len(Store(tmp_path / "store").receipts()) == 2


def test_an_import_takes_no_signature_away(tmp_path: Path) -> None:
    shop, more = Workshop(), Workshop()
    shop.add(ECHO)
    more.add(ECHO, PUBLISHER, STRANGER)
    take(tmp_path, tar_of(files_of(plan_of(more))))
    take(tmp_path, tar_of(files_of(plan_of(shop))))
    (receipt,) = Store(tmp_path / "store").receipts()
    assert len(receipt.referrers) == 4


def media_of(tmp_path: Path) -> tuple[list[Path], int]:
    """A bundle in parts, each on a medium of its own, the list of parts on the first."""
    shop = workshop()
    shop.add(large(id="acme/large"))
    parts = write_parts(plan_of(shop), tmp_path / "made" / "m.tar", MIN_PART, nothing)
    found = []
    for number in range(len(parts.parts)):
        medium = tmp_path / f"medium{number}"
        medium.mkdir()
        shutil.move(part_name(tmp_path / "made" / "m.tar", number), medium)
        found.append(medium)
    shutil.move(parts_file(tmp_path / "made" / "m.tar"), found[0])
    return found, len(parts.parts)


def test_parts_may_come_one_medium_after_the_other(tmp_path: Path) -> None:
    media, count = media_of(tmp_path)
    store = Store(tmp_path / "far" / "store")
    here = here_in(tmp_path / "far", base=store)
    for number, medium in enumerate(media[:-1]):
        with pytest.raises(Incomplete) as caught:
            import_bundle(medium / "m.tar", store, here, progress=nothing)
        assert caught.value.code == "missing-part"
        assert caught.value.message.startswith(f"{count - number - 1} of {count} parts")
        assert contents(store.directory) == {}
    result = import_bundle(media[-1] / "m.tar", store, here, progress=nothing)
    assert len(result.installed) == 3
    assert not (store.directory / "incoming" / "m.tar").exists()


def test_a_damaged_part_is_named_and_not_kept(tmp_path: Path) -> None:
    media, _ = media_of(tmp_path)
    store = Store(tmp_path / "far" / "store")
    here = here_in(tmp_path / "far", base=store)
    with pytest.raises(Incomplete):
        import_bundle(media[0] / "m.tar", store, here, progress=nothing)
    part = media[1] / "m.tar.001"
    good = part.read_bytes()
    part.write_bytes(good[:-1] + b"?")
    with pytest.raises(PluginRefused) as caught:
        import_bundle(media[1] / "m.tar", store, here, progress=nothing)
    assert (caught.value.code, caught.value.remedy) == ("bad-digest", "copy `m.tar.001` again")
    part.write_bytes(good)
    with pytest.raises(Incomplete):
        import_bundle(media[1] / "m.tar", store, here, progress=nothing)


def test_a_medium_that_is_pulled_out_while_it_is_copied_is_copied_again(tmp_path: Path) -> None:
    media, _ = media_of(tmp_path)
    store = Store(tmp_path / "far" / "store")
    here = here_in(tmp_path / "far", base=store)
    for step in (1, 2, 3, 5, 8):
        with pytest.MonkeyPatch.context() as patch:
            pull_at(patch, step)
            with pytest.raises((Pulled, Incomplete)):
                import_bundle(media[0] / "m.tar", store, here, progress=nothing)
    for medium in media[:-1]:
        with pytest.raises(Incomplete):
            import_bundle(medium / "m.tar", store, here, progress=nothing)
    assert len(import_bundle(media[-1] / "m.tar", store, here, progress=nothing).installed) == 3


def test_a_bundle_may_come_as_a_stream(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    kept = receive_stream(io.BytesIO(TAR).read, store, nothing)
    assert kept.read_bytes() == TAR
    assert len(import_bundle(kept, store, here_in(tmp_path, base=store), progress=nothing).installed) == 2
    assert list((store.directory / "incoming").iterdir()) == []


@pytest.mark.parametrize("cut", [0, 1, 700, len(TAR) // 2, len(TAR) - 1])
def test_a_stream_that_breaks_off_is_not_kept(tmp_path: Path, cut: int) -> None:
    store = Store(tmp_path / "store")
    for data in (TAR[:cut], TAR.replace(ECHO, b"?" * len(ECHO))):
        with pytest.raises(PluginRefused) as caught:
            receive_stream(io.BytesIO(data).read, store, nothing)
        assert caught.value.code == "bad-bundle"
    assert list((store.directory / "incoming").iterdir()) == []


def test_a_full_disk_is_a_failure_and_not_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Store, data: bytes) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Store, "put", full)
    with pytest.raises(McpgError) as caught:
        take(tmp_path)
    assert not isinstance(caught.value, PluginRefused)
    assert (caught.value.code, "no space left" in caught.value.message) == ("store-unavailable", True)


def test_a_full_disk_while_parts_are_kept_is_a_failure_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    media, _ = media_of(tmp_path)
    store = Store(tmp_path / "far" / "store")

    def full(*_: Any, **more: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(asides.tempfile, "mkstemp", full)
    for ask in (
        lambda: import_bundle(media[0] / "m.tar", store, here_in(tmp_path / "far", base=store), progress=nothing),
        lambda: receive_stream(io.BytesIO(TAR).read, store, nothing),
    ):
        with pytest.raises(McpgError) as caught:
            ask()
        assert (caught.value.code, isinstance(caught.value, PluginRefused)) == ("store-unavailable", False)


def test_a_list_that_cannot_be_remembered_lets_nothing_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **more: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SiteLists, "take", full)
    with pytest.raises(McpgError) as caught:
        take(tmp_path)
    assert caught.value.code == "store-unavailable"
    assert contents(tmp_path / "store") == {}


def test_the_journal_reads_past_a_line_that_was_cut(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, PLAN.inventory.bundle)
    assert journal.lines() == ()
    journal.add("begin", NOW)
    with journal.path.open("ab") as file:
        file.write(b'{"at":1,"ev')
    journal.add("end", NOW)
    assert [each["event"] for each in journal.lines()] == ["begin", "end"]
    assert journal.unfinished() is None


def test_the_list_is_judged_by_the_site_that_imports(tmp_path: Path) -> None:
    other = replace(ANCHOR, threshold=1)
    lists = SiteLists(site_in(tmp_path, anchor=other))
    assert lists.judge(LIST, NOW).version == 4
    assert not (tmp_path / "revocations").exists()
    assert lists.take(LIST, NOW)
    assert lists.judge(LIST, NOW).held == 4
    write_tar(PLAN, tmp_path / "x.tar", nothing)
