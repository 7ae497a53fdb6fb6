"""The Python SDK outside the sandbox: its own tests, templates and plugins by their cases, packages of projects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.system.kit import ROOT

from mcpg.workshop.problems import BuildFailed
from mcpg.workshop.toolchains.packages import install_packages

if TYPE_CHECKING:
    from pathlib import Path

SDK = ROOT / "plugins-src" / "sdk" / "python"
KINDS = ROOT / "plugins-src" / "sdk" / "kinds"
COOKBOOK = ROOT / "plugins-src" / "cookbook" / "prompt-injection-screen"
RULES = ROOT / "plugins-src" / "components" / "policy-rules"
SANDBOXED = {"there is no clock"}
"""Cases whose answer only the sandbox gives."""
ASKED = """\
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
from mcpg_sdk import Failed, Problem, kinds
from mcpg_sdk.testing import Plugin
import plugin
made_by, kind = next(iter(kinds._kinds.items()))
for case in json.load(sys.stdin):
    try:
        made = Plugin(made_by, case["config"])
    except Problem as refused:
        print(json.dumps(["refuses", {"code": refused.code, "message": refused.message}, []]))
        continue
    documents = [case["with"].get(name, {}) for name in kinds.KINDS[kind][case["ask"]].documents]
    replies = [Failed(**each["failed"]) if "failed" in each else each["reply"] for each in case["effects"]]
    (tag, value), effects = made.run(case["ask"], *documents, replies=replies)
    print(json.dumps([tag, value, [effect for effect in effects if effect[0] != "log"]]))
"""


def test_its_own_tests_pass() -> None:
    command = [sys.executable, "-P", "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, cwd=SDK, env=alone, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("kind", ["policy", "transform", "backend"])
def test_templates_do_what_their_cases_say(kind: str) -> None:
    _cases_hold(SDK / "template" / kind, KINDS / kind / "cases")


@pytest.mark.parametrize("project", [COOKBOOK, RULES], ids=lambda path: path.name)
def test_plugins_do_what_their_cases_say(project: Path) -> None:
    _cases_hold(project, project / "cases", _files(project))


def _files(project: Path) -> set[str]:
    """Return the members of the configuration that name files."""
    schema = json.loads((project / "manifest.json").read_text())["config"]
    return {name for name, each in schema["properties"].items() if each.get("format") == "mcpg-file"}


def _cases_hold(code: Path, cases: Path, files: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """Run all cases in one interpreter without a sandbox."""
    wanted = []
    for path in sorted(cases.glob("*.yaml")):
        data = yaml.safe_load(path.read_text())
        wanted += [_case(each, data.get("config", {}), cases, files) for each in data["cases"]]
    wanted = [each for each in wanted if each["name"] not in SANDBOXED]
    command = [sys.executable, "-P", "-c", ASKED, json.dumps([str(code), str(SDK)])]
    done = subprocess.run(
        command, input=json.dumps(wanted), capture_output=True, text=True, timeout=60, check=False, cwd=cases
    )
    assert done.returncode == 0, done.stderr
    for case, said in zip(wanted, map(json.loads, done.stdout.splitlines()), strict=True):
        _holds(case, *said)


def _case(each: dict[str, Any], config: Any, cases: Path, files: set[str]) -> dict[str, Any]:
    given = each.get("config", config)
    filled = {k: {"name": v, "text": (cases / v).read_text()} if k in files else v for k, v in given.items()}
    documents = {"caller": {"id": "ana", "groups": [], "trust": "verified"}} | each.get("with", {})
    return {**each, "config": filled, "with": documents, "effects": each.get("effects", [])}


def _holds(case: dict[str, Any], tag: str, value: Any, effects: list[Any]) -> None:
    if tag in ("failed", "deny"):
        value = dict(zip(("code", "message"), value, strict=True))
    if tag == "permit":
        value = [{"kind": kind, "detail": json.loads(detail)} for kind, detail in value]
    answer = {"refuses": case["refuses"]} if "refuses" in case else case["answer"]
    wanted_tag, wanted = (answer, None) if isinstance(answer, str) else next(iter(answer.items()))
    assert tag == wanted_tag, (case["name"], tag, value)
    assert _within(wanted, value), (case["name"], value)
    for asked, expected in zip(effects, case["effects"], strict=True):
        assert asked[0] in expected, case["name"]
        assert _within(expected[asked[0]], asked[1]), (case["name"], asked)


def _within(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            key in found and _within(each, found[key]) for key, each in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(_within, wanted, found))
    return wanted is None or bool(wanted == found)


@pytest.mark.parametrize("line", ["humanize", "humanize>=4", "git+https://example.com/x"])
async def test_a_package_without_an_exact_version_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(f"# packages\n\nattrs==1.0 # good\n{line}\n")
    with pytest.raises(BuildFailed) as refused:
        await install_packages(tmp_path, "componentize-py", tmp_path / "packages", {})
    assert refused.value.where == "requirements.txt:4"


async def test_nothing_is_installed_for_nothing(tmp_path: Path) -> None:
    assert await install_packages(tmp_path, "componentize-py", tmp_path / "packages", {}) is None
    (tmp_path / "requirements.txt").write_text("# Pure Python only\n")
    assert await install_packages(tmp_path, "componentize-py", tmp_path / "packages", {}) is None
