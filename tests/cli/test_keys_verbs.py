"""`mcpg keys generate`, `show` and `rotate`: what they write, what they print, and what they never print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpg.cli import keys_opening
from mcpg.cli.group import cli
from mcpg_registry.keyfiles import read_private_key, read_public_keys
from mcpg_registry.trust.rotation import parse_rotation


def run(*arguments: str, **more: Any) -> Result:
    return CliRunner().invoke(cli, ["keys", *arguments], **more)


def answer(*arguments: str, **more: Any) -> Any:
    done = run(*arguments, "--json", **more)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MCPG_KEY_PASSWORD", raising=False)


@pytest.fixture
def pair() -> Any:
    return answer("generate", "old", "--no-password")


def secrets_of(name: str) -> list[str]:
    return [line for line in Path(name).read_text().splitlines() if not line.startswith("-----")]


def test_a_pair_is_made_encrypted_and_shown_without_its_secret() -> None:
    made = answer("generate", "acme", env={"MCPG_KEY_PASSWORD": "secret"})
    assert made["encrypted"] is True
    assert read_public_keys(Path("acme.pub"))[0].id == made["id"]
    assert read_private_key(Path("acme.key"), lambda: b"secret").public.id == made["id"]
    (locked,) = answer("show", "acme.key")
    assert locked == {"kind": "private", "encrypted": True, "others_can_read": False, "id": None, "hint": None}
    (opened,) = answer("show", "acme.key", env={"MCPG_KEY_PASSWORD": "secret"})
    assert (opened["id"], opened["hint"]) == (made["id"], made["hint"])
    assert answer("show", "acme.pub") == [{"kind": "public", "id": made["id"], "hint": made["hint"]}]
    shown = run("show", "acme.key", env={"MCPG_KEY_PASSWORD": "secret"}).output
    assert made["id"] in shown
    assert not any(line in shown for line in secrets_of("acme.key"))


def test_a_pair_without_a_password_says_so() -> None:
    done = run("generate", "open", "--no-password")
    assert "NOT encrypted" in done.stdout
    assert not any(line in done.output for line in secrets_of("open.key"))
    (shown,) = answer("show", "open.key")
    assert (shown["encrypted"], shown["others_can_read"]) == (False, False)
    Path("open.key").chmod(0o644)
    assert answer("show", "open.key")[0]["others_can_read"] is True


def test_a_password_comes_from_a_file() -> None:
    Path("pw").write_text("from the file\n")
    answer("generate", "acme", "--password-file", "pw")
    assert read_private_key(Path("acme.key"), lambda: b"from the file")
    assert run("generate", "b", "--password-file", "pw", "--no-password").exit_code == 2


def test_without_password_and_terminal_no_key_is_made() -> None:
    done = run("generate", "acme")
    assert (done.exit_code, "no terminal" in done.stderr) == (1, True)
    assert list(Path().iterdir()) == []


def test_a_person_types_the_password_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(keys_opening, "sys", type("sys", (), {"stdin": Terminal()}))
    done = run("generate", "acme", input="secret\nsecre\nsecret\nsecret\n")
    assert done.exit_code == 0, done.output
    assert "secret" not in done.output
    assert read_private_key(Path("acme.key"), lambda: b"secret")


def test_no_key_is_overwritten(pair: Any) -> None:
    before = Path("old.key").read_bytes()
    done = run("generate", "old", "--no-password")
    assert (done.exit_code, "overwritten" in done.stderr) == (1, True)
    assert Path("old.key").read_bytes() == before


def test_both_keys_sign_a_rotation(pair: Any) -> None:
    made = answer("generate", "new", env={"MCPG_KEY_PASSWORD": "secret"})
    told = answer(
        *("rotate", "--old", "old.key", "--new", "new.key", "--prefix", "ghcr.io/acme/", "--out", "proof.json"),
        *("--from", "2026-12-01", "--until", "2027-01-01T08:00:00+01:00"),
        env={"MCPG_KEY_PASSWORD": "secret"},
    )
    assert told == {
        "kind": "rotation",
        "prefix": "ghcr.io/acme",
        "old": pair["id"],
        "new": made["id"],
        "from": "2026-12-01T00:00:00Z",
        "until": "2027-01-01T07:00:00Z",
        "signed_by_new": True,
        "file": "proof.json",
    }
    proof = parse_rotation(Path("proof.json").read_bytes())
    assert proof.signed_by(read_public_keys(Path("old.pub"))[0])
    assert answer("show", "proof.json") == [{key: value for key, value in told.items() if key != "file"}]
    assert "ghcr.io/acme" in run("show", "proof.json").stdout
    assert run("rotate", "--old", "old.key", "--new", "old.pub", "--prefix", "a", "--out", "x").exit_code == 1


def test_a_rotation_is_finished_where_the_new_key_is(pair: Any) -> None:
    answer("generate", "new", "--no-password")
    answer("generate", "other", "--no-password")
    begun = ("rotate", "--old", "old.key", "--new", "new.pub", "--prefix", "ghcr.io/acme", "--out", "begun.json")
    assert answer(*begun)["signed_by_new"] is False
    with pytest.raises(ValueError, match="finish it"):
        parse_rotation(Path("begun.json").read_bytes())
    wrong = run("rotate", "--finish", "begun.json", "--new", "other.key", "--out", "done.json")
    assert (wrong.exit_code, "it hands over to key" in wrong.stderr) == (1, True)
    assert not Path("done.json").exists()
    assert answer("rotate", "--finish", "begun.json", "--new", "new.key", "--out", "done.json")["signed_by_new"]
    proof = parse_rotation(Path("done.json").read_bytes())
    assert proof.signed_by(read_public_keys(Path("old.pub"))[0])
    again = run(*begun)
    assert (again.exit_code, "overwritten" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--new", "old.key"],
        ["--new", "old.key", "--old", "old.key"],
        ["--new", "old.pub", "--finish", "old.key"],
        ["--new", "old.key", "--finish", "x", "--prefix", "a"],
        ["--new", "old.key", "--old", "old.key", "--prefix", "a", "--from", "soon"],
    ],
)
def test_rotations_that_are_wrong_usage(pair: Any, arguments: list[str]) -> None:
    assert run("rotate", *arguments, "--out", "out").exit_code == 2
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [("{}", "payload"), ("junk", "PEM"), ("", "PEM"), ('{"payload":1,"payload":2}', "twice")],
)
def test_files_that_hold_no_key(text: str, told: str) -> None:
    Path("x").write_text(text)
    done = run("show", "x")
    assert (done.exit_code, told in done.stderr) == (1, True)
