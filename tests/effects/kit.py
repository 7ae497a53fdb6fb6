"""The test kit of every driver: a context, blobs, a caller, and effects under a grant."""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcpg.contract.documents import Caller, How
from mcpg.contract.ports import EffectContext
from mcpg.contract.verdicts import Effect
from mcpg.effects.desk import Desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from mcpg.contract.ports import Effects
    from mcpg.contract.verdicts import Case
    from mcpg.effects.driver import Driver

CALLER = Caller(id="ana", kind="user", how=How(credential="api-key"), trust="verified")


class Bodies:
    """Blobs of one run, as the pipeline keeps them."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, body: bytes, media: str) -> dict[str, Any]:
        name = f"blob-{len(self.kept)}"
        self.kept[name] = body
        return {"$ref": name, "size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "media": media}

    def get(self, reference: str) -> bytes:
        return self.kept[reference]


class Memory:
    """A source of secrets that a test fills."""

    def __init__(self, **values: str) -> None:
        self.values = values

    async def read(self, name: str) -> str:
        return self.values[name]


@dataclass
class Use:
    """One plugin use with its grants, as the pipeline sees it."""

    effects: Effects
    driver: str
    blobs: Bodies = field(default_factory=Bodies)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def context(self, seconds: float = 10.0, run: str = "run-1") -> EffectContext:
        async def notify(method: str, params: dict[str, Any]) -> None:
            self.told.append((method, params))

        deadline = asyncio.get_running_loop().time() + seconds
        return EffectContext(run, 3, CALLER, deadline, self.blobs, notify)

    def effect(self, **request: Any) -> Effect:
        return Effect(self.driver, json.dumps(request))

    def check(self, **request: Any) -> None:
        self.effects.check(self.effect(**request))

    async def perform(self, *, seconds: float = 10.0, **request: Any) -> Case:
        return await self.effects.perform(self.effect(**request), self.context(seconds))

    async def ok(self, **request: Any) -> Any:
        case = await self.perform(**request)
        assert case.tag == "ok", case
        return json.loads(case.value)

    async def failed(self, *, seconds: float = 10.0, **request: Any) -> tuple[str, str]:
        case = await self.perform(seconds=seconds, **request)
        assert case.tag == "failed", case
        return case.value.code, case.value.message


@asynccontextmanager
async def using(driver: Driver, grants: Mapping[str, Any], **more: Any) -> AsyncIterator[Use]:
    """Start a desk with one driver and give a use under `grants` (all drivers' and `secrets`)."""
    desk = Desk([driver], more.pop("secrets", {}), **more)
    await desk.start()
    try:
        yield Use(desk.granted("use", grants), driver.name)
    finally:
        await desk.stop()
