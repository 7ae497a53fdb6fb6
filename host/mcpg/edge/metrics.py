"""Counters, gauges and histograms in Prometheus text. It exports nothing by itself and never waits.

Label sets are bounded: beyond `max_series` further ones are counted under the label value `other`.
Source: Prometheus text exposition format 0.0.4.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

__all__ = ["CONTENT_TYPE", "SECONDS", "Counter", "Gauge", "Histogram", "Metric", "Readings", "Registry"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metric(Protocol):
    """Something that can be written out."""

    def lines(self) -> Iterator[str]:
        """Yield the lines of this metric, header first."""
        ...


class Counter:
    """A number per label set that only grows."""

    def __init__(self, name: str, text: str, labels: Sequence[str] = (), *, max_series: int = 256) -> None:
        self._name, self._text, self._labels, self._max = name, text, tuple(labels), max_series
        self._values: dict[tuple[str, ...], float] = {}

    def inc(self, *values: str, by: float = 1) -> None:
        """Add `by` under these label values."""
        key = _bounded(self._values, values, self._max)
        self._values[key] = self._values.get(key, 0) + by

    def value(self, *values: str) -> float:
        """Return what has been counted under these label values."""
        return self._values.get(values, 0)

    def lines(self) -> Iterator[str]:
        """Yield the lines of this metric, header first."""
        yield from _header(self._name, self._text, "counter")
        for key, value in self._values.items():
            yield f"{self._name}{_label_text(self._labels, key)} {value:g}"


class Gauge:
    """A number that is read when someone asks."""

    def __init__(self, name: str, text: str, read: Callable[[], float]) -> None:
        self._name, self._text, self._read = name, text, read

    def lines(self) -> Iterator[str]:
        """Yield the lines of this metric, header first."""
        yield from _header(self._name, self._text, "gauge")
        yield f"{self._name} {self._read():g}"


class Readings:
    """Numbers per label set that are read when someone asks; what is read has to bound its label sets itself."""

    def __init__(
        self,
        name: str,
        text: str,
        labels: Sequence[str],
        read: Callable[[], Iterable[tuple[tuple[str, ...], float]]],
        *,
        kind: str = "gauge",
    ) -> None:
        self._name, self._text, self._labels, self._read, self._kind = name, text, tuple(labels), read, kind

    def lines(self) -> Iterator[str]:
        """Yield the lines of this metric, header first."""
        yield from _header(self._name, self._text, self._kind)
        for key, value in self._read():
            yield f"{self._name}{_label_text(self._labels, key)} {value:g}"


class Histogram:
    """A distribution per label set, in fixed buckets."""

    def __init__(
        self,
        name: str,
        text: str,
        labels: Sequence[str] = (),
        *,
        buckets: Sequence[float] = SECONDS,
        max_series: int = 64,
    ) -> None:
        self._name, self._text, self._labels, self._max = name, text, tuple(labels), max_series
        self._bounds = tuple(sorted(buckets))
        self._series: dict[tuple[str, ...], list[float]] = {}

    def observe(self, amount: float, *values: str) -> None:
        """Count `amount` under these label values."""
        key = _bounded(self._series, values, self._max)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = [0.0] * (len(self._bounds) + 2)
        series[bisect_left(self._bounds, amount)] += 1
        series[-1] += amount

    def lines(self) -> Iterator[str]:
        """Yield the lines of this metric, header first."""
        yield from _header(self._name, self._text, "histogram")
        for key, series in self._series.items():
            count = 0.0
            for bound, amount in zip((*self._bounds, "+Inf"), series, strict=False):
                count += amount
                labels = _label_text((*self._labels, "le"), (*key, str(bound)))
                yield f"{self._name}_bucket{labels} {count:g}"
            labels = _label_text(self._labels, key)
            yield f"{self._name}_sum{labels} {series[-1]:g}"
            yield f"{self._name}_count{labels} {count:g}"


class Registry:
    """The metrics of one gateway, written out in the order in which they were added."""

    def __init__(self) -> None:
        self._metrics: list[Metric] = []

    def add(self, *metrics: Metric) -> None:
        """Have these written out too."""
        self._metrics += metrics

    def render(self) -> str:
        """Return all metrics as Prometheus text."""
        return "".join(f"{line}\n" for metric in self._metrics for line in metric.lines())


def _bounded(known: Collection[tuple[str, ...]], values: tuple[str, ...], limit: int) -> tuple[str, ...]:
    return values if values in known or len(known) < limit else ("other",) * len(values)


def _header(name: str, text: str, kind: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _label_text(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    if not names:
        return ""
    pairs = (f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
