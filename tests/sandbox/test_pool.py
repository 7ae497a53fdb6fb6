from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.sandbox.world import ROOMY, RUN, guest, until

from mcpg.contract.problems import BadDocument, NondeterministicPlugin, PluginRefused, PluginTrapped, RunFailed
from mcpg.contract.verdicts import Case, Effect, Problem, failed, ok
from mcpg.sandbox import PassLimits, Pool, Sandbox, SandboxSettings

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.contract.ports import Guest

PATIENT = 2000
"""An inline deadline in ms that a busy machine does not meet by chance, where a test counts what an instance did."""
LOOPING = PassLimits(memory=ROOMY.memory, time=0.3, output=ROOMY.output)


async def decide(pool: Pool, action: str = "{}", tenant: str = "a") -> str:
    answer = await pool.ask("decide", ("{}", action, []), RUN, tenant)
    return str(answer.value.message)


async def see(pool: Pool, tenant: str = "a") -> int:
    return len((await pool.ask("see", ("{}", "[]", []), RUN, tenant)).value)


async def started(tmp_path: Path, **changes: Any) -> Sandbox:
    settings: dict[str, Any] = {"repeat_share": 0.0, "inline_deadline_ms": PATIENT} | changes
    box = Sandbox(SandboxSettings(cache=tmp_path, **settings))
    await box.start()
    return box


async def test_a_pool_is_the_port_that_the_pipeline_asks(sandbox: Sandbox) -> None:
    pool: Guest = await guest(sandbox, "good", use="mine", config_digest="sha256:1", memo=True)
    assert (pool.use, pool.config_digest, pool.memo, pool.manifest.id) == ("mine", "sha256:1", True, "test/guest")
    assert pool.digest.startswith("sha256:")
    replies = [ok('{"status": 200}'), failed("upstream-timeout", "no answer")]
    assert await pool.ask("decide", ("{}", "{}", replies), RUN, "a") == Case("deny", Problem("code", "{}"))


async def test_effects_come_out_as_the_contracts_tuples(sandbox: Sandbox) -> None:
    pool = await guest(sandbox, "effects")
    answer = await pool.ask("decide", ("{}", "{}", []), RUN, "a")
    assert answer == Case("perform", [Effect("http", "{}"), Effect("http", "{}")])
    assert type(answer.value[0]) is Effect


@pytest.mark.parametrize(
    ("isolation", "counts"), [("shared", [1, 2, 3, 4, 5]), ("tenant", [1, 2, 1, 3, 2]), ("call", [1, 1, 1, 1, 1])]
)
async def test_who_shares_an_instance(tmp_path: Path, isolation: str, counts: list[int]) -> None:
    box = await started(tmp_path)
    pool = await guest(box, "clean_counter", isolation=isolation)
    assert [await see(pool, tenant) for tenant in ("a", "a", "b", "a", "b")] == counts
    await box.stop()


async def test_a_tenant_without_a_name_shares_with_nobody(tmp_path: Path) -> None:
    box = await started(tmp_path)
    pool = await guest(box, "clean_counter", isolation="tenant")
    assert [await see(pool, tenant) for tenant in ("", "", "b", "")] == [1, 2, 1, 3]
    await box.stop()


async def test_tenants_are_bounded_and_the_one_longest_unused_goes(tmp_path: Path) -> None:
    box = await started(tmp_path, tenants=2)
    pool = await guest(box, "clean_counter", isolation="tenant")
    assert [await see(pool, tenant) for tenant in ("a", "b", "a", "c")] == [1, 1, 2, 1]
    assert pool.stats.instances == 2
    assert [await see(pool, tenant) for tenant in ("a", "c", "b")] == [3, 2, 1]
    for tenant in range(50):
        await see(pool, str(tenant))
    assert pool.stats.instances == 2
    await box.stop()


async def test_instances_for_calls_are_made_ahead_of_time(tmp_path: Path) -> None:
    box = await started(tmp_path, ready_instances=3)
    pool = await guest(box, "good", isolation="call")
    await until(lambda: pool.stats.instances == 3)
    await decide(pool)
    assert pool.stats.instances == 2
    await until(lambda: pool.stats.instances == 3)
    await box.stop()
    assert pool.stats.instances == 0


