"""`mcpg login` and `mcpg logout`, as a person or a script uses them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.simulator.access import Basic
from tests.simulator.registry import beside

from mcpg.cli.group import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.simulator.registry import Registry


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with beside(access=Basic({"u": "p"})) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path / "config.json"


def test_a_password_from_standard_input_is_stored_and_forgotten(registry: Registry, file: Path) -> None:
    host = registry.authority
    done = CliRunner().invoke(cli, ["login", host, "--plain-http", "-u", "u", "--password-stdin"], input="p\n")
    assert done.exit_code == 0, done.output
    assert done.stdout == f"logged in to {host} as u; stored with {file}\n"
    assert host in json.loads(file.read_text())["auths"]
    done = CliRunner().invoke(cli, ["logout", host])
    assert done.stdout == f"logged out of {host}\n"
    assert json.loads(file.read_text()) == {"auths": {}}
    assert CliRunner().invoke(cli, ["logout", host]).stdout == f"nothing was stored for {host}\n"


def test_user_and_password_are_asked_for(registry: Registry, file: Path) -> None:
    done = CliRunner().invoke(cli, ["login", registry.authority, "--plain-http", "--json"], input="u\np\n")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["stored"] == str(file)
    assert '"p"' not in done.stdout


def test_a_wrong_password_ends_with_1_and_is_not_shown(registry: Registry, file: Path) -> None:
    done = CliRunner().invoke(
        cli, ["login", registry.authority, "--plain-http", "-u", "u", "--password-stdin"], input="wrong-secret\n"
    )
    assert done.exit_code == 1
    assert "it refuses us (401)" in done.stderr
    assert "wrong-secret" not in done.output
    assert not file.exists()


def test_a_ca_that_cannot_be_used_is_named(registry: Registry, file: Path, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    arguments = ["login", registry.authority, "-u", "u", "--password-stdin", "--ca", str(tmp_path / "ca.pem")]
    done = CliRunner().invoke(cli, arguments, input="p")
    assert done.exit_code == 1
    assert "ca.pem" in done.stderr
    assert "cannot be used" in done.stderr


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_password_is_told(registry: Registry, file: Path, text: str) -> None:
    done = CliRunner().invoke(
        cli, ["login", registry.authority, "--plain-http", "-u", "u", "--password-stdin"], input=text
    )
    assert done.exit_code == 1
    assert "standard input holds no password" in done.stderr


def test_the_operators_file_says_how_a_host_is_reached_and_where_credentials_are(
    registry: Registry, file: Path, tmp_path: Path
) -> None:
    config = tmp_path / "mcpg.yaml"
    config.write_text(
        "version: 1\nregistries:\n  credentials: auth.json\n"
        f"  hosts: {{'{registry.authority}': {{plain_http: true}}}}\n"
    )
    arguments = ["login", registry.authority, "-u", "u", "--password-stdin", "--config", str(config)]
    done = CliRunner().invoke(cli, arguments, input="p")
    assert done.exit_code == 0, done.output
    assert registry.authority in json.loads((tmp_path / "auth.json").read_text())["auths"]
    assert not file.exists()
    done = CliRunner().invoke(cli, ["logout", registry.authority, "--config", str(config)])
    assert done.stdout == f"logged out of {registry.authority}\n"


def test_a_password_is_no_argument(registry: Registry, file: Path) -> None:
    done = CliRunner().invoke(cli, ["login", registry.authority, "--password", "p"])
    assert done.exit_code == 2
    assert CliRunner().invoke(cli, ["login", registry.authority, "--password-stdin"]).exit_code == 2


def test_a_host_is_written_in_full(file: Path) -> None:
    done = CliRunner().invoke(cli, ["login", "ghcr", "-u", "u", "--password-stdin"], input="p")
    assert done.exit_code != 0
    assert "is no registry's host" in done.stderr
