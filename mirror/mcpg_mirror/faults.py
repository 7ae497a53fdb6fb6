"""The errors of bundles: what was being done, what was found and wanted, what to do. It decides nothing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mcpg.contract.problems import McpgError, PluginRefused, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["AGAIN", "Incomplete", "refused", "while_reading", "while_storing"]

AGAIN = "copy the bundle again, or have it made again"


class Incomplete(McpgError):  # noqa: N818 - names state facts
    """Something is not there yet, and nothing is wrong with what is: a part, or what an increment builds on."""

    code = "incomplete"


def refused(message: str, *, code: str, where: str, remedy: str = AGAIN) -> PluginRefused:
    """Return the refusal of a bundle, or of something in it."""
    return PluginRefused(message, code=code, where=where, remedy=remedy)


@contextmanager
def while_reading(where: str, *, code: str = "bad-bundle", remedy: str = AGAIN) -> Iterator[None]:
    """Turn what is wrong with the data (`ValueError`) or the disk (`OSError`) into the refusal of the bundle."""
    try:
        yield
    except OSError as error:
        reason = reason_of(error)
        raise refused(f"cannot read: {reason}", code=code, where=where, remedy=remedy) from error
    except ValueError as error:
        raise refused(str(error), code=code, where=where, remedy=remedy) from error


@contextmanager
def while_storing(where: str) -> Iterator[None]:
    """Turn what the disk or the store says (`OSError`, `ValueError`) into a failure that the next try may not have."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = reason_of(error)
        raise McpgError(
            f"cannot store: {reason}",
            code="store-unavailable",
            where=where,
            remedy="look at the disk and the rights there, then say the same again",
        ) from error
