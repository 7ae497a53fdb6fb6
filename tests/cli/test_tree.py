"""The command tree: what is listed is there, help loads nothing heavy, exit codes mean what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from tests.cli.goods import component

from mcpg.cli.group import NOUNS, cli
from mcpg.cli.keys import new_key
from mcpg.cli.lazy import LazyGroup
from mcpg.cli.output import Verb
from mcpg.cli.reference import verbs
from mcpg.contract.problems import ConfigError, McpgError, PluginRefused

HEAVY = {
    "aiosqlite", "asyncio", "cryptography", "fastapi", "jsonschema_rs", "msgspec", "pydantic", "httpx2", "rich",
    "sigstore", "sqlalchemy", "uvicorn", "uvloop", "wasmtime", "watchfiles", "yaml",
}  # fmt: skip


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys, contextlib, io, json, mcpg.cli.group as group\n"
        "with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):\n"
        "    group.cli(['--help'])\n"
        "print(json.dumps([out.getvalue(), sorted({name.partition('.')[0] for name in sys.modules})]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    shown, modules = json.loads(done.stdout)
    assert HEAVY & set(modules) == set()
    assert all(noun in shown for noun in NOUNS)


@pytest.mark.parametrize("noun", NOUNS)
def test_each_noun_is_there_and_says_what_is_listed(noun: str) -> None:
    command = cli.get_command(click.Context(cli), noun)
    assert command is not None
    assert command.get_short_help_str(100) == NOUNS[noun][1]
    members = [verb for _, verb in verbs(command, noun)] if isinstance(command, click.Group) else [command]
    for verb in members:
        assert isinstance(verb, Verb), verb.name
        assert verb.name == "serve" or "as_json" in {parameter.name for parameter in verb.params}, verb.name
        assert all(option.help for option in verb.params if isinstance(option, click.Option)), verb.name
    for name, (_, summary) in command.table.items() if isinstance(command, LazyGroup) else ():
        verb = command.get_command(click.Context(command), name)
        assert verb is not None
        assert (verb.name, verb.get_short_help_str(100)) == (name, summary)


def mcpg(folder: Path, *arguments: str, stdout: Any = subprocess.PIPE, **variables: str) -> Any:
    command, environment = [sys.executable, "-m", "mcpg", *arguments], {**os.environ, **variables}
    return subprocess.run(
        command, cwd=folder, env=environment, stdout=stdout, stderr=subprocess.PIPE, timeout=60, check=False
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_lacks_a_sign_ends_no_verb(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.wasm").write_bytes(component(summary="Grüße 日本 😀"))
    arguments = ("plugin", "inspect", "file:a.wasm")
    done = mcpg(tmp_path, *arguments, PYTHONIOENCODING=encoding)
    assert (done.returncode, b"\\u65e5" in done.stdout) == (0, True), done.stderr
    done = mcpg(tmp_path, *arguments, "--json", PYTHONIOENCODING=encoding)
    assert json.loads(done.stdout.decode(encoding))["summary"] == "Grüße 日本 😀"


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_an_output_that_is_full_is_told(tmp_path: Path, more: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = mcpg(tmp_path, "plugin", "list", *more, stdout=full)
    assert done.returncode == 1
    assert b"standard output" in done.stderr
    assert b"no space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_an_unknown_noun_is_wrong_usage() -> None:
    done = CliRunner().invoke(cli, ["frobnicate"])
    assert done.exit_code == 2
    assert "frobnicate" in done.output


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (McpgError("it broke"), 1),
        (ConfigError("no", where="f:1:1", remedy="mend"), 1),
        (PluginRefused("no", step=6), 3),
        (PluginRefused("no", code="bad-plugin-config"), 1),
    ],
)
def test_errors_have_their_exit_code_and_no_traceback(error: McpgError, code: int) -> None:
    def fail(*, as_json: bool) -> None:
        raise error

    verb = Verb("fail", callback=fail, params=[click.Option(["--json", "as_json"], is_flag=True)])
    plain = CliRunner().invoke(verb, [])
    assert (plain.exit_code, plain.stdout, plain.stderr) == (code, "", f"error: {error.diagnostics()}\n")
    document = json.loads(CliRunner().invoke(verb, ["--json"]).stderr)["error"]
    assert (document["code"], document["message"], document["remedy"]) == (error.code, error.message, error.remedy)


def test_the_module_runs_as_the_program() -> None:
    done = subprocess.run([sys.executable, "-m", "mcpg", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("mcpg, version ")


def test_keys_are_new_each_time_and_shown_with_their_hash() -> None:
    assert new_key() != new_key()
    done = CliRunner().invoke(cli, ["keys", "new", "--json"])
    made = json.loads(done.stdout)
    assert made["key"].startswith("mcpg_")
    assert len(made["key"]) > 40
    assert made["hash"].startswith("sha256:")
    shown = CliRunner().invoke(cli, ["keys", "new", "--id", "ana"]).stdout
    assert '{id: ana, hash: "sha256:' in shown
