"""The process's own standard streams as asyncio streams. It speaks no protocol.

What anything else in this process writes to file descriptor 1 goes to standard error from then on: only the protocol
may stand on standard output.
"""

from __future__ import annotations

import asyncio
import os

__all__ = ["open_stdio"]


async def open_stdio() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return the reader of standard input and the writer of standard output; call it once."""
    loop = asyncio.get_running_loop()
    source, sink = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(source, "rb", 0))
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(sink, "wb", 0))
    return reader, asyncio.StreamWriter(transport, protocol, None, loop)