async def test_idle_instances_are_bounded_after_a_rush(tmp_path: Path) -> None:
    box = await started(tmp_path, inline_deadline_ms=2, shared_instances=2, pool_threads=8)
    pool = await guest(box, "fickle")
    assert await asyncio.gather(*[decide(pool, f"S{i}") for i in range(6)]) == [f"S{i}" for i in range(6)]
    assert pool.stats.instances <= 2
    assert pool.stats.active == 0
    await box.stop()


async def test_a_slow_pass_leaves_the_event_loop_and_comes_back_when_it_is_quick(sandbox: Sandbox) -> None:
    pool = await guest(sandbox, "fickle")
    assert await decide(pool) == "{}"
    before = pool.stats.overruns
    pool._slow = False
    assert await decide(pool, "S") == "S"
    assert pool.stats.overruns == before + 1
    assert pool._slow
    for _ in range(200):
        assert await decide(pool) == "{}"
        if not pool._slow:
            break
    assert not pool._slow
    assert await decide(pool, "S again") == "S again"
    assert pool.stats.overruns > before + 1


async def test_an_answer_that_takes_the_host_long_to_copy_is_slow_too(sandbox: Sandbox) -> None:
    pool = await guest(sandbox, "huge_list")
    with pytest.raises(BadDocument):
        await decide(pool)
    assert pool._slow


async def test_the_event_loop_goes_on_while_a_guest_loops(sandbox: Sandbox) -> None:
    bad, good = await guest(sandbox, "fickle", limits=LOOPING), await guest(sandbox, "good")
    stuck = [asyncio.create_task(decide(bad, "L")) for _ in range(3)]
    answered = 0
    while not all(task.done() for task in stuck):
        assert await decide(good) == "{}"
        answered += 1
        await asyncio.sleep(0)
    assert answered > 10
    for task in stuck:
        with pytest.raises(PluginTrapped, match="ran longer than 300 ms"):
            await task
    assert await decide(bad) == "{}"


async def test_one_plugin_gets_half_the_threads_and_a_bounded_queue(tmp_path: Path) -> None:
    box = await started(tmp_path, inline_deadline_ms=2, pool_threads=2, max_waiting=2)
    bad = await guest(box, "fickle", limits=LOOPING)
    with pytest.raises(PluginTrapped):
        await decide(bad, "L")
    tasks = [asyncio.create_task(decide(bad, "L")) for _ in range(6)]
    await asyncio.sleep(0)
    assert bad.stats.active == 1
    other = await guest(box, "fickle", use="other")
    assert await decide(other, "S") == "S"
    results = await asyncio.gather(*tasks, return_exceptions=True)
    codes = sorted(str(getattr(result, "code", "")) for result in results)
    assert codes == ["plugin-busy"] * 3 + ["plugin-deadline"] * 3
    assert all(isinstance(result, RunFailed) for result in results)
    await box.stop()


async def test_passes_that_wait_for_a_thread_run_inline_once_the_plugin_is_quick(tmp_path: Path) -> None:
    box = await started(tmp_path, pool_threads=2)
    pool = await guest(box, "good")
    pool._overran()
    begun = 0
    start = pool._start

    def counting(work: Any) -> Any:
        nonlocal begun
        begun += 1
        return start(work)

    pool._start = counting  # type: ignore[method-assign]
    answers = await asyncio.gather(*(decide(pool, f"{number}") for number in range(500)))
    assert answers == [f"{number}" for number in range(500)]
    assert 0 < begun < 50
    assert not pool._slow
    await box.stop()


async def test_waiting_for_the_interpreter_makes_no_plugin_slow(tmp_path: Path) -> None:
    box = await started(tmp_path, pool_threads=2, inline_deadline_ms=100)
    pool = await guest(box, "good")
    pool._overran()
    before = pool._mean
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5)
    try:
        task = asyncio.create_task(decide(pool))
        await asyncio.sleep(0)  # the pass is in its thread
        ends = time.monotonic() + 0.3
        while time.monotonic() < ends:
            pass
        assert await task == "{}"
    finally:
        sys.setswitchinterval(usual)
    assert pool._mean < before
    await box.stop()


async def test_cancelling_a_pass_gives_thread_and_instance_back(tmp_path: Path) -> None:
    box = await started(tmp_path, inline_deadline_ms=2, pool_threads=2)
    pool = await guest(box, "fickle", limits=LOOPING)
    with pytest.raises(PluginTrapped):
        await decide(pool, "L")
    running, waiting = (asyncio.create_task(decide(pool, "L")) for _ in range(2))
    await asyncio.sleep(0)
    waiting.cancel()
    running.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    assert await decide(pool) == "{}"
    await pool.close()
    assert pool.stats.active == 0
    await box.stop()


