"""`mcpg plugin mirror` from a connected site to one without a network: every verb, its exit codes, its reports."""

from __future__ import annotations

import json
import time
from pathlib import Path

import msgspec
import pytest
from tests.mirror.folders import CONFIG, Folder, shop_of
from tests.mirror.workshop import ANCHOR, DAY, ECHO, LISTERS, OPERATOR, PUBLISHER, large, list_text
from tests.registry.artifacts import component

from mcpg_registry.digests import digest_bytes
from mcpg_registry.locking import read_lock, write_lock
from mcpg_revocations.standing import Site, Standing


@pytest.fixture
def near(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "near")
    folder.stock(shop_of())
    return folder


@pytest.fixture
def far(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "far")


def test_from_a_connected_site_to_one_without_a_network_and_back(near: Folder, far: Folder) -> None:
    made = near.json("create", "--out", "usb/m.tar", "--sign-key", "operator.key")
    assert (made["mode"], made["signed"], made["missing"]) == ("full", True, [])
    assert [each["name"] for each in made["plugins"]] == ["ghcr.io/acme/asks:3.0.0", "ghcr.io/acme/echo:1.2.0"]
    usb = str(near.path / "usb" / "m.tar")
    report = far.json("verify", usb, "--operator-key", "operator.pub")
    assert (report["outcome"], report["bundle"]["signed_by"]) == ("good", OPERATOR.public.id)
    assert report["bundle"]["file"] == digest_bytes(Path(usb).read_bytes())
    assert far.store.receipts() == ()
    done = far.json("import", usb, "--operator-key", "operator.pub")
    assert done["installed"] == ["ghcr.io/acme/asks:3.0.0", "ghcr.io/acme/echo:1.2.0"]
    assert {each.grants for each in far.store.receipts()} == {("http",), ()}
    far.run("have", "--out", "have.json")
    near.stock(shop_of(component(version="1.3.0")))
    increment = near.json("create", "--out", "usb/2.tar", "--have", str(far.path / "have.json"))
    assert (increment["mode"], [each["new"] for each in increment["plugins"]]) == ("delta", [False, False, True])
    assert increment["new_bytes"] < increment["bytes"]
    done = far.json("import", str(near.path / "usb" / "2.tar"))
    assert done["installed"] == ["ghcr.io/acme/echo:1.3.0"]
    again = far.json("import", str(near.path / "usb" / "2.tar"))
    assert (again["installed"], len(again["known"])) == ([], 3)
    difference = near.json("diff", "usb/m.tar", "usb/2.tar")
    assert difference["added"] == ["ghcr.io/acme/echo:1.3.0"]
    assert difference["new_blobs"] > 0
    assert near.json("diff", "usb/m.tar", "usb/m.tar")["same"]


def test_the_short_way(near: Folder) -> None:
    done = near.run("--offline")
    assert "made mcpg-mirror.tar: 2 plugins" in done.stdout
    assert "writing mcpg-mirror.tar" in done.stderr
    assert near.json("--offline", "short.tar")["out"] == "short.tar"
    near.run("--json", "have", code=2)
    near.run("--offline", "there.tar")
    assert (near.path / "there.tar").read_bytes() == (near.path / "mcpg-mirror.tar").read_bytes()
    near.run("--offline", "folder")
    assert (near.path / "folder" / "oci-layout").is_file()
    assert "Usage" in near.run(code=2).output
    near.run("--offline", "x.tar", "have", code=2)


