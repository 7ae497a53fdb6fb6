"""`mcpg call` and `mcpg tools` against a scripted server of each era."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner, Result
from tests.cli.scripted import Scripted, serving

from mcpg.cli.call import arguments_of
from mcpg.cli.client import Client, _header_text
from mcpg.cli.group import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _run(script: Scripted, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--url", script.url])


@pytest.fixture(
    params=[(True, False), (True, True), (False, False), (False, True)],
    ids=["modern", "modern-stream", "legacy", "legacy-stream"],
)
def script(request: pytest.FixtureRequest) -> Iterator[Scripted]:
    modern, stream = request.param
    with serving(Scripted(modern=modern, stream=stream)) as script:
        yield script


def test_tools_are_listed_over_all_pages(script: Scripted) -> None:
    done = _run(script, "tools", "--json")
    assert done.exit_code == 0
    assert [tool["name"] for tool in json.loads(done.stdout)] == ["add", "echo"]
    shown = _run(script, "call", "--list").stdout
    assert "a [b]" in shown
    assert "Says it again." in shown


def test_a_call_reads_values_as_the_schema_says(script: Scripted) -> None:
    assert json.loads(_run(script, "call", "add", "--arg", "a=41", "--json").stdout)["structuredContent"] == {"sum": 42}
    assert _run(script, "call", "echo", "--arg", "text=41").stdout == "41\n"
    assert script.seen[-1][1].get("params", {}).get("arguments", {"text": "41"}) == {"text": "41"}


def test_structured_content_is_shown_once(script: Scripted) -> None:
    assert _run(script, "call", "add", "--args", '{"a": 1, "b": 2}').stdout.split() == ["{", '"sum":', "3", "}"]


def test_a_tool_error_and_a_refusal_end_with_1(script: Scripted) -> None:
    failed = _run(script, "call", "fail")
    assert (failed.exit_code, "it broke" in failed.stdout) == (1, True)
    unknown = _run(script, "call", "nothing")
    assert unknown.exit_code == 1
    assert "unknown tool `nothing` (code -32602)" in unknown.stderr
    document = (
        json.loads(_run(script, "call", "nothing", "--json").stderr.partition("half")[0] or "{}")
        if not script.stream
        else {}
    )
    assert document.get("error", {"code": "call-failed"})["code"] == "call-failed"


def test_a_denial_says_how_to_learn_why(script: Scripted) -> None:
    assert "to do: `mcpg explain c0ffee`" in _run(script, "call", "denied").stderr


def test_each_era_is_spoken_as_it_wants() -> None:
    with serving(Scripted()) as modern:
        _run(modern, "call", "echo", "--args", '{"text": "x"}')
    assert [message["method"] for _, message in modern.seen] == ["server/discover", "tools/call"]
    headers, message = modern.seen[-1]
    assert (headers["mcp-protocol-version"], headers["mcp-method"], headers["mcp-name"]) == (
        "2026-07-28",
        "tools/call",
        "echo",
    )
    assert message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
    with serving(Scripted(modern=False)) as legacy:
        _run(legacy, "call", "echo", "--args", '{"text": "x"}')
    methods = [message["method"] for _, message in legacy.seen]
    assert methods == ["server/discover", "initialize", "notifications/initialized", "tools/call"]
    headers, _ = legacy.seen[-1]
    assert (headers["mcp-protocol-version"], headers["mcp-session-id"]) == ("2025-06-18", "session-1")
    assert legacy.ended == ["session-1"]


def test_progress_is_told_without_steering_the_terminal() -> None:
    with serving(Scripted(stream=True)) as script:
        done = _run(script, "call", "echo", "--args", '{"text": "\\u001b[2Jx"}', "--era", "modern")
    assert done.stdout == "\N{REPLACEMENT CHARACTER}[2Jx\n"
    assert done.stderr == "1/2 half\N{REPLACEMENT CHARACTER}[31m\n"


def test_the_key_comes_from_an_option_the_environment_or_a_file(tmp_path: Path) -> None:
    key = tmp_path / "ana.key"
    key.write_text("mcpg_secret\n")
    with serving(Scripted(key="mcpg_secret")) as script:
        assert _run(script, "tools", "--key", "mcpg_secret").exit_code == 0
        assert _run(script, "tools", "--key-file", str(key)).exit_code == 0
        assert CliRunner().invoke(cli, ["tools", "--url", script.url], env={"MCPG_KEY": "mcpg_secret"}).exit_code == 0
        refused = _run(script, "tools")
    assert refused.exit_code == 1
    assert "to do: give a key" in refused.stderr


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"nonsense", b"\xff"])
def test_nonsense_is_an_error_not_a_traceback(raw: bytes) -> None:
    with serving(Scripted(raw=raw)) as script:
        done = _run(script, "tools")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)


def test_nobody_there_says_what_to_do() -> None:
    done = CliRunner().invoke(cli, ["tools", "--url", "http://127.0.0.1:9/mcp"])
    assert done.exit_code == 1
    assert "mcpg serve" in done.stderr


@pytest.mark.parametrize(
    ("pairs", "document"),
    [((), "["), ((), "[]"), (("a",), ""), (("=1",), "")],
    ids=["not-json", "list", "no-value", "no-name"],
)
def test_arguments_that_are_none_are_wrong_usage(pairs: tuple[str, ...], document: str) -> None:
    with pytest.raises(click.UsageError):
        arguments_of(pairs, document, {})


def test_pairs_are_read_by_schema_and_win_over_the_document() -> None:
    schema = {
        "properties": {"s": {"type": "string"}, "m": {"type": ["string", "null"]}, "n": {"type": "number"}, "x": True}
    }
    found = arguments_of(("s=1", "m=2", "n=1.5", "x=[1]", "y=plain", "z=a=b"), '{"s": "old", "k": 0}', schema)
    assert found == {"s": "1", "m": "2", "n": 1.5, "x": [1], "y": "plain", "z": "a=b", "k": 0}


@pytest.mark.parametrize("arguments", [["call"], ["call", "x", "--list"], ["call", "--list", "--arg", "a=1"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(cli, arguments).exit_code == 2


def test_names_that_headers_cannot_carry_are_encoded() -> None:
    assert [_header_text(name) for name in ("a.b", "ä", " a", "=?x")] == [
        "a.b", "=?base64?w6Q=?=", "=?base64?IGE=?=", "=?base64?PT94?=",
    ]  # fmt: skip


def test_a_client_is_usable_without_the_command_line() -> None:
    with serving(Scripted()) as script, Client(script.url, tell=print) as client:
        assert [tool["name"] for tool in client.listed("tools")] == ["add", "echo"]


def test_json_holds_no_control_character_and_says_the_same() -> None:
    text = "a\x1b\x9b\u202eb\u00e4"
    with serving(Scripted()) as script:
        done = _run(script, "call", "echo", "--args", json.dumps({"text": text}), "--json")
    assert json.loads(done.stdout)["content"][0]["text"] == text
    assert not {"\x1b", "\x9b", "\u202e"} & set(done.stdout)
    assert "\u00e4" in done.stdout
