"""The command tree. It names every noun and loads none: `mcpg --help` must not wait for the rooms behind it."""

from __future__ import annotations

import importlib
import sys

import click

from mcpg import __version__

__all__ = ["NOUNS", "cli", "main"]

NOUNS: dict[str, tuple[str, str]] = {
    "serve": ("mcpg.cli.serve:serve", "Serve MCP over HTTP, or over stdio."),
    "call": ("mcpg.cli.call:call", "Call TOOL of a running gateway and print its result."),
    "tools": ("mcpg.cli.call:tools", "List the tools of a running gateway, as this caller sees them."),
    "explain": ("mcpg.cli.explain:explain", "Say why the call CALL_ID was allowed, denied or failed, stage by stage."),
    "audit": ("mcpg.cli.audit:audit", "Read and verify the ledger."),
    "config": ("mcpg.cli.config:config", "Check and explain the configuration."),
    "doctor": ("mcpg.cli.doctor:doctor", "Say what is wrong here and how to mend it."),
    "plugin": ("mcpg.cli.plugin:plugin", "Pull, sign, verify, lock and mirror plugins."),
    "keys": ("mcpg.cli.keys:keys", "Make keys, show and rotate them."),
}
"""Each noun with where its command stands and its first line of help."""


class Nouns(click.Group):
    """A group whose commands are imported when they are called, or when their own help is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return every noun, in the order of use."""
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import and return one noun's command."""
        if cmd_name not in NOUNS:
            return None
        module, _, name = NOUNS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the list of nouns without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(noun, summary) for noun, (_, summary) in NOUNS.items()])


@click.group(cls=Nouns, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mcpg")
def cli() -> None:
    """MCPG, a gateway for the Model Context Protocol whose every stage is a sandboxed WebAssembly component."""


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    sys.exit(cli(prog_name="mcpg"))
