"""Processes that are killed, disks that are full: what was acknowledged is there, and no loss is silent."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mcpg.contract.problems import LedgerUnavailable
from mcpg.ledger import SYSTEM, Limits, SqliteLedger, records_of, tail, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ledger.conftest import Place

CHILD = Path(__file__).with_name("crash_child.py")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def killed_child(place: Place, lines: int, tasks: int = 100) -> list[list[str]]:
    """Run the child until it has said so many lines, kill it, and return all that it has said."""
    with subprocess.Popen([sys.executable, CHILD, place.directory, str(tasks)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        said += [line for line in child.stdout.read().splitlines(keepends=True) if line.endswith(b"\n")]
    assert child.returncode == -signal.SIGKILL
    return [line.decode().split() for line in said]


async def test_kill_9_loses_nothing_that_was_acknowledged(place: Place) -> None:
    said: list[list[str]] = []
    for lines in (1, 400, 1500):
        said += killed_child(place, lines)
    heads = [words[1] for words in said if words[0] == "head"]
    ledger = await place.open()
    await ledger.close()
    report = verify(place.path, public_key=place.public_key, head=heads[-1])
    assert report.ok, report.findings[:3]
    for head in heads[:: len(heads) // 20]:
        assert verify(place.path, public_key=place.public_key, head=head).ok
    assert sum(words[0] != "head" for words in said) > 1000
    for kind, tenant, seq, call in (words for words in said if words[0] != "head"):
        there = [entry for entry in records_of(place.path, call) if (entry.tenant, entry.seq) == (tenant, int(seq))]
        assert [entry.record["kind"] for entry in there] == [kind]


async def test_after_kill_9_every_intent_has_one_outcome_and_the_start_says_what_it_found(place: Place) -> None:
    said = killed_child(place, 600)
    ledger = await place.open()
    await ledger.close()
    kinds: dict[str, list[str]] = {}
    for entry in tail(place.path, limit=100_000):
        if entry.call is not None:
            kinds.setdefault(entry.call, []).append(entry.record["kind"])
    assert len(kinds) > 200
    assert set(map(tuple, kinds.values())) == {("intent", "outcome")}
    starts = [entry.record for entry in tail(place.path, tenant=SYSTEM) if entry.record["kind"] == "start"]
    logged = [words[1] for words in said if words[0] == "head"]
    assert starts[-1]["lost"] == 0
    assert int(starts[-1]["found"].split(":")[2]) >= int(logged[-1].split(":")[2])
    unknown = [entry for entry in tail(place.path, limit=100_000) if entry.record.get("reason") == "process ended"]
    assert len(unknown) == starts[-1]["closed"] >= 3
    assert {entry.record["status"] for entry in unknown} == {"unknown"}


async def test_a_parked_call_stays_open_if_the_gateway_says_so(place: Place) -> None:
    said = killed_child(place, 600)
    parked = next(words for words in said if words[0] == "intent" and words[3].endswith("-open"))
    ledger = await place.open(keep_open=lambda tenant, call: [tenant, call] == [parked[1], parked[3]])
    assert [entry.record["kind"] for entry in records_of(place.path, parked[3])] == ["intent"]
    assert await ledger.append(parked[1], {"kind": "outcome", "call": parked[3], "status": "ok"})
    await ledger.close()
    assert [entry.record.get("status") for entry in records_of(place.path, parked[3])] == [None, "ok"]


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.98])
async def test_a_torn_log_is_recovered_and_the_loss_is_stated(place: Place, keep: float) -> None:
    said = killed_child(place, 300)
    log = place.path.with_name("ledger.db-wal")
    size = log.stat().st_size
    os.truncate(log, int(size * keep) - int(size * keep) % 7)
    place.path.with_name("ledger.db-shm").unlink()
    heads = [words[1] for words in said if words[0] == "head"]
    ledger = await place.open()
    await ledger.append("tenant-0", {"kind": "event"})
    await ledger.close()
    report = verify(place.path, public_key=place.public_key)
    assert report.ok
    start = [entry.record for entry in tail(place.path, tenant=SYSTEM) if entry.record["kind"] == "start"][-1]
    lost = [head for head in heads if not verify(place.path, public_key=place.public_key, head=head).ok]
    assert lost or keep > 0.9  # the last frames may be of a commit that had not ended
    if lost:
        assert start["lost"] >= len(lost)
        assert start["lost_records"] > 0
        assert int(start["expected"].split(":")[2]) >= int(heads[-1].split(":")[2])
        assert any("lost" in note for note in report.notes)
        findings = verify(place.path, public_key=place.public_key, head=start["expected"]).findings
        assert [finding.what for finding in findings] in (["cut"], ["rewritten"])


async def test_a_second_process_is_refused(place: Place) -> None:
    ledger = await place.open()
    second = await asyncio.to_thread(run, CHILD, place.directory, "1")
    assert second.returncode == 1
    assert f"another gateway writes this ledger (process {os.getpid()})" in second.stderr
    with pytest.raises(LedgerUnavailable, match="another gateway writes this ledger"):
        await place.open()
    assert await ledger.append("red", {"kind": "event"}) == 1
    await ledger.close()
    again = await place.open()
    await again.close()


async def test_a_program_that_locks_the_database_stops_appends_and_then_they_go_on(place: Place) -> None:
    ledger = await place.open(limits=Limits(patience=0.05, retry=0.02))
    await ledger.append("red", {"kind": "intent", "call": "c1"})
    with closing(sqlite3.connect(place.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerUnavailable):
            await ledger.append("red", {"kind": "outcome", "call": "c1", "status": "ok"})
        with pytest.raises(LedgerUnavailable):
            await ledger.append("red", {"kind": "intent", "call": "c2"})
        other.execute("ROLLBACK")
    await until_it_writes(ledger)
    await ledger.close()
    assert [entry.record.get("status") for entry in records_of(place.path, "c1")] in ([None, "ok"], [None, "unknown"])
    assert [entry.record.get("status") for entry in records_of(place.path, "c2")] in ([], [None, "failed"])
    assert verify(place.path, public_key=place.public_key, head=place.heads[-1]).ok


async def until_it_writes(ledger: SqliteLedger) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await ledger.append("red", {"kind": "event", "what": "again"})
            except LedgerUnavailable:
                await asyncio.sleep(0.01)
            else:
                return


FULL_DISK = """
import asyncio, json, resource, signal, sys
from pathlib import Path
from mcpg.contract.problems import LedgerUnavailable
from mcpg.ledger import Limits, SqliteLedger