async def test_fencing_lets_no_new_pass_begin(sandbox: Sandbox) -> None:
    pool = await guest(sandbox, "good")
    await decide(pool)
    pool.fence("it was revoked")
    pool.fence("another reason")
    with pytest.raises(PluginRefused, match="`bad` is fenced: it was revoked") as refused:
        await decide(pool)
    assert refused.value.code == "plugin-fenced"
    assert (pool.state, pool.stats.instances) == ("fenced", 0)


async def test_fencing_discards_the_verdicts_of_passes_under_way(sandbox: Sandbox) -> None:
    pool = await guest(sandbox, "fickle")
    await decide(pool, "S")
    task = asyncio.create_task(decide(pool, "S"))
    await until(lambda: pool.stats.active == 1)
    pool.fence("it was replaced")
    with pytest.raises(PluginRefused, match="it was replaced"):
        await task
    await pool.close()
    assert (pool.state, pool.stats.instances, pool.stats.active) == ("closed", 0, 0)


async def test_closing_waits_for_passes_under_way(sandbox: Sandbox) -> None:
    pool = await guest(sandbox, "fickle")
    await decide(pool, "S")
    task = asyncio.create_task(decide(pool, "S"))
    await until(lambda: pool.stats.active == 1)
    await pool.close()
    assert pool.stats.active == 0
    with pytest.raises(PluginRefused, match="it was closed"):
        await task


async def test_passes_in_threads_are_repeated_too(tmp_path: Path) -> None:
    box = await started(tmp_path, inline_deadline_ms=2, repeat_share=1.0)
    slow = await guest(box, "fickle")
    assert await decide(slow, "S") == "S"
    assert await decide(slow, "S") == "S"
    assert slow.stats.repeats == 2
    counter = await guest(box, "clean_counter")
    counter._slow = True
    assert await see(counter) == 1
    counter._slow = True
    with pytest.raises(NondeterministicPlugin):
        await see(counter)
    assert counter.state == "fenced"
    await box.stop()


async def test_a_listener_that_fails_does_not_hide_the_quarantine(tmp_path: Path) -> None:
    def fail(use: str, reason: str) -> None:
        raise ValueError(use + reason)

    box = await started(tmp_path, repeat_share=1.0)
    pool = await guest(box, "clean_counter", on_quarantine=fail)
    await see(pool)
    with pytest.raises(NondeterministicPlugin):
        await see(pool)
    await box.stop()


async def test_deep_recursion_is_stopped_in_a_thread_too(sandbox: Sandbox) -> None:
    pool = await guest(sandbox, "recursion")
    for _ in range(2):
        pool._slow = True
        with pytest.raises(PluginTrapped, match="call stack exhausted"):
            await decide(pool)


async def test_no_share_repeats_nothing(tmp_path: Path) -> None:
    box = await started(tmp_path)
    pool = await guest(box, "clean_counter")
    assert [await see(pool) for _ in range(20)] == list(range(1, 21))
    assert pool.stats.repeats == 0
    await box.stop()


async def test_many_tasks_at_once_never_share_an_instance(tmp_path: Path) -> None:
    box = await started(tmp_path, inline_deadline_ms=2, repeat_share=0.3)
    pools = [await guest(box, "fickle", use=name, isolation=name) for name in ("shared", "tenant", "call")]

    async def client(number: int) -> None:
        for turn in range(20):
            action = f"{'S' if turn == 10 and number == 0 else 'x'}{number}-{turn}"
            for pool in pools:
                assert await decide(pool, action, str(number % 3)) == action
            await asyncio.sleep(0)

    await asyncio.gather(*[client(number) for number in range(8)])
    assert {pool.state for pool in pools} == {"ready"}
    await box.stop()


async def test_a_sandbox_that_is_not_running_makes_no_guest(tmp_path: Path) -> None:
    box = Sandbox(SandboxSettings(cache=tmp_path))
    with pytest.raises(RuntimeError, match="not running"):
        await guest(box, "good")
    await box.stop()


async def test_stopping_ends_every_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    box = await started(tmp_path)
    pool = await guest(box, "fickle")
    await decide(pool, "S")
    assert any(thread.name == "mcpg-epoch" for thread in set(threading.enumerate()) - before)
    await box.stop()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not {name for name in left if name.startswith("mcpg")}
    with pytest.raises(PluginRefused):
        await decide(pool)
