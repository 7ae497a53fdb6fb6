"""A process that takes and spends until it is killed, and says what it got."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from mcpg.storage import SqliteParked


async def main(path: Path) -> None:
    parked = await SqliteParked(path).open()
    for key in await parked.keys():
        value = await parked.take(key)
        os.write(1, f"took {key} {(value or b'').decode()}\n".encode())
        if await parked.spend(f"id-{key}", ttl=3600):
            os.write(1, f"spent id-{key}\n".encode())
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
