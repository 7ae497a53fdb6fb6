"""The doctor's question about plugins: does everything that is built in or configured verify, and fit the file?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.cli.findings import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.cli.findings import Subject

__all__ = ["plugins"]


def plugins(subject: Subject) -> Iterator[Result]:
    """Do the plugins verify, and does what is written for them fit?"""
    from mcpg.cli.manifests import check_plugins, verified  # noqa: PLC0415 - slow to import
    from mcpg.config import ConfigErrors  # noqa: PLC0415 - likewise
    from mcpg.contract.problems import PluginRefused  # noqa: PLC0415 - likewise
    from mcpg.plugins.builtin import Bundle  # noqa: PLC0415 - likewise

    try:
        names = Bundle.open().names()
        for name in names:
            verified(f"builtin:{name}", subject.path.parent)
        yield Result("plugins", "good", f"{len(names)} built-in plugins verify")
        if subject.loaded is not None:
            check_plugins(subject.loaded)
            yield Result("plugins", "good", f"{len(subject.loaded.config.plugins)} uses fit their plugins")
    except PluginRefused as error:
        yield Result("plugins", "bad", f"{error.where}: {error.message}", error.remedy or "install mcpg again")
    except ConfigErrors as errors:
        for finding in errors.findings:
            yield Result("plugins", "bad", f"{finding.where}: {finding.path}: {finding.message}", finding.remedy)
