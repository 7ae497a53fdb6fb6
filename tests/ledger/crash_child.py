"""A process that appends from many tasks and says on its standard output what was acknowledged, until it is killed."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from pathlib import Path

from mcpg.ledger import SqliteLedger


async def main(directory: Path, tasks: int) -> None:
    ledger = await SqliteLedger.open(
        directory / "ledger.db",
        state=directory,
        on_head=lambda head: os.write(1, f"head {head.text}\n".encode()),
    )
    numbers = itertools.count()

    async def stays_open(tenant: str) -> None:
        call = f"{os.getpid()}-{tenant}-open"
        seq = await ledger.append(tenant, {"kind": "intent", "call": call})
        os.write(1, f"intent {tenant} {seq} {call}\n".encode())

    async def calls(tenant: str) -> None:
        while True:
            call = f"{os.getpid()}-{next(numbers)}"
            for record in ({"kind": "intent"}, {"kind": "outcome", "status": "ok"}):
                seq = await ledger.append(tenant, {**record, "call": call, "pad": "x" * 200})
                os.write(1, f"{record['kind']} {tenant} {seq} {call}\n".encode())

    await asyncio.gather(*(stays_open(f"tenant-{number}") for number in range(3)))
    await asyncio.gather(*(calls(f"tenant-{number % 3}") for number in range(tasks)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
