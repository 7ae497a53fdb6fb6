"""MCP over a child's standard input and output (both eras): one line is one message. It restarts nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mcpg.upstreams.child import Child
from mcpg.upstreams.clients import PLAIN
from mcpg.upstreams.duplex import Duplex
from mcpg.upstreams.faults import Lost, NotSent

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.upstreams.clients import Role
    from mcpg.upstreams.lines import Line
    from mcpg.upstreams.specs import StdioSpec

__all__ = ["StdioLink"]

_ID = re.compile(rb'"id"\s*:\s*(\d{1,15})\s*[,}]')


class StdioLink(Duplex):
    """One child from its start to its end. Implements `Link`."""

    def __init__(
        self, spec: StdioSpec, max_message: int, changed: Callable[[str], None], role: Role = PLAIN, name: str = ""
    ) -> None:
        super().__init__(max_message, changed, role)
        self._spec = spec
        self._name = name
        self._child: Child | None = None

    async def open(self) -> None:
        """Start the child; raises `Fault`."""
        self._child = await Child.start(self._spec, self._max, self._take_line, self._end, name=self._name)

    def grumbles(self) -> tuple[str, ...]:
        """Return the last lines of standard error."""
        return tuple(self._child.stderr) if self._child is not None else ()

    async def close(self) -> None:
        """End the child with its group; calls in flight fail."""
        self._end(Lost("was stopped"))
        if self._child is not None:
            await self._child.stop(self._spec.grace)

    async def _write(self, line: bytes) -> None:
        self._ready_to_write(line)
        if self._child is None:
            raise NotSent("is not connected")
        await self._child.write(line)

    def _write_soon(self, line: bytes) -> None:
        if self._child is None or self.lost.done():
            return
        try:
            self._child.write_soon(line)
        except NotSent:
            return

    def _take_line(self, line: Line) -> None:
        if self.lost.done() or not line.text.strip():
            return
        if line.oversize:
            self._take_oversize(line.text)
        else:
            self._take_text(line.text)

    def _take_oversize(self, head: bytes) -> None:
        """Fail the call that the dropped line seems to answer; a wrong guess hurts this upstream's calls only."""
        found = _ID.search(head)
        self._count_noise(int(found[1]) if found else None, f"answered with more than {self._max} bytes")
