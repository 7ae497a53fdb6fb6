"""What one MCP request carries through the stages: ids, caller, deadline, bodies, the trace. It decides nothing."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.documents import RunFacts
from mcpg.contract.ports import GATEWAY
from mcpg.pipeline.blobs import RunBlobs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.contract.documents import Caller
    from mcpg.contract.ports import Channel, Party
    from mcpg.contract.problems import McpgError
    from mcpg.pipeline.notices import Notices
    from mcpg.pipeline.projection import Reads

__all__ = ["Known", "Work", "unheard"]


class Known:
    """A caller with its projections: serialised once per caller and set of reads."""

    __slots__ = ("_texts", "caller", "document")

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.document: dict[str, Any] = msgspec.to_builtins(caller)
        self._texts: dict[tuple[str, ...], str] = {}

    def text(self, reads: Reads) -> str:
        """Return the caller document as a plugin with these reads sees it."""
        text = self._texts.get(reads.key)
        if text is None:
            text = self._texts[reads.key] = reads.text("caller", self.document)
        return text


class Work:
    """One MCP request on its way. `deadline` in event-loop seconds; `trace` grows by one entry per verdict."""

    __slots__ = (
        "blobs",
        "call_id",
        "channel",
        "deadline",
        "digest",
        "endpoint",
        "known",
        "method",
        "name",
        "notices",
        "notify",
        "now",
        "party",
        "runs",
        "seed",
        "since",
        "task",
        "trace",
    )

    def __init__(
        self,
        *,
        known: Known,
        method: str,
        name: str,
        deadline: float,
        notify: Callable[[str, dict[str, Any]], Awaitable[None]],
        digest: Callable[[str], str],
        now: int | None = None,
        call_id: str | None = None,
    ) -> None:
        self.now = int(time.time() * 1000) if now is None else now
        chance = os.urandom(18).hex()  # each question to the system's generator costs as much as a digest
        self.call_id = call_id or f"{self.now:012x}{chance[16:]}"
        self.seed = chance[:16]
        self.known = known
        self.method = method
        self.name = name
        self.deadline = deadline
        self.notify = notify
        self.digest = digest
        self.blobs = RunBlobs()
        self.trace: list[dict[str, Any]] = []
        self.endpoint = ""
        """The endpoint that was asked, as records name it."""
        self.notices: Notices | None = None
        self.channel: Channel | None = None
        """Where the client can be asked while this work goes on; none where no client began it."""
        self.party: Party = GATEWAY
        self.task = ""
        """The call that began the task which this is about."""
        self.runs = 0
        self.since = 0
        """How many plugins had been fenced when what the trace goes by began."""

    def fault(self, error: McpgError) -> None:
        """Note that what the last run answered cannot be used: the trace then says so in place of the verdict."""
        self.trace[-1] |= {"verdict": "error", "code": error.code, "message": error.message}

    @property
    def request_facts(self) -> dict[str, Any]:
        """What a stage whose manifest reads `/run` is told: id, recorded time and seed of the request."""
        return {"id": self.call_id, "now": self.now, "seed": self.seed}

    def facts(self) -> RunFacts:
        """Return the facts of the next run of this request: its own id and seed, the request's recorded time."""
        self.runs += 1
        return RunFacts(id=f"{self.call_id}.{self.runs}", now=self.now, seed=f"{self.seed}{self.runs:04x}")


async def unheard(_method: str, _params: dict[str, Any]) -> None:
    """Drop a notification: work that no client's request began has nobody to notify."""
