"""What the gateway counts beside the edge: plan, plugins, upstreams, memo, sinks, ledger. It only reads."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mcpg.edge.metrics import Gauge, Readings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.edge.metrics import Metric
    from mcpg.gateway.gateway import Gateway

__all__ = ["measures_of"]


def measures_of(gateway: Gateway) -> tuple[Metric, ...]:
    """Return the metrics of a running gateway; label values are the operator's own names."""

    def plugins() -> Iterator[tuple[tuple[str, ...], float]]:
        states = Counter(state.state.value for state in gateway.rooms.catalog.states())
        yield from (((state,), count) for state, count in states.items())

    def upstreams() -> Iterator[tuple[tuple[str, ...], float]]:
        for name, state in gateway.rooms.upstreams.states().items():
            yield (name, str(state.state)), 1

    def memo() -> Iterator[tuple[tuple[str, ...], float]]:
        yield ("hit",), gateway.memo.hits
        yield ("miss",), gateway.memo.misses

    def copies() -> Iterator[tuple[tuple[str, ...], float]]:
        for feed in gateway.feeds:
            yield (feed.use, "delivered"), feed.delivered
            yield (feed.use, "lost"), feed.lost

    def records() -> float:
        head = gateway.rooms.ledger.head
        return head.records if head is not None else 0

    return (
        Gauge("mcpg_plan_generation", "Plans made since the start.", lambda: gateway.plan().generation),
        Gauge("mcpg_routes", "Tools, prompts, resources and templates.", lambda: len(gateway.plan().routes)),
        Gauge("mcpg_ledger_records", "Records that the newest signed head proves.", records),
        Readings("mcpg_plugins", "Plugin uses by state.", ("state",), plugins),
        Readings("mcpg_upstream_state", "1 for the state that an upstream is in.", ("upstream", "state"), upstreams),
        _definitions(gateway),
        Readings("mcpg_memo_total", "Verdicts asked of the memo.", ("outcome",), memo, kind="counter"),
        Readings("mcpg_sink_records_total", "Copies for sinks.", ("sink", "outcome"), copies, kind="counter"),
        *_revocations(gateway),
    )


def _revocations(gateway: Gateway) -> tuple[Metric, ...]:
    revoking = gateway.rooms.revoking

    def fences() -> Iterator[tuple[tuple[str, ...], float]]:
        yield from (((use,), count) for use, count in gateway.kill.fences.items())

    def offered() -> Iterator[tuple[tuple[str, ...], float]]:
        yield from revoking.taken.items()

    def states() -> Iterator[tuple[tuple[str, ...], float]]:
        for state in ("fresh", "stale", "dead"):
            yield (state,), float(revoking.freshness.state == state)

    return (
        Gauge("mcpg_revocation_list_version", "Version of the revocation list in force.", lambda: revoking.version),
        Gauge("mcpg_revocation_list_age_seconds", "Seconds since the feed confirmed its list.", revoking.age),
        Readings("mcpg_revocation_list_state", "1 for the state that the list is in.", ("state",), states),
        Readings("mcpg_revocations_total", "Lists offered.", ("source", "outcome"), offered, kind="counter"),
        Readings("mcpg_plugins_fenced_total", "Fences of plugin uses.", ("use",), fences, kind="counter"),
    )


def _definitions(gateway: Gateway) -> Metric:
    def counts() -> Iterator[tuple[tuple[str, ...], float]]:
        for name, found in gateway.pinning.status().items():
            yield from (((name, state), found[state]) for state in ("changed", "new", "held"))

    told = "Definitions that differ from what was approved."
    return Readings("mcpg_upstream_definitions", told, ("upstream", "state"), counts)