async def main(place):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    ledger = await SqliteLedger.open(place / "ledger.db", state=place, limits=Limits(retry=0.02))
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    told = {"written": [], "refused": 0, "message": "", "again": 0}
    for number in range(400):
        try:
            told["written"].append(await ledger.append("red", {"kind": "event", "number": number, "pad": "x" * 2000}))
        except LedgerUnavailable as error:
            told["refused"] += 1
            told["message"] = error.message
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    while not told["again"]:
        try:
            told["again"] = await ledger.append("red", {"kind": "event", "number": -1})
        except LedgerUnavailable:
            await asyncio.sleep(0.01)
    await ledger.close()
    print(json.dumps(told))

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_full_disk_refuses_and_writing_goes_on_when_there_is_room(place: Place) -> None:
    child = run("-c", FULL_DISK, place.directory)
    assert child.returncode == 0, child.stderr
    told = json.loads(child.stdout)
    assert told["refused"] > 0
    assert told["written"]
    numbers = {entry.seq: entry.record["number"] for entry in tail(place.path, tenant="red", limit=1000)}
    assert set(told["written"]) | {told["again"]} <= set(numbers)
    assert verify(place.path).ok
    system = [entry.record.get("event") for entry in tail(place.path, tenant=SYSTEM)]
    assert "ledger-resumed" in system
    assert "records are refused until" in child.stderr


