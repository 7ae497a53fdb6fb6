"""Fakes of the ports around the pipeline: guests with a script, a ledger in a list, effects that are told."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from mcpg.contract.documents import Caller, How
from mcpg.contract.manifest import EffectWish, Manifest
from mcpg.contract.ports import McpCall
from mcpg.contract.problems import EffectDenied, LedgerUnavailable
from mcpg.contract.verdicts import Case, Effect, ok
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.backends import Backends
from mcpg.pipeline.calls import Calls
from mcpg.pipeline.distrust import Distrust
from mcpg.pipeline.floods import Floods
from mcpg.pipeline.identity import IdentityChain
from mcpg.pipeline.limits import LimitChain
from mcpg.pipeline.listing import Listing
from mcpg.pipeline.memo import Memo
from mcpg.pipeline.policy import PolicyChain
from mcpg.pipeline.routes import Route, RouteTable
from mcpg.pipeline.runs import Runner
from mcpg.pipeline.service import PipelineService
from mcpg.pipeline.stages import Plan, make_stage
from mcpg.pipeline.suspend import Suspender
from mcpg.pipeline.task_ids import TaskIds
from mcpg.pipeline.tasks import Tasks
from mcpg.pipeline.transforms import TransformChain
from mcpg.pipeline.views import Views
from mcpg.sealing import Sealer, SealKey, SealKeys
from mcpg.storage import Lru, MemoryAccounts, MemoryParked

WISHES = tuple(EffectWish(driver=driver, why="tests") for driver in ("command", "http", "mcp", "sql"))
"""The effects that fake plugins may ask for."""


class FakeGuest:
    """Answers from a function of (function, documents, replies); counts its passes."""

    def __init__(self, use, kind, answer, *, reads=("/caller", "/action", "/call", "/outcome"), memo=False, **manifest):
        self.use = use
        if kind is not PluginKind.POLICY:  # a policy that may ask is not memoised
            manifest.setdefault("effects", WISHES)
        self.manifest = Manifest(
            schema=1, id=f"test/{use}", version="1.0.0", kind=kind, world=kind.world, summary="", licence="", config={},
            reads=reads, memo=memo, **manifest,
        )  # fmt: skip
        self.digest = "sha256:" + hashlib.sha256(use.encode()).hexdigest()
        self.config_digest = "sha256:" + "0" * 64
        self.memo = memo
        self.answer = answer
        self.asked = []

    @contextmanager
    def pinned(self):
        yield self

    async def ask(self, function, arguments, run, tenant):
        self.asked.append((function, arguments))
        documents = [json.loads(a) if isinstance(a, str) and a[:1] in "{[" else a for a in arguments]
        answer = self.answer(function, *documents) if callable(self.answer) else self.answer
        if inspect.isawaitable(answer):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeEffects:
    """Grants the drivers it is told to and answers with the request's own text."""

    def __init__(self, *granted, perform=None, resume=None):
        self.granted = granted
        self.performed = []
        self.resumed = []
        self.abandoned = []
        self.over = asyncio.Event()
        self._perform = perform
        self._resume = resume

    def check(self, effect: Effect) -> None:
        if effect.driver not in self.granted:
            raise EffectDenied(f"driver `{effect.driver}` is not granted")

    async def perform(self, effect, context):
        self.performed.append((effect, context))
        return await self._perform(effect, context) if self._perform else ok(effect.request)

    async def resume(self, effect, state, responses, context):
        self.resumed.append((effect, state, responses, context))
        return await self._resume(effect, state, responses, context) if self._resume else ok(json.dumps(responses))

    async def settled(self, effect, state):
        await self.over.wait()

    def abandon(self, effect, state):
        self.abandoned.append((effect, state))


class FakeLedger:
    def __init__(self):
        self.records = []
        self.broken = False

    async def append(self, tenant, record):
        if self.broken:
            raise LedgerUnavailable("the disk is full")
        self.records.append(json.loads(json.dumps({**record, "tenant": tenant})))
        return len(self.records)

    def keyed_digest(self, tenant, text):
        return "hmac-sha256:" + hashlib.sha256((tenant + str(text)).encode()).hexdigest()

    def of(self, kind):
        return [r for r in self.records if r["kind"] == kind]


class FakeChannel:
    """A client that answers what it is asked by a function of (method, params), or hangs where there is none."""

    def __init__(self):
        self.sent = []
        self.asked = []
        self.given_up = []
        self.answer = None

    async def notify(self, method, params):
        self.sent.append((method, params))

    async def ask(self, method, params):
        self.asked.append((method, params))
        try:
            if self.answer is None:
                await asyncio.Event().wait()
            answer = self.answer(method, params)
            return await answer if inspect.isawaitable(answer) else answer
        except asyncio.CancelledError:
            self.given_up.append(method)
            raise


