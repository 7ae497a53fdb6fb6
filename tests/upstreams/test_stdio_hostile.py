"""Bad servers over stdio: each hurts its own calls only; `good` answers before, meanwhile and after."""

from __future__ import annotations

import asyncio

import pytest
from tests.upstreams.conftest import stdio

from mcpg.contract.problems import UpstreamFailed
from mcpg.upstreams import StdioSpec, UpstreamSpec


async def fails(peers, tool, match, *, code="upstream-unknown", upstream="bad", seconds=5.0, **arguments):
    """The call fails in words that match, while `good` answers."""
    if seconds < 5:
        await peers.until(lambda: peers.upstreams.states()[upstream].state == "ready")
    call = asyncio.create_task(peers.call(upstream, tool, arguments, seconds=seconds))
    await peers.good_answers()
    with pytest.raises(UpstreamFailed, match=match) as caught:
        await call
    assert caught.value.code == code
    await peers.good_answers()
    return caught.value


async def test_start_does_not_wait(bench):
    peers = await bench(stdio("bad", "silent"))
    assert peers.upstreams.states()["bad"].state == "connecting"


async def test_a_server_that_dies_at_start(bench):
    peers = await bench(stdio("bad", "dies", connect_timeout=3, failures=2))
    error = await fails(peers, "echo", r"is not connected: it exited with status 4", code="upstream-unavailable")
    assert "missing dependency" not in str(error)
    state = peers.upstreams.states()["bad"]
    assert state.state == "broken"
    assert state.stderr == ("missing dependency",)
    began = asyncio.get_running_loop().time()
    await fails(peers, "echo", "is not connected", code="upstream-unavailable")
    assert asyncio.get_running_loop().time() - began < 2.5, "a broken upstream is not waited for"


async def test_a_server_that_says_nothing_at_start(bench):
    peers = await bench(stdio("bad", "silent", connect_timeout=0.3))
    await fails(peers, "echo", "is not connected", code="upstream-unavailable")


async def test_a_program_that_does_not_exist(bench):
    spec = UpstreamSpec(name="bad", transport=StdioSpec(command=("/does/not/exist",)), connect_timeout=0.3)
    peers = await bench(spec)
    await fails(peers, "echo", "cannot be started: no such file or directory", code="upstream-unavailable")


async def test_a_server_that_dies_mid_call_is_started_again(bench):
    peers = await bench(stdio("bad"))
    await fails(peers, "die", "upstream `bad` exited with status 7")
    assert await peers.call("bad", "echo") == "{}"
    assert peers.upstreams.states()["bad"].restarts == 1
    assert "about to die" in peers.upstreams.states()["bad"].stderr


async def test_one_death_with_many_calls_counts_once(bench):
    peers = await bench(stdio("bad", failures=3))
    calls = [asyncio.create_task(peers.call("bad", "hang")) for _ in range(20)]
    await peers.until(lambda: peers.upstreams.states()["bad"].in_flight == 20)
    await fails(peers, "die", "exited with status 7")
    assert {type(e) for e in await asyncio.gather(*calls, return_exceptions=True)} == {UpstreamFailed}
    assert await peers.call("bad", "echo") == "{}"


async def test_a_server_that_hangs_on_one_call_goes_on_with_others(bench):
    peers = await bench(stdio("bad"))
    await fails(peers, "hang", r"did not answer `tools/call` within 0\.\d s", seconds=0.3)
    assert await peers.call("bad", "echo") == "{}"
    assert peers.upstreams.states()["bad"].state == "ready"


async def test_a_frozen_server_is_left_alone_then_started_again(bench):
    peers = await bench(stdio("bad", failures=2, cooldown=0.2, connect_timeout=1.5))
    assert await peers.call("bad", "echo") == "{}"
    await fails(peers, "freeze", "did not answer", seconds=0.2)
    await fails(peers, "echo", "did not answer", seconds=0.2)
    await fails(peers, "echo", "failed 2 times in a row", code="upstream-unavailable")
    await peers.until(lambda: peers.upstreams.states()["bad"].restarts == 1)
    await peers.until(
        lambda: peers.upstreams.states()["bad"].version != "" and not peers.upstreams.states()["bad"].in_flight
    )
    assert await peers.call("bad", "echo", seconds=5.0) == "{}"
    assert peers.upstreams.states()["bad"].state == "ready"


async def test_garbage_is_counted_and_survived(bench):
    peers = await bench(stdio("bad"))
    await fails(peers, "garbage", "did not answer", seconds=0.2)
    assert await peers.call("bad", "echo") == "{}"
    assert peers.upstreams.states()["bad"].nonsense == 3


@pytest.mark.parametrize("lines", [0, 99])
async def test_noise_on_the_output_is_tolerated(bench, lines):
    peers = await bench(stdio("bad"))
    assert await peers.call("bad", "noise", {"lines": lines}) == "after the noise"
    assert peers.upstreams.states()["bad"].nonsense == lines


async def test_too_much_noise_ends_the_link(bench):
    peers = await bench(stdio("bad"))
    await fails(peers, "noise", "writes what is no MCP message to its output", lines=200)
    assert await peers.call("bad", "echo") == "{}"


