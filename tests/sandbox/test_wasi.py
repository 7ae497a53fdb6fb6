from __future__ import annotations

import asyncio
import gc
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import wasmtime
from tests.sandbox.world import GUESTS, RUN, expand, guest, pool_of

import mcpg.sandbox
from mcpg.contract.documents import RunFacts
from mcpg.contract.problems import PluginRefused, PluginTrapped
from mcpg.sandbox import Pool, Sandbox, SandboxSettings
from mcpg.sandbox.linkage import _served, _worlds
from mcpg.sandbox.wasi import INTERFACES, NotHere, VirtualWorld

VERSIONS = [f"0.2.{patch}" for patch in range(13)]


async def seeker(sandbox: Sandbox, version: str = "0.2.3", **changes: Any) -> Pool:
    wasm = expand((GUESTS / "wasi.wat").read_text().replace("@VERSION@", version))
    return await pool_of(sandbox, await sandbox.load(wasm, label="wasi"), **changes)


async def look(pool: Pool, run: RunFacts = RUN) -> bytes:
    answer = await pool.ask("decide", ("{}", "{}", []), run, "default")
    return bytes.fromhex(answer.value.message)


def number(found: bytes, at: int) -> int:
    return int.from_bytes(found[at : at + 8], "little")


def test_every_interface_and_version_that_wasmtime_links_is_virtual() -> None:
    library = next(Path(wasmtime.__file__).parent.glob("*/_libwasmtime.*")).read_bytes()
    found = set(re.findall(rb"(wasi:[a-z]+/[a-z-]+)@(0\.2\.\d+)", library))
    assert {version.decode() for _, version in found} <= set(VERSIONS)
    assert {name.decode() for name, _ in found if not name.startswith(b"wasi:http/")} == INTERFACES


@pytest.mark.parametrize("version", VERSIONS)
async def test_no_real_clock_or_randomness_is_found_through_any_version(sandbox: Sandbox, version: str) -> None:
    pool = await seeker(sandbox, version)
    found = await look(pool)
    assert number(found, 0) * 1000 + int.from_bytes(found[8:12], "little") // 1_000_000 == RUN.now
    base = RUN.now * 1_000_000
    assert (number(found, 16), number(found, 24)) == (base + 1000, base + 2000)
    assert number(found, 32) == int.from_bytes(world_of(RUN).random("random", 8), "little")
    assert found[80:83] == bytes(3), "environment, arguments and directories are empty"
    assert number(found, 83) == base + 2000 + 3600 * 10**9 + 1000, "waiting an hour moves the clock and takes no time"


def world_of(run: RunFacts) -> VirtualWorld:
    world = VirtualWorld(lambda _, __: None)
    world.begin(run)
    return world


async def test_the_same_run_sees_the_same_world_in_any_instance(sandbox: Sandbox) -> None:
    shared, fresh = await seeker(sandbox), await seeker(sandbox, isolation="call")
    first = await look(shared)
    assert [await look(pool) for pool in (shared, fresh, fresh, shared)] == [first] * 4


async def test_another_run_sees_another_world(sandbox: Sandbox) -> None:
    pool = await seeker(sandbox)
    first = await look(pool)
    seed = await look(pool, RunFacts(id="run-1", now=RUN.now, seed="other"))
    time = await look(pool, RunFacts(id="run-1", now=RUN.now + 1, seed=RUN.seed))
    assert (seed[:32], seed[80:]) == (first[:32], first[80:])
    assert len({found[32:80] for found in (first, seed)}) == 2
    assert (time[32:80], time[:8]) == (first[32:80], first[:8])
    assert time[8:32] != first[8:32]


async def test_exit_and_too_much_randomness_end_the_pass_only(sandbox: Sandbox) -> None:
    pool = await seeker(sandbox)
    with pytest.raises(PluginTrapped, match=r"`wasi:cli/exit@0.2.3#exit` is not available in the sandbox: exit"):
        await pool.ask("see", ("{}", "[]", []), RUN, "default")
    with pytest.raises(PluginTrapped, match="random bytes at once"):
        await pool.ask("see", ("{}", "x", []), RUN, "default")
    assert (await look(pool))[80:83] == bytes(3)


async def test_a_guest_that_lies_about_wasi_types_misleads_nobody(sandbox: Sandbox) -> None:
    pool = await guest(sandbox, "wasi_liar")
    for function, words in (("decide", "its types are not WASI's"), ("see", "its types are not WASI's")):
        with pytest.raises(PluginTrapped, match=words):
            await pool.ask(function, ("{}", "{}", []), RUN, "default")


async def test_what_a_guest_prints_is_bounded(tmp_path: Path) -> None:
    printed: list[tuple[str, str, bytes]] = []
    box = Sandbox(SandboxSettings(cache=tmp_path, output_log=4), on_output=lambda *line: printed.append(line))
    await box.start()
    await look(await seeker(box, use="talker"))
    assert printed == [("talker", "stdout", b"look")]
    await box.stop()


