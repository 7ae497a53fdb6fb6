"""`mcpg plugin`: the verbs of the supply chain, each named here and imported when it is called."""

from __future__ import annotations

import click

from mcpg.cli.lazy import LazyGroup

__all__ = ["VERBS", "plugin"]

VERBS: dict[str, tuple[str, str]] = {
    "new": ("mcpg.cli.plugin_new:new", "Write the project of a plugin NAME."),
    "build": ("mcpg.cli.plugin_build:build", "Build the project in FOLDER, the current one if none is given."),
    "test": (
        "mcpg.cli.plugin_test:test",
        "Run the cases of the plugin at PLACE, a project's folder or a component's file.",
    ),
    "bench": ("mcpg.cli.plugin_bench:bench", "Measure the plugin at PLACE, case by case."),
    "list": (
        "mcpg.cli.plugin_list:list_plugins",
        "List what is built in, each verified, and what is installed.",
    ),
    "inspect": (
        "mcpg.cli.plugin_inspect:inspect",
        "Show what REFERENCE is, imports, reads and asks for, and who signed it.",
    ),
    "pull": ("mcpg.cli.plugin_pull:pull", "Pull each REFERENCE into the store."),
    "verify": ("mcpg.cli.plugin_verify:verify", "Verify each REFERENCE again, step by step."),
    "push": ("mcpg.cli.plugin_push:push", "Pack SOURCE and push it as REFERENCE."),
    "sign": ("mcpg.cli.plugin_sign:sign", "Sign REFERENCE where it lies."),
    "lock": ("mcpg.cli.plugin_lock:lock", "Write the lock for what the file names, and for each REFERENCE."),
    "outdated": ("mcpg.cli.plugin_outdated:outdated", "Say which locked plugins have newer versions."),
    "update": ("mcpg.cli.plugin_update:update", "Move locked plugins to their newest versions."),
    "audit": ("mcpg.cli.plugin_audit:audit", "Ask the revocation lists about every plugin that is here."),
    "mirror": ("mcpg.cli.mirror:mirror", "Make, check, move and serve mirror bundles."),
    "remove": ("mcpg.cli.plugin_remove:remove", "Remove each REFERENCE from the store."),
    "cache": ("mcpg.cli.plugin_cache:cache", "Free what the store no longer needs."),
}
"""Each verb with where its command stands and its first line of help."""


@click.group(cls=LazyGroup, table=VERBS)
def plugin() -> None:
    """Pull, sign, verify, lock and mirror plugins."""
