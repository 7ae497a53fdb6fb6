"""`mcpg plugin bench`: what a plugin costs, case by case. The workshop measures; here it is drawn."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, json_option, say, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.workshop.measuring import Figures, Spread

__all__ = ["bench", "document_of"]

MIB = 1 << 20


@click.command(cls=Verb)
@click.argument("place", default=".", type=click.Path(exists=True, path_type=Path))
@click.option("--case", "text", default="", metavar="TEXT", help="Only cases with TEXT in their names.")
@click.option("--seconds", default=1.0, show_default=True, type=click.FloatRange(0.01, 60), help="For each figure.")
@click.option("--build/--no-build", default=True, help="Build the project first.  [default: build]")
@json_option
def bench(*, place: Path, text: str, seconds: float, build: bool, as_json: bool) -> None:
    """Measure the plugin at PLACE, case by case.

    PLACE is a project's folder or a component's file. A pass is the last one of its case, which has all replies;
    `values` is the host's part of it: writing documents for the guest and reading its answer. `memory` is the least
    that an instance can be limited to and still answer; `resident` what one more instance adds to the process. Times
    are of this machine as it is now.
    """
    document = document_of(asyncio.run(_measure(place, text, seconds, build=build)))
    show(document, lambda console: _draw(console, document), as_json=as_json)


async def _measure(place: Path, text: str, seconds: float, *, build: bool) -> Figures:
    from mcpg.workshop.cases import load_cases  # noqa: PLC0415 - slow to import
    from mcpg.workshop.dev.origin import Origin  # noqa: PLC0415 - likewise
    from mcpg.workshop.measuring import measure  # noqa: PLC0415 - likewise

    origin = Origin(place, builds=build)
    with tempfile.TemporaryDirectory(prefix="mcpg-bench-") as folder:
        taken = await origin.take(Path(folder), _tell)
        wasm = await asyncio.to_thread(taken.wasm.read_bytes)
    cases = [case for case in await asyncio.to_thread(load_cases, origin.cases) if text in case.name]
    return await measure(wasm, cases, seconds=seconds, say=_tell)


def _tell(line: str) -> None:
    click.echo(line, err=True)


def document_of(figures: Figures) -> dict[str, Any]:
    """Return figures as plain values: sizes in bytes, times in microseconds, shares from 0 to 1."""
    return {
        "plugin": figures.manifest.id,
        "version": figures.manifest.version,
        "component": figures.digest,
        "size": figures.size,
        "compile_us": _us(figures.compile),
        "compiled_size": figures.compiled,
        "load_us": _us(figures.load),
        "instantiate": _spread(figures.instantiate),
        "configure": _spread(figures.configure),
        "resident": None if figures.resident is None else round(figures.resident),
        "cases": [
            {
                "name": each.name,
                "function": each.function,
                "passes": each.passes,
                "pass": _spread(each.kept),
                "fresh": _spread(each.fresh),
                "values_share": round(each.share, 4),
                "memory": each.memory,
            }
            for each in figures.cases
        ],
        "skipped": list(figures.skipped),
    }


def _us(seconds: float) -> float:
    return round(seconds * 1e6, 2)


def _spread(spread: Spread) -> dict[str, float]:
    return {"p50_us": _us(spread.p50), "p99_us": _us(spread.p99), "count": spread.count}


def _draw(console: Console, document: dict[str, Any]) -> None:
    resident = "unknown" if document["resident"] is None else f"{document['resident'] / MIB:.2f} MiB"
    say(console, f"{document['plugin']} {document['version']}: {document['size'] / 1e6:.2f} MB")
    say(
        console,
        f"compile {document['compile_us'] / 1e6:.2f} s to {document['compiled_size'] / 1e6:.2f} MB, "
        f"load that {document['load_us'] / 1e3:.1f} ms",
    )
    say(
        console,
        f"instantiate {document['instantiate']['p50_us']:.0f} us, configure {document['configure']['p50_us']:.0f} us, "
        f"resident {resident} for each instance",
    )
    columns = ("case", "function", "pass p50 us", "p99 us", "values", "fresh p50 us", "p99 us", "memory MiB")
    table(console, columns, [_row(case) for case in document["cases"]])
    for name in document["skipped"]:
        say(console, f"not measured, it comes to no answer: {name}")


def _row(case: dict[str, Any]) -> tuple[str, ...]:
    memory = "-" if case["memory"] is None else f"{case['memory'] / MIB:.2f}"
    kept, fresh = case["pass"], case["fresh"]
    times = [f"{each:.1f}" for each in (kept["p50_us"], kept["p99_us"])]
    slow = [f"{each:.1f}" for each in (fresh["p50_us"], fresh["p99_us"])]
    return (case["name"], case["function"], *times, f"{case['values_share']:.0%}", *slow, memory)
