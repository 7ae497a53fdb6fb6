"""The Go SDK through the sandbox: passes, mistakes, traps, memory, and the same bytes in another folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.workshop.author import ROOT

from mcpg.contract.problems import PluginRefused, PluginTrapped
from mcpg.contract.verdicts import Case, failed, ok
from mcpg.contract.worlds import PluginKind
from mcpg.sandbox import PassLimits
from mcpg.workshop.componentizing import componentize, forbidden_calls
from mcpg.workshop.stand import stand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcpg.workshop.stand import Stand

pytestmark = pytest.mark.real

SDK = ROOT / "plugins-src" / "sdk" / "go"
FLAGS = ["-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-mod=readonly"]
BODY = '{"status": 200, "body": "b"}'
GET_A = ["http", {"url": "https://x.test/a"}]
LOG = ["log", {"level": "info", "message": "before", "data": {"n": 1}}]


def go(*arguments: str | Path, cwd: Path, **environment: str) -> str:
    environment = {**os.environ, "GOFLAGS": "", "GOWORK": "off", **environment}
    done = subprocess.run(
        ["go", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def compiled(sdk: Path, out: Path, linked: str = "-buildid=") -> bytes:
    go("build", *FLAGS, f"-ldflags={linked}", "-o", out, "./tests/behaviours", cwd=sdk, GOOS="wasip1", GOARCH="wasm")
    return out.read_bytes()


def component(core: bytes) -> bytes:
    return componentize(core, PluginKind.BACKEND, (SDK / "tests" / "behaviours" / "manifest.json").read_bytes())


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return compiled(SDK, tmp_path_factory.mktemp("core") / "core.wasm")


@pytest.fixture(scope="module")
def plugin(core: bytes, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    return component(core), tmp_path_factory.mktemp("compiled")


@asynccontextmanager
async def stood(plugin: tuple[bytes, Path], **config: Any) -> AsyncIterator[Stand]:
    limits = PassLimits(time=2.0)
    async with stand(plugin[0], config, limits=limits, cache=plugin[1]) as made:
        yield made


async def call(made: Stand, name: str, *replies: Case, **arguments: Any) -> Case:
    return await made.ask("call", {"call": {"name": name, "arguments": arguments}}, replies)


def asked(answer: Case) -> list[Any]:
    assert answer.tag == "perform", answer
    return [[effect.driver, json.loads(effect.request)] for effect in answer.value]


def said(answer: Case) -> str:
    assert answer.tag == "done", answer
    text: str = json.loads(answer.value)["content"][0]["text"]
    return text


def test_its_own_tests_pass() -> None:
    go("vet", "./...", cwd=SDK)
    go("vet", "./...", cwd=SDK, GOOS="wasip1", GOARCH="wasm")
    go("test", "./...", cwd=SDK)


async def test_each_pass_asks_for_all_effects_from_the_start(plugin: tuple[bytes, Path]) -> None:
    both = [["http", {"url": f"https://x.test/{name}"}] for name in "bc"]
    async with stood(plugin) as made:
        assert asked(await call(made, "straight")) == [GET_A]
        assert asked(await call(made, "straight", ok(BODY))) == [GET_A, *both]
        assert said(await call(made, "straight", ok(BODY), ok(BODY), ok(BODY))) == "bbb"
        assert asked(await call(made, "swallowing")) == [GET_A]
        assert said(await call(made, "swallowing", failed("late", "x"))) == "swallowed"
        assert said(await call(made, "caught", failed("late", "x"))) == "caught late"
        assert await call(made, "straight", failed("late", "x")) == failed("late", "x")


async def test_a_log_line_does_not_stop_a_pass(plugin: tuple[bytes, Path]) -> None:
    after = ["log", {"level": "info", "message": "after"}]
    async with stood(plugin) as made:
        assert asked(await call(made, "logging")) == [LOG, GET_A]
        assert asked(await call(made, "logging", ok("{}"), ok(BODY))) == [LOG, GET_A, after]
        assert said(await call(made, "logging", ok("{}"), ok(BODY), ok("{}"))) == "b"


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("index", "plugin-error", "runtime error: index out of range [5] with length 5"),
        ("nil", "plugin-error", "runtime error: invalid memory address or nil pointer dereference"),
        ("map", "plugin-error", "assignment to entry in nil map"),
        ("panic", "plugin-error", "oh no"),
        ("unwritable", "plugin-error", "json: unsupported type: func()"),
        ("error", "plugin-error", "something is wrong"),
        ("problem", "my-code", "it is wrong"),
        ("text", "my-code", "not UTF-8: \ufffd"),
        ("unknown", "plugin-error", "the plugin gave no answer: return backend.Done or Ask, or an error"),
    ],
)
async def test_a_mistake_names_its_line_and_leaves_the_instance_usable(
    name: str, code: str, message: str, plugin: tuple[bytes, Path]
) -> None:
    source = (SDK / "tests" / "behaviours" / "plugin.go").read_text().splitlines()
    async with stood(plugin) as made:
        answer = await call(made, name)
        assert answer.tag == "failed"
        assert answer.value.code == code
        place, _, rest = answer.value.message.partition(": ")
        if place.startswith("plugin.go:"):
            assert rest == message
            line = int(place.partition(":")[2])
            assert f'"{name}":' in "".join(source[line - 2 : line])
        else:
            assert answer.value.message == message
            assert name in {"error", "problem", "text", "unknown"}
        assert said(await call(made, "straight", ok(BODY), ok(BODY), ok(BODY))) == "bbb"
        assert made.kept.stats.traps == 0


@pytest.mark.parametrize("config", [{"refuse": "bad-config"}, {"refuse": 1}, {"panic": True}])
async def test_a_configuration_is_refused(config: dict[str, Any], plugin: tuple[bytes, Path]) -> None:
    with pytest.raises(PluginRefused) as caught:
        async with stood(plugin, **config):
            pass
    assert caught.value.code == "bad-plugin-config"


async def test_time_and_randomness_are_the_same_in_every_instance(plugin: tuple[bytes, Path]) -> None:
    answers = []
    for _ in range(2):
        async with stood(plugin) as made:
            answers.append([said(await call(made, name)) for name in ("clock", "random", "time")])
    assert answers[0] == answers[1]
    assert answers[0][2] == "2027-01-15T08:00:00Z 0000000000000000"


@pytest.mark.parametrize("name", ["sleep", "file", "stdin", "exit", "blocked", "memory"])
async def test_what_a_plugin_must_not_do_traps(name: str, plugin: tuple[bytes, Path]) -> None:
    async with stood(plugin) as made:
        with pytest.raises(PluginTrapped, match="unreachable") as caught:
            await call(made, name)
        waits = name in {"sleep", "blocked"}
        assert ("runtime.netpoll" in caught.value.trace or "runtime.checkdead" in caught.value.trace) == waits
        assert waits or "main.behaviours.Call" in caught.value.trace


async def test_an_endless_loop_is_stopped(plugin: tuple[bytes, Path]) -> None:
    async with stand(plugin[0], {}, limits=PassLimits(time=0.05), cache=plugin[1]) as made:
        with pytest.raises(PluginTrapped, match="ran longer"):
            await call(made, "loop")


def test_calls_that_trap_are_found_by_name(core: bytes) -> None:
    assert {"fd_read", "path_open", "time.Sleep", "os.Exit"} <= set(forbidden_calls(core))


async def test_memory_does_not_grow_over_many_passes(plugin: tuple[bytes, Path]) -> None:
    """What is held for the host is let go: 3000 passes would be 30 MB of arguments alone, in 16 MiB."""
    async with stand(plugin[0], {}, limits=PassLimits(memory=16 << 20, time=2.0), cache=plugin[1]) as made:
        question = made.prepare("call", {"call": {"name": "echo", "arguments": {"text": "y" * 10_000}}})
        for _ in range(3000):
            await made.make(question)
        assert made.kept.stats.traps == 0
        assert said(await made.make(question)).endswith('yy"}')


def test_the_same_bytes_in_another_folder(core: bytes, tmp_path: Path) -> None:
    elsewhere = tmp_path / "somewhere" / "else"
    shutil.copytree(SDK, elsewhere)
    again = compiled(elsewhere, tmp_path / "core.wasm")
    assert again == core
    assert component(again) == component(core)
    assert str(elsewhere).encode() not in again
