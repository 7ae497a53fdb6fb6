"""`mcpg revocations`: the verbs of publishers and of sites, each named here and imported when it is called."""

from __future__ import annotations

import click

from mcpg.cli.lazy import LazyGroup

__all__ = ["VERBS", "revocations"]

VERBS: dict[str, tuple[str, str]] = {
    "status": (
        "mcpg.cli.revocations_status:status",
        "Say how old the list of this site is, whose it is, and which plugins it hits.",
    ),
    "show": ("mcpg.cli.revocations_show:show_list", "Show what the list in FILE says, believed or not."),
    "verify": ("mcpg.cli.revocations_verify:verify", "Say whether the list in FILE would be taken."),
    "import": ("mcpg.cli.revocations_import:import_list", "Let this site take the list in FILE, brought by hand."),
    "add": ("mcpg.cli.revocations_add:add", "Revoke something at this site only, without a signature."),
    "override": (
        "mcpg.cli.revocations_override:override",
        "Let the list's entry ENTRY not count at this site for a while.",
    ),
    "accept-clock": (
        "mcpg.cli.revocations_import:accept_clock",
        "Believe this machine's clock again, after it had run ahead.",
    ),
    "revoke": ("mcpg.cli.revocations_revoke:revoke", "Make the next list of FILE, as a publisher, and sign it."),
    "sign": ("mcpg.cli.revocations_sign:sign", "Add a signature to the last list in FILE."),
    "publish": ("mcpg.cli.revocations_publish:publish", "Put the list in FILE where sites read it."),
}
"""Each verb with where its command stands and its first line of help."""


@click.group(cls=LazyGroup, table=VERBS)
def revocations() -> None:
    """Say what is revoked, as a site or as a publisher."""
