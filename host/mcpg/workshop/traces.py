"""From the engine's account of a trap to the author's own lines. It runs nothing.

A trap in a component that was built with line tables (`Project.traced`), under an engine that names them
(`SandboxSettings.lines`), has frames of this shape; inlined ones have no address:

    7:     0xcc - my_plugin::inner::h9321eae961a2c86a
                    at /home/ana/my-plugin/src/lib.rs:9:5

Without line tables only names are left, and without names only addresses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Frame", "author_frames", "explain_trap"]

_AT: Final = re.compile(r"^\s+at (?P<file>.+?):(?P<line>\d+)(?::\d+)?$")
_NAME: Final = re.compile(r"^\s*(?:\d+:\s+0x[0-9a-f]+)?\s*- (?P<name>.+)$")
_HASH: Final = re.compile(r"(::h[0-9a-f]{16}|\[[0-9a-f]{16}\])")
_OTHERS: Final = ("/rustc/", "/cargo/", "/crates/", "/target/")


@dataclass(frozen=True, slots=True)
class Frame:
    """A function of the author's that the plugin was in: its file in the project, its line and its name."""

    file: str
    line: int
    name: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} in `{self.name}`"


def author_frames(trace: str, root: Path) -> tuple[Frame, ...]:
    """Return the frames of `trace` that are in the project at `root` and not in its SDK, innermost first."""
    frames: list[Frame] = []
    name = ""
    for line in trace.splitlines():
        place = _AT.match(line)
        if place is None:
            named = _NAME.match(line)
            name = _HASH.sub("", named["name"]) if named is not None else name
            continue
        file = _inside(place["file"], root)
        if file:
            frames.append(Frame(file, int(place["line"]), name))
    return tuple(frames)


def explain_trap(trace: str, root: Path) -> str:
    """Return where the author's code was when it trapped, in one line; empty if the trace does not say."""
    frames = author_frames(trace, root)
    if not frames:
        return ""
    first, *outer = frames
    called = f", called from {outer[0]}" if outer else ""
    return f"{first}{called}"


def _inside(file: str, root: Path) -> str:
    """Return a frame's file by its path in the project, or nothing if it is not the author's."""
    path = Path(file)
    if path.is_absolute():
        if file.startswith(_OTHERS) or not path.is_relative_to(root):
            return ""
        path = path.relative_to(root)
    return "" if path.parts[:1] in (("sdk",), ("target",)) else path.as_posix()