async def test_half_a_line_is_no_answer(bench):
    peers = await bench(stdio("bad"))
    await fails(peers, "half_line", "exited with status 3")


async def test_a_huge_answer_is_refused_and_the_link_stays(bench):
    peers = await bench(stdio("bad", max_message=100_000))
    await fails(peers, "huge", "answered with more than 100000 bytes", size=1_000_000)
    assert len(await peers.call("bad", "huge", {"size": 50_000})) == 50_000
    assert peers.upstreams.states()["bad"].restarts == 0


async def test_a_huge_request_is_not_sent(bench):
    peers = await bench(stdio("bad", max_message=10_000))
    with pytest.raises(UpstreamFailed, match="cannot be sent more than 10000 bytes") as caught:
        await peers.call("bad", "echo", {"x": "y" * 20_000})
    assert caught.value.code == "upstream-unavailable"
    assert await peers.call("bad", "echo") == "{}"


async def test_wrong_ids_answer_nobody(bench):
    peers = await bench(stdio("bad"))
    assert await peers.call("bad", "echo") == "{}", "its process is there before the time runs"
    other = asyncio.create_task(peers.call("bad", "hang", seconds=0.5))
    await fails(peers, "wrong_id", "did not answer", seconds=0.3)
    with pytest.raises(UpstreamFailed, match="did not answer"):
        await other
    assert await peers.call("bad", "echo") == "{}"


async def test_a_result_that_is_no_object_fails_its_call_at_once(bench):
    peers = await bench(stdio("bad"))
    await fails(peers, "bad_result", "answered with something that is no MCP message")


async def test_a_second_answer_is_dropped(bench):
    peers = await bench(stdio("bad"))
    assert await peers.call("bad", "duplicate") == "first"
    assert await peers.call("bad", "echo") == "{}"


async def test_an_answer_after_the_deadline_is_dropped(bench):
    peers = await bench(stdio("bad"))
    assert await peers.call("bad", "echo") == "{}", "its process is there before the time runs"
    await fails(peers, "hang", "did not answer", seconds=0.1)
    assert await peers.call("bad", "was_cancelled") == "false"


async def test_a_request_for_input_that_was_not_offered_fails(bench):
    peers = await bench(stdio("bad", "modern"))
    await fails(peers, "asks_for_input", "wants input, but does not say which")


async def test_calls_beyond_the_bounds_are_refused_or_wait_for_a_place(bench):
    peers = await bench(stdio("bad", max_in_flight=1))
    assert await peers.call("bad", "echo") == "{}", "its process is there before the time runs"
    first = asyncio.create_task(peers.call("bad", "hang", seconds=0.5))
    await peers.until(lambda: peers.upstreams.states()["bad"].in_flight == 1)
    waiting = [asyncio.create_task(peers.call("bad", "echo")) for _ in range(3)]
    late = asyncio.create_task(peers.call("bad", "echo", seconds=0.1))
    await peers.until(lambda: peers.upstreams.states()["bad"].waiting == 4)
    await fails(peers, "echo", "has too many calls waiting", code="upstream-unavailable")
    with pytest.raises(UpstreamFailed, match="had no place for the call before its deadline"):
        await late
    with pytest.raises(UpstreamFailed, match="did not answer"):
        await first
    assert await asyncio.gather(*waiting) == ["{}", "{}", "{}"]
    state = peers.upstreams.states()["bad"]
    assert (state.in_flight, state.waiting) == (0, 0)


async def test_calls_in_flight_fail_when_upstreams_stop(bench):
    peers = await bench()
    await peers.good_answers()
    call = asyncio.create_task(peers.call("good", "hang"))
    await peers.until(lambda: peers.upstreams.states()["good"].in_flight == 1)
    await peers.upstreams.stop()
    with pytest.raises(UpstreamFailed, match="was stopped"):
        await call


async def test_a_name_that_is_none(bench):
    peers = await bench()
    with pytest.raises(UpstreamFailed, match="there is no upstream `nobody`"):
        await peers.call("nobody", "echo")


async def test_reload_keeps_what_is_unchanged_and_lets_calls_end(bench):
    peers = await bench(stdio("one"), stdio("two"))
    pids = {name: await peers.call(name, "ids") for name in ("one", "two")}
    await peers.good_answers()
    slow = asyncio.create_task(peers.call("two", "hang", seconds=0.3))
    await peers.until(lambda: peers.upstreams.states()["two"].in_flight == 1)
    changed = stdio("two", environment={"NEW": "1"})
    await peers.upstreams.update([stdio("one"), changed, stdio("good")])
    assert "NEW" in await peers.call("two", "environment")
    assert await peers.call("one", "ids") == pids["one"]
    with pytest.raises(UpstreamFailed, match="did not answer"):
        await slow
    await peers.upstreams.update([stdio("one"), stdio("good")])
    with pytest.raises(UpstreamFailed, match="there is no upstream `two`"):
        await peers.call("two", "echo")


async def test_a_flood_of_messages_that_nobody_asked_for_ends_the_link(bench):
    peers = await bench(stdio("bad"))
    await fails(peers, "flood", "floods its output with messages that nobody asked for")
    assert await peers.call("bad", "echo") == "{}"
