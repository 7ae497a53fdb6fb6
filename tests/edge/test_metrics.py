"""Metrics: the text that Prometheus reads, and labels that nobody can invent without end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.edge.metrics import Counter, Gauge, Histogram, Registry

if TYPE_CHECKING:
    from tests.edge.kit import Client

    from mcpg.edge.endpoint import McpEndpoint


def test_the_text_format() -> None:
    registry = Registry()
    counter = Counter("calls_total", "Calls.", ("tool",))
    histogram = Histogram("seconds", "Time.", ("tool",), buckets=(0.1, 1))
    registry.add(counter, Gauge("open", "Open ones.", lambda: 2.5), histogram)
    counter.inc('a"\\\n')
    counter.inc("b", by=2)
    for amount in (0.05, 0.1, 0.5, 7):
        histogram.observe(amount, "b")
    assert registry.render().splitlines() == [
        "# HELP calls_total Calls.",
        "# TYPE calls_total counter",
        'calls_total{tool="a\\"\\\\\\n"} 1',
        'calls_total{tool="b"} 2',
        "# HELP open Open ones.",
        "# TYPE open gauge",
        "open 2.5",
        "# HELP seconds Time.",
        "# TYPE seconds histogram",
        'seconds_bucket{tool="b",le="0.1"} 2',
        'seconds_bucket{tool="b",le="1"} 3',
        'seconds_bucket{tool="b",le="+Inf"} 4',
        'seconds_sum{tool="b"} 7.65',
        'seconds_count{tool="b"} 4',
    ]


def test_label_sets_are_bounded() -> None:
    counter = Counter("c", "C.", ("a", "b"), max_series=2)
    for name in ("x", "y", "z", "w", "x"):
        counter.inc(name, name)
    assert (counter.value("x", "x"), counter.value("z", "z"), counter.value("other", "other")) == (2, 0, 2)


async def test_the_endpoint_counts(client: Client, endpoint: McpEndpoint) -> None:
    registry = Registry()
    registry.add(*endpoint.metrics())
    await client.modern("tools/call", {"name": "echo"})
    await client.modern("tools/call", {"name": "none"})
    await client.modern("made/up")
    await client.open()
    text = registry.render()
    assert 'mcpg_requests_total{version="2026-07-28",method="tools/call",outcome="ok"} 1' in text
    assert 'mcpg_requests_total{version="2026-07-28",method="tools/call",outcome="-32602"} 1' in text
    assert 'mcpg_refused_total{status="404"} 1' in text
    assert 'mcpg_request_seconds_count{method="tools/call"} 2' in text
    assert "mcpg_sessions 1\n" in text
    assert "made" not in text
