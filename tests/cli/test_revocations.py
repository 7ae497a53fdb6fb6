"""The verbs of publishers and sites, from the first list to a dead one, as people run them."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.simulator.registry import beside

from mcpg.cli.group import cli
from mcpg_registry.trust.keys import PrivateKey
from mcpg_revocations.artifact import parse_list_manifest

HEX = "0" * 64
NAMES = ("a", "b", "c", "d", "e")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of keys and a site that believes two of the first three."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MCPG_CONFIG", raising=False)
    for name in NAMES:
        key = PrivateKey.generate()
        Path(f"{name}.key").write_text(key.pem())
        Path(f"{name}.pub").write_text(key.public.pem)
    Path("mcpg.yaml").write_text(
        "version: 1\n"
        "revocations:\n"
        "  anchor: {keys: [a.pub, b.pub, c.pub], threshold: 2}\n"
        "  additions: revocations.d\n"
        "  overrides: overrides.d\n"
        "  override_keys: [e.pub]\n"
    )
    return tmp_path


def run(*words: str, code: int = 0) -> Any:
    """Run a verb with --json; return what it printed, or its error."""
    done = CliRunner().invoke(cli, ["revocations", *words, "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout or done.stderr) if done.stdout or done.stderr.startswith("{") else done.stderr


def keys(names: str, ending: str = "key") -> list[str]:
    return [word for name in names for word in ("--key", f"{name}.{ending}")]


def first(*more: str, by: str = "ab") -> Any:
    issued = ("--issuer", "acme.example/revocations", "--match", f"manifest=sha256:{HEX}", "--reason", "malware")
    return run("revoke", "list.json", *issued, *keys(by), *more)


def status(code: int = 0) -> Any:
    return run("status", code=code)


def test_a_list_is_made_signed_by_two_people_verified_and_taken(here: Path) -> None:
    assert status(3)["code"] == "revocation-missing"
    made = first("--id", "A-1", "--action", "kill", "--ref", "CVE-1", "--fixed-in", "1.2.1", by="a")
    assert (made["version"], made["previous"], len(made["signatures"])) == (1, "", 1)
    refused = run("verify", "list.json", code=3)["error"]
    assert (refused["code"], "found 1 valid" in refused["message"]) == ("revocation-signature", True)
    assert run("import", "list.json", code=3)["error"]["code"] == "revocation-signature"
    assert len(run("sign", "list.json", *keys("b"))["signatures"]) == 2
    assert len(run("sign", "list.json", *keys("b"))["signatures"]) == 2
    shown = run("show", "list.json")
    assert shown["entries"] == [
        {
            "id": "A-1",
            "action": "kill",
            "match": {"manifest": f"sha256:{HEX}"},
            "reason": "malware",
            "since": shown["entries"][0]["since"],
            "refs": ["CVE-1"],
            "fixed_in": "1.2.1",
        }
    ]
    assert run("verify", "list.json")["news"] is True
    assert run("verify", "list.json", *keys("abc", "pub"))["version"] == 1
    assert run("verify", "list.json", *keys("abc", "pub"), "--at-least", "2", code=3)["error"]["code"]
    assert status(3)["state"] == "dead"
    assert run("import", "list.json")["added"] == ["A-1"]
    assert run("import", "list.json")["changed"] is False
    found = status()
    assert (found["state"], found["version"], found["source"], len(found["anchor"])) == ("fresh", 1, "feed", 3)
    assert found["threshold"] == 2


def test_a_command_signs_in_place_of_a_file(here: Path) -> None:
    Path("hsm.py").write_text(
        "import sys\n"
        "from mcpg_registry.trust.keys import PrivateKey\n"
        "key = PrivateKey.from_pem(open('b.key').read())\n"
        "sys.stdout.buffer.write(key.sign(sys.stdin.buffer.read()))\n"
    )
    first(by="a")
    run("sign", "list.json", "--command", f"{sys.executable} hsm.py", "--public-key", "b.pub")
    assert run("verify", "list.json", *keys("ab", "pub"))["version"] == 1
    wrong = ("--command", f"{sys.executable} hsm.py", "--public-key", "c.pub")
    assert run("sign", "list.json", *wrong, code=1)["error"]["code"] == "signer-failed"
    assert len(run("show", "list.json")["signatures"]) == 2


def test_lists_follow_each_other_and_old_ones_are_refused(here: Path) -> None:
    first("--id", "A-1")
    old = Path("list.json").read_bytes()
    run("import", "list.json")
    second = run("revoke", "list.json", "--match", "plugin=acme/redact", "--versions", "<1.2.1", *keys("bc"))
    assert (second["version"], [entry["id"] for entry in second["entries"]]) == (2, ["A-1", "R2-plugin"])
    assert run("import", "list.json")["added"] == ["R2-plugin"]
    third = run("revoke", "list.json", "--remove", "A-1", "--match", "publisher=ghcr.io/evil", *keys("ac"))
    assert third["previous"] == second["digest"]
    assert run("import", "list.json")["removed"] == ["A-1"]
    Path("old.json").write_bytes(old)
    assert run("import", "old.json", code=3)["error"]["code"] == "revocation-rollback"
    assert status()["version"] == 3


def test_an_emergency_carries_the_list_that_it_adds_to(here: Path) -> None:
    first("--id", "A-1")
    alarm = ("--match", "vulnerability=CVE-2026-1", "--emergency", "--action", "kill")
    made = run("revoke", "list.json", *alarm, *keys("c"))
    assert (made["emergency"], made["lists"], len(made["signatures"])) == (True, 2, 1)
    assert run("import", "list.json")["emergency"] is True
    again = run("revoke", "list.json", *keys("ab"))
    assert (again["emergency"], again["lists"]) == (False, 1)
    assert run("import", "list.json")["changed"] is True
    assert len(status()["entries"]) == 2


def test_keys_change_and_a_site_that_was_away_catches_up(here: Path) -> None:
    first()
    run("import", "list.json")
    run("revoke", "list.json", *keys("dabc", "pub")[:0], "--next-key", "c.pub", "--next-key", "d.pub", *keys("abcd"))
    made = run("revoke", "list.json", *keys("cd"))
    assert made["lists"] == 2
    assert run("import", "list.json")["rotated"] is True
    assert len(status()["anchor"]) == 2
    run("revoke", "list.json", *keys("ab"))
    assert run("import", "list.json", code=3)["error"]["code"] == "revocation-signature"


def test_mistakes_of_publishers_are_told_and_write_nothing(here: Path) -> None:
    first("--id", "A-1")
    before = Path("list.json").read_bytes()
    wrong = [
        (["--match", f"wasm=sha256:{HEX}", "--id", "A-1"], 1, "is there already"),
        (["--remove", "A-2"], 1, "there is no entry"),
        (["--emergency", "--remove", "A-1"], 1, "only adds"),
        (["--issuer", "other"], 1, "lists here are of"),
        (["--version", "1"], 1, "last list is version 1"),
        (["--match", "manifest=latest"], 1, "is not a digest"),
        (["--match", "plugin=acme/redact"], 1, "belong together"),
        (["--match", "identity=me"], 1, "not exactly one"),
        (["--match", "nothing"], 2, "KIND=VALUE"),
        (["--next-key", "a.pub", "--next-threshold", "2"], 1, "threshold"),
    ]
    for words, code, told in wrong:
        done = CliRunner().invoke(cli, ["revocations", "revoke", "list.json", *words, *keys("a")])
        assert (done.exit_code, told in done.output) == (code, True), done.output
    assert CliRunner().invoke(cli, ["revocations", "revoke", "list.json"]).exit_code == 2
    assert run("revoke", "none.json", *keys("a"), code=1)["error"]["code"] == "bad-revocations"
    Path("list.json").write_bytes(b"{}")
    assert run("show", "list.json", code=3)["error"]["code"] == "revocation-list"
    Path("list.json").write_bytes(before)
    assert run("show", "list.json")["version"] == 1


def test_a_site_adds_and_overrides_and_says_so(here: Path) -> None:
    first("--id", "A-1", "--action", "block")
    run("import", "list.json")
    run("add", "ours", "--match", "plugin=mcpg/policy-cedar", "--versions", "*", "--action", "warn")
    assert Path("revocations.d/ours.json").exists()
    assert run("add", "ours", "--match", f"wasm=sha256:{HEX}", code=1)["error"]["code"] == "bad-revocations"
    found = status()
    assert [(hit["plugin"], hit["action"]) for hit in found["hits"]] == [("builtin:policy-cedar", "warn")]
    run("add", "more", "--match", "publisher=mcpg", "--action", "block")
    assert len(status(3)["hits"]) > 5
    Path("revocations.d/more.json").unlink()
    made = run("override", "A-1", "--reason", "we need it", "--by", "ana", "--days", "3", *keys("e"))
    assert made["expires"] <= time.time() + 3 * 86400
    assert [(each["entry"], each["by"]) for each in status()["overrides"]] == [("A-1", "ana")]
    run("override", "A-1", "--reason", "a stranger's", *keys("d"))
    assert "no key of the site has signed it" in status()["faults"][0]
    assert run("override", "A-2", "--reason", "x", *keys("e"), code=1)["error"]["code"] == "bad-revocations"


def test_a_list_that_runs_out_is_stale_and_then_dead(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first("--days", "1", "--grace-days", "2")
    run("import", "list.json")
    now = time.time()
    seen = []
    for days in (0, 1.5, 4, 0):
        monkeypatch.setattr(time, "time", lambda days=days: now + days * 86400)
        done = CliRunner().invoke(cli, ["revocations", "status", "--json"])
        seen.append((json.loads(done.stdout)["state"], done.exit_code))
    assert seen == [("fresh", 0), ("stale", 1), ("dead", 3), ("fresh", 0)]


def test_a_clock_that_ran_ahead_is_accepted_by_a_person_only(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 6 * 86400)
    run("import", "list.json")
    monkeypatch.setattr(time, "time", lambda: now)
    assert status(1)["code"] == "revocation-clock"
    assert CliRunner().invoke(cli, ["revocations", "accept-clock"]).exit_code == 2
    assert run("accept-clock", "--yes")["state"] == "fresh"
    assert status()["state"] == "fresh"


def test_a_list_is_published_to_a_file_a_layout_and_a_registry(here: Path) -> None:
    first(by="a")
    believed = keys("abc", "pub")
    assert run("publish", "list.json", "file:out.json", *believed, code=3)["error"]["code"] == "revocation-signature"
    assert not Path("out.json").exists()
    run("sign", "list.json", *keys("b"))
    run("publish", "list.json", "file:out.json", *believed)
    assert Path("out.json").read_bytes() == Path("list.json").read_bytes()
    made = run("publish", "list.json", "layout:lay#acme/revocations:latest", *believed)
    assert Path("lay/blobs/sha256", made["digest"][7:]).exists()
    with beside() as registry:
        place = f"{registry.authority}/acme/revocations:latest"
        pushed = run("publish", "list.json", place, "--plain-http", *believed)
        held = registry.contents.repository("acme/revocations")
        manifest = held.manifests[held.tags["latest"]]
        data = manifest if isinstance(manifest, bytes) else manifest[1]
        assert held.tags["latest"] == pushed["digest"]
        assert held.blobs[parse_list_manifest(data).digest] == Path("list.json").read_bytes()
    for bad in ("builtin:x", "ghcr.io/acme/x@sha256:" + HEX):
        assert run("publish", "list.json", bad, *believed, code=1)["error"]["code"] == "bad-config"


def test_a_folder_that_cannot_be_used_is_an_error_and_no_traceback(here: Path) -> None:
    first()
    Path(".state").mkdir()
    Path(".state/revocations").write_text("a file")
    for words in (["status"], ["import", "list.json"]):
        assert run(*words, code=1)["error"]["code"] == "store-unavailable"
    for words in (["show", "none.json"], ["verify", "none.json"], ["import", "."]):
        assert CliRunner().invoke(cli, ["revocations", *words]).exit_code in {1, 2}


def test_a_person_can_read_what_is_said(here: Path) -> None:
    first("--id", "A-1")
    for words in (["show", "list.json"], ["verify", "list.json"], ["import", "list.json"], ["status"]):
        done = CliRunner().invoke(cli, ["revocations", *words])
        assert done.exit_code == 0, done.output
        assert "version 1" in done.stdout
