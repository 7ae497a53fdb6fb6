"""`inspect` and `verify`: what is proven, what is not, and what the file grants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.cli.goods import Desk, component

from mcpg_registry.digests import digest_bytes, hex_of
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

LAYOUT = "layout:lay#acme/anon"
CONFIG = """\
version: 1
plugins:
  api:
    from: "{source}"
    config: {{base_url: "https://api.example"}}
    grants: {{http: {{hosts: [api.example]}}, sql: {{}}}}
  bare: {{from: "{source}", config: {{base_url: "https://api.example"}}}}
  rules: {{from: "builtin:policy-cedar"}}
policy: {{engines: [rules]}}
"""


def test_signers_count_for_a_rule_or_are_unproven(desk: Desk) -> None:
    digest = desk.push(LAYOUT)
    shown = desk.json("inspect", f"{LAYOUT}@{digest}", "--key", "k.pub")
    assert shown["signers"] == [
        {"signer": desk.key.public.id, "kind": "key", "counts": "counts for acme/anon, this once"}
    ]
    assert (shown["signed"], shown["unproven"], shown["manifest"]) == (True, "", digest)
    desk.pair("other", PrivateKey.generate())
    for more in ((), ("--key", "other.pub")):
        shown = desk.json("inspect", f"{LAYOUT}@{digest}", *more)
        assert [each["counts"] for each in shown["signers"]] == ["unproven"]
        assert shown["signed"] is False
        assert shown["unproven"].startswith("step 6")
        assert (shown["id"], shown["version"], shown["faults"]) == ("acme/anon", "1.0.0", [])
    assert "unproven     step 6" in desk.run("inspect", f"{LAYOUT}@{digest}").stdout


def test_a_signer_beside_the_one_that_counts_is_unproven(desk: Desk) -> None:
    digest = desk.push(LAYOUT)
    desk.pair("other", PrivateKey.generate())
    desk.run("sign", f"{LAYOUT}:1.0.0", "--key", "other.key")
    signers = desk.json("inspect", f"{LAYOUT}@{digest}", "--key", "k.pub")["signers"]
    assert sorted(each["counts"] for each in signers) == ["counts for acme/anon, this once", "unproven"]


def test_effects_asked_are_shown_against_the_grants(desk: Desk) -> None:
    desk.write("http.wasm", component("backend-http", id="acme/http"))
    desk.run("push", "http.wasm", "layout:lay#acme/http")
    source = "layout:lay#acme/http:1.0.0"
    desk.write("mcpg.yaml", CONFIG.format(source=source))
    shown = desk.json("inspect", source)
    grants = {"api": {"hosts": ["api.example"]}, "bare": None}
    assert [(each["driver"], each["grants"]) for each in shown["effects"]] == [("http", grants)]
    assert shown["idle_grants"] == [["api", "sql"]]
    text = desk.run("inspect", "--use", "bare").stdout
    assert "[`bare`: not granted]" in text
    assert "`api`" not in text
    assert desk.refused("inspect", "--use", "nobody", code=1)["message"] == "there is no plugin use `nobody`"
    desk.run("inspect", code=2)


def test_a_bare_file_is_shown_as_signed_by_nobody(desk: Desk) -> None:
    shown = desk.json("inspect", "file:anon.wasm")
    assert (shown["signers"], shown["signed"], shown["manifest"], shown["unproven"]) == ([], False, "", "")


def test_what_is_built_in_goes_by_its_own_rule(desk: Desk) -> None:
    refused = desk.json("verify", "builtin:identity-anonymous", "--key", "k.pub")
    assert refused[0]["ok"]


@pytest.mark.parametrize(
    ("spoil", "step", "code"),
    [
        ("manifest", 2, "bad-digest"),
        ("layer", 9, "bad-digest"),
        ("signature", 5, "bad-signature"),
    ],
)
def test_verify_says_at_which_step_it_stops(desk: Desk, spoil: str, step: int, code: str) -> None:
    digest = desk.push(LAYOUT)
    blobs = desk.folder / "lay" / "blobs" / "sha256"
    sizes = sorted(blobs.iterdir(), key=lambda path: path.stat().st_size)
    bundle = next(path for path in sizes if b"dsseEnvelope" in path.read_bytes())
    victim = {"manifest": blobs / hex_of(digest), "layer": sizes[-1], "signature": bundle}[spoil]
    victim.write_bytes(victim.read_bytes()[:-1] + b" ")
    (walked,) = desk.json("verify", f"{LAYOUT}@{digest}", "--key", "k.pub", code=3)
    assert walked["error"]["code"] == code
    assert [row["step"] for row in walked["steps"] if not row["passed"]] == [step]
    assert "REFUSED" in desk.run("verify", f"{LAYOUT}@{digest}", "--key", "k.pub", code=3).stdout


def test_what_was_not_come_to_is_not_told_as_passed(desk: Desk) -> None:
    digest = desk.push(LAYOUT)
    steps = {}
    for options in ((), ("--key", "k.pub", "--lock")):
        (walked,) = desk.json("verify", f"{LAYOUT}@{digest}", *options, code=3)
        steps[options] = [(each["step"], each["passed"]) for each in walked["steps"]]
    # no rule of trust, and not locked: shape and signatures have been looked at by nobody
    assert list(steps.values()) == [
        [(1, True), (2, True), (4, True), (6, False)],
        [(1, True), (2, True), (4, True), (8, False)],
    ]


def test_verify_can_demand_the_lock(desk: Desk) -> None:
    digest = desk.push(LAYOUT)
    (walked,) = desk.json("verify", f"{LAYOUT}@{digest}", "--key", "k.pub", "--lock", code=3)
    assert (walked["error"]["code"], walked["steps"][-1]["step"]) == ("not-locked", 8)


def test_offline_opens_no_connection(desk: Desk) -> None:
    (walked,) = desk.json("verify", "ghcr.io/acme/anon:1.0.0", "--offline", code=1)
    assert walked["error"]["code"] == "offline"
    assert desk.refused("inspect", "ghcr.io/acme/anon:1.0.0", "--offline", code=1)["code"] == "offline"


def test_nothing_to_verify_is_wrong_usage_and_all_of_nothing_is_good(desk: Desk) -> None:
    desk.run("verify", code=2)
    assert desk.json("verify", "--all") == []


def test_a_private_key_in_place_of_a_public_one_is_told_and_not_shown(desk: Desk) -> None:
    digest = desk.push(LAYOUT)
    done = desk.run("verify", f"{LAYOUT}@{digest}", "--key", "k.key", code=1)
    secret = (desk.folder / "k.key").read_text().splitlines()[1]
    assert "it is a private key" in done.stderr
    assert secret not in done.output


def test_options_name_files_that_are_not_there(desk: Desk, tmp_path: Path) -> None:
    desk.run("verify", "builtin:identity-anonymous", "--config", "other.yaml", code=1)
    assert desk.refused("inspect", f"{LAYOUT}:1.0.0", "--key", "none.pub", code=1)["code"] == "bad-key-file"
    (tmp_path / "mcpg.lock").write_text("{")
    assert "lock" in desk.refused("inspect", f"{LAYOUT}:1.0.0", code=1)["where"]


def test_what_an_artifact_says_cannot_steer_a_terminal(desk: Desk) -> None:
    desk.run("push", "anon.wasm", LAYOUT)
    index = json.loads((desk.folder / "lay" / "index.json").read_text())
    blobs = desk.folder / "lay" / "blobs" / "sha256"
    manifest = json.loads((blobs / hex_of(index["manifests"][0]["digest"])).read_text())
    manifest["annotations"]["dev.mcpg.plugin.id"] = "\x1b[2J\x1b]0;owned\x07"
    text = json.dumps(manifest).encode()
    index["manifests"][0] |= {"digest": digest_bytes(text), "size": len(text)}
    (blobs / hex_of(digest_bytes(text))).write_bytes(text)
    (desk.folder / "lay" / "index.json").write_text(json.dumps(index))
    done = desk.run("sign", f"{LAYOUT}:1.0.0", "--key", "k.key", code=3)
    assert "owned" in done.stderr
    assert "\x1b" not in done.output
