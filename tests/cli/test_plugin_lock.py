"""`lock`, `outdated` and `update`: what stands behind each reference, and how it moves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.cli.goods import Desk, component, stock

from mcpg_registry.locking import parse_lock
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from tests.simulator.registry import Registry

HTTP = ("--plain-http", "--key", "k.pub")


def lock_of(desk: Desk) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((desk.folder / "mcpg.lock").read_text())
    return document


def test_the_same_plugins_give_the_same_lock(desk: Desk, place: str) -> None:
    done = desk.json("lock", f"{place}:1.0.0", *HTTP)
    assert (done["changed"], done["added"]) == (True, [f"{place}:1.0.0"])
    text = (desk.folder / "mcpg.lock").read_bytes()
    assert parse_lock(text).text() == text
    assert desk.json("lock", f"{place}:1.0.0", *HTTP)["changed"] is False
    desk.run("remove", f"{place}:1.0.0", "--force")
    (desk.folder / "mcpg.lock").unlink()
    desk.run("lock", f"{place}:1.0.0", *HTTP)
    assert (desk.folder / "mcpg.lock").read_bytes() == text


def test_the_lock_says_what_was_found(desk: Desk, registry: Registry, place: str) -> None:
    other = component("backend-http", id="acme/http", version="2.0.0")
    assert other
    digest = stock(registry, "acme/http", desk.key, name_of="backend-http", id="acme/http", version="2.0.0")
    desk.run("lock", f"{registry.authority}/acme/http@{digest}", f"{place}:1.0.0", *HTTP)
    entry = lock_of(desk)["plugins"][f"{registry.authority}/acme/http@{digest}"]
    assert (entry["id"], entry["version"], entry["manifest"]) == ("acme/http", "2.0.0", digest)
    assert (entry["keys"], entry["grants"]) == ([desk.key.public.id], ["http"])


def test_what_is_locked_does_not_move(desk: Desk, registry: Registry, place: str) -> None:
    desk.run("lock", f"{place}:1.0.0", *HTTP)
    text = (desk.folder / "mcpg.lock").read_bytes()
    stock(registry, "acme/anon", desk.key, tag="1.0.0", version="1.0.1")  # the tag moves
    assert desk.json("lock", f"{place}:1.0.0", *HTTP)["changed"] is False
    desk.run("pull", f"{place}:1.0.0", *HTTP)
    desk.run("remove", f"{place}:1.0.0", "--force")
    desk.run("pull", f"{place}:1.0.0", *HTTP)
    assert (desk.folder / "mcpg.lock").read_bytes() == text
    desk.run("verify", f"{place}:1.0.0", "--lock", "--offline", "--key", "k.pub")


def test_an_older_version_is_refused_unless_said(desk: Desk, registry: Registry, place: str) -> None:
    stock(registry, "acme/anon", desk.key, tag="stable", version="1.4.0")
    desk.run("pull", f"{place}:stable", *HTTP, "--lock")
    stock(registry, "acme/anon", desk.key, tag="stable", version="1.3.0")
    text = (desk.folder / "mcpg.lock").read_bytes()
    refused = desk.refused("pull", f"{place}:stable", *HTTP, "--lock")
    assert (refused["code"], refused["message"][:6]) == ("downgrade", "step 8")
    assert (desk.folder / "mcpg.lock").read_bytes() == text
    desk.run("pull", f"{place}:stable", *HTTP, "--lock", "--allow-downgrade")
    assert lock_of(desk)["plugins"][f"{place}:stable"]["version"] == "1.3.0"


def test_an_older_version_under_its_own_tag_is_refused_unless_said(desk: Desk, registry: Registry, place: str) -> None:
    stock(registry, "acme/anon", desk.key, version="1.3.0")
    desk.run("pull", f"{place}:1.3.0", *HTTP, "--lock")
    text = (desk.folder / "mcpg.lock").read_bytes()
    refused = desk.refused("pull", f"{place}:1.0.0", *HTTP, "--lock")
    assert (refused["code"], "older than the locked `1.3.0`" in refused["message"]) == ("downgrade", True)
    assert "--allow-downgrade" in refused["remedy"]
    assert (desk.folder / "mcpg.lock").read_bytes() == text
    desk.run("pull", f"{place}:1.0.0", *HTTP, "--lock", "--allow-downgrade")
    assert set(lock_of(desk)["plugins"]) == {f"{place}:1.0.0", f"{place}:1.3.0"}
    desk.run("pull", f"{place}:1.0.0", *HTTP, "--lock")  # it is among what is locked by now


def test_check_tells_and_writes_nothing(desk: Desk, place: str) -> None:
    desk.run("lock", f"{place}:1.0.0", "--check", *HTTP, code=1)
    assert not (desk.folder / "mcpg.lock").exists()
    desk.run("lock", f"{place}:1.0.0", *HTTP)
    desk.run("lock", f"{place}:1.0.0", "--check", *HTTP)


def test_a_layout_is_locked_as_it_is_written(desk: Desk) -> None:
    digest = desk.push("layout:lay#acme/anon")
    desk.run("lock", "layout:lay#acme/anon:1.0.0", "--key", "k.pub")
    assert lock_of(desk)["plugins"]["layout:lay#acme/anon:1.0.0"]["manifest"] == digest
    desk.run("verify", "layout:lay#acme/anon:1.0.0", "--lock", "--key", "k.pub")


def test_nothing_that_is_refused_comes_into_the_lock(desk: Desk, place: str) -> None:
    assert desk.refused("lock", f"{place}:1.0.0", "--plain-http")["code"] == "untrusted-prefix"
    assert not (desk.folder / "mcpg.lock").exists()
    desk.run("lock", code=2)


def test_outdated_says_what_is_newer(desk: Desk, registry: Registry, place: str) -> None:
    desk.run("lock", f"{place}:1.0.0", *HTTP)
    assert desk.json("outdated", "--plain-http")[0]["outdated"] is False
    for version in ("1.2.0", "1.10.0", "2.0.0", "3.0.0-rc.1"):
        stock(registry, "acme/anon", desk.key, version=version)
    (row,) = desk.json("outdated", "--plain-http", "--range", "<2.0.0")
    assert (row["locked"], row["wanted"], row["newest"], row["outdated"]) == ("1.0.0", "1.10.0", "2.0.0", True)
    assert "1 of 1 locked plugins" in desk.run("outdated", "--plain-http").stdout
    desk.run("outdated", "--range", "^1", code=2)
    assert desk.refused("outdated", "--offline", code=1)["code"] == "offline"


def test_update_shows_the_difference_and_asks_first(desk: Desk, registry: Registry, place: str) -> None:
    second = PrivateKey.generate()
    desk.pair("second", second)
    desk.run("lock", f"{place}:1.0.0", *HTTP)
    text = (desk.folder / "mcpg.lock").read_bytes()
    wish = [{"driver": "http", "why": "asks a directory"}]
    digest = stock(registry, "acme/anon", desk.key, version="1.1.0", effects=wish)
    shown = desk.json("update", *HTTP)
    (change,) = shown["changes"]
    assert (shown["applied"], change["version"]) == (False, ["1.0.0", "1.1.0"])
    assert change["reference"] == [f"{place}:1.0.0", f"{place}:1.1.0"]
    assert (change["digest"][1], change["effects"]) == (digest, {"added": ["http"], "removed": []})
    refused = desk.run("update", *HTTP, code=1)
    assert "say --yes" in refused.stderr
    assert "effects    + http" in refused.stdout
    assert (desk.folder / "mcpg.lock").read_bytes() == text
    installed = [each["version"] for each in desk.json("list") if each["held"] == "installed"]
    assert installed == ["1.0.0"]  # what was declined is not there
    desk.run("update", *HTTP, "--yes")
    desk.run("verify", "--all", "--lock", "--offline", "--key", "k.pub", code=3)  # 1.0.0 is no longer locked
    assert list(lock_of(desk)["plugins"]) == [f"{place}:1.1.0"]
    assert desk.json("update", *HTTP)["changes"] == []


def test_update_by_range_and_by_name(desk: Desk, registry: Registry, place: str) -> None:
    desk.run("lock", f"{place}:1.0.0", *HTTP)
    for version in ("1.1.0", "2.0.0"):
        stock(registry, "acme/anon", desk.key, version=version)
    desk.run("update", "acme/anon", "--range", ">=1.0.0 <2.0.0", *HTTP, "--yes")
    assert lock_of(desk)["plugins"][f"{place}:1.1.0"]["version"] == "1.1.0"
    assert "name one of `acme/anon`" in desk.refused("update", "acme/other", *HTTP, code=1)["remedy"]


def test_update_pulls_nothing_that_is_signed_by_nobody(desk: Desk, registry: Registry, place: str) -> None:
    desk.run("lock", f"{place}:1.0.0", *HTTP)
    stock(registry, "acme/anon", PrivateKey.generate(), version="1.1.0")
    text = (desk.folder / "mcpg.lock").read_bytes()
    assert desk.refused("update", *HTTP, "--yes")["code"] == "bad-signature"
    assert (desk.folder / "mcpg.lock").read_bytes() == text


def test_an_update_that_is_refused_leaves_no_other_behind(desk: Desk, registry: Registry, place: str) -> None:
    stock(registry, "acme/other", desk.key, id="acme/other")
    desk.run("lock", f"{place}:1.0.0", f"{registry.authority}/acme/other:1.0.0", *HTTP)
    stock(registry, "acme/anon", desk.key, version="1.1.0")
    stock(registry, "acme/other", PrivateKey.generate(), id="acme/other", version="1.1.0")
    desk.refused("update", *HTTP, "--yes")
    assert {each["version"] for each in desk.json("list") if each["held"] == "installed"} == {"1.0.0"}


def test_another_plugin_under_a_newer_tag_is_no_update(desk: Desk, registry: Registry, place: str) -> None:
    desk.run("lock", f"{place}:1.0.0", *HTTP)
    stock(registry, "acme/anon", desk.key, id="acme/other", version="1.1.0")
    refused = desk.refused("update", *HTTP, "--yes")
    assert (refused["code"], "acme/other" in refused["message"]) == ("not-locked", True)


def test_without_a_lock_there_is_nothing_to_update(desk: Desk) -> None:
    assert "mcpg plugin lock" in desk.refused("update", code=1)["remedy"]