class FakeWatch:
    def __init__(self):
        self.closed = False

    def close(self):
        self.closed = True


class FakeUpstreams:
    """What the service itself asks of upstreams: watches, notes, releases."""

    def __init__(self):
        self.watched, self.noted, self.released = [], [], []

    async def watch(self, upstream, uri, updated, party=None):
        self.watched.append((upstream, uri, updated, FakeWatch()))
        return self.watched[-1][-1]

    async def note(self, method, params, party):
        self.noted.append((method, params, party))

    async def release(self, party):
        self.released.append(party)


ANA = Caller(
    id="ana", kind="user", how=How(credential="api-key", plugin="keys"), trust="verified", groups=("analysts",)
)


class Bench:
    """A pipeline over fakes; `plan(...)` takes guests by place and routes."""

    def __init__(self):
        self.upstreams = FakeUpstreams()
        self.ledger = FakeLedger()
        self.channel = FakeChannel()
        self.memo = Memo()
        self.accounts = MemoryAccounts()
        self.background = []
        self.distrust = Distrust()
        self.runner = Runner(self.memo)
        self.views = Views(self.runner, PolicyChain(self.runner))
        self.sealer = Sealer(SealKeys(SealKey.generate()))
        self.parked = MemoryParked()
        self.floods = Floods(self.ledger)
        self.now = Plan(generation=1, routes=RouteTable())
        self.about = {"serverInfo": {"name": "mcpg"}, "capabilities": {}}
        self.start()

    def start(self, asks=None):
        """Make the service; again for a process that begins anew with the same keys, ledger and store."""
        runner, policy = self.runner, PolicyChain(self.runner)
        calls = Calls(
            views=self.views,
            policy=policy,
            limits=LimitChain(runner, self.accounts),
            transforms=TransformChain(runner),
            backends=Backends(runner, Lru(entries=1000, size=1 << 20)),
            suspender=Suspender(self.sealer, self.parked),
            tasks=TaskIds(self.sealer),
            ledger=self.ledger,
            background=self.background.append,
            distrust=self.distrust,
            asks=asks,
        )
        self.service = PipelineService(
            plan=lambda: self.now,
            identity=IdentityChain(runner),
            calls=calls,
            listing=Listing(self.views, self.sealer, page=3),
            ledger=self.ledger,
            floods=self.floods,
            distrust=self.distrust,
            upstreams=self.upstreams,
            tasks=Tasks(calls, TaskIds(self.sealer), self.upstreams),
            about=lambda: self.about,
        )

    def plan(self, *routes, backends=None, **places):
        stages = {name: tuple(_stage(g) for g in guests) for name, guests in places.items() if isinstance(guests, list)}
        rest = {name: value for name, value in places.items() if not isinstance(value, list)}
        backs = {use: _stage(g) for use, g in (backends or {}).items()}
        self.now = Plan(generation=self.now.generation + 1, routes=RouteTable(routes), backends=backs, **stages, **rest)

    async def call(self, name="echo", arguments=None, *, caller=ANA, **rest):
        params = {"name": name, "arguments": arguments or {}, **rest.pop("params", {})}
        method = rest.pop("method", "tools/call")
        call = McpCall(method=method, params=params, version=rest.pop("version", "2025-11-25"), request_id=1, **rest)
        return await self.service.respond(caller, call, self.channel)

    async def list(self, method="tools/list", *, caller=ANA, **params):
        call = McpCall(method=method, params=params, version="2025-11-25", request_id=1)
        return await self.service.respond(caller, call, self.channel)


def _stage(guest):
    if isinstance(guest, tuple):
        guest, effects, *rest = guest
        return make_stage(guest, effects, **(rest[0] if rest else {}))
    return make_stage(guest, FakeEffects())


def route(name="echo", **fields):
    return Route(
        kind="tool", name=name, backend="back", entry={"name": name, "inputSchema": {"type": "object"}}, **fields
    )


def backend(answer=None):
    def echo(function, caller, call, replies):
        return Case("done", json.dumps({"content": [{"type": "text", "text": json.dumps(call["arguments"])}]}))

    return FakeGuest("back", PluginKind.BACKEND, answer or echo)


def policy(answer, use="rules", **more):
    def both(function, caller, action, replies):
        if function == "see":
            rows = [answer(caller, a) if callable(answer) else answer for a in action]
            return Case(
                "seen", "".join({"permit": "p", "deny": "d"}.get(getattr(v, "tag", "failed"), "a") for v in rows)
            )
        return answer(caller, action) if callable(answer) else answer

    return FakeGuest(use, PluginKind.POLICY, both, **more)


PERMIT = Case("permit", [])


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def kit():
    return SimpleNamespace(
        guest=FakeGuest, effects=FakeEffects, route=route, backend=backend, policy=policy, permit=PERMIT, ana=ANA
    )
