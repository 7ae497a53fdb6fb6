"""The doctor's question about what upstreams say of themselves: does it differ from what was approved?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.cli.findings import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.cli.findings import Subject

__all__ = ["definitions"]


def definitions(subject: Subject) -> Iterator[Result]:
    """Does anything that an upstream offers wait for approval? Can the locks be read?"""
    from mcpg.cli.kit.definitions import standing_of  # noqa: PLC0415 - slow to import
    from mcpg.contract.problems import ConfigError  # noqa: PLC0415 - likewise
    from mcpg.gateway.pinning import rules_of  # noqa: PLC0415 - likewise

    if subject.loaded is None:
        return
    for name, rules in rules_of(subject.loaded).items():
        try:
            counts = standing_of(name, rules, subject.loaded.state).counts()
        except ConfigError as error:
            yield Result("definitions", "bad", f"{error.where}: {error.message}", error.remedy or "restore it")
            continue
        waiting = counts["changed"] + counts["new"]
        if waiting:
            what = f"`{name}`: {waiting} definitions differ from what was approved, {counts['held']} are held back"
            yield Result("definitions", "doubtful", what, f"mcpg upstream diff {name}")
        else:
            yield Result("definitions", "good", f"`{name}`: {counts['definitions']} definitions, none differs")
