"""`list`, `remove` and `cache gc`: what is installed, what goes, and what nobody may take away meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cli.goods import Desk, stock

from mcpg_registry.store import Store

if TYPE_CHECKING:
    from tests.simulator.registry import Registry

HTTP = ("--plain-http", "--key", "k.pub")


@pytest.fixture
def place(desk: Desk, registry: Registry) -> str:
    """Where `acme/anon` stands in two versions, both installed."""
    where = f"{registry.authority}/acme/anon"
    for version in ("1.0.0", "1.1.0"):
        stock(registry, "acme/anon", desk.key, version=version)
        desk.run("pull", f"{where}:{version}", *HTTP)
    return where


def test_list_shows_signers_lock_and_verdict(desk: Desk, place: str) -> None:
    desk.run("lock", f"{place}:1.1.0", *HTTP)
    found = [each for each in desk.json("list") if each["held"] == "installed"]
    assert [(each["version"], each["tags"], each["locked"]) for each in found] == [
        ("1.0.0", ["1.0.0"], False),
        ("1.1.0", ["1.1.0"], True),
    ]
    assert {(each["kind"], each["revocation"], *each["signers"]) for each in found} == {
        ("identity", "allow", desk.key.public.id)
    }
    assert "locked" in desk.run("list").stdout


def test_what_is_removed_is_gone_and_its_blobs_go_with_the_next_collection(desk: Desk, place: str) -> None:
    store = Store(desk.folder / ".state" / "plugins")
    before = store.sizes().blobs
    desk.run("remove", f"{place}:1.0.0")
    assert [each.version for each in store.receipts()] == ["1.1.0"]
    told = desk.json("cache", "gc", "--dry-run")
    assert (told["dry_run"], store.sizes().blobs) == (True, before)
    done = desk.json("cache", "gc")
    assert (done["blobs"], store.sizes().blobs) == (told["blobs"], before - told["blobs"])
    assert done["blobs"] >= 4
    desk.run("verify", f"{place}:1.1.0", "--offline", "--key", "k.pub")
    assert desk.refused("remove", f"{place}:1.0.0", code=1)["code"] == "not-installed"


def test_nothing_is_removed_when_one_of_them_is_not_there(desk: Desk, place: str) -> None:
    desk.refused("remove", f"{place}:1.0.0", f"{place}:9.0.0", code=1)
    assert len(Store(desk.folder / ".state" / "plugins").receipts()) == 2


def test_gc_can_leave_what_is_locked_alone(desk: Desk, place: str) -> None:
    assert "mcpg plugin lock" in desk.refused("cache", "gc", "--unlocked", code=1)["remedy"]
    desk.run("lock", f"{place}:1.1.0", *HTTP)
    assert desk.json("cache", "gc", "--unlocked")["plugins"] == 1
    assert [each.version for each in Store(desk.folder / ".state" / "plugins").receipts()] == ["1.1.0"]
    assert "is named by `mcpg.lock`" in desk.refused("remove", f"{place}:1.1.0", code=1)["message"]


def test_nothing_is_collected_while_somebody_writes(desk: Desk, place: str) -> None:
    store = Store(desk.folder / ".state" / "plugins")
    desk.run("remove", f"{place}:1.0.0")
    with store.writing():
        assert desk.refused("cache", "gc", code=1)["code"] == "busy"
    desk.run("cache", "gc")


def test_a_signature_is_added_in_the_store(desk: Desk, place: str) -> None:
    from mcpg_registry.trust.keys import PrivateKey  # noqa: PLC0415 - only here

    desk.pair("site", PrivateKey.generate())
    done = desk.json("sign", f"{place}:1.1.0", "--key", "site.key", "--offline")
    assert done["made"] == 2
    desk.run("verify", f"{place}:1.1.0", "--offline", "--key", "k.pub", "--key", "site.pub")
    assert desk.refused("sign", f"{place}:9.0.0", "--key", "site.key", "--offline", code=1)["code"] == "offline"


def test_a_spoiled_store_is_refused_and_pulled_again(desk: Desk, place: str) -> None:
    blobs = desk.folder / ".state" / "plugins" / "blobs" / "sha256"
    layer = max(blobs.iterdir(), key=lambda path: path.stat().st_size)
    layer.chmod(0o644)
    layer.write_bytes(layer.read_bytes()[:-1] + b"x")
    walks = desk.json("verify", "--all", "--offline", "--key", "k.pub", code=3)
    assert sorted(each["ok"] for each in walks) == [False, True]
    for version in ("1.0.0", "1.1.0"):
        desk.run("pull", f"{place}:{version}", *HTTP)
    desk.run("verify", "--all", "--offline", "--key", "k.pub")


def test_another_folder_serves_as_store(desk: Desk, place: str) -> None:
    desk.run("pull", f"{place}:1.0.0", *HTTP, "--store", "elsewhere")
    assert len(Store(desk.folder / "elsewhere").receipts()) == 1
    installed = [each for each in desk.json("list", "--store", "elsewhere") if each["held"] == "installed"]
    assert len(installed) == 1
