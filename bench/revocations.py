"""What a revocation list costs: to verify and index, to take and remember, to read again at a start, and to ask.

    python bench/revocations.py [--json FILE] [--runs 7]

The lists are of all kinds of entries, canonical, under two signatures of three keys. Figures are medians of the runs.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from mcpg_registry.digests import digest_bytes
from mcpg_registry.trust.keys import PrivateKey
from mcpg_revocations.index import Subject, check, index_of, revoked
from mcpg_revocations.lists import DAY, Entry, RevocationList
from mcpg_revocations.rules import Anchor, sign_list, verify_list
from mcpg_revocations.standing import Site, Standing

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (100, 2_000, 20_000, 40_000)
BUDGET = 20_000, 100.0
LOOKUPS = 20_000
NOW = 1_800_000_000
KEYS = tuple(PrivateKey.generate() for _ in range(3))
ANCHOR = Anchor(tuple(key.public for key in KEYS), 2)
HEADS = ("entries", "KiB", "verify ms", "index ms", "load ms", "take ms", "start ms", "ask µs", "signers µs")


def make(count: int) -> RevocationList:
    """Return a list in which every kind of entry has its share."""
    entries = []
    for number in range(count):
        digest = digest_bytes(str(number).encode())
        marks: list[dict[str, Any]] = [
            {"wasm": digest},
            {"manifest": digest},
            {"plugin": f"publisher-{number % 997}/plugin-{number}", "versions": f"<1.{number % 40}.0"},
            {"wasm": digest},
            {"key": digest},
        ]
        mark = marks[number % len(marks)]
        entries.append(Entry(id=f"R-{number:06}", action="block", reason="sends arguments to a stranger", **mark))
    return RevocationList(
        schema=1, version=1, issuer="bench", issued=NOW, expires=NOW + DAY, grace=DAY, entries=tuple(entries)
    )


def timed(function: Callable[[], Any], runs: int) -> float:
    """Return the median milliseconds of a call."""
    times = []
    for _ in range(runs):
        gc.collect()
        begin = perf_counter()
        function()
        times.append((perf_counter() - begin) * 1000)
    return statistics.median(times)


def measure(count: int, runs: int) -> tuple[float, ...]:
    """Return one row: see `HEADS`."""
    text = sign_list(make(count), KEYS[:2])
    found = verify_list(text, ANCHOR, now=NOW)
    index = index_of(found)
    subject = Subject(
        manifest=digest_bytes(b"m"),
        wasm=digest_bytes(b"w"),
        id="publisher-1/plugin-2",
        version="2.0.0",
        keys=(KEYS[0].public.id, KEYS[1].public.id),
        repository="ghcr.io/publisher-1/plugins/plugin-2",
    )
    with tempfile.TemporaryDirectory() as folder:
        places = [Site(Path(folder) / str(number), ANCHOR) for number in range(runs)]
        sites = iter([Standing.open(place, NOW) for place in places])
        take = timed(lambda: next(sites).offer(text, NOW), runs)
        start = timed(lambda: Standing.open(places[0], NOW), runs)
    return (
        count,
        len(text) / 1024,
        timed(lambda: verify_list(text, ANCHOR, now=NOW), runs),
        timed(lambda: index_of(found), runs),
        timed(lambda: index_of(verify_list(text, ANCHOR, now=NOW)), runs),
        take,
        start,
        timed(lambda: [check(subject, index) for _ in range(LOOKUPS)], runs) * 1000 / LOOKUPS,
        timed(lambda: revoked(index), runs) * 1000,
    )


def main() -> None:
    """Print the table, and whether the budget is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    rows = [measure(count, options.runs) for count in SIZES]
    print("".join(f"{head:>12}" for head in HEADS))
    for row in rows:
        print("".join(f"{value:>12,.0f}" if place < 2 else f"{value:>12,.2f}" for place, value in enumerate(row)))
    load = next(row[4] for row in rows if row[0] == BUDGET[0])
    verdict = "met" if load < BUDGET[1] else "NOT MET"
    print(f"\nload of {BUDGET[0]:,} entries, ms {load:>12.2f} {f'< {BUDGET[1]:.0f}':>8}  {verdict}")
    if options.json:
        options.json.write_text(json.dumps([dict(zip(HEADS, row, strict=True)) for row in rows], indent=1))


if __name__ == "__main__":
    main()