async def test_a_database_that_may_not_grow_refuses(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = await place.open(limits=Limits(retry=0.02))
    connection = ledger._writer._store._connection
    assert connection.isolation_level is None
    monkeypatch.setattr(ledger._writer._store, "write", full_disk)
    with pytest.raises(LedgerUnavailable, match="the disk is full") as caught:
        await ledger.append("red", {"kind": "intent", "call": "c1"})
    assert "free space" in caught.value.remedy
    with pytest.raises(LedgerUnavailable):
        await ledger.append("red", {"kind": "event"})
    await until_it_writes(ledger)
    await ledger.close()
    assert records_of(place.path, "c1") == []
    assert verify(place.path).ok


def full_disk(*_arguments: object) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorname = "SQLITE_FULL"
    raise error


async def test_a_lost_outcome_is_recorded_as_unknown_when_writing_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await place.open(limits=Limits(retry=0.02))
    for call in ("ended", "in-flight"):
        await ledger.append("red", {"kind": "intent", "call": call})
    monkeypatch.setattr(ledger._writer._store, "write", full_disk)
    with pytest.raises(LedgerUnavailable):
        await ledger.append("red", {"kind": "outcome", "call": "ended", "status": "ok"})
    await until_it_writes(ledger)
    lost = records_of(place.path, "ended")[-1].record
    assert (lost["status"], lost["reason"]) == ("unknown", "ledger failed")
    assert [entry.record["kind"] for entry in records_of(place.path, "in-flight")] == ["intent"]
    await ledger.append("red", {"kind": "outcome", "call": "in-flight", "status": "ok"})
    await ledger.close()
    assert records_of(place.path, "in-flight")[-1].record["status"] == "ok"
    assert len(records_of(place.path, "in-flight")) == 2


async def test_a_commit_that_failed_and_yet_landed_is_taken_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = await place.open(limits=Limits(retry=0.02))
    really = ledger._writer._store.write

    def write_and_fail(*arguments: object) -> None:
        really(*arguments)
        full_disk()

    monkeypatch.setattr(ledger._writer._store, "write", write_and_fail)
    with pytest.raises(LedgerUnavailable):
        await ledger.append("red", {"kind": "intent", "call": "c1"})
    await until_it_writes(ledger)
    await ledger.close()
    assert [entry.record.get("status") for entry in records_of(place.path, "c1")] == [None, "unknown"]
    assert verify(place.path, public_key=place.public_key, head=place.heads[-1]).ok


READ_ONLY = """
import asyncio, concurrent.futures.thread, os, sys
from pathlib import Path
from mcpg.contract.problems import McpgError
from mcpg.ledger import SqliteLedger

if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
try:
    asyncio.run(SqliteLedger.open(Path(sys.argv[1]) / "ledger.db", state=Path(sys.argv[2])))
except McpgError as error:
    print(error.code, error.diagnostics())
"""


@pytest.mark.parametrize("begun", [False, True])
async def test_a_read_only_place_is_refused(*, begun: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        place, state = Path(name) / "place", Path(name) / "state"
        place.mkdir()
        if begun:
            await (await SqliteLedger.open(place / "ledger.db", state=state)).close()
        state.mkdir(exist_ok=True)
        owner = 65534 if os.getuid() == 0 else os.getuid()
        for each in (Path(name), state, *state.iterdir()):
            os.chown(each, owner, -1)
        for each in place.iterdir():
            each.chmod(0o444)
        place.chmod(0o555)
        child = await asyncio.to_thread(run, "-c", READ_ONLY, place, state)
        place.chmod(0o755)
    assert child.stdout.startswith("ledger-unavailable"), child.stderr
    assert str(place) in child.stdout
    assert "writable" in child.stdout


TAMPERING: dict[str, tuple[str, str]] = {
    "last-record": (
        "UPDATE records SET body = 'x' || body WHERE tenant = 'red' AND seq = 3",
        "record 3 of tenant `red`",
    ),
    "chain-gone": ("DELETE FROM records WHERE tenant = 'red'", "chain of tenant `red` is missing"),
    "chain-cut": ("DELETE FROM records WHERE tenant = 'red' AND seq = 3", "record 2 of tenant `red`"),
    "chain-new": ("INSERT INTO records VALUES ('x', 1, NULL, '{}')", "record 1 of tenant `x`"),
    "no-genesis": ("DELETE FROM records WHERE tenant = '@ledger' AND seq = 1", "its first record is missing"),
    "no-heads": ("DELETE FROM heads", "no signed head"),
    "head-gone": ("DELETE FROM heads WHERE n = 3", "does not follow"),
    "head-cut": ("DELETE FROM heads WHERE n = (SELECT max(n) FROM heads)", "is not what was signed"),
    "signature": ("UPDATE heads SET signature = zeroblob(64) WHERE n = (SELECT max(n) FROM heads)", "is not signed"),
    "head-body": ("UPDATE heads SET body = '{}' WHERE n = 2", "head 2 is not one of this ledger"),
    "other-layout": ("PRAGMA user_version = 9", "no ledger that this version writes"),
}


@pytest.mark.parametrize("name", TAMPERING)
async def test_a_ledger_that_was_tampered_with_at_its_end_is_not_continued(place: Place, name: str) -> None:
    statement, message = TAMPERING[name]
    ledger = await place.open()
    for _ in range(3):
        await ledger.append("red", {"kind": "event", "what": "again"})
    await ledger.close()
    with closing(sqlite3.connect(place.path, isolation_level=None)) as database:
        database.execute(statement)
    with pytest.raises(LedgerUnavailable, match=message):
        await place.open()


async def test_a_ledger_that_was_removed_is_begun_anew_but_not_silently(place: Place) -> None:
    await (await place.open()).close()
    last = place.heads[-1]
    place.path.unlink()
    await (await place.open()).close()
    start = list(tail(place.path, tenant=SYSTEM))[1].record
    assert (start["kind"], start["expected"], start["lost"]) == ("start", last.text, last.n)


async def test_rubbish_instead_of_a_database_is_refused(place: Place) -> None:
    place.path.write_bytes(b"not a database " * 1000)
    with pytest.raises(LedgerUnavailable, match="the file is no ledger"):
        await place.open()


@pytest.mark.parametrize("damage", [lambda text: "", lambda text: text[:40], lambda text: "x" * 600])
async def test_a_damaged_head_file_stops_nothing(place: Place, damage: Callable[[str], str]) -> None:
    await (await place.open()).close()
    path = place.path.with_name("ledger.db.head")
    path.write_text(damage(path.read_text()))
    await (await place.open()).close()
    assert verify(place.path).ok


def test_the_limit_of_file_sizes_is_not_ours() -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