def test_a_bundle_is_made_again_to_the_bit_with_no_clock_asked(near: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    near.run("create", "--out", "one.tar", "--sign-key", "operator.key")
    monkeypatch.setattr(time, "time", lambda: time.monotonic() + 1_900_000_000)
    near.run("create", "--out", "other.tar", "--sign-key", "operator.key")
    assert (near.path / "one.tar").read_bytes() == (near.path / "other.tar").read_bytes()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    near.run("create", "--out", "other.tar")
    assert near.json("verify", "other.tar")["bundle"]["created_at"] == "1970-01-02 00:00:00 UTC"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert "is no number of seconds" in near.error("create", "--out", "other.tar", code=1)["message"]


def test_what_is_missing_is_told_with_the_pull_that_brings_it(near: Folder) -> None:
    shop = shop_of(component(version="1.4.0"))
    (near.path / "mcpg.lock").write_bytes(shop.lock.text())
    dry = near.json("create", "--dry-run", code=1)
    assert [each["command"].partition("@")[0] for each in dry["missing"]] == [
        "mcpg plugin pull ghcr.io/acme/echo:1.4.0"
    ]
    error = near.error("create", code=1)
    assert error["code"] == "missing-plugin"
    assert dry["missing"][0]["command"] in error["remedy"]
    assert not list(near.path.glob("*.tar"))
    text = near.run("create", "--dry-run", code=1).stdout
    assert "would make 2 plugins" in text
    assert dry["missing"][0]["command"] in text


def test_a_damaged_blob_of_the_store_is_as_good_as_missing(near: Folder) -> None:
    blob = near.path / ".state" / "plugins" / "blobs" / "sha256" / digest_bytes(ECHO)[7:]
    blob.write_bytes(b"?" * len(ECHO))
    (each,) = near.json("create", "--dry-run", code=1)["missing"]
    assert each["command"].startswith("mcpg plugin pull ghcr.io/acme/echo:1.2.0@")
    assert near.error("create", code=1)["code"] == "missing-plugin"


def test_what_the_store_lacks_comes_from_a_mirror_or_from_a_layout_in_the_lock(near: Folder, tmp_path: Path) -> None:
    near.run("create", "--out", "m.tar")
    (near.path / "mcpg.lock").replace(tmp_path / "mcpg.lock")
    other = Folder(tmp_path / "other")
    (tmp_path / "mcpg.lock").replace(other.path / "mcpg.lock")
    assert len(other.json("create", "--dry-run", code=1)["missing"]) == 2
    other.run("create", "--out", "again.tar", "--mirror", str(near.path / "m.tar"))
    assert near.json("diff", "m.tar", str(other.path / "again.tar"))["new_blobs"] == 0
    other.run("create", "--mirror", "registry.corp/mirror", code=2)
    shop = shop_of()
    shop.writer.write(other.path / "layout")
    for name, locked in shop.locked.items():
        shop.locked[name] = msgspec.structs.replace(locked, reference=f"layout:layout#{locked.reference}")
    (other.path / "mcpg.lock").write_bytes(shop.lock.text())
    made = other.json("create", "--out", "third.tar")
    assert [each["name"] for each in made["plugins"]] == ["ghcr.io/acme/asks:3.0.0", "ghcr.io/acme/echo:1.2.0"]


def test_the_lock_comes_along_if_it_is_wanted(near: Folder, far: Folder) -> None:
    shop = shop_of()
    shop.locked = {each.reference: each for each in shop.locked.values()}
    near.stock(shop)
    near.run("create", "--out", "m.tar")
    bundle = str(near.path / "m.tar")
    far.run("import", bundle)
    assert not (far.path / "mcpg.lock").exists()
    far.run("import", bundle, "--take-lock", "--to", "registry.corp/mirror", code=2)
    done = far.json("import", bundle, "--take-lock")
    assert done["locked"] == ["ghcr.io/acme/asks:3.0.0", "ghcr.io/acme/echo:1.2.0"]
    lock = read_lock(far.path / "mcpg.lock")
    assert lock is not None
    assert {name: each.manifest for name, each in lock.plugins.items()} == {
        name: each.manifest for name, each in shop.locked.items()
    }
    assert lock.plugins["ghcr.io/acme/asks:3.0.0"].grants == ("http",)
    assert lock.plugins["ghcr.io/acme/asks:3.0.0"].keys == (PUBLISHER.public.id,)
    newer = msgspec.structs.replace(lock.plugins["ghcr.io/acme/echo:1.2.0"], version="1.9.0")
    write_lock(far.path / "mcpg.lock", lock.changed({newer.reference: newer}, 1))
    (receipt,) = [each for each in far.store.receipts() if each.id == "acme/echo"]
    far.store.remove(receipt.repository, receipt.digest)
    assert far.error("import", bundle, "--take-lock", code=3)["code"] == "downgrade"
    assert len(far.store.receipts()) == 1, "nothing was taken"


def test_without_a_lock_there_is_nothing_to_make(far: Folder) -> None:
    assert "mcpg plugin lock" in far.error("create", code=1)["remedy"]


def test_parts_by_size(near: Folder, far: Folder) -> None:
    near.stock(shop_of(large(id="acme/large")))
    near.run("create", "--out", "m.tar", "--max-part-size", "64KiB")
    assert not (near.path / "m.tar").exists()
    assert (near.path / "m.tar.001").is_file()
    assert far.json("verify", str(near.path / "m.tar"))["outcome"] == "good"
    for bad in ("64KB", "0", "-1", "", "1TiB"):
        near.run("create", "--max-part-size", bad, code=2)
    assert near.error("create", "--max-part-size", "1KiB", code=1)["remedy"] == "choose larger parts"
    (near.path / "m.tar.001").unlink()
    error = far.error("verify", str(near.path / "m.tar"), code=1)
    assert error["code"] == "missing-part"


def test_a_tampered_bundle_is_refused_with_3_and_nothing_is_taken(near: Folder, far: Folder) -> None:
    near.run("create", "--out", "m.tar")
    path = near.path / "m.tar"
    path.write_bytes(path.read_bytes().replace(ECHO, b"?" * len(ECHO)))
    for verb in ("verify", "import"):
        assert far.error(verb, str(path), code=3)["code"] == "bad-digest"
    assert far.error("serve", str(path), code=3)["code"] == "bad-digest"
    assert far.store.receipts() == ()
    assert far.error("verify", "nowhere.tar", code=1)["code"] == "bad-config"


def test_another_operators_bundle_is_refused(near: Folder, far: Folder) -> None:
    near.run("create", "--out", "m.tar", "--sign-key", "operator.key")
    error = far.error("verify", str(near.path / "m.tar"), "--operator-key", "stranger.pub", code=3)
    assert error["code"] == "inventory-signature"
    near.run("create", "--out", "m.tar")
    error = far.error("import", str(near.path / "m.tar"), "--operator-key", "operator.pub", code=3)
    assert error["code"] == "inventory-unsigned"


def test_a_board_reads_who_has_signed_what_is_revoked(near: Folder, tmp_path: Path) -> None:
    near.run("create", "--out", "m.tar")
    other = Folder(tmp_path / "other", CONFIG + "revocations: {additions: added}\n")
    entry = {"id": "site-1", "action": "kill", "reason": "not here", "plugin": "acme/echo", "versions": "*"}
    (other.path / "added").mkdir()
    (other.path / "added" / "one.json").write_text(json.dumps({"schema": 1, "entries": [entry]}))
    report = other.json("verify", str(near.path / "m.tar"), "--report", "board.md", code=3)
    hit = next(each for each in report["plugins"] if each["state"] == "refused")
    assert (hit["id"], hit["error"]["code"]) == ("acme/echo", "plugin-revoked")
    assert hit["signed_by"] == [PUBLISHER.public.id]
    assert "nobody that is trusted" not in (other.path / "board.md").read_text()


def test_a_site_that_does_not_trust_the_publisher_refuses(near: Folder, tmp_path: Path) -> None:
    near.run("create", "--out", "m.tar")
    other = Folder(tmp_path / "other", "version: 1\n")
    report = other.json("verify", str(near.path / "m.tar"), code=3)
    assert report["outcome"] == "refused"
    assert {each["error"]["code"] for each in report["plugins"]} == {"untrusted-prefix"}
    assert other.error("import", str(near.path / "m.tar"), code=3)["code"] == "untrusted-prefix"
    assert other.json("verify", str(near.path / "m.tar"), "--key", "acme.pub")["outcome"] == "good"


def test_the_report_for_a_change_board(near: Folder, far: Folder) -> None:
    near.run("create", "--out", "m.tar", "--sign-key", "operator.key")
    far.run("verify", str(near.path / "m.tar"), "--report", "board.md")
    text = (far.path / "board.md").read_text()
    assert text.startswith("# Mirror bundle m.tar: may be imported\n")
    assert "ghcr.io/acme/echo:1.2.0" in text
    assert OPERATOR.public.id in text
    assert "**would break this gateway**: use \\`mine\\` grants no \\`http\\`" in text
    assert "it asks \\| a \\*server\\*\N{REPLACEMENT CHARACTER}\\# about it" in text, "a publisher writes no markup"
    far.run("verify", str(near.path / "m.tar"), "--report", "board.json")
    document = json.loads((far.path / "board.json").read_text())
    assert [each["state"] for each in document["plugins"]] == ["good", "good"]
    assert document["plugins"][0]["asks"][0]["driver"] == "http"
    assert len(document["plugins"][0]["breaks"]) == 1
    far.error("verify", str(near.path / "m.tar"), "--report", "board.md", "--operator-key", "stranger.pub", code=3)
    text = (far.path / "board.md").read_text()  # the good one is not what the board gets to read
    assert text.startswith("# Mirror bundle m.tar: must not be imported")
    assert digest_bytes((near.path / "m.tar").read_bytes()) in text
    far.error("verify", str(near.path / "m.tar"), "--report", "b.json", "--operator-key", "stranger.pub", code=3)
    refused = json.loads((far.path / "b.json").read_text())
    assert refused.keys() == document.keys()
    assert [each["code"] for each in refused["errors"]] == ["inventory-signature"]
    assert "--operator-key" in refused["errors"][0]["remedy"]
    error = far.error("verify", str(near.path / "m.tar"), "--report", "no/where.md", code=1)
    assert "cannot be written" in error["message"]


def test_compiling_tells_what_the_engine_would_refuse(near: Folder, far: Folder) -> None:
    near.run("create", "--out", "m.tar")
    report = far.json("verify", str(near.path / "m.tar"), "--compile")
    assert all(any("export" in text for text in each["breaks"]) for each in report["plugins"])


ANCHORED = CONFIG + "revocations: {anchor: {keys: [lists.pub], threshold: 2}}\n"


def anchored(path: Path) -> Folder:
    folder = Folder(path, ANCHORED)
    (folder.path / "lists.pub").write_text("".join(key.public.pem for key in LISTERS))
    return folder


def test_the_sites_own_list_travels_and_is_in_force_at_the_far_side(tmp_path: Path) -> None:
    now = int(time.time())
    near, far = anchored(tmp_path / "near"), anchored(tmp_path / "far")
    near.stock(shop_of())
    assert near.error("create", code=3)["code"] == "revocation-missing"
    text = list_text(7, issued=now - 60, expires=now + DAY, grace=DAY)
    Standing.open(Site(near.path / ".state" / "revocations", ANCHOR), now).offer(text, now)
    near.run("create", "--out", "m.tar")
    bundle = str(near.path / "m.tar")
    assert far.json("verify", bundle)["revocations"]["held_before"] == 0
    done = far.json("import", bundle)
    assert (done["revocations"], done["list_changed"]) == (7, True)
    newer = list_text(9, issued=now - 50, expires=now + DAY, grace=DAY)
    Standing.open(Site(far.path / ".state" / "revocations", ANCHOR), now).offer(newer, now)
    assert far.error("import", bundle, code=3)["code"] == "revocation-rollback"
    report = far.json("verify", bundle, code=3)
    assert report["revocations"]["state"] == "refused"


def test_a_stale_list_wants_a_reason(tmp_path: Path) -> None:
    now = int(time.time())
    near, far = anchored(tmp_path / "near"), anchored(tmp_path / "far")
    near.stock(shop_of())
    (near.path / "list.json").write_bytes(list_text(7, issued=now - 10 * DAY, expires=now - DAY, grace=9 * DAY))
    near.run("create", "--out", "m.tar", "--revocations", "list.json")
    bundle = str(near.path / "m.tar")
    assert far.json("verify", bundle)["revocations"]["state"] == "stale"
    assert far.error("import", bundle, code=3)["code"] == "stale-list"
    far.run("import", bundle, "--accept-stale", code=2)
    far.run("import", bundle, "--reason", "why not", code=2)
    assert far.json("import", bundle, "--accept-stale", "--reason", "the courier was ill")["state"] == "stale"
    (journal,) = (far.path / ".state" / "plugins" / "imports").iterdir()
    assert "the courier was ill" in journal.read_text()


def test_prune_keeps_what_is_locked(near: Folder) -> None:
    lock = (near.path / "mcpg.lock").read_bytes()
    near.stock(shop_of(component(version="1.3.0")))
    (near.path / "all.lock").write_bytes((near.path / "mcpg.lock").read_bytes())
    (near.path / "mcpg.lock").write_bytes(lock)
    near.run("prune", code=2)
    assert near.json("prune", "--keep-locked", "--also", "all.lock")["plugins"] == 0
    assert near.json("prune", "--keep-locked", "--dry-run")["plugins"] == 1
    assert len(near.store.receipts()) == 3
    assert near.json("prune", "--keep-locked")["plugins"] == 1
    assert len(near.store.receipts()) == 2
    (near.path / "mcpg.lock").unlink()
    assert "everything would go" in near.error("prune", "--keep-locked", code=1)["message"]


def test_people_get_text(near: Folder, far: Folder) -> None:
    near.run("create", "--out", "m.tar")
    assert "good: m.tar, full, 2 plugins" in far.run("verify", str(near.path / "m.tar")).stdout
    assert "installed 2 plugins" in far.run("import", str(near.path / "m.tar")).stdout
    assert "the same bundle" in near.run("diff", "m.tar", "m.tar").stdout
    assert "removed 0 plugins" in near.run("prune", "--keep-locked").stdout
    assert json.loads(near.run("have").stdout)["digests"]


def test_a_bundle_on_standard_input(near: Folder, far: Folder) -> None:
    near.run("create", "--out", "m.tar")
    data = (near.path / "m.tar").read_bytes()
    assert "installed 2 plugins" in far.run("import", "-", given=data).stdout
    assert far.run("import", "-", given=data[:-5], code=3).stderr.count("standard input") > 0


def test_one_key_signs(near: Folder) -> None:
    near.run("create", "--sign-key", "operator.key", "--sign-command", "true", code=2)
    near.run("create", "--sign-command", "true", code=2)
    near.run("serve", "m.tar", "--tls-key", "operator.key", code=2)
