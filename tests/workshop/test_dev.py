"""A dev session, end to end in process: start, call, see the run, exchange the component, call again."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.workshop.dev_guests import asks, says, traps
from tests.workshop.dev_sessions import Told, save, session, text

from mcpg.cli.group import cli
from mcpg.contract.problems import ConfigError, McpgError
from mcpg.gateway import logs
from mcpg.workshop import componentizing
from mcpg.workshop.dev.calling import Calling
from mcpg.workshop.dev.options import Options
from mcpg.workshop.dev.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("shared_cache")


async def test_a_call_is_shown_with_all_that_the_plugin_saw(wasm: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with session(wasm) as (made, told):
        assert "every run of a plugin is shown" in caplog.text
        assert "tools: echo, remove" in told.notes
        assert text(await Calling(made._served.gateway).call("echo", {"text": "hi"})) == "one"
        await told.until(lambda: len(told.runs) == 2)
        run, findings = told.runs[1]
        assert (run.place, run.use, run.function) == ("transform-out", "trimmer", "after")
        assert run.documents[:2] == ("{}", '{"name":"echo"}')
        assert run.passes == 1
        assert run.answer is not None
        assert run.answer.tag == "changed"
        assert findings.need is not None
        assert findings.need.memory == 2 * 65536, "the guest has a memory of two pages"


async def test_a_saved_component_answers_the_next_call_and_no_call_is_dropped(wasm: Path) -> None:
    async with session(wasm) as (made, told):
        calling, answers = Calling(made._served.gateway), set()

        async def keep_calling() -> None:
            while "two" not in answers:
                answers.add(text(await calling.call("echo", {})))

        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(keep_calling())
            save(wasm, says("two"))
        assert answers <= {"one", "two"}
        await told.until(lambda: told.exchanged)
        assert not told.problems


async def test_a_save_that_cannot_be_loaded_leaves_what_was_there(wasm: Path) -> None:
    async with session(wasm) as (made, told):
        save(wasm, b"\0asm nonsense")
        await told.until(lambda: told.problems)
        assert text(await Calling(made._served.gateway).call("echo", {})) == "one"
        save(wasm, says("three"))
        await told.until(lambda: told.exchanged)
        assert text(await Calling(made._served.gateway).call("echo", {})) == "three"


async def test_a_plugin_reaches_nothing_beyond_its_grant(wasm: Path) -> None:
    reached = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    save(wasm, asks(f"http://127.0.0.1:{port}/"))
    async with server:
        async with session(wasm) as (made, told):
            with pytest.raises(McpgError):
                await Calling(made._served.gateway).call("echo", {})
            await told.until(lambda: len(told.runs) == 2)
            run, findings = told.runs[1]
            assert run.problem is not None
            assert run.problem.code == "effect-denied"
            assert f'"ports": [{port}]' in findings.remedy
            assert not run.replies
            assert not reached
        grant = {"http": {"hosts": ["127.0.0.1"], "schemes": ["http"], "ports": [port], "private": True}}
        async with session(wasm, grant=grant, call=("echo", {})) as (_, told):
            assert [text(result) for _, result in told.results] == ["done"]
            [run] = told.of("after")
            assert (run.passes, len(run.effects), len(run.replies)) == (2, 1, 1)
            assert len(reached) == 1


async def test_a_trap_is_shown_and_the_session_goes_on(wasm: Path) -> None:
    save(wasm, traps())
    async with session(wasm, call=("echo", {})) as (made, told):
        assert not made.good
        [(run, findings)] = [each for each in told.runs if each[0].function == "after"]
        assert run.problem is not None
        assert run.problem.code == "plugin-trapped"
        assert findings.remedy.startswith("return an error in place of a panic")


async def test_once_tries_and_ends(wasm: Path) -> None:
    told = Told()
    assert await Session(Options(wasm, listen="127.0.0.1:0", once=True, call=("echo", {})), told).run()
    assert [text(result) for _, result in told.results] == ["one"]
    assert len(told.runs) == 2


async def test_only_loopback_is_served(wasm: Path) -> None:
    with pytest.raises(ConfigError, match="not on the loopback interface"):
        await Session(Options(wasm, listen="0.0.0.0:0"), Told()).run()


async def test_an_operators_file_has_its_plugin_replaced_and_its_records_left_alone(wasm: Path, tmp_path: Path) -> None:
    file = tmp_path / "mcpg.yaml"
    file.write_text(
        """
