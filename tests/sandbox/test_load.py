from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest
from tests.sandbox.world import expand, guest, guest_bytes, pool_of

from mcpg.contract.problems import PluginRefused
from mcpg.contract.worlds import PluginKind
from mcpg.sandbox import Sandbox, SandboxSettings
from mcpg.sandbox.sections import PREAMBLE

if TYPE_CHECKING:
    from pathlib import Path

DEEP = "(type $t0 (tuple u8))" + "".join(f"(type $t{i + 1} (tuple $t{i} $t{i}))" for i in range(15))


async def test_the_same_bytes_are_compiled_once_even_if_asked_for_at_once(sandbox: Sandbox) -> None:
    lines: list[str] = []
    components = await asyncio.gather(
        *[sandbox.load(guest_bytes("good"), label="good", progress=lines.append) for _ in range(8)]
    )
    assert len({id(component) for component in components}) == 1
    assert [line.split(" in ")[0] for line in lines] == [
        "compiling `good` (0.0 MB), once for this version",
        "compiled `good`",
    ]
    assert await sandbox.load(guest_bytes("good")) is components[0]


async def test_a_second_start_compiles_nothing(tmp_path: Path) -> None:
    lines: list[str] = []
    for _ in range(2):
        box = Sandbox(SandboxSettings(cache=tmp_path))
        await box.start()
        pool = await pool_of(box, await box.load(guest_bytes("good"), progress=lines.append))
        assert pool.state == "ready"
        await box.stop()
    assert len(lines) == 2


async def test_one_who_gives_up_does_not_stop_the_others(sandbox: Sandbox) -> None:
    first = asyncio.create_task(sandbox.load(guest_bytes("good")))
    await asyncio.sleep(0)
    second = asyncio.create_task(sandbox.load(guest_bytes("good")))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).kind is PluginKind.POLICY
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_refusal_that_nobody_waits_for_is_not_reported_as_lost(sandbox: Sandbox) -> None:
    task = asyncio.create_task(sandbox.load(PREAMBLE + b"garbage"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task, *sandbox._loading.values()])
    assert task.cancelled()
    assert sandbox._loading == {}


async def test_a_component_that_nobody_holds_is_forgotten(sandbox: Sandbox) -> None:
    await sandbox.load(guest_bytes("good"))
    await asyncio.sleep(0)  # the loop lets go of the future that woke this task
    gc.collect()
    assert len(sandbox._loaded) == 0
    assert sandbox._loading == {}


async def test_inspection_runs_nothing_and_tells_what_is_there(sandbox: Sandbox) -> None:
    good = await sandbox.inspect(guest_bytes("good"))
    assert (good.kind, good.pure, good.imports, good.faults) == (PluginKind.POLICY, True, (), ())
    assert good.world == "mcpg:plugin/policy-plugin@1.0.0"
    assert good.exports == ("mcpg:plugin/lifecycle@1.0.0", "mcpg:plugin/policy@1.0.0")
    assert good.size == len(guest_bytes("good"))
    loop = await sandbox.inspect(guest_bytes("start_loop"))
    assert loop.faults == ()
    lost = await sandbox.inspect(guest_bytes("no_world"))
    assert (lost.kind, lost.world, len(lost.faults)) == (None, "", 1)
    liar = await sandbox.inspect(guest_bytes("wasi_liar"))
    assert [(each.name, each.kind, each.wasi) for each in liar.imports] == [
        ("wasi:random/random@0.2.0", "virtual", True)
    ]


@pytest.mark.parametrize(
    "wasm",
    [b"", b"(component)", b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0\x63garbage", b"x" * 100],
    ids=["nothing", "text", "module", "garbage", "bytes"],
)
async def test_what_is_no_component_is_refused(sandbox: Sandbox, wasm: bytes) -> None:
    for ask in (sandbox.load, sandbox.inspect):
        with pytest.raises(PluginRefused) as refused:
            await ask(wasm)
        assert refused.value.code == "bad-component"
        assert "\n" not in refused.value.message


async def test_a_component_that_is_too_large_is_refused_before_anything_else(tmp_path: Path) -> None:
    box = Sandbox(SandboxSettings(cache=tmp_path, max_component=1000))
    with pytest.raises(PluginRefused, match="at most 1000 are allowed"):
        await box.load(guest_bytes("good"))
    await box.stop()


@pytest.mark.parametrize(
    "text",
    [
        "(component (core module $m (memory 1 1 shared)))",
        "(component (core module $m (memory i64 1)))",
        "(component (core module $m (type (struct (field i32)))))",
    ],
    ids=["shared memory", "memory64", "gc"],
)
async def test_features_that_are_switched_off_are_refused(sandbox: Sandbox, text: str) -> None:
    with pytest.raises(PluginRefused, match="cannot be compiled") as refused:
        await sandbox.load(expand(text))
    assert refused.value.code == "bad-component"


async def test_a_type_that_unfolds_without_end_is_not_read(sandbox: Sandbox) -> None:
    text = f"""(component
      (core module $m (memory (export "m") 1) (func (export "f") (param i32 i32) (result i32) (i32.const 0))
        (func (export "r") (param i32 i32 i32 i32) (result i32) (unreachable)))
      (core instance $i (instantiate $m)) {DEEP}
      (func $f (param "config" string) (result (list $t15))
        (canon lift (core func $i "f") (memory (core memory $i "m")) (realloc (core func $i "r"))))
      (instance $l (export "configure" (func $f)))
      (instance $p)
      (export "mcpg:plugin/lifecycle@1.0.0" (instance $l))
      (export "mcpg:plugin/policy@1.0.0" (instance $p)))"""
    with pytest.raises(PluginRefused, match="more than 2048 parts"):
        await sandbox.load(expand(text))


async def test_two_kinds_in_one_component_are_refused(sandbox: Sandbox) -> None:
    text = """(component (instance $a) (instance $b)
      (export "mcpg:plugin/policy@1.0.0" (instance $a)) (export "mcpg:plugin/sink@1.0.0" (instance $b)))"""
    with pytest.raises(PluginRefused, match="only one is allowed"):
        await sandbox.load(expand(text))


async def test_a_refused_component_can_be_followed_by_a_good_one(sandbox: Sandbox) -> None:
    with pytest.raises(PluginRefused):
        await guest(sandbox, "no_world")
    assert (await guest(sandbox, "good")).state == "ready"
