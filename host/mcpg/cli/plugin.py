"""`mcpg plugin`: the verbs of the supply chain, each named here and imported when it is called."""

from __future__ import annotations

import click

from mcpg.cli.lazy import LazyGroup

__all__ = ["VERBS", "plugin"]

VERBS: dict[str, tuple[str, str]] = {
    "list": ("mcpg.cli.plugin_list:list_plugins", "List the plugins that are built in, each verified."),
    "inspect": ("mcpg.cli.plugin_inspect:inspect", "Show what REFERENCE is, imports, reads and asks for."),
    "push": ("mcpg.cli.plugin_push:push", "Pack SOURCE and push it as REFERENCE."),
}
"""Each verb with where its command stands and its first line of help."""


@click.group(cls=LazyGroup, table=VERBS)
def plugin() -> None:
    """Pull, sign, verify, lock and mirror plugins."""