version: 1
plugins:
  local: {from: builtin:identity-anonymous}
  rules: {from: builtin:policy-cedar, config: {policies: "*.cedar"}}
  fake: {from: builtin:backend-mock}
  mine: {from: "file:trimmer.wasm"}
identity: {chain: [local]}
policy: {engines: [rules]}
transforms: [mine]
tools:
  say: {backend: fake, description: Says., mock: {text: hi}}
"""
    )
    (tmp_path / "all.cedar").write_text("permit(principal, action, resource);")
    async with session(wasm, config=file, call=("say", {})) as (_, told):
        assert [text(result) for _, result in told.results] == ["one"]
        assert {run.use for run, _ in told.runs} == {"mine"}
    assert not (tmp_path / ".state").exists()
    other = tmp_path / "other.wasm"
    other.write_bytes(says("one"))
    with pytest.raises(ConfigError, match="no use of a plugin comes from"):
        await Session(Options(other, listen="127.0.0.1:0", config=file), Told()).run()


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch, compiled: Path) -> Callable[..., Any]:
    monkeypatch.setattr(componentizing, "user_cache", lambda: compiled)
    monkeypatch.setattr(logs, "set_up_logs", lambda _settings: None)
    return lambda *words: CliRunner().invoke(cli, ["dev", *map(str, words), "--listen", "127.0.0.1:0"])


def test_the_verb_prints_one_object_for_each_run_and_nothing_else(wasm: Path, verb: Callable[..., Any]) -> None:
    done = verb(wasm, "--once", "--call", "echo", "--json", "--header", "x-any=1")
    assert done.exit_code == 0, done.output
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["function"] for each in runs] == ["before", "after"]
    assert runs[1]["answer"] == {"changed": {"content": [{"type": "text", "text": "one"}]}}
    assert "serving http://127.0.0.1:" in done.stderr


def test_the_verb_tells_people_and_exits_with_1_where_something_is_wrong(wasm: Path, verb: Callable[..., Any]) -> None:
    save(wasm, traps())
    done = verb(wasm, "--once", "--call", "echo")
    assert done.exit_code == 1
    assert "plugin-trapped" in done.stdout
    assert "to do: return an error in place of a panic" in done.stdout
    assert verb(wasm, "--once", "--grant", "[]").exit_code == 2
    assert verb(wasm, "--once", "--header", "x").exit_code == 2


async def test_a_first_build_that_fails_is_waited_out(wasm: Path) -> None:
    good = says("one")
    save(wasm, b"no component")
    told = Told()
    made = Session(Options(wasm, listen="127.0.0.1:0"), told)
    task = asyncio.create_task(made.run())
    await told.until(lambda: "waiting for a change" in told.notes)
    save(wasm, good)
    await made.ready.wait()
    assert len(told.problems) == 1
    made.stop()
    assert await task


async def test_a_plugin_that_is_not_taken_is_waited_out_and_a_session_that_waits_can_be_stopped(wasm: Path) -> None:
    save(wasm, says("one", world="mcpg:plugin/policy-plugin@1.0.0", kind="policy"))
    told = Told()
    made = Session(Options(wasm, listen="127.0.0.1:0"), told)
    task = asyncio.create_task(made.run())
    await told.until(lambda: "waiting for a change" in told.notes)
    assert told.problems[0].code == "wrong-world"
    made.stop()
    await task
    assert not made.ready.is_set()
    with pytest.raises(McpgError, match="its manifest says"):
        await Session(Options(wasm, listen="127.0.0.1:0", once=True), Told()).run()
