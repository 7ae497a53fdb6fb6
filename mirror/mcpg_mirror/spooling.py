"""Keeps what comes in pieces: parts of a tar on several media, or a tar as a stream. It judges no bundle; it blocks.

    incoming/<name of the tar>/    the list of parts, and the parts that were there so far
    incoming/stream.tar            a tar that came as a stream

Every part and every member is checked before it is kept. Parts that are all where the operator points are not copied.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mcpg_mirror.asides import aside_file, sweep
from mcpg_mirror.faults import Incomplete, refused, while_reading, while_storing
from mcpg_registry.digests import Checker, parse_digest
from mcpg_registry.durable import make_directory, write_whole
from mcpg_registry.tar_layout import stream_members
from mcpg_registry.tar_sources import check_part, part_name, parts_file, read_parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mcpg_registry.tar_sources import Part, Parts

__all__ = ["STREAM", "discard", "gather_parts", "receive"]

CHUNK = 1024 * 1024
STREAM = "stream.tar"


def gather_parts(path: Path, spool: Path, progress: Callable[[int], None]) -> Path:
    """Return where all parts of the tar `path` are: `path` itself, or its copy below `spool`.

    `Incomplete` names the parts that are still missing once what is there has been kept; `PluginRefused` names a part
    that is damaged, and it is not kept.
    """
    kept, where = spool / path.name / path.name, f"bundle `{path}`"
    with while_reading(where):
        here, known = read_parts(path), read_parts(kept)
    parts = here or known
    if path.exists() or parts is None or _are_there(path, parts):
        return path
    with while_storing(where):
        if parts != known:
            discard(path, spool)
            make_directory(kept.parent)
            write_whole(parts_file(kept), parts.text())
        sweep(kept)
    for number, part in enumerate(parts.parts):
        source, target = part_name(path, number), part_name(kept, number)
        if source.exists() and not target.exists():
            with while_reading(where, code="bad-digest", remedy=f"copy `{source.name}` again"):
                check_part(source, part)
            with while_storing(where):
                _copy(source, target, part, progress)
    if not _are_there(kept, parts):
        missing = [part_name(path, n).name for n in range(len(parts.parts)) if not part_name(kept, n).exists()]
        raise Incomplete(
            f"{len(missing)} of {len(parts.parts)} parts are still missing: {', '.join(missing[:20])}",
            code="missing-part",
            where=where,
            remedy="bring the next medium and say the same again; what was there has been kept",
        )
    return kept


def receive(read: Callable[[int], bytes], spool: Path, progress: Callable[[int], None]) -> Path:
    """Return where a tar that came as a stream is kept; `PluginRefused` at the first byte that is wrong, and it is not.

    `read(n)` gives at most n bytes, and none at the end.
    """
    kept, where = spool / STREAM, "the bundle on standard input"
    with while_storing(where):
        make_directory(spool)
        sweep(kept)
        with aside_file(kept) as file:

            def through(count: int) -> bytes:
                data = read(count)
                file.write(data)
                progress(len(data))
                return data

            try:
                for _ in stream_members(through):
                    pass
            except ValueError as error:
                raise refused(str(error), code="bad-bundle", where=where) from error
    return kept


def discard(path: Path, spool: Path) -> None:
    """Forget what was kept of the tar `path`, or of a stream."""
    shutil.rmtree(spool / path.name, ignore_errors=True)
    (spool / STREAM).unlink(missing_ok=True)


def _are_there(path: Path, parts: Parts) -> bool:
    return all(part_name(path, number).exists() for number in range(len(parts.parts)))


def _copy(source: Path, target: Path, part: Part, progress: Callable[[int], None]) -> None:
    """Keep a part; what was read is checked again before the copy bears its name."""
    with source.open("rb") as file, aside_file(target) as copy:
        checker = Checker(parse_digest(part.digest), part.size)
        while chunk := file.read(CHUNK):
            checker.feed(chunk)
            copy.write(chunk)
            progress(len(chunk))
        checker.finish()
