"""`mcpg upstream`: what upstreams offer, what has changed, its approval. Each verb is imported when it is called."""

from __future__ import annotations

import click

from mcpg.cli.lazy import LazyGroup

__all__ = ["VERBS", "upstream"]

VERBS: dict[str, tuple[str, str]] = {
    "list": ("mcpg.cli.upstream_list:list_upstreams", "List the upstreams of the file, and how they are."),
    "show": ("mcpg.cli.upstream_show:show_upstream", "Show what NAME offered when it was last seen."),
    "diff": (
        "mcpg.cli.upstream_diff:diff",
        "Show how what NAME, or each upstream, says of itself differs from what was approved.",
    ),
    "approve": (
        "mcpg.cli.upstream_approve:approve_definitions",
        "Approve what NAME says of itself now: some of it by name, or --all.",
    ),
}
"""Each verb with where its command stands and its first line of help."""


@click.group(cls=LazyGroup, table=VERBS)
def upstream() -> None:
    """Look at upstreams and approve what they offer."""
