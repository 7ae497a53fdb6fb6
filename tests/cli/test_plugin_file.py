"""The plugin verbs with a configuration: its trust, registries, lock and references are what they go by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.cli.goods import Desk, stock

from mcpg.cli.group import cli
from mcpg_registry.store import Store
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from tests.simulator.registry import Registry

FILE = """\
version: 1
state: var
# who may sign
trust:
  rules:
    - {{prefix: "{host}/acme", keys: [k.pub]}}
registries:
  hosts: {{"{host}": {{plain_http: true}}}}
plugins:
  anon: {{from: "{host}/acme/anon:1.0.0"}}   # {host}/acme/anon:1.0.01 stays
  keys: {{from: "builtin:identity-api-key", config: {{keys: []}}}}
identity: {{chain: [keys, anon]}}
"""


@pytest.fixture
def place(desk: Desk, registry: Registry) -> str:
    """Where `acme/anon` 1.0.0 stands, signed by `k.key`, and a file that names it."""
    stock(registry, "acme/anon", desk.key)
    desk.write("mcpg.yaml", FILE.format(host=registry.authority))
    return f"{registry.authority}/acme/anon"


def test_the_files_rules_are_enough_to_pull_and_lock(desk: Desk, place: str) -> None:
    done = desk.json("lock")
    assert (done["added"], done["lock"]) == ([f"{place}:1.0.0"], str(desk.folder / "mcpg.lock"))
    (receipt,) = Store(desk.folder / "var" / "plugins").receipts()
    assert receipt.repository == place
    assert desk.json("pull", f"{place}:1.0.0", "--offline")["trust"] == []
    desk.run("verify", "--all", "--lock", "--offline")
    assert desk.json("lock", "--offline")["changed"] is False


def test_what_the_file_no_longer_names_leaves_the_lock(desk: Desk, place: str) -> None:
    desk.run("lock")
    path = desk.folder / "mcpg.yaml"
    path.write_text(path.read_text().replace("  anon:", "  # anon:").replace("[keys, anon]", "[keys]"))
    assert desk.json("lock")["removed"] == [f"{place}:1.0.0"]


def test_update_changes_the_files_reference_and_nothing_else(desk: Desk, registry: Registry, place: str) -> None:
    desk.run("lock")
    before = (desk.folder / "mcpg.yaml").read_text()
    stock(registry, "acme/anon", desk.key, version="1.1.0")
    done = desk.json("update", "anon", "--yes")
    assert (done["applied"], done["rewritten"]) == (True, 1)
    after = (desk.folder / "mcpg.yaml").read_text()
    assert after == before.replace(f'"{place}:1.0.0"', f'"{place}:1.1.0"')
    assert desk.json("lock", "--offline")["changed"] is False


def test_a_key_beside_a_rule_must_be_one_of_the_rules(desk: Desk, place: str) -> None:
    desk.run("pull", f"{place}:1.0.0", "--key", "k.pub")
    desk.pair("other", PrivateKey.generate())
    refused = desk.refused("pull", f"{place}:1.0.0", "--key", "other.pub", code=1)
    assert "is not among those that the rule" in refused["message"]


def test_a_file_of_trust_stands_in_for_the_files_rules(desk: Desk, registry: Registry, place: str) -> None:
    desk.pair("other", PrivateKey.generate())
    desk.write("trust.yaml", f'rules: [{{prefix: "{registry.authority}", keys: [other.pub]}}]\n')
    assert desk.refused("pull", f"{place}:1.0.0", "--trust", "trust.yaml")["code"] == "bad-signature"
    desk.write("trust.yaml", "rules: [{prefix: x}]\n")
    assert desk.refused("pull", f"{place}:1.0.0", "--trust", "trust.yaml", code=1)


def test_what_the_file_names_is_not_removed(desk: Desk, place: str) -> None:
    desk.run("pull", f"{place}:1.0.0")
    assert "plugins.anon" in desk.refused("remove", f"{place}:1.0.0", code=1)["message"]
    desk.run("remove", f"{place}:1.0.0", "--force")


def test_audit_names_the_use_that_is_hit(desk: Desk, place: str) -> None:
    desk.run("lock")
    assert desk.json("audit")["ok"]
    entry = {"id": "site-1", "action": "kill", "reason": "leaks", "plugin": "acme/anon", "versions": "<2.0.0"}
    desk.write("additions/1.json", json.dumps({"schema": 1, "entries": [entry | {"fixed_in": "2.0.0"}]}))
    path = desk.folder / "mcpg.yaml"
    path.write_text(path.read_text() + "revocations: {additions: additions}\n")
    document = desk.json("audit", code=3)
    hit = {each["held"]: each for each in document["plugins"] if each["action"] != "allow"}
    assert set(hit) == {"installed", "locked"}
    assert (hit["locked"]["use"], hit["locked"]["entries"][0]["fixed_in"]) == ("anon", "2.0.0")
    text = desk.run("audit", "--explain", code=3).stdout
    assert "used as `anon`" in text
    assert "to do: use version 2.0.0" in text
    assert desk.refused("pull", f"{place}:1.0.0")["code"] == "plugin-revoked"
    assert CliRunner().invoke(cli, ["config", "check"]).exit_code == 3
    assert [each["revocation"] for each in desk.json("list") if each["held"] == "installed"] == ["kill"]
    assert desk.json("inspect", f"{place}:1.0.0")["revocation"]["action"] == "kill"
    (walked,) = desk.json("verify", f"{place}:1.0.0", code=3)
    assert walked["error"]["code"] == "plugin-revoked"


def test_audit_knows_the_vulnerabilities_that_signers_state(desk: Desk, registry: Registry, place: str) -> None:
    desk.pair("stranger", PrivateKey.generate())
    desk.run("lock")
    desk.run("sign", f"{place}:1.0.0", "--offline", "--key", "stranger.key", "--vulnerability", "CVE-2026-1234")
    entry = {"id": "v", "action": "block", "reason": "known", "vulnerability": "CVE-2026-1234"}
    desk.write("additions/1.json", json.dumps({"schema": 1, "entries": [entry]}))
    path = desk.folder / "mcpg.yaml"
    path.write_text(path.read_text() + "revocations: {additions: additions}\n")
    assert desk.json("audit")["ok"]  # nobody trusts the stranger
    desk.run("sign", f"{place}:1.0.0", "--offline", "--key", "k.key", "--vulnerability", "CVE-2026-1234")
    hits = [each["held"] for each in desk.json("audit", code=3)["plugins"] if each["action"] == "block"]
    assert hits == ["installed", "locked"]


def test_a_lock_is_checked_again_without_asking_anybody(desk: Desk, registry: Registry, place: str) -> None:
    desk.run("lock")
    registry.requests.clear()
    assert desk.json("lock")["changed"] is False
    assert registry.requests == []
    blobs = desk.folder / "var" / "plugins" / "blobs" / "sha256"
    layer = max(blobs.iterdir(), key=lambda path: path.stat().st_size)
    layer.chmod(0o644)
    layer.write_bytes(b"x" * layer.stat().st_size)
    assert desk.refused("lock")["code"] == "bad-digest"


def test_a_mirror_is_audited_too(desk: Desk, place: str) -> None:
    desk.push(f"layout:usb#{place}")
    entry = {"id": "k", "action": "block", "reason": "stolen", "key": desk.key.public.id}
    desk.write("additions/1.json", json.dumps({"schema": 1, "entries": [entry]}))
    path = desk.folder / "mcpg.yaml"
    path.write_text(path.read_text() + "revocations: {additions: additions}\n")
    assert desk.json("audit")["ok"]
    hits = [each for each in desk.json("audit", "--mirror", "usb", code=3)["plugins"] if each["action"] == "block"]
    assert [each["held"] for each in hits] == ["mirrored"]


def test_a_broken_file_is_told_with_its_place(desk: Desk) -> None:
    desk.write("mcpg.yaml", "version: 1\nplugins: {x: {from: 'nonsense'}}\n")
    refused = desk.run("list", "--json", code=1)
    assert "plugins.x.from" in refused.stderr or "plugins" in refused.stderr


def test_config_check_reads_what_is_installed_and_pulls_nothing(desk: Desk, registry: Registry, place: str) -> None:
    done = CliRunner().invoke(cli, ["config", "check", "--json"])
    error = json.loads(done.stderr)["error"]
    assert (done.exit_code, error["code"]) == (3, "not-pulled")
    assert f"mcpg plugin pull {place}:1.0.0" in error["remedy"]
    desk.run("lock")
    registry.requests.clear()
    done = CliRunner().invoke(cli, ["config", "check", "--json"])
    assert (done.exit_code, registry.requests) == (0, []), done.stderr


def test_variables_of_the_gateway_are_not_wanted_but_for_what_plugins_come_from(desk: Desk, place: str) -> None:
    path = desk.folder / "mcpg.yaml"
    text = path.read_text()
    path.write_text(text.replace("{keys: []}", '{keys: [{id: a, hash: "${env.NO_SUCH_HASH}"}]}'))
    desk.run("lock")
    assert "NO_SUCH_HASH" in CliRunner().invoke(cli, ["config", "check"]).stderr
    path.write_text(text.replace(f'"{place}:1.0.0"', f'"{place}:${{env.NO_SUCH_VERSION}}"'))
    assert "NO_SUCH_VERSION" in desk.refused("lock", code=1)["message"]
    path.write_text(text.replace("state: var", 'state: "${env.NO_SUCH_PLACE}"'))
    assert "NO_SUCH_PLACE" in desk.refused("list", code=1)["message"]
    path.write_text(text.replace("{keys: []}", '{keys: [{hash: "${env.NO_SUCH_HASH}"}]}') + "servr: {}\n")
    assert "servr" in desk.run("list", code=1).stderr
