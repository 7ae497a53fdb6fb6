"""How far a transfer is: bars on a terminal, lines elsewhere, on standard error. It transfers nothing."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from mcpg.cli.output import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

__all__ = ["Told", "telling"]


class Told:
    """Tells people what goes on; `silent` for what is read by programs."""

    def __init__(self, bars: Progress | None, *, silent: bool = False) -> None:
        self._bars = bars
        self._silent = silent

    def line(self, text: str) -> None:
        """Tell one line."""
        if self._bars is not None:
            self._bars.console.print(plain(text), markup=False, highlight=False)
        elif not self._silent:
            click.echo(plain(text), err=True)

    def bar(self, label: str, size: int, doing: str = "reading") -> Callable[[int], None]:
        """Begin to tell of `size` bytes, 0 for nobody knows; what is returned takes how many of them are there."""
        if self._bars is None:
            self.line(f"{doing} {label} ({size} bytes)" if size else f"{doing} {label}")
            return lambda _: None
        bars, task = self._bars, self._bars.add_task(plain(f"{doing} {label}"), total=size or None)
        return lambda done: bars.update(task, completed=done)


@contextmanager
def telling(*, silent: bool = False) -> Iterator[Told]:
    """Open what tells people, with bars when somebody looks at a terminal."""
    if silent or not sys.stderr.isatty():
        yield Told(None, silent=silent)
        return
    from rich import progress  # noqa: PLC0415 - likewise
    from rich.console import Console  # noqa: PLC0415 - drawing is slow to import

    label = progress.TextColumn("{task.description}", markup=False)
    columns = (label, progress.BarColumn(), progress.DownloadColumn(), progress.TransferSpeedColumn())
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield Told(bars)
