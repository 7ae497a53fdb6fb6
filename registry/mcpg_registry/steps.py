"""The numbered steps of letting a plugin in, and the one way to refuse at one of them. It does not run the steps.

1 reference    2 manifest bytes   3 shape             4 revocation list   5 signatures found   6 signatures verified
7 release      8 lock             9 layer bytes      10 component        11 installation      12 compilation
"""

from __future__ import annotations

from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from mcpg.contract.problems import PluginRefused, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["AGAIN", "STEPS", "at_step", "refusal"]

AGAIN = "take the artifact from its publisher again, or install the program again if it is built in"

STEPS = MappingProxyType(
    {
        1: "reference",
        2: "manifest bytes",
        3: "shape",
        4: "revocation list",
        5: "signatures found",
        6: "signatures verified",
        7: "release statement",
        8: "lock",
        9: "layer bytes",
        10: "component",
        11: "installation",
        12: "compilation",
    }
)


def refusal(step: int, message: str, *, where: str = "", remedy: str = "", code: str | None = None) -> PluginRefused:
    """Return the error for a plugin that was refused at `step`: its message names number and name of the step."""
    return PluginRefused(f"step {step}, {STEPS[step]}: {message}", step=step, where=where, remedy=remedy, code=code)


@contextmanager
def at_step(number: int, *, where: str, remedy: str, code: str | None = None) -> Iterator[None]:
    """Turn what is wrong with the data (`ValueError`) or the disk (`OSError`) into the refusal of this step."""
    try:
        yield
    except OSError as error:
        raise refusal(number, f"cannot read: {reason_of(error)}", where=where, remedy=remedy, code=code) from error
    except ValueError as error:
        raise refusal(number, str(error), where=where, remedy=remedy, code=code) from error
