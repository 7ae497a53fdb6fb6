"""What a stage call costs: typed verdicts through pooled instances, against the plainest call that there is.

    python bench/stage_call.py [--json FILE] [--runs 7] [--count 5000]

The baseline is the compiled call of an exported function that takes and gives a number. Every row is the median of the
runs, which take turns so that a busy machine bothers all of them alike. Nothing fails on a time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import wasmtime
from wasmtime import component as wc

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.sandbox.world import RUN, guest  # noqa: E402 - after the path

from mcpg.contract.verdicts import ok  # noqa: E402 - the repository comes into the path first
from mcpg.sandbox import Sandbox, SandboxSettings  # noqa: E402 - after the path
from mcpg.sandbox.calls import Plan, Scratch, bind  # noqa: E402 - after the path
from mcpg.sandbox.engine import ENGINE_VERSION, new_engine  # noqa: E402 - after the path
from mcpg.sandbox.shapes import function_shape  # noqa: E402 - after the path

BUDGET = 3.5
CALLER = json.dumps({"id": "alice", "kind": "user", "groups": ["a", "b"], "tenant": "default"})
ACTION = json.dumps({"method": "tools/call", "kind": "tool", "name": "search", "annotations": {"readOnlyHint": True}})
NUMBER = """(component
  (core module $m (func (export "f") (param i32) (result i32) (local.get 0)))
  (core instance $i (instantiate $m))
  (func (export "f") (param "x" u32) (result u32) (canon lift (core func $i "f"))))"""

Row = tuple[str, Callable[[int], Awaitable[float]]]


def number_call() -> Callable[[], Any]:
    """Return the compiled call of a function with a number."""
    engine = new_engine()
    native = wc.Component(engine, bytes(wasmtime.wat2wasm(NUMBER)))
    store = wasmtime.Store(engine)
    store.set_epoch_deadline(1 << 40)
    index = native.get_export_index("f")
    function = None if index is None else wc.Linker(engine).instantiate(store, native).get_func(store, index)
    if function is None:
        raise RuntimeError("the baseline has no function")
    plan = Plan(function_shape(function.type(store)))
    call = bind(wasmtime._ffi.wasmtime_store_context(store.ptr()), function._func, plan)  # noqa: SLF001 - as the sandbox
    scratch = Scratch()

    def work(_keep: object = (store, native)) -> Any:
        return call(scratch, (7,), 1000)

    return work


def sync_row(name: str, work: Callable[[], Any]) -> Row:
    """Return a row that times plain calls."""

    async def measure(count: int) -> float:
        begin = perf_counter_ns()
        for _ in range(count):
            work()
        return (perf_counter_ns() - begin) / count / 1000

    return name, measure


def async_row(name: str, work: Callable[[], Awaitable[Any]]) -> Row:
    """Return a row that times awaited calls."""

    async def measure(count: int) -> float:
        begin = perf_counter_ns()
        for _ in range(count):
            await work()
        return (perf_counter_ns() - begin) / count / 1000

    return name, measure


async def rows(box: Sandbox) -> list[Row]:
    """Return the rows; the first is the baseline."""
    shared = await guest(box, "good", use="shared")
    effects = await guest(box, "effects", use="effects")
    fresh = await guest(box, "good", use="call", isolation="call")
    replies = [ok('{"status": 200, "json": {"id": 1}}')] * 2
    large = json.dumps({"text": "x" * 10_000})
    return [
        sync_row("number -> number (baseline)", number_call()),
        async_row("verdict `deny`", lambda: shared.ask("decide", (CALLER, ACTION, []), RUN, "t")),
        async_row("verdict `deny`, two replies", lambda: shared.ask("decide", (CALLER, ACTION, replies), RUN, "t")),
        async_row("verdict `perform`, two effects", lambda: effects.ask("decide", (CALLER, ACTION, []), RUN, "t")),
        async_row("sight `seen`, a text", lambda: shared.ask("see", (CALLER, "[]", []), RUN, "t")),
        async_row("10 KB in and out", lambda: shared.ask("decide", (CALLER, large, []), RUN, "t")),
        async_row("instance for each call", lambda: fresh.ask("decide", (CALLER, ACTION, []), RUN, "t")),
    ]


async def measure(runs: int, count: int) -> list[dict[str, Any]]:
    """Return name, median and ratio of every row."""
    with tempfile.TemporaryDirectory() as directory:
        box = Sandbox(SandboxSettings(cache=Path(directory), repeat_share=0.0))
        await box.start()
        table = await rows(box)
        times: dict[str, list[float]] = {name: [] for name, _ in table}
        for _, work in table:
            await work(count // 10)
        for _ in range(runs):
            for name, work in table:
                times[name].append(await work(count))
        await box.stop()
    base = statistics.median(times[table[0][0]])
    return [
        {"name": name, "us": round(statistics.median(each), 2), "ratio": round(statistics.median(each) / base, 2)}
        for name, each in times.items()
    ]


def main() -> None:
    """Print the table, and write it as JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--count", type=int, default=5000)
    options = parser.parse_args()
    results = asyncio.run(measure(max(5, options.runs), options.count))
    print(f"{'':34}{'us':>9}{'ratio':>8}")
    for row in results:
        print(f"{row['name']:34}{row['us']:9.2f}{row['ratio']:8.2f}")
    print(f"budget: verdict `deny` at most {BUDGET} times the baseline")
    if options.json is not None:
        facts = {"engine": ENGINE_VERSION, "python": platform.python_version(), "machine": platform.machine()}
        options.json.write_text(
            json.dumps({"bench": "stage_call", **facts, "budget": BUDGET, "rows": results}, indent=1)
        )


if __name__ == "__main__":
    main()
