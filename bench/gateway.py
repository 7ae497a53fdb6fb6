"""What the gateway costs: rates and latencies beside bare baselines on the same core in the same run.

    python bench/gateway.py [--json FILE] [--runs 5] [--seconds 1.0]

Servers run on core 0, the load and the MCP server behind them on core 1; ledgers lie in memory, but for the row `disk`,
so that what is measured is the gateway and not the disk. In each run every subject takes its turn, so
that a busy machine bothers all alike; figures are medians of the runs and ratios medians of each run's own ratio. CPU
is what all threads of the server took for one request: where others share the machine it says the truth and the ratio
of rates flatters, because all subjects then wait for the same neighbours. Nothing fails on a time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sqlite3
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop
from load import load
from memo import memo_hit
from subjects import Stage, Subject, memory_folder, pin, request

LOADS = (1, 16)
SUBJECTS = {
    "echo": "",
    "full": "",
    "memo": "",
    "disk": "",
    "unledgered": "",
    "connector": "upstream",
    "pyreqwest": "upstream",
    "off": "upstream",
    "proxy": "upstream",
}
TITLES = {
    "echo": "bare ASGI echo",
    "full": "full pipeline, no memo",
    "memo": "full pipeline, verdicts memoised",
    "disk": "the same, ledger on disk",
    "unledgered": "the same without a ledger",
    "connector": "bare proxy, connector",
    "pyreqwest": "bare proxy, pyreqwest",
    "off": "proxy, all stages off",
    "proxy": "proxy, full pipeline",
}
FLIGHT = 1000


@dataclass(frozen=True, slots=True)
class Run:
    """One turn of one subject: requests per second, ms, and CPU µs per request (0 where it cannot be had)."""

    rate: float
    p50: float
    p99: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Budget:
    """One row of the budgets: what was measured, what it should be, and which side of that is good."""

    title: str
    value: float
    limit: float
    least: bool

    @property
    def met(self) -> bool:
        """Whether the budget is met."""
        return self.value >= self.limit if self.least else self.value <= self.limit


async def turn(subject: Subject, connections: int, seconds: float) -> Run:
    """Load one subject for so long."""
    expect = b"hello"
    before = subject.cpu()
    found = await load(subject.port, request(subject.port), connections=connections, seconds=seconds, expect=expect)
    after = subject.cpu()
    if found.failed:
        raise RuntimeError(f"{found.failed} of {found.count} requests to `{subject.name}` failed")
    cpu = 0.0 if before is None or after is None else (after - before) / max(1, found.count) * 1e6
    return Run(found.rate, found.p50, found.p99, cpu)


def rates(stage: Stage, runs: int, seconds: float) -> dict[str, dict[int, list[Run]]]:
    """Return the runs of every subject under every load."""
    found: dict[str, dict[int, list[Run]]] = {name: {n: [] for n in LOADS} for name in SUBJECTS}
    for name in SUBJECTS:
        uvloop.run(turn(stage.subjects[name], 16, 1.0))
    for _ in range(runs):
        for connections in LOADS:
            for name in SUBJECTS:
                found[name][connections].append(uvloop.run(turn(stage.subjects[name], connections, seconds)))
    return found


def middle(runs: list[Run]) -> Run:
    """Return the median of each figure."""
    return Run(*(statistics.median(getattr(run, name) for run in runs) for name in ("rate", "p50", "p99", "cpu")))


def ratio(runs: list[Run], base: list[Run], figure: str = "rate") -> float:
    """Return the median ratio of runs to their own baselines."""
    pairs = zip(runs, base, strict=True)
    return float(statistics.median(getattr(a, figure) / max(getattr(b, figure), 1e-9) for a, b in pairs))


async def in_flight(subject: Subject) -> tuple[float, int]:
    """Return the seconds until 1,000 calls at once have come back from a tool that takes 500 ms, and new threads."""
    before = subject.threads() or 0
    begin = time.perf_counter()
    raw = request(subject.port, name="slow")
    work = asyncio.create_task(load(subject.port, raw, connections=FLIGHT, seconds=0.0, expect=b"hello"))
    await asyncio.sleep(0.4)
    threads = (subject.threads() or 0) - before
    found = await work
    if found.failed:
        raise RuntimeError(f"{found.failed} of {FLIGHT} calls in flight failed")
    return time.perf_counter() - begin, threads


async def listing(subject: Subject, key: int, other: float) -> dict[str, float]:
    """Return ms of the first page, cold and warm, for a new caller, and the p99 of other calls meanwhile and alone."""
    raw = request(subject.port, key, method="tools/list")
    calls = request(subject.port)
    alone = await load(subject.port, calls, connections=1, seconds=other, expect=b"hello")
    beside = asyncio.create_task(load(subject.port, calls, connections=1, seconds=other, expect=b"hello"))
    await asyncio.sleep(0.05)
    cold = await load(subject.port, raw, connections=1, seconds=0.0, expect=b"open-00001")
    during = await beside
    warm = await load(subject.port, raw, connections=1, seconds=0.2, expect=b"open-00001")
    if cold.failed or warm.failed or during.failed:
        raise RuntimeError("a tools/list failed")
    return {"cold": cold.p50, "warm": warm.p50, "alone": alone.p99, "beside": during.p99}


def shares(folder: Path) -> dict[str, float]:
    """Return the median µs of each stage, as the records of the last calls have them."""
    with sqlite3.connect(f"file:{folder / '.state' / 'ledger.db'}?mode=ro", uri=True) as ledger:
        rows = ledger.execute("SELECT body FROM records ORDER BY rowid DESC LIMIT 2000").fetchall()
    times: dict[str, list[int]] = {}
    for (text,) in rows:
        record = json.loads(text)
        if record.get("kind") in {"intent", "outcome"}:
            for entry in record.get("stages", ()):
                times.setdefault(entry["stage"], []).append(entry["us"])
    order = ("identity", "transform-in", "policy", "limit", "backend", "transform-out", "settle")
    return {name: statistics.median(times[name]) for name in order if name in times}


def budgets(found: dict[str, dict[int, list[Run]]], more: dict[str, Any]) -> list[Budget]:
    """Return every budget with what was measured for it."""
    sixteen = {name: runs[16] for name, runs in found.items()}
    one = {name: runs[1] for name, runs in found.items()}
    listed, held = more["catalog"], more["in_flight"]
    return [
        Budget("full / echo", ratio(sixteen["full"], sixteen["echo"]), 0.15, least=True),
        Budget("memoised / echo", ratio(sixteen["memo"], sixteen["echo"]), 0.22, least=True),
        Budget("full / echo, by CPU", ratio(sixteen["echo"], sixteen["full"], "cpu"), 0.15, least=True),
        Budget("memoised / echo, by CPU", ratio(sixteen["echo"], sixteen["memo"], "cpu"), 0.22, least=True),
        Budget("full: p99 / p50 at 16", statistics.median(r.p99 / r.p50 for r in sixteen["full"]), 4.0, least=False),
        Budget("p99 with / without ledger", ratio(sixteen["memo"], sixteen["unledgered"], "p99"), 2.0, least=False),
        Budget("proxy / bare proxy, connector", ratio(sixteen["proxy"], sixteen["connector"]), 0.25, least=True),
        Budget("proxy / bare proxy, pyreqwest", ratio(sixteen["proxy"], sixteen["pyreqwest"]), 0.25, least=True),
        Budget("proxy / connector, by CPU", ratio(sixteen["connector"], sixteen["proxy"], "cpu"), 0.25, least=True),
        Budget("proxy: p50 / bare proxy's at 1", ratio(one["proxy"], one["connector"], "p50"), 4.0, least=False),
        Budget("stages off / bare proxy, connector", ratio(sixteen["off"], sixteen["connector"]), 0.60, least=True),
        Budget("tools/list of 10,000, warm, ms", listed["warm"], 5.0, least=False),
        Budget("tools/list of 10,000, cold, ms", listed["cold"], 1500.0, least=False),
        Budget("p99 of others beside / alone", listed["beside"] / max(listed["alone"], 1e-9), 2.0, least=False),
        Budget("1,000 calls of 500 ms, s", held["seconds"], 1.5, least=False),
        Budget("threads for them", held["threads"], 0, least=False),
        Budget("verdict memo hit, µs", more["memo"]["hit"], 5.0, least=False),
    ]


def show(found: dict[str, dict[int, list[Run]]], more: dict[str, Any], rows: list[Budget]) -> None:
    """Print the tables."""
    print(f"{'':34}" + "".join(f"{f'{n} at once':>46}" for n in LOADS))
    print(f"{'':34}" + f"{'rate/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'CPU µs':>9}{'/echo':>9}" * len(LOADS))
    for name, title in TITLES.items():
        cells = []
        for n in LOADS:
            run = middle(found[name][n])
            share = ratio(found[name][n], found["echo"][n])
            cells.append(f"{run.rate:10,.0f}{run.p50:9.3f}{run.p99:9.3f}{run.cpu:9.0f}{share:9.2f}")
        print(f"{title:34}" + "".join(cells))
    whole = middle(found["full"][1]).p50 * 1000
    print(f"\nstages of one call, full pipeline, 1 connection, µs of {whole:,.0f}:")
    for name, us in (*more["shares"].items(), ("all else", whole - sum(more["shares"].values()))):
        print(f"  {name:16}{us:8.0f}{us / whole:8.0%}")
    print(f"\n{'budget':38}{'measured':>10}{'wanted':>12}")
    for row in rows:
        wanted = f"{'>=' if row.least else '<='} {row.limit:g}"
        print(f"{row.title:38}{row.value:10.2f}{wanted:>12}  {'met' if row.met else 'NOT MET'}")


def measure(
    folder: Path, disk: Path, runs: int, seconds: float
) -> tuple[dict[str, dict[int, list[Run]]], dict[str, Any]]:
    """Start everything, measure everything."""
    more: dict[str, Any] = {}
    with Stage(folder, disk) as stage:
        stage.start("upstream")
        for name, behind in SUBJECTS.items():
            stage.start(name, behind=behind)
        found = rates(stage, runs, seconds)
        uvloop.run(turn(stage.subjects["full"], 1, 0.5))
        time.sleep(0.2)
        more["shares"] = shares(stage.subjects["full"].folder)
        flights = [uvloop.run(in_flight(stage.subjects["proxy"])) for _ in range(runs)]
        more["in_flight"] = {
            "seconds": statistics.median(each[0] for each in flights),
            "threads": max(each[1] for each in flights),
        }
        for name in SUBJECTS:
            stage.stop(name)
        stage.start("many")
        stage.start("catalog", behind="many")
        lists = [uvloop.run(listing(stage.subjects["catalog"], key, seconds)) for key in range(1, runs + 1)]
        more["catalog"] = {name: statistics.median(each[name] for each in lists) for name in lists[0]}
    more["memo"] = memo_hit(runs)
    return found, more


def main() -> None:
    """Measure, print the tables, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    pin(1)
    with tempfile.TemporaryDirectory(dir=memory_folder()) as name, tempfile.TemporaryDirectory() as disk:
        found, more = measure(Path(name), Path(disk), max(1, options.runs), options.seconds)
    rows = budgets(found, more)
    show(found, more, rows)
    if options.json is not None:
        subjects = {name: {str(n): asdict(middle(runs)) for n, runs in each.items()} for name, each in found.items()}
        facts = {"bench": "gateway", "python": platform.python_version(), "machine": platform.machine()}
        limits = [{**asdict(row), "met": row.met} for row in rows]
        options.json.write_text(json.dumps({**facts, "subjects": subjects, **more, "budgets": limits}, indent=1))


if __name__ == "__main__":
    main()
