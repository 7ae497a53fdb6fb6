"""`pull`: from a registry into the store, once trusted, and nothing half-installed whatever goes wrong."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.cli.goods import Desk, stock
from tests.simulator.registry import Registry, beside

from mcpg_registry.locking import read_lock
from mcpg_registry.store import Store
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from mcpg_registry.digests import Digest

HTTP = "--plain-http"


def store_of(desk: Desk) -> Store:
    return Store(desk.folder / ".state" / "plugins")


def test_a_first_pull_wants_the_publishers_key_and_says_how_to_keep_it(desk: Desk, place: str) -> None:
    refused = desk.refused("pull", f"{place}:1.0.0", HTTP)
    assert (refused["code"], "--key" in refused["remedy"]) == ("untrusted-prefix", True)
    assert desk.key.public.id in refused["message"]
    assert store_of(desk).receipts() == ()
    done = desk.json("pull", f"{place}:1.0.0", HTTP, "--key", "k.pub")
    assert done["trust"] == [{"prefix": place, "keys": [desk.key.public.id]}]
    (pulled,) = done["plugins"]
    assert (pulled["id"], pulled["version"], pulled["keys"]) == ("acme/anon", "1.0.0", [desk.key.public.id])
    assert pulled["fetched"] == pulled["size"]
    text = desk.run("pull", f"{place}:1.0.0", HTTP, "--key", "k.pub").stdout
    rules = yaml.safe_load(text[text.index("trust:") :])["trust"]["rules"]
    assert rules == [{"prefix": place, "keys": ["k.pub"]}]


def test_a_pull_by_digest_is_there_the_second_time(desk: Desk, registry: Registry, place: str) -> None:
    digest = store_digest(desk, place)
    assert desk.json("pull", f"{place}@{digest}", HTTP, "--key", "k.pub")["plugins"][0]["fetched"] > 0
    registry.requests.clear()
    again = desk.json("pull", f"{place}@{digest}", HTTP, "--key", "k.pub")["plugins"][0]
    assert (again["fetched"], again["fresh"]) == (0, False)
    assert len(registry.asked("blob")) <= 4  # config and signatures, and not the component


def store_digest(desk: Desk, place: str) -> Digest:
    return desk.json("inspect", f"{place}:1.0.0", HTTP)["manifest"]


def test_another_key_is_refused(desk: Desk, place: str) -> None:
    desk.pair("other", PrivateKey.generate())
    refused = desk.refused("pull", f"{place}:1.0.0", HTTP, "--key", "other.pub")
    assert refused["code"] == "bad-signature"
    assert refused["message"].startswith("step 6")
    assert store_of(desk).receipts() == ()


def test_offline_takes_what_is_there_and_opens_nothing(desk: Desk, registry: Registry, place: str) -> None:
    refused = desk.refused("pull", f"{place}:1.0.0", "--offline", "--key", "k.pub")
    assert "not in the store" in refused["message"] or "0 plugins" in refused["message"]
    desk.run("pull", f"{place}:1.0.0", HTTP, "--key", "k.pub")
    registry.requests.clear()
    done = desk.json("pull", f"{place}:1.0.0", "--offline", "--key", "k.pub")["plugins"][0]
    assert (done["source"], done["fetched"], registry.requests) == ("the store", 0, [])


def test_a_mirror_registry_is_asked_for_the_original_name(desk: Desk, registry: Registry, place: str) -> None:
    with beside() as other:
        stock(other, "copies/acme/anon", desk.key)
        mirror = ("--mirror", f"{other.authority}/copies")
        done = desk.json("pull", f"{place}:1.0.0", HTTP, "--key", "k.pub", *mirror)["plugins"][0]
        assert (done["repository"], registry.requests) == (place, [])
        assert other.asked("blob")
        desk.run("remove", f"{place}:1.0.0")
        desk.run("pull", f"{place}:1.0.0", HTTP, "--key", "k.pub", "--offline", *mirror)
        refused = desk.refused("pull", f"{place}:9.0.0", HTTP, "--key", "k.pub", "--offline", *mirror, code=1)
        assert (refused["code"], registry.requests) == ("not-in-registry", [])


def test_a_layout_serves_as_mirror_under_the_original_name(desk: Desk, registry: Registry, place: str) -> None:
    desk.run("push", "anon.wasm", f"layout:usb#{place}", "--sign-key", "k.key")
    arguments = ("pull", f"{place}:1.0.0", "--offline", "--mirror", "usb", "--key", "k.pub")
    done = desk.json(*arguments)["plugins"][0]
    assert (done["repository"], registry.requests) == (place, [])
    desk.run("verify", f"{place}:1.0.0", "--offline", "--key", "k.pub")


@pytest.mark.parametrize("bundle", ["m.tar", "folder", "parts.tar"])
def test_a_mirror_bundle_is_pulled_from_inspected_and_audited(
    desk: Desk, registry: Registry, place: str, bundle: str
) -> None:
    desk.run("lock", f"{place}:1.0.0", HTTP, "--key", "k.pub")
    more = ("--max-part-size", "64KiB") if bundle == "parts.tar" else ()
    desk.run("mirror", "create", "--out", bundle, "--key", "k.pub", *more)
    registry.requests.clear()
    far = ("--offline", "--mirror", bundle, "--store", "far")
    shown = desk.json("inspect", f"{place}:1.0.0", "--key", "k.pub", *far)
    assert (shown["place"], shown["signed"]) == (f"mirror {bundle}", True)
    (pulled,) = desk.json("pull", f"{place}:1.0.0", "--key", "k.pub", *far)["plugins"]
    assert (pulled["repository"], pulled["fresh"], registry.requests) == (place, True, [])
    held = [
        each["reference"] for each in desk.json("audit", "--mirror", bundle)["plugins"] if each["held"] == "mirrored"
    ]
    assert len(held) == 1
    refused = desk.refused("pull", f"{place}:9.9.9", "--key", "k.pub", *far)
    assert "9.9.9" in refused["message"] + refused["where"]


def test_of_several_each_is_pulled_that_can_be_and_the_others_are_told(
    desk: Desk, registry: Registry, place: str
) -> None:
    stock(registry, "acme/evil", PrivateKey.generate(), id="acme/evil")
    stock(registry, "acme/other", desk.key, id="acme/other")
    wanted = [f"{place}:1.0.0", *(f"{registry.authority}/acme/{name}:1.0.0" for name in ("none", "evil", "other"))]
    done = desk.json("pull", *wanted, HTTP, "--key", "k.pub", "--lock", code=3)
    assert [each["id"] for each in done["plugins"]] == ["acme/anon", "acme/other"]
    assert [(each["reference"], each["code"]) for each in done["failed"]] == [
        (wanted[1], "not-in-registry"),
        (wanted[2], "bad-signature"),
    ]
    assert [each["prefix"] for each in done["trust"]] == [place, f"{registry.authority}/acme/other"]
    lock = read_lock(desk.folder / "mcpg.lock")
    assert lock is not None
    assert set(lock.plugins) == {wanted[0], wanted[3]}
    told = desk.run("pull", *wanted[:2], HTTP, "--key", "k.pub", code=1)
    assert "is there already: acme/anon" in told.stdout
    assert f"error: plugin `{wanted[1]}`" in told.stderr
    nothing = desk.json("pull", *wanted[1:3], HTTP, "--key", "k.pub", "--lock", code=3)
    assert (nothing["plugins"], nothing["lock"]) == ([], "")


@pytest.mark.parametrize("mirror", ["usb.tar", "./usb", "/no/where"])
def test_a_mirror_that_is_written_as_a_path_is_never_a_host(desk: Desk, mirror: str) -> None:
    refused = desk.refused("pull", "ghcr.io/acme/anon:1.0.0", "--offline", "--mirror", mirror, code=1)
    assert refused["message"] == "there is no such folder or tar"
    assert mirror in refused["where"]


def test_two_pulls_at_once_make_one_plugin(desk: Desk, place: str) -> None:
    command = [sys.executable, "-m", "mcpg", "plugin", "pull", f"{place}:1.0.0", HTTP, "--key", "k.pub", "--json"]
    both = [
        subprocess.Popen(command, cwd=desk.folder, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    ends = [each.communicate(timeout=60) for each in both]
    assert [each.returncode for each in both] == [0, 0], ends
    assert len(store_of(desk).receipts()) == 1
    assert store_of(desk).sizes().partials == 0
    desk.run("verify", "--all", "--offline", "--key", "k.pub")


FAULTS = {
    "blob-changed": 3,
    "blob-cut": 1,
    "blob-gzipped": 1,
    "manifest-changed": 3,
    "manifest-garbage": 3,
    "referrers-garbage": 3,
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_ends_with_its_code_and_leaves_no_plugin(
    desk: Desk, registry: Registry, place: str, fault: str
) -> None:
    registry.switch(fault)
    desk.refused("pull", f"{place}:1.0.0", HTTP, "--key", "k.pub", code=FAULTS[fault])
    assert store_of(desk).receipts() == ()
    assert store_of(desk).sizes().blobs == 0


def test_what_is_not_there_fails_and_what_is_no_reference_is_refused(desk: Desk, place: str) -> None:
    assert desk.refused("pull", f"{place}:9.9.9", HTTP, "--key", "k.pub", code=1)["code"] == "not-in-registry"
    assert desk.refused("pull", "ghcr.io/acme", code=3)["code"] == "bad-reference"
    assert desk.refused("pull", "builtin:policy-cedar", code=3)["code"] == "bad-reference"
    desk.run("pull", code=2)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"id": "mcpg/anon"}, "foreign-id"), ({"id": "other/anon"}, "")],
)
def test_who_may_release_which_id(desk: Desk, registry: Registry, changes: dict[str, str], code: str) -> None:
    where = f"{registry.authority}/acme/anon"
    stock(registry, "acme/anon", desk.key, **changes)
    if code:
        assert desk.refused("pull", f"{where}:1.0.0", HTTP, "--key", "k.pub")["code"] == code
    else:
        desk.run("pull", f"{where}:1.0.0", HTTP, "--key", "k.pub")


def test_people_see_lines_on_standard_error_and_results_on_the_other(desk: Desk, place: str) -> None:
    done = desk.run("pull", f"{place}:1.0.0", HTTP, "--key", "k.pub")
    assert done.stdout.startswith("pulled acme/anon 1.0.0 from registry")
    assert desk.run("pull", f"{place}:1.0.0", HTTP, "--key", "k.pub", "--json").stderr == ""


def test_a_terminal_sees_how_far_it_is(desk: Desk, registry: Registry) -> None:
    stock(registry, "acme/large", desk.key, padding=3_000_000)
    command = [sys.executable, "-m", "mcpg", "plugin", "pull", f"{registry.authority}/acme/large:1.0.0", HTTP]
    main, other = pty.openpty()
    with subprocess.Popen(
        [*command, "--key", "k.pub"], cwd=desk.folder, stdin=other, stdout=subprocess.PIPE, stderr=other
    ) as process:
        os.close(other)
        seen = b""
        with suppress(OSError):  # how a terminal says that nobody writes to it any more
            while part := os.read(main, 65536):
                seen += part
        assert process.stdout is not None
        said = process.stdout.read().decode()
    os.close(main)
    assert process.returncode == 0, seen
    assert b"\x1b[" in seen
    assert b"MB/s" in seen
    assert said.startswith("pulled acme/anon 1.0.0")
    assert "\x1b" not in said
