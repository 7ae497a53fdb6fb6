"""The drivers `mcp` (over a recorded port) and `notify`: grants, replies, bounds."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs
from tests.effects.kit import Use, using

from mcpg.contract.ports import GATEWAY, Party
from mcpg.contract.problems import ConfigError, EffectDenied, UpstreamFailed
from mcpg.effects.desk import Desk
from mcpg.effects.mcp import McpDriver
from mcpg.effects.notify import NotifyDriver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


class Upstream:
    """Records what is asked and answers what a test says."""

    def __init__(self, answer: dict[str, Any] | Exception | None = None) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.parties: list[Party] = []
        self.settling: list[tuple[str, str]] = []
        self.abandoned: list[str] = []

    async def request(
        self,
        upstream: str,
        method: str,
        params: dict[str, Any],
        *,
        deadline: float,
        notify: Callable[[str, dict[str, Any]], Awaitable[None]] | None = None,
        party: Party = GATEWAY,
    ) -> dict[str, Any]:
        self.asked.append((upstream, method, params))
        self.parties.append(party)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is None:
            await asyncio.Event().wait()
        assert notify is not None
        await notify("notifications/progress", {"progress": 1})
        return self.answer or {}

    async def resume(self, upstream: str, method: str, params: dict[str, Any], **more: Any) -> dict[str, Any]:
        self.asked.append((upstream, method, params))
        self.parties.append(more["party"])
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"result": {"state": more["state"], "responses": more["responses"]}}

    async def settled(self, upstream: str, state: str) -> None:
        self.settling.append((upstream, state))

    def abandon(self, state: str) -> None:
        self.abandoned.append(state)


@asynccontextmanager
async def mcp(answer: dict[str, Any] | Exception | None, **grant: Any) -> AsyncIterator[tuple[Use, Upstream]]:
    upstream = Upstream(answer)
    async with using(McpDriver(upstream), {"mcp": {"upstreams": ["time"], **grant}}) as use:
        yield use, upstream


CALL = {"upstream": "time", "method": "tools/call", "params": {"name": "now", "arguments": {"zone": "UTC"}}}


async def test_a_result_and_an_error_come_back_and_progress_goes_through() -> None:
    async with mcp({"result": {"content": []}}) as (use, upstream):
        assert await use.ok(**CALL) == {"result": {"content": []}}
        assert upstream.asked == [("time", "tools/call", {**CALL["params"], "_meta": {"progressToken": 0}})]
        assert use.told == [("notifications/progress", {"progress": 1})]
    async with mcp({"error": {"code": -32602, "message": "no"}}) as (use, _):
        assert await use.ok(**CALL) == {"error": {"code": -32602, "message": "no"}}


async def test_a_large_result_stays_in_the_host() -> None:
    result = {"content": [{"type": "text", "text": "x" * 70_000}]}
    async with mcp({"result": result}) as (use, _):
        node = (await use.ok(**CALL))["result"]
        assert json.loads(use.blobs.get(node["$ref"])) == result


ASKING = {"asking": {"requests": {"a": {"method": "roots/list", "params": {}}}, "state": "s"}}


async def test_an_upstream_that_asks_suspends_the_call_and_is_resumed_with_the_same_params() -> None:
    party = Party(("default", "keys", "", "ana"), "session", "2025-11-25", {"roots": {}})
    async with mcp(ASKING) as (use, upstream):
        context = structs.replace(use.context(), party=party)
        case = await use.effects.perform(use.effect(**CALL), context)
        assert case == ("suspended", ({"a": {"method": "roots/list", "params": {}}}, "s"))
        responses = {"a": {"result": {"roots": []}}}
        resumed = await use.effects.resume(use.effect(**CALL), "s", responses, context)
        assert json.loads(resumed.value) == {"result": {"state": "s", "responses": responses}}
        assert upstream.asked[0] == upstream.asked[1]
        assert upstream.parties == [party, party]
        await use.effects.settled(use.effect(**CALL), "s")
        use.effects.abandon(use.effect(**CALL), "s")
        assert (upstream.settling, upstream.abandoned) == ([("time", "s")], ["s"])


async def test_what_is_gone_is_an_unknown_outcome() -> None:
    async with mcp(UpstreamFailed("it is gone", code="upstream-unknown")) as (use, _):
        case = await use.effects.resume(use.effect(**CALL), "s", {}, use.context())
        assert (case.tag, case.value.code) == ("failed", "upstream-unknown")


async def test_a_grant_that_has_gone_resumes_nothing() -> None:
    async with mcp(ASKING, upstreams=["docs"]) as (use, upstream):
        case = await use.effects.resume(use.effect(**CALL), "s", {}, use.context())
        assert (case.tag, case.value.code) == ("failed", "effect-denied")
        await use.effects.settled(use.effect(**CALL), "s")
        assert (upstream.asked, upstream.settling) == ([], [])


async def test_a_driver_that_cannot_be_resumed_says_so() -> None:
    async with using(NotifyDriver(), {"notify": {}}) as use:
        effect = use.effect(kind="log", message="x")
        case = await use.effects.resume(effect, "s", {}, use.context())
        assert (case.tag, case.value.code) == ("failed", "effect-denied")
        await use.effects.settled(effect, "s")
        use.effects.abandon(effect, "s")


FIELDS = [
    ("upstreams", {}, CALL, {**CALL, "upstream": "docs"}),
    ("methods", {}, CALL, {**CALL, "method": "tasks/cancel"}),
    ("methods", {"methods": ["tools/list"]}, {"upstream": "time", "method": "tools/list"}, CALL),
    ("names", {"names": ["n*"]}, CALL, {**CALL, "params": {"name": "later"}}),
    ("names", {"names": ["now"]}, CALL, {**CALL, "params": {"name": "now2"}}),
    ("names", {"names": ["now"]}, CALL, {**CALL, "params": {"name": "now\n"}}),
    ("names", {"names": ["now"]}, CALL, {**CALL, "params": {"name": ["now"]}}),
    ("names", {"names": ["file:///a/*"]}, {"upstream": "time", "method": "resources/read", "params": {"uri": "file:///a/b"}},
     {"upstream": "time", "method": "resources/read", "params": {"uri": "file:///b"}}),
    ("names", {"names": ["p"], "methods": ["completion/complete"]},
     {"upstream": "time", "method": "completion/complete", "params": {"ref": {"name": "p"}}},
     {"upstream": "time", "method": "completion/complete", "params": {"ref": {"name": "q"}}}),
    ("names", {"names": []}, {"upstream": "time", "method": "tools/list"}, CALL),
]  # fmt: skip


@pytest.mark.parametrize(("field", "grant", "inside", "outside"), FIELDS)
async def test_each_field_allows_and_denies(
    field: str, grant: dict[str, Any], inside: dict[str, Any], outside: dict[str, Any]
) -> None:
    async with mcp({"result": {}}, **grant) as (use, upstream):
        await use.ok(**inside)
        with pytest.raises(EffectDenied, match=f"`{field}`"):
            use.check(**outside)
        assert (await use.failed(**outside))[0] == "effect-denied"
        assert len(upstream.asked) == 1


async def test_timeout_ends_a_call_and_says_what_is_known() -> None:
    async with mcp(None, timeout="50ms") as (use, _):
        assert (await use.failed(**CALL))[0] == "outcome-unknown"
        assert (await use.failed(upstream="time", method="tools/list"))[0] == "timeout"
    async with mcp(None) as (use, _):
        assert (await use.failed(**CALL, timeout=20))[0] == "outcome-unknown"


async def test_an_upstream_that_failed_is_named() -> None:
    async with mcp(UpstreamFailed("`time` is down")) as (use, _):
        assert await use.failed(**CALL) == ("upstream-failed", "`time` is down")


@pytest.mark.parametrize("grant", [{}, {"upstream": ["x"]}, {"upstreams": []}, {"upstreams": ["x"], "timeout": "x"}])
def test_a_bad_mcp_grant_is_refused(grant: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"upstreams|timeout"):
        Desk([McpDriver(Upstream())], {}).granted("use", {"mcp": grant})


async def test_progress_and_log_reach_the_client() -> None:
    async with using(NotifyDriver(), {"notify": None}) as use:
        assert await use.ok(kind="progress", progress=1, total=2, message="half") == {"sent": True}
        assert await use.ok(kind="log", level="warning", message="oh") == {"sent": True}
        assert await use.ok(kind="log", data={"a": 1}) == {"sent": True}
        assert use.told == [
            ("notifications/progress", {"progress": 1.0, "total": 2.0, "message": "half"}),
            ("notifications/message", {"level": "warning", "data": "oh"}),
            ("notifications/message", {"level": "info", "data": {"a": 1}}),
        ]


async def test_the_pace_of_one_run_is_bounded() -> None:
    async with using(NotifyDriver(), {"notify": {"per_second": 1}}) as use:
        sent = [(await use.ok(kind="progress", progress=n))["sent"] for n in range(50)]
        assert sent[:20] == [True] * 20
        assert not sent[30]
        other = await use.effects.perform(use.effect(kind="log", message="x"), use.context(run="run-2"))
        assert other.value == '{"sent":true}'


async def test_long_notifications_and_bad_grants_are_refused() -> None:
    async with using(NotifyDriver(), {"notify": {}}) as use:
        for more in ({"message": "x" * 5000}, {"data": "x" * 20_000}, {"kind": "sampling"}):
            with pytest.raises(EffectDenied):
                use.check(**{"kind": "log", **more})
    for grant in ({"per_second": 0}, {"rate": 1}):
        with pytest.raises(ConfigError):
            Desk([NotifyDriver()], {}).granted("use", {"notify": grant})
