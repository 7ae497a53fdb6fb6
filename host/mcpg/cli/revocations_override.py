"""`mcpg revocations override`: a signed exception from the list, for at most 30 days. It changes no list."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.environment import whoever
from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, say, show
from mcpg.cli.revocations_add import FOLDER, folder_of
from mcpg.cli.revocations_sign import signer_options
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.cli.kit.options import Chosen
    from mcpg_revocations.lists import Entry
    from mcpg_revocations.standing import Standing

__all__ = ["override"]

DAY = 86_400


@click.command(cls=Verb)
@click.argument("entry")
@click.option("--reason", required=True, help="Why the entry does not count here, for the record.")
@click.option("--by", default="", help="Who decided it; else the name you are logged in by.")
@click.option("--days", type=click.IntRange(1, 30), default=7, show_default=True, help="How long it holds.")
@signer_options
@click.option("--folder", type=FOLDER, help="Where overrides stand; else `revocations.overrides` of the file.")
@site_options()
@json_option
def override(entry: str, folder: Path | None, chosen: Chosen, *, as_json: bool, **given: Any) -> None:
    """Let the list's entry ENTRY not count at this site for a while.

    One key of the site (`revocations.override_keys`) signs it. It is about the entry as it stands now: if that changes,
    it counts again. Every gateway records the overrides that it goes by.
    """
    from mcpg.cli.kit.list_files import save_file, when  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import
    from mcpg_revocations.lists import Override, digest_of  # noqa: PLC0415 - likewise

    now = int(time.time())
    found = _entry(open_site(chosen).revocations, entry)
    made = Override(
        schema=1,
        entry=found.id,
        digest=digest_of(found),
        reason=given["reason"],
        by=given["by"] or whoever(),
        issued=now,
        expires=now + given["days"] * DAY,
    )
    text = asyncio.run(_signed(made, tuple(given[name] for name in ("keys", "password_file", "command", "public_key"))))
    path = folder_of(folder, chosen, "overrides") / f"override-{made.digest[7:19]}-{now}.json"
    save_file(path, text)
    document = {"file": str(path), "entry": found.id, "by": made.by, "reason": made.reason, "expires": made.expires}
    told = f"entry `{found.id}` does not count here until {when(made.expires)}: {path}"
    show(document, lambda console: say(console, told), as_json=as_json)


def _entry(standing: Standing, name: str) -> Entry:
    for table in standing.signed_tables():
        for entry in table.entries:
            if entry.id == name:
                return entry
    raise ConfigError(
        f"no list here has an entry `{name}`",
        where="the override",
        remedy="see `mcpg revocations status`; an addition of the site's own is simply removed",
        code="bad-revocations",
    )


async def _signed(made: Any, given: tuple[Any, ...]) -> bytes:
    from mcpg.cli.kit.signing import open_signers  # noqa: PLC0415 - slow to import
    from mcpg_revocations.publishing import sign_override_with  # noqa: PLC0415 - likewise

    return await sign_override_with(made, await open_signers(*given))
