"""What an error in a plugin is told as: its code, and one line that names file and line of the author's code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from .problems import Problem, Unavailable
from .texts import line, well_formed

if TYPE_CHECKING:
    from types import CodeType, TracebackType

__all__ = ["place_of", "problem_of", "refusal_of"]

HERE = os.path.dirname(__file__)
OURS = (HERE, "/python/", "/bundled/", "/world/", os.path.dirname(os.__file__), "<frozen ")
"""Where files stand that are no author's: this package, and Python's own in the sandbox and outside."""


def problem_of(error: BaseException) -> tuple[str, str]:
    """Return code and message: those of a `Problem`, or `plugin-error` with the place where it happened."""
    if isinstance(error, Problem) and not isinstance(error, Unavailable):
        return well_formed(error.code), line(error.message)
    kind = "" if isinstance(error, Unavailable) else f"{type(error).__name__}: "
    return "plugin-error", line(f"{kind}{_text(error)}")[:400] + _at(error)


def refusal_of(error: BaseException) -> tuple[str, str]:
    """Return the same for an error in `__init__`: what a wrong value raises refuses the configuration."""
    code, message = problem_of(error)
    wrong = isinstance(error, ValueError | TypeError | LookupError) and not isinstance(error, Problem)
    return ("bad-config" if wrong else code), message


def place_of(code: CodeType) -> str:
    """Return `file:line` where a function begins."""
    return f"{_file(code.co_filename)}:{code.co_firstlineno}"


def _text(error: BaseException) -> str:
    try:
        return str(error) or "no message"
    except Exception:  # noqa: BLE001 - an author's `__str__` may fail too
        return "no message"


def _at(error: BaseException) -> str:
    place = ""
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{_file(error.filename)}:{error.lineno}"
    step: TracebackType | None = error.__traceback__
    while step is not None and not (isinstance(error, SyntaxError) and place):
        name = step.tb_frame.f_code.co_filename
        if not name.startswith(OURS):
            place = f"{_file(name)}:{step.tb_lineno}"
        step = step.tb_next
    return f" ({place})" if place else ""


def _file(name: str) -> str:
    """Return how an author calls a file: its path below the folder that it was imported from."""
    folders: list[Any] = sorted((each for each in sys.path if each), key=len, reverse=True)
    for folder in folders:
        if name.startswith(f"{folder}{os.sep}"):
            return name[len(folder) + 1 :]
    return os.path.basename(name)
