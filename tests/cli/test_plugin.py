"""`mcpg plugin` on the bundle that ships."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from mcpg.cli.checks_plugins import plugins
from mcpg.cli.findings import Subject
from mcpg.cli.group import cli
from mcpg.plugins.builtin import Bundle


def test_every_built_in_plugin_is_listed_and_signed() -> None:
    found = json.loads(CliRunner().invoke(cli, ["plugin", "list", "--json"]).stdout)
    assert [each["reference"].removeprefix("builtin:") for each in found] == list(Bundle.open().names())
    assert all(each["signed"] and each["summary"] for each in found)
    assert "builtin:policy-cedar" in CliRunner().invoke(cli, ["plugin", "list"]).stdout


def test_inspect_shows_that_a_plugin_imports_nothing() -> None:
    done = CliRunner().invoke(cli, ["plugin", "inspect", "builtin:identity-anonymous", "--json"])
    assert done.exit_code == 0, done.output
    shown = json.loads(done.stdout)
    assert (shown["kind"], shown["faults"], shown["effects"]) == ("identity", [], [])
    assert {each["kind"] for each in shown["imports"]} <= {"types"}


def test_inspect_draws_it_for_people() -> None:
    text = CliRunner().invoke(cli, ["plugin", "inspect", "builtin:identity-anonymous"]).stdout
    assert "imports      nothing" in text


def test_what_is_no_plugin_is_refused_with_3(tmp_path: Path) -> None:
    (tmp_path / "x.wasm").write_bytes(b"\0asm\x01\0\0\0")
    for reference in (f"file:{tmp_path / 'x.wasm'}", "builtin:nothing", "nonsense"):
        done = CliRunner().invoke(cli, ["plugin", "inspect", reference])
        assert (done.exit_code, done.stderr.startswith("error: ")) == (3, True), done.output


def test_the_doctor_verifies_them_all() -> None:
    found = list(plugins(Subject(Path("mcpg.yaml"), Path(), Path("ledger.db"), None)))
    assert [result.state for result in found] == ["good"]
