"""`mcpg plugin mirror`: bundles for sites without a network, each verb named here and imported when it is called."""

from __future__ import annotations

import click

from mcpg.cli.lazy import LazyGroup
from mcpg.cli.output import json_option

__all__ = ["SHORT", "VERBS", "mirror"]

SHORT = "mcpg-mirror.tar"
"""What the short way makes unless it is told otherwise."""

VERBS: dict[str, tuple[str, str]] = {
    "create": ("mcpg.cli.mirror_create:create", "Make a bundle of what the lock names, from the store."),
    "verify": ("mcpg.cli.mirror_verify:verify", "Verify BUNDLE as this site would, without a network."),
    "import": ("mcpg.cli.mirror_import:import_", "Verify BUNDLE and take it into the store, or into a registry."),
    "serve": ("mcpg.cli.mirror_serve:serve", "Serve BUNDLE as a read-only registry."),
    "have": ("mcpg.cli.mirror_have:have", "List the digests that this site has, for the next increment."),
    "diff": ("mcpg.cli.mirror_diff:diff", "Say what lies between two bundles."),
    "prune": ("mcpg.cli.mirror_prune:prune", "Remove from the store what no lock names."),
}
"""Each verb with where its command stands and its first line of help."""


@click.group(cls=LazyGroup, table=VERBS, invoke_without_command=True)
@click.option(
    "--offline",
    "place",
    is_flag=False,
    flag_value=SHORT,
    metavar="[DIR|TAR]",
    help="The short way: make a bundle of what `mcpg.lock` names, without a network.",
)
@json_option
@click.pass_context
def mirror(context: click.Context, place: str | None, *, as_json: bool) -> None:
    """Make, check, move and serve mirror bundles."""
    if context.invoked_subcommand is not None:
        if place is not None:
            raise click.UsageError("--offline makes a bundle by itself; leave the verb or the option out")
        if as_json:
            raise click.UsageError(f"say --json behind `{context.invoked_subcommand}`")
        return
    if place is None:
        click.echo(context.get_help())
        context.exit(2)
    command = mirror.get_command(context, "create")
    if command is None:
        raise click.UsageError("there is no `create`")
    with command.make_context("create", ["--out", place, *(("--json",) if as_json else ())], parent=context) as made:
        command.invoke(made)
