"""What plugins and projects of others try on who builds, tests and watches them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.workshop.dev_guests import says
from tests.workshop.dev_sessions import session
from tests.workshop.test_cases_writing import seen

from mcpg.cli.dev import Terminal
from mcpg.cli.output import say, show
from mcpg.contract.problems import PluginTrapped
from mcpg.contract.verdicts import Case, Effect, Problem, ok
from mcpg.contract.worlds import PluginKind
from mcpg.plugins.components import describe_component
from mcpg.workshop.cases import write_case
from mcpg.workshop.cases.faults import broken
from mcpg.workshop.dev.arranging import PERMIT
from mcpg.workshop.dev.examining import Findings
from mcpg.workshop.new import Wish, render

if TYPE_CHECKING:
    from pathlib import Path

LINES = "plugin.py:100: error, plugin.js:1234:5, :bug:"


def test_a_place_in_a_file_is_no_picture(capsys: pytest.CaptureFixture[str]) -> None:
    show({}, lambda console: say(console, LINES), as_json=False)
    Terminal(as_json=False).note(LINES)
    told = capsys.readouterr()
    assert LINES in told.out
    assert LINES in told.err


@pytest.mark.usefixtures("shared_cache")
@pytest.mark.parametrize("shared", [True, False])
async def test_no_native_code_is_taken_that_came_with_a_component(wasm: Path, compiled: Path, shared: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A compiled form is native code: whoever packs a key and a file under its MAC beside a component would run it."""
    packed = wasm.parent / ".mcpg-dev" / "compiled"
    packed.mkdir(parents=True, mode=0o700)
    (packed / "key").touch(mode=0o600)
    (packed / "key").write_bytes(b"k" * 32)
    (packed / "any.cwasm").write_bytes(b"native code")
    async with session(wasm, cache=compiled if shared else None):
        assert not (packed / "any.cwasm").exists()
        assert not (packed / "key").exists() or (packed / "key").read_bytes() != b"k" * 32


@pytest.mark.usefixtures("shared_cache")
@pytest.mark.parametrize("name", [".mcpg-dev", f".mcpg-dev/{PERMIT}"])
async def test_a_session_writes_through_no_link_that_came_with_a_component(
    wasm: Path, tmp_path: Path, name: str
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o755)
    (mine / PERMIT).write_text("mine")
    target = mine if name == ".mcpg-dev" else mine / PERMIT
    link = wasm.parent / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(target)
    async with session(wasm):
        assert (mine / PERMIT).read_text() == "mine"
        assert mine.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(("name", "kind"), [("policy", "policy"), ("string", "backend"), ("stop", "sink")])
def test_a_plugin_may_be_called_what_its_language_calls_something_else(name: str, kind: str) -> None:
    code = render(Wish(name, PluginKind(kind), "rust"))["src/lib.rs"]
    assert f"struct {name.capitalize()}Plugin" in code
    assert f"mcpg_sdk::{kind}!({name.capitalize()}Plugin)" in code
    assert "struct MinePlugin" not in render(Wish("mine", PluginKind(kind), "rust"))["src/lib.rs"]


def test_a_recorded_case_holds_no_token_that_a_service_gave(tmp_path: Path) -> None:
    path = tmp_path / "recorded.yaml"
    log_in = Effect("http", '{"url":"https://a.test/login","json":{"password":"hunter2hunter2"}}')
    use = Effect("http", '{"url":"https://a.test/x","headers":{"authorization":"Bearer s3cr3t-t0ken"}}')
    run = seen(
        "call",
        ({}, {"name": "echo", "arguments": {"api_key": "k-123456789"}}),
        Case("done", '{"content":[{"type":"text","text":"you are s3cr3t-t0ken"}]}'),
        effects=(log_in, use),
        replies=(
            ok('{"status":200,"json":{"access_token":"s3cr3t-t0ken","token_type":"bearer"}}'),
            ok('{"status":200}'),
        ),
    )
    written = write_case(path, run)
    text = path.read_text()
    assert not {secret for secret in ("hunter2hunter2", "s3cr3t-t0ken", "k-123456789") if secret in text}
    assert "token_type: bearer" in text
    assert any("`access_token`" in note for note in written.notes)


def test_a_goroutine_of_an_author_is_told_what_to_do_instead() -> None:
    manifest = describe_component(says("one"), "it").manifest
    trace = "    3:  0xacfee - <unknown>!runtime.usleep\n    8:  0xb41d0 - <unknown>!runtime.fatalpanic\n"
    remedy = broken(PluginTrapped("`before` trapped", trace=trace), manifest, "before").remedy
    assert "goroutine" in remedy
    assert "`run.All`" in remedy


def test_a_plugin_cannot_add_lines_to_what_is_told_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    forged = "x\nmcpg: 9 of 9 cases good"
    log = Effect("log", json.dumps({"level": "info", "message": forged}))
    answer = Case("deny", Problem("no", forged))
    run = seen("decide", ({}, {"name": "a"}), answer, effects=(log,), replies=(ok("{}"),))
    Terminal(as_json=False).run(run, Findings())
    assert not [line for line in capsys.readouterr().out.splitlines() if line.startswith("mcpg:")]


def test_what_a_project_builds_in_ci_finds_no_token_that_may_push() -> None:
    workflow = render(Wish("mine", PluginKind.POLICY, "javascript"))[".github/workflows/plugin.yml"]
    [job] = yaml.safe_load(workflow)["jobs"].values()
    checkout = next(step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["persist-credentials"] is False
