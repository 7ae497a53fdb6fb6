"""The numbered steps of letting a plugin in, and the one way to refuse at one of them. It does not run the steps.

1 reference    2 manifest bytes   3 shape             4 revocation list   5 signatures found   6 signatures verified
7 release      8 lock             9 layer bytes      10 component        11 installation      12 compilation
"""

from __future__ import annotations

from types import MappingProxyType

from mcpg.contract.problems import PluginRefused

__all__ = ["STEPS", "refusal"]

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
