"""Asks backends what they offer, at the start and whenever an upstream says that it changed. It serves nobody.

One task for each backend that depends on an upstream: it waits for a sign, asks, hands the catalog on, and tries again
later when it could not be had. A catalog that was had before stays until a new one comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.documents import Caller, Catalog, How
from mcpg.contract.problems import BadDocument, McpgError, RunFailed
from mcpg.gateway.routing import Described
from mcpg.pipeline.reading import parse
from mcpg.pipeline.runs import Question
from mcpg.pipeline.work import Known, Work, unheard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.stages import Stage

__all__ = ["Describer", "describe"]

log = logging.getLogger("mcpg.gateway")
SECONDS = 30.0
MAX_ENTRIES = 20_000
SELF = Known(Caller(id="mcpg", kind="service", how=How(credential="self"), trust="verified"))


async def describe(runner: Runner, stage: Stage, *, upstream: str = "", call_timeout: float = 30.0) -> Described:
    """Return what a backend offers; raises `McpgError`."""
    loop = asyncio.get_running_loop()
    work = Work(
        known=SELF,
        method="describe",
        name=stage.use,
        deadline=loop.time() + SECONDS,
        notify=unheard,
        digest=lambda _: "",
    )
    answer = await runner.run(Question(stage, "describe", "describe", (), work))
    if answer.tag != "catalog":
        raise RunFailed(answer.value.message, code=answer.value.code)
    return Described(stage.use, _catalog(answer.value, work), upstream, call_timeout)


def _catalog(text: str, work: Work) -> dict[str, Any]:
    value = work.blobs.restore(parse(text, work.name))
    try:
        catalog = msgspec.convert(value, Catalog)
    except msgspec.ValidationError as error:
        raise BadDocument(f"the catalog is outside its schema: {error}") from error
    if len(catalog.tools) + len(catalog.prompts) + len(catalog.resources) + len(catalog.templates) > MAX_ENTRIES:
        raise BadDocument(f"the catalog has more than {MAX_ENTRIES} entries")
    document: dict[str, Any] = value
    return document


class Describer:
    """Keeps the catalog of one backend use fresh: `ask` begins it, and tells of another stage.

    `judge` returns what was described with what is held back of it, and raises `McpgError` when it cannot say; without
    one nothing is held back.
    """

    def __init__(
        self,
        runner: Runner,
        upstream: str,
        changed: Callable[[Described], None],
        judge: Callable[[Described], Awaitable[Described]] | None = None,
    ) -> None:
        self._runner = runner
        self._upstream = upstream
        self._changed = changed
        self._judge = judge
        self._asked: tuple[Stage, float] | None = None
        self._sign = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.first = asyncio.Event()
        self.error = ""

    def ask(self, stage: Stage, *, timeout: float) -> None:
        """Ask `stage` from now on; `timeout` (seconds) is that of calls to what it offers."""
        self._asked = (stage, timeout)
        self._sign.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep())

    def sign(self) -> None:
        """Note that the catalog may have changed."""
        self._sign.set()

    async def stop(self) -> None:
        """End the task."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _keep(self) -> None:
        wait = 0.5
        while True:
            await self._sign.wait()
            self._sign.clear()
            done = await self._once()
            self.first.set()
            if done:
                wait = 0.5
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._sign.wait()
                self._sign.set()
                wait = min(wait * 2, 30.0)

    async def _once(self) -> bool:
        """Ask, and hand on what was answered; whatever goes wrong, the catalog that was had before stays."""
        assert self._asked is not None  # noqa: S101 - `ask` began this
        stage, timeout = self._asked
        try:
            described = await describe(self._runner, stage, upstream=self._upstream, call_timeout=timeout)
            self._changed(await self._judge(described) if self._judge is not None else described)
        except Exception as error:  # noqa: BLE001 - a bug, or an upstream's nonsense, must not end the asking
            message = error.message if isinstance(error, McpgError) else f"failed with {type(error).__name__}"
            if message != self.error:
                log.warning("the catalog of `%s` cannot be had: %s", stage.use, message)
            self.error = message
            return False
        self.error = ""
        return True
