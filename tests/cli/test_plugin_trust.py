"""Trust rules as an operator writes them, from the file to the verdict: rotations, ids, identities, vulnerabilities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.registry.sigstore_root import ISSUER, WORKFLOW, Sigstore

from mcpg.cli.group import cli
from mcpg_registry import media
from mcpg_registry.layout import Layout
from mcpg_registry.layout_editing import sign_in_layout
from mcpg_registry.manifests import Descriptor
from mcpg_registry.packing import pack_signature
from mcpg_registry.trust.bundles import read_bundle
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from tests.cli.goods import Desk

LAYOUT = "layout:lay#acme/anon"
PLACE = f"{LAYOUT}:1.0.0"
PATTERN = r"^https://github\.com/acme/redact/\.github/workflows/release\.yml@refs/tags/v[0-9.]+$"
CONFIG = """\
version: 1
trust: {rules: [{prefix: acme, keys: [k.pub]}]}
revocations: {additions: revoked.d}
"""


def trust(desk: Desk, *rotations: str, **rule: Any) -> tuple[str, str]:
    """Write a trust policy of one rule and return the options that name it."""
    policy = {"rules": [{"prefix": "acme"} | rule], "rotations": list(rotations)}
    desk.write("trust.yaml", json.dumps(policy))
    return ("--trust", "trust.yaml")


def refused(desk: Desk, *options: str) -> str:
    """Return the code that `verify` ends with."""
    code: str = desk.json("verify", PLACE, *options, code=3)[0]["error"]["code"]
    return code


def rotate(*arguments: str) -> None:
    done = CliRunner().invoke(cli, ["keys", "rotate", *arguments])
    assert done.exit_code == 0, done.output


@pytest.fixture
def rotated(desk: Desk) -> None:
    """Hand `k` over to `new`, who signs what is in the layout."""
    desk.pair("new", PrivateKey.generate())
    desk.run("push", "anon.wasm", LAYOUT, "--sign-key", "new.key")
    rotate("--old", "k.key", "--new", "new.key", "--prefix", "acme", "--out", "proof.json")


@pytest.mark.usefixtures("rotated")
def test_who_trusts_the_old_key_trusts_the_new_one_by_the_proof(desk: Desk) -> None:
    assert refused(desk, *trust(desk, keys=["k.pub"])) == "bad-signature"
    desk.run("verify", PLACE, *trust(desk, "proof.json", keys=["k.pub"]))
    two = trust(desk, "proof.json", keys=["k.pub", "new.pub"], threshold=2)
    desk.run("sign", PLACE, "--key", "k.key")
    assert refused(desk, *two) == "bad-signature"


@pytest.mark.usefixtures("rotated")
def test_a_proof_that_is_not_finished_is_no_policy(desk: Desk) -> None:
    rotate("--old", "k.key", "--new", "new.pub", "--prefix", "acme", "--out", "begun.json")
    desk.refused("verify", PLACE, *trust(desk, "begun.json", keys=["k.pub"]), code=1)


def test_a_rule_bounds_the_ids_that_its_keys_may_release(desk: Desk) -> None:
    desk.push(LAYOUT)
    desk.run("verify", PLACE, *trust(desk, keys=["k.pub"], ids=["acme/*"]))
    assert refused(desk, *trust(desk, keys=["k.pub"], ids=["acme/other"])) == "foreign-id"


def test_an_identity_signs_without_a_key(desk: Desk) -> None:
    digest = desk.push(LAYOUT)
    sigstore = Sigstore()
    desk.write("root.json", sigstore.root())
    keyless = {"identities": [{"issuer": ISSUER, "pattern": PATTERN, "root": "root.json"}]}
    assert refused(desk, *trust(desk, **keyless)) == "bad-signature"
    layout = Layout(desk.folder / "lay")
    (subject,) = (each for each in layout.entries if each.digest == digest)
    payloads = [read_bundle(each.bundle).envelope.payload for each in layout.referrers(digest)]
    bundles = [read_bundle(sigstore.sign(payload)) for payload in payloads]
    bare = Descriptor(media.MANIFEST, subject.digest, subject.size)
    sign_in_layout(desk.folder / "lay", digest, [pack_signature(each, bare) for each in bundles])
    assert WORKFLOW in desk.run("verify", PLACE, *trust(desk, **keyless)).stdout
    desk.run("verify", PLACE, *trust(desk, **keyless, keys=["k.pub"], require="all"))
    desk.write("root.json", Sigstore().root())
    assert refused(desk, *trust(desk, **keyless)) == "bad-signature"


def test_a_vulnerability_that_its_publisher_states_can_be_revoked(desk: Desk) -> None:
    desk.push(LAYOUT)
    desk.write("mcpg.yaml", CONFIG)
    entry = {"id": "site-1", "action": "block", "reason": "not here", "vulnerability": "CVE-2026-1234"}
    desk.write("revoked.d/one.json", json.dumps({"schema": 1, "entries": [entry]}))
    desk.run("lock", PLACE)
    desk.run("verify", PLACE)
    assert desk.json("audit", "--mirror", "lay")["ok"]
    signed = desk.json("sign", PLACE, "--key", "k.key", "--vulnerability", "CVE-2026-1234")
    assert signed["made"] == 1
    assert refused(desk) == "plugin-revoked"
    audited = desk.json("audit", "--mirror", "lay", code=3)["plugins"]
    assert [each["held"] for each in audited if each["action"] == "block"] == ["locked", "mirrored"]
    assert desk.json("sign", PLACE, "--key", "k.key", "--vulnerability", "CVE-2026-1234")["made"] == 0
    error = desk.refused("sign", PLACE, "--key", "k.key", "--vulnerability", "not an id", code=1)
    assert "CVE" in error["remedy"]


def test_the_same_key_twice_is_one_error(desk: Desk) -> None:
    desk.run("push", "anon.wasm", LAYOUT)
    assert "each once" in desk.refused("sign", PLACE, "--key", "k.key", "--key", "k.key", code=1)["message"]
