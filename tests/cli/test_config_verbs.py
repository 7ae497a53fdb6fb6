"""`mcpg config`: what is wrong is told with its place, in text and in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from mcpg.cli import manifests
from mcpg.cli.group import cli
from mcpg.contract.manifest import Manifest
from mcpg.contract.problems import PluginRefused
from mcpg.contract.worlds import PluginKind

if TYPE_CHECKING:
    from tests.cli.conftest import Folder

BINDING = {"type": "object", "properties": {"result": {"type": "object"}}, "additionalProperties": False}
KEYS = {"type": "object", "properties": {"keys": {"type": "array"}}, "additionalProperties": False}


def _manifest(reference: str) -> Manifest:
    name = reference.removeprefix("builtin:")
    kind = PluginKind(name.partition("-")[0])
    return Manifest(
        schema=1,
        id=f"mcpg/{name}",
        version="1.0.0",
        kind=kind,
        world=kind.world,
        summary="x",
        licence="x",
        config=KEYS,
        binding=BINDING if kind is PluginKind.BACKEND else {},
    )


@pytest.fixture(autouse=True)
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    def verified(reference: str, base: Path, *_: Any) -> Any:
        return SimpleNamespace(manifest=_manifest(reference))

    monkeypatch.setattr(manifests, "verified", verified)
    monkeypatch.setattr(manifests, "try_plugins", lambda _loaded: [])  # what these manifests name cannot be made ready


def _run(folder: Folder, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--config", folder.config])


def test_a_good_file_is_good(folder: Folder) -> None:
    done = _run(folder, "config", "check", "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["ok"]
    assert document["streams"] == {"hello": {"streamed": True, "because": "unless a permit obliges to redact"}}
    assert "is good: 1 tools" in _run(folder, "config", "check").stdout
    assert "endpoints: /mcp\n" in _run(folder, "config", "check").stdout


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ("state", "state", "", ""),
        ("version: 1", "version: 1\nserver: {lisen: x}", ":2:10", "unknown key `lisen`"),
        ("engines: [rules]", "engines: [keys]", ":3:3", "is used as identity, policy"),
        ("engines: [rules]", "engines: [mock]", ":5:3", "is used as backend, policy"),
        ("config: {keys: []}", "config: {kees: []}", ":3:44", "kees"),
        ("result: {content: []}", "reslt: {}", ":9:3", "reslt"),
        (
            'backend-mock"}',
            'backend-mock", grants: {http: {hots: []}}}',
            ":5:49",
            "no field `hots`, did you mean `hosts`",
        ),
        (
            'backend-mock"}',
            'backend-mock", grants: {http: {hosts: [a.example]}}}',
            ":5:49",
            "`mock` grants `http`, which its plugin `mcpg/backend-mock` does not ask for",
        ),
        (
            'backend-mock"}',
            'backend-mock", grants: {htpp: {hosts: [a]}}}',
            ":5:49",
            "no driver `htpp`, did you mean `http`",
        ),
        (
            'backend-mock"}',
            'backend-mock", grants: {secrets: {"secret://x/A": {}}, http: {hosts: [a]}}}',
            ":5:49",
            "unknown source of secrets",
        ),
        ("policy-cedar", "limit-rate", ":7:20", "`rules` is a limit plugin, wanted a policy plugin"),
    ],
)
def test_mistakes_are_found_with_their_place(folder: Folder, old: str, new: str, where: str, message: str) -> None:
    path = Path(folder.config)
    path.write_text(path.read_text().replace(old, new, 1))
    done = _run(folder, "config", "check", "--json")
    if not message:
        assert done.exit_code == 0
        return
    assert done.exit_code == 1
    findings = json.loads(done.stderr)["error"]["findings"]
    assert message in findings[0]["message"]
    assert f":{findings[0]['line']}:{findings[0]['column']}" == where


def test_a_plugin_that_is_refused_ends_with_3(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(reference: str, base: Path, *_: Any) -> Any:
        raise PluginRefused("step 6, signatures verified: no", step=6, where=reference)

    monkeypatch.setattr(manifests, "verified", refuse)
    assert _run(folder, "config", "check").exit_code == 3


def test_explain_draws_and_prints(folder: Folder) -> None:
    assert [way["name"] for way in json.loads(_run(folder, "config", "explain", "--json").stdout)] == ["hello"]
    shown = _run(folder, "config", "explain", "hello").stdout
    assert "tool hello" in shown
    assert "rules" in shown
    assert _run(folder, "config", "explain", "nothing").exit_code == 2


def test_schema_is_json(folder: Folder) -> None:
    del folder
    assert json.loads(CliRunner().invoke(cli, ["config", "schema"]).stdout)["title"] == "Config"
