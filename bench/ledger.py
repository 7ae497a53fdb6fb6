"""What the ledger costs: appends against bare rows of the same size with the same fsyncs, and the latency of a call.

    python bench/ledger.py [--json FILE] [--runs 5] [--records 20000]

Every figure is the median of the runs; each ratio is to the baseline measured in the same run. It fails on no time.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import secrets
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcpg.contract.canonical import canonical
from mcpg.ledger import Head, SqliteLedger, tail, verify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

BARE = "CREATE TABLE rows (tenant TEXT NOT NULL, seq INTEGER NOT NULL, call TEXT, body TEXT NOT NULL) STRICT"
DIGEST = "sha256:" + "0" * 64
Figures = dict[str, float]


def call_id(number: int) -> str:
    """Return an id that grows with time, as the gateway's do."""
    return f"{number:012x}{secrets.token_hex(8)}"


def record(kind: str, call: str) -> dict[str, Any]:
    """Return a record of the size that the pipeline writes: about 600 bytes of text."""
    digests = dict.fromkeys(("component", "config", "input", "replies"), DIGEST)
    return {"kind": kind, "call": call, "method": "tools/call", "name": "forecast", "caller": "ana", "digests": digests}


def bare_rows(database: sqlite3.Connection, rows: list[tuple[str, int, str, str]], batches: list[int]) -> float:
    """Write `rows` in transactions of the sizes `batches`; returns the seconds."""
    begin = time.perf_counter()
    at = 0
    for size in batches:
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", rows[at : at + size])
        database.execute("COMMIT")
        at += size
    return time.perf_counter() - begin


def bare_database(directory: Path) -> sqlite3.Connection:
    """Return a database with one table, no index, and the ledger's durability."""
    database = sqlite3.connect(directory / "bare.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute(BARE)
    return database


async def appends(directory: Path, records: int, tasks: int) -> Figures:
    """Append from `tasks` tasks at once and write the same texts bare in the same batches, in ten turns each."""
    heads: list[Head] = []
    ledger = await SqliteLedger.open(directory / "ledger.db", state=directory, on_head=heads.append)
    database = bare_database(directory)
    times: list[float] = []
    batches: list[int] = []
    seconds = bare = 0.0
    for turn in range(10):
        del heads[:-1]
        numbers = iter(range(turn * records // 10, (turn + 1) * records // 10))
        begin = time.perf_counter()
        await asyncio.gather(*(worker(ledger, numbers, times) for _ in range(tasks)))
        seconds += time.perf_counter() - begin
        sizes = [after.records - before.records for before, after in itertools.pairwise(heads)]
        entries = tail(directory / "ledger.db", tenant="default", limit=sum(sizes))
        rows = [(entry.tenant, entry.seq, entry.call or "", entry.text) for entry in entries]
        bare += bare_rows(database, rows, sizes)
        batches += sizes
    await ledger.close()
    database.close()
    return {
        "rate": records / seconds,
        "bare": records / bare,
        "ratio": bare / seconds,
        "batch": statistics.mean(batches),
        "p50_ms": quantile(times, 0.5),
        "p99_ms": quantile(times, 0.99),
    }


async def worker(ledger: SqliteLedger, numbers: Iterator[int], times: list[float]) -> None:
    """Append one record after the other."""
    for number in numbers:
        begin = time.perf_counter()
        await ledger.append("default", record("event", call_id(number)))
        times.append(time.perf_counter() - begin)


async def calls(directory: Path, count: int, connections: int) -> Figures:
    """Measure a call that keeps the loop busy for 120 µs, without and with its intent and outcome in the ledger."""
    ledger = await SqliteLedger.open(directory / "ledger.db", state=directory)

    async def off(_number: int) -> None:
        work()
        await asyncio.sleep(0)
        work()

    async def on(number: int) -> None:
        call = call_id(number)
        work()
        await ledger.append("default", record("intent", call))
        work()
        await ledger.append("default", record("outcome", call))

    without: list[float] = []
    with_ledger: list[float] = []
    for turn in range(10):
        numbers = range(turn * count // 10, (turn + 1) * count // 10)
        without += await load(off, numbers, connections)
        with_ledger += await load(on, numbers, connections)
    await ledger.close()
    return {
        "off_p50_ms": quantile(without, 0.5),
        "off_p99_ms": quantile(without, 0.99),
        "on_p50_ms": quantile(with_ledger, 0.5),
        "on_p99_ms": quantile(with_ledger, 0.99),
        "p99_ratio": quantile(with_ledger, 0.99) / quantile(without, 0.99),
    }


def work() -> None:
    """Keep the event loop busy for the 60 µs that half the stages of a call take."""
    end = time.perf_counter() + 60e-6
    while time.perf_counter() < end:
        pass


async def load(call: Callable[[int], Awaitable[None]], span: range, connections: int) -> list[float]:
    """Make a call for each number from `connections` tasks and return the seconds of each."""
    numbers = iter(span)
    times: list[float] = []

    async def connection() -> None:
        for number in numbers:
            begin = time.perf_counter()
            await call(number)
            times.append(time.perf_counter() - begin)

    await asyncio.gather(*(connection() for _ in range(connections)))
    return times


def verification(directory: Path) -> Figures:
    """Verify the ledger that `appends` has left."""
    begin = time.perf_counter()
    report = verify(directory / "ledger.db")
    seconds = time.perf_counter() - begin
    if not report.ok:
        raise SystemExit(f"the ledger does not verify: {report.findings[0].message}")
    return {"rate": report.records / seconds}


def event_loop_share(count: int = 20_000) -> Figures:
    """Time what `append` spends on canonical text, for scale."""
    value = record("event", call_id(1)) | {"prev": DIGEST, "seq": 1, "tenant": "default", "v": 1, "at": 1}
    begin = time.perf_counter()
    for _ in range(count):
        canonical(value)
    return {"canonical_us": (time.perf_counter() - begin) / count * 1e6, "bytes": float(len(canonical(value)))}


def quantile(times: list[float], share: float) -> float:
    """Return a quantile in milliseconds."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000


def one_run(records: int) -> dict[str, Figures]:
    """Measure everything once, each in a directory of its own."""
    results: dict[str, Figures] = {"canonical text": event_loop_share()}
    for tasks in (1, 16, 256):
        with tempfile.TemporaryDirectory() as name:
            number = records if tasks > 1 else records // 10
            results[f"append, {tasks} at once"] = asyncio.run(appends(Path(name), number, tasks))
            if tasks == 16:
                results["verify"] = verification(Path(name))
    with tempfile.TemporaryDirectory() as name:
        results["call, 16 connections"] = asyncio.run(calls(Path(name), records // 4, 16))
    return results


def main() -> None:
    """Run, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the medians there")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--records", type=int, default=20_000)
    options = parser.parse_args()
    runs = [one_run(options.records) for _ in range(options.runs)]
    medians = {
        name: {figure: statistics.median(run[name][figure] for run in runs) for figure in figures}
        for name, figures in runs[0].items()
    }
    for name, figures in medians.items():
        print(f"{name:24}", "  ".join(f"{figure} {value:,.2f}" for figure, value in figures.items()))
    if options.json:
        result = {"bench": "ledger", "runs": options.runs, "records": options.records, "medians": medians}
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
