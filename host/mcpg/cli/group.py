"""The command tree. It names every noun and loads none: `mcpg --help` must not wait for the rooms behind it."""

from __future__ import annotations

import io
import sys

import click

from mcpg import __version__
from mcpg.cli.lazy import LazyGroup

__all__ = ["NOUNS", "cli", "main"]

NOUNS: dict[str, tuple[str, str]] = {
    "serve": ("mcpg.cli.serve:serve", "Serve MCP over HTTP, or over stdio."),
    "dev": ("mcpg.cli.dev:dev", "Serve PLUGIN from its source: rebuilt on save, each run shown."),
    "call": ("mcpg.cli.call:call", "Call TOOL of a running gateway and print its result."),
    "tools": ("mcpg.cli.call:tools", "List the tools of a running gateway, as this caller sees them."),
    "explain": ("mcpg.cli.explain:explain", "Say why the call CALL_ID was allowed, denied or failed, stage by stage."),
    "audit": ("mcpg.cli.audit:audit", "Read and verify the ledger."),
    "config": ("mcpg.cli.config:config", "Check and explain the configuration."),
    "import": ("mcpg.cli.import_:import_", "Take over servers of other clients, or of a registry, as upstreams."),
    "export": ("mcpg.cli.export:export", "Print what CLIENT has to be told to reach this gateway."),
    "doctor": ("mcpg.cli.doctor:doctor", "Say what is wrong here and how to mend it."),
    "plugin": ("mcpg.cli.plugin:plugin", "Pull, sign, verify, lock and mirror plugins."),
    "upstream": ("mcpg.cli.upstream:upstream", "Look at upstreams and approve what they offer."),
    "keys": ("mcpg.cli.keys:keys", "Make keys, show and rotate them."),
    "login": ("mcpg.cli.login:login", "Log in to the registry HOST: its answer first, then the password is stored."),
    "logout": ("mcpg.cli.login:logout", "Forget the credentials of the registry HOST."),
    "revocations": ("mcpg.cli.revocations:revocations", "Say what is revoked, as a site or as a publisher."),
}
"""Each noun with where its command stands and its first line of help."""


@click.group(cls=LazyGroup, table=NOUNS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mcpg")
def cli() -> None:
    """MCPG, a gateway for the Model Context Protocol whose every stage is a sandboxed WebAssembly component."""


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that lacks a sign must not end a verb
    sys.exit(cli(prog_name="mcpg"))
