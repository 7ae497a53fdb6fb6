"""No process is left behind, whatever happens to it or to us."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from tests.upstreams.conftest import ANA, SCRIPT, stdio
from tests.upstreams.test_stdio import alive

from mcpg.contract.ports import Party
from mcpg.contract.problems import UpstreamFailed
from mcpg.upstreams import StdioSpec, Upstreams, UpstreamSpec
from mcpg.upstreams.complaints import LINES_EACH_SECOND, Complaints
from mcpg.upstreams.guard import Guard, guard

HERE = Path(__file__).parent
linux = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")


def processes_of(token: str) -> list[int]:
    """All processes, grandchildren included, whose environment or command line has the token."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            known = (place / "environ").read_bytes() + (place / "cmdline").read_bytes()
        except OSError:
            continue
        if token.encode() in known and int(place.name) != os.getpid():
            found.append(int(place.name))
    return found


def descriptors_open() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def until(condition, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - it is about other processes
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("mode", ["legacy", "stubborn"])
async def test_a_gateway_that_is_killed_leaves_no_child_and_no_grandchild(mode):
    parent = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "gateway_like.py"), str(SCRIPT), mode, uuid.uuid4().hex, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    ids = json.loads(await asyncio.wait_for(parent.stdout.readline(), 30))
    assert len(ids) == 6
    assert all(alive(one) for one in ids)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await until(lambda: not any(alive(one) for one in ids))


@linux
async def test_a_killed_guard_leaves_the_child_to_the_kernel():
    parent = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "gateway_like.py"), str(SCRIPT), "stubborn", uuid.uuid4().hex, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    ids = json.loads(await asyncio.wait_for(parent.stdout.readline(), 30))
    (guarding,) = await asyncio.to_thread(guards_of, parent.pid)
    os.kill(guarding, signal.SIGKILL)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await until(lambda: not any(alive(one) for one in ids[::2]))
    for orphan in ids[1::2]:
        os.kill(orphan, signal.SIGKILL)


def guards_of(parent: int) -> list[int]:
    every = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()
    return [int(one) for one in every if b"guard_program.py" in Path(f"/proc/{one}/cmdline").read_bytes()]


async def test_a_child_that_leaves_its_output_to_a_grandchild(bench, tmp_path):
    peers = await bench(stdio("one"), good=False)
    note = tmp_path / "left"
    with pytest.raises(UpstreamFailed, match="exited with status 7"):
        await peers.call("one", "die_and_leave", {"note": str(note)}, party=ANA)
    assert await peers.call("one", "echo", party=ANA) == "{}"
    left = int(note.read_text(encoding="utf-8"))
    await until(lambda: not alive(left))


async def test_a_guard_that_was_killed_is_replaced_and_told_everything():
    own = Guard()
    sleeper = await asyncio.create_subprocess_exec("sleep", "1000", start_new_session=True)
    own.watch(sleeper.pid)
    first = own.pid
    os.kill(first, signal.SIGKILL)
    await asyncio.to_thread(os.waitpid, first, 0)
    own.watch(2**22 + 5)  # nobody's
    await own.forget(2**22 + 5)
    assert own.pid != first
    os.close(own._pipe)  # as if this process had ended
    assert await asyncio.wait_for(sleeper.wait(), 10) == -signal.SIGKILL
    await asyncio.to_thread(os.waitpid, own.pid, 0)


async def test_a_child_that_ended_is_no_longer_guarded(bench):
    peers = await bench(stdio("one"), good=False)
    pid = json.loads(await peers.call("one", "ids"))["pid"]
    assert pid in guard._groups
    await peers.upstreams.stop()
    assert guard._groups == set()
    with pytest.raises(ChildProcessError):
        await asyncio.to_thread(os.waitpid, guard.pid, os.WNOHANG)


@linux
@pytest.mark.parametrize("sessions", [50, pytest.param(1000, marks=pytest.mark.real)])
async def test_sessions_leave_no_process_and_no_descriptor(sessions):
    token = uuid.uuid4().hex
    transport = StdioSpec(("/bin/sh", str(HERE / "session_peer.sh"), token), {"MCPG_TEST": token}, grace=0.5)
    spec = UpstreamSpec(name="sh", transport=transport, mode="legacy", sessions="session", connect_timeout=30)
    upstreams = Upstreams([spec])
    await upstreams.start()
    gate = asyncio.Semaphore(16)

    async def session(number: int) -> None:
        party = Party(caller=("default", "keys", "", "ana"), session=f"s{number}")
        async with gate:
            deadline = asyncio.get_running_loop().time() + 30
            answer = await upstreams.request("sh", "tools/call", {"name": "x"}, deadline=deadline, party=party)
            assert answer["result"]["content"] == []
            await upstreams.release(party)

    await session(0)
    before = descriptors_open()
    await asyncio.gather(*(session(number) for number in range(1, sessions + 1)))
    await until(lambda: len(processes_of(token)) == 2, 30)  # the gateway's own server and its grandchild
    await until(lambda: descriptors_open() <= before)
    assert len(guard._groups) <= 1
    await upstreams.stop()
    await until(lambda: not processes_of(token))


@linux
async def test_limits_hold_from_the_start_and_for_grandchildren(bench):
    command = stdio("one").transport.command
    transport = StdioSpec(command, files=40, memory=2**30, cpu=7, grace=0.3)
    peers = await bench(UpstreamSpec(name="one", transport=transport, mode="legacy"), good=False)
    for pid in (json.loads(await peers.call("one", "ids"))["pid"], int(await peers.call("one", "grandchild"))):
        limits = await asyncio.to_thread(Path(f"/proc/{pid}/limits").read_text)
        assert "Max open files            40                   40" in limits
        assert f"Max address space         {2**30}" in limits
        assert "Max cpu time              7                    7" in limits


async def test_a_child_that_uses_up_its_processor_time_is_ended(bench):
    transport = StdioSpec(stdio("one").transport.command, cpu=1, grace=0.3)
    peers = await bench(UpstreamSpec(name="one", transport=transport, mode="legacy"), good=False)
    with pytest.raises(Exception, match="was ended by signal"):
        await peers.call("one", "burn", seconds=20, party=ANA)


async def test_standard_error_is_logged_printable_bounded_and_without_secrets(bench, caplog):
    caplog.set_level(logging.INFO, logger="mcpg.upstreams.stderr")
    spec = stdio("one", environment={"TOKEN": "s3cret-value"})
    peers = await bench(spec, good=False)
    await peers.call("one", "complain", {"text": "bad \x1b[31mred\x07 s3cret-value", "lines": 500})
    await peers.until(lambda: len(peers.upstreams.states()["one"].stderr) == 50)
    said = [record.getMessage() for record in caplog.records if record.name == "mcpg.upstreams.stderr"]
    assert said[0] == "upstream `one` says: bad \N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER} [hidden]"
    assert len(said) <= 3 * LINES_EACH_SECOND
    assert "s3cret" not in repr(peers.upstreams.states()) + caplog.text


def test_lines_beyond_the_limit_are_counted(caplog):
    caplog.set_level(logging.INFO, logger="mcpg.upstreams.stderr")
    now = 0.0
    complaints = Complaints("x", (), lambda: now)
    for number in range(LINES_EACH_SECOND + 7):
        complaints.say(b"%d\n" % number)
    now = 1.0
    complaints.say(b"later")
    told = [record.getMessage() for record in caplog.records]
    assert told[-2:] == ["upstream `x` wrote 7 more lines", "upstream `x` says: later"]
    assert len(told) == LINES_EACH_SECOND + 2
