"""This site as a bundle meets it: its trust, its revocation list, its store and its gateway. It reads no bundle."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mcpg.cli.kit.bundle_examining import examiner_of
from mcpg_mirror.lists import SiteLists
from mcpg_mirror.verifying import Here
from mcpg_registry.digests import parse_digest
from mcpg_registry.keyfiles import read_public_keys
from mcpg_registry.tar_sources import part_name, read_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from mcpg.cli.kit.site import Site
    from mcpg_registry.claims import Shelf

__all__ = ["counting", "here_of", "size_of"]


def here_of(site: Site, operators: Sequence[Path], *, base: Shelf | None, compiled: bool = False) -> Here:
    """Return what a bundle is judged by here; it blocks. `compiled` also has each component's imports read."""
    locked = site.lock.plugins.values() if site.lock else ()
    return Here(
        policy=site.trust,
        lists=SiteLists(site.lists),
        now=site.now,
        operators=tuple(key for path in operators for key in read_public_keys(path)),
        base=base,
        locked={parse_digest(each.manifest): each for each in locked},
        examine=examiner_of(site, compiled=compiled),
    )


def size_of(path: Path) -> int:
    """Return the bytes of a bundle as far as they are there: a tar, its parts, or a directory. It blocks."""
    if path.is_dir():
        return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
    if path.is_file():
        return path.stat().st_size
    try:
        parts = read_parts(path)
    except (OSError, ValueError):
        return 0
    names = [part_name(path, number) for number in range(len(parts.parts))] if parts else []
    return sum(each.stat().st_size for each in names if each.is_file())


@contextmanager
def counting(label: str, total: int, *, silent: bool, doing: str = "reading") -> Iterator[Callable[[int], None]]:
    """Tell people how many of `total` bytes were dealt with; what is yielded is told of each piece."""
    from mcpg.cli.kit.progress import telling  # noqa: PLC0415 - drawing

    with telling(silent=silent) as told:
        show, done = told.bar(label, total, doing), [0]

        def more(count: int) -> None:
            done[0] += count
            show(done[0])

        yield more