async def test_what_a_guest_prints_in_a_pass_that_is_repeated_is_told_once(tmp_path: Path) -> None:
    printed: list[bytes] = []
    settings = SandboxSettings(cache=tmp_path, repeat_share=1.0)
    box = Sandbox(settings, on_output=lambda *line: printed.append(line[2]))
    await box.start()
    pool = await seeker(box, isolation="shared")
    await look(pool)
    assert pool.stats.repeats == 1
    assert printed == [b"looked\n"]
    await box.stop()


def test_what_a_guest_has_printed_is_told_when_its_pass_counts() -> None:
    printed: list[bytes] = []
    world = VirtualWorld(lambda _, data: printed.append(data), 100)
    for end in (lambda: None, world.tell):  # the first of the two passes overruns
        world.begin(RUN)
        world.write(1, b"once")
        end()
    assert printed == [b"once"]


async def test_nothing_is_left_when_instances_and_components_are_gone(sandbox: Sandbox) -> None:
    gc.collect()
    before = len(_worlds), len(_served)
    pool = await seeker(sandbox, isolation="tenant")
    for tenant in ("a", "b"):
        await pool.ask("decide", ("{}", "{}", []), RUN, tenant)
    assert len(_worlds) > before[0]
    await pool.close()
    assert len(_worlds) == before[0]
    del pool
    await asyncio.sleep(0)  # the loop lets go of the future that woke this task
    gc.collect()
    assert len(_served) == before[1]


async def test_types_alone_count_as_no_import(sandbox: Sandbox) -> None:
    pool = await guest(sandbox, "types_import")
    assert pool.component.inspection.pure
    assert [(each.name, each.kind) for each in pool.component.inspection.imports] == [
        ("mcpg:plugin/types@1.0.0", "types")
    ]
    assert (await pool.ask("decide", ("{}", "{}", []), RUN, "default")).tag == "deny"


def test_wasmtimes_own_wasi_is_never_linked() -> None:
    text = "".join(path.read_text() for path in Path(mcpg.sandbox.__file__).parent.glob("*.py"))
    assert "add_wasi" not in text
    assert "set_wasi" not in text


@pytest.mark.parametrize(
    "name", ["wasi:clocks/wall-clock@0.3.0", "wasi:clocks/wall-clock", "wasi:clocks/timezone@0.2.0"]
)
async def test_other_versions_and_interfaces_are_forbidden(sandbox: Sandbox, name: str) -> None:
    wasm = expand(f'(component (import "{name}" (instance (export "now" (func (result u64))))))')
    with pytest.raises(PluginRefused, match=f"`{name}`"):
        await sandbox.load(wasm)


def test_the_virtual_world_alone() -> None:
    world = world_of(RUN)
    assert world.random("a", 16) != world.random("a", 16)
    assert world_of(RUN).random("a", 16) != world_of(RUN).random("b", 16)
    assert world.wait([0, 0]) == [0, 1]
    late, soon = world.timer(world.monotonic + 50), world.timer(world.monotonic + 20)
    assert world.wait([late.number, soon.number]) == [1]
    assert world.wait([late.number, 0]) == [1]
    assert world.ready(soon.number)
    assert not world.ready(late.number)
    with pytest.raises(NotHere):
        world.wait([])
    for _ in range(1024 - 2):
        world.timer(0)
    with pytest.raises(NotHere, match="timers"):
        world.timer(0)


def test_handles_are_bounded_and_dropping_them_helps() -> None:
    world = world_of(RUN)
    for _ in range(16_384):
        world.give()
    with pytest.raises(NotHere, match="handles"):
        world.give()
    number = world.timer(world.monotonic + 1000).number
    world.take_back(number)
    world.give()
    assert world.ready(number)


async def test_dropped_timers_and_handles_are_forgotten(sandbox: Sandbox) -> None:
    pool = await seeker(sandbox)
    await look(pool)
    instance = pool._shelves.take("a")
    assert instance is not None
    assert instance._world is not None
    assert (instance._world.handles, instance._world.timers) == (0, {})
    instance.close()


async def test_passes_in_several_threads_each_see_their_own_run(sandbox: Sandbox) -> None:
    pool = await seeker(sandbox)
    runs = [RunFacts(id=str(i), now=RUN.now + i * 1000, seed=str(i)) for i in range(12)]

    async def seconds(run: RunFacts) -> int:
        pool._slow = True
        return number(await look(pool, run), 0) * 1000

    assert await asyncio.gather(*map(seconds, runs)) == [run.now for run in runs]


def test_randomness_is_a_stream_of_the_seed() -> None:
    first = world_of(RUN).random("random", 8)
    assert first == hashlib.shake_256(b"4:5eed:random:0").digest(8)


def test_before_a_run_the_world_is_empty() -> None:
    world = VirtualWorld(lambda _, __: None)
    assert (world.wall, world.monotonic, world.seed) == (0, 0, b"")
