"""Where a trap happened, read off the engine's trace. It runs nothing.

A component with line tables says file, line and column of every frame; one with names only the functions. Frames of
standard libraries and of the SDK are passed over: the author's own line is what helps.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from mcpg.workshop.cases.lines import line_after

__all__ = ["Frame", "completed", "frames_of", "place_in"]

_FRAME: Final = re.compile(r"^\s*(?:\d+:\s+)?(?:0x[0-9a-f]+ )?- (?P<name>.+)$")
_AT: Final = re.compile(r"^\s+at (?P<file>.+):(?P<line>\d+):(?P<column>\d+)$")
_FOREIGN: Final = ("/rustc/", "/.cargo/", "/registry/src/", "/rustlib/", "/go/src/", "/go/pkg/mod/", "<")
_SDK: Final = re.compile(r"(^|/)(sdk|mcpg-sdk|mcpg_sdk)/")
_HASH: Final = re.compile(r"(::h[0-9a-f]{16}|\[[0-9a-f]{16}\])")
_KEPT: Final = 3
_HEAD: Final = re.compile(r"^\s*\d+:\s+0x(?P<offset>[0-9a-f]+) - ")
_LINELESS: Final = re.compile(r"^\s+at (?P<file>.*[^:0-9].*)$")


class Frame(NamedTuple):
    """One function of the trace and where in the source it was; `file` is empty where nobody knows."""

    name: str
    file: str = ""
    line: int = 0
    column: int = 0


def frames_of(trace: str) -> tuple[Frame, ...]:
    """Return the frames of a trace, innermost first."""
    frames: list[Frame] = []
    for line in trace.splitlines():
        at = _AT.match(line)
        if at is not None and frames and not frames[-1].file:
            frames[-1] = Frame(frames[-1].name, at["file"], int(at["line"]), int(at["column"]))
        elif (found := _FRAME.match(line)) is not None:
            frames.append(Frame(_HASH.sub("", found["name"]).partition("!")[2] or _HASH.sub("", found["name"])))
    return tuple(frames)


def completed(trace: str, wasm: bytes) -> str:
    """Return a trace with lines where the engine found none, out of the component's own table. It blocks."""
    told, offset = [], 0
    for line in trace.splitlines():
        head = _HEAD.match(line)
        offset = int(head["offset"], 16) if head is not None else offset
        bare = None if _AT.match(line) else _LINELESS.match(line)
        number = line_after(wasm, offset, bare["file"]) if bare is not None else 0
        told.append(f"{line}:{number}:1" if number else line)
    return "\n".join(told)


def place_in(trace: str) -> str:
    """Return the innermost place of the author's own, such as `src/lib.rs:12:5`; else a function's name, if any."""
    frames = frames_of(trace)
    for frame in frames:
        if frame.file and not frame.file.startswith("<") and not _foreign(frame.file):
            return f"`{_short(frame.file)}:{frame.line}:{frame.column}`"
    if any(frame.file for frame in frames):
        return ""
    names = [frame.name for frame in frames if "wasm function" not in frame.name]
    # Go has names only, and those of its runtime stand first
    named = next((name for name in names if name.startswith("main.")), names[0] if names else "")
    return f"function `{named}`" if named else ""


def _foreign(file: str) -> bool:
    return any(part in file for part in _FOREIGN) or _SDK.search(file) is not None


def _short(file: str) -> str:
    """Return a path from its `src` on, or its last parts: where the project stands is not the plugin's business."""
    parts = file.replace("\\", "/").split("/")
    if "src" in parts:
        return "/".join(parts[len(parts) - 1 - parts[::-1].index("src") :])
    return "/".join(parts[-_KEPT:]) if file.startswith("/") else file
