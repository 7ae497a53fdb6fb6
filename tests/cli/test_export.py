"""`mcpg export`: each client's spelling of each endpoint, and no key in any."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mcpg.cli.group import cli

FILE = """\
version: 1
server: {listen: "0.0.0.0:9000", stdio: {caller: {id: ana}}}
plugins: {rules: {from: "builtin:policy-cedar"}, keys: {from: "builtin:identity-api-key"}}
identity: {chain: [keys]}
policy: {engines: [rules]}
upstreams: {time: {stdio: {command: [time]}}, quiet: {stdio: {command: [x]}, own_endpoint: false}}
profiles: {support: {}}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mcpg.yaml"
    path.write_text(FILE)
    return str(path)


def run(*arguments):
    return CliRunner().invoke(cli, ["export", *arguments])


def document(*arguments):
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("client", "key"),
    [("claude-code", "Bearer ${MCPG_KEY}"), ("cursor", "Bearer ${env:MCPG_KEY}"), ("mcp.json", "Bearer YOUR-KEY")],
)
def test_a_client_over_http_gets_the_address_and_its_own_way_of_naming_a_key(file, client, key):
    shown = document(client, "--config", file, "--endpoint", "support")
    entry = shown["mcpServers"]["mcpg-support"]
    assert (entry["url"], entry["headers"]) == ("http://127.0.0.1:9000/support/mcp", {"Authorization": key})


def test_vscode_asks_for_the_key(file):
    shown = document("vscode", "--config", file, "--url", "https://mcp.example.com/")
    assert shown["servers"]["mcpg"]["url"] == "https://mcp.example.com/mcp"
    assert [each["password"] for each in shown["inputs"]] == [True]
    stdio = document("vscode", "--config", file, "--stdio")
    assert (stdio["servers"]["mcpg"]["type"], "inputs" in stdio) == ("stdio", False)


def test_all_endpoints_have_a_name_each(file):
    assert list(document("cursor", "--config", file, "--all")["mcpServers"]) == [
        "mcpg", "mcpg-support", "mcpg-servers-time",
    ]  # fmt: skip


def test_claude_desktop_starts_the_gateway(file):
    entry = document("claude", "--config", file, "--endpoint", "servers/time")["mcpServers"]["mcpg-servers-time"]
    assert entry["args"][-6:] == ["serve", "--stdio", "--config", file, "--endpoint", "servers/time"]


def test_what_cannot_be_reached_is_refused(file, tmp_path):
    assert "there are `mcp`, `support`, `servers/time`" in run("cursor", "--config", file, "--endpoint", "quiet").output
    path = tmp_path / "other.yaml"
    path.write_text(FILE.replace(", stdio: {caller: {id: ana}}", "").replace('"0.0.0.0:9000"', "unix:x.sock"))
    assert "nobody is calling" in run("claude", "--config", str(path)).output
    assert "Unix socket" in run("cursor", "--config", str(path)).output
    assert run("emacs", "--config", file).exit_code == 2


def test_a_person_is_told_the_file_and_where_the_key_comes_from(file):
    result = run("cursor", "--config", file)
    assert ".cursor/mcp.json" in result.stderr
    assert json.loads(result.stdout)["mcpServers"]["mcpg"]
