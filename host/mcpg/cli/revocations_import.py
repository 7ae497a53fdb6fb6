"""`mcpg revocations import` and `accept-clock`: what a person decides for a site. They fetch nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.kit.options import site_options
from mcpg.cli.output import Verb, json_option, say, show

if TYPE_CHECKING:
    from mcpg.cli.kit.options import Chosen

__all__ = ["accept_clock", "import_list"]


@click.command("import", cls=Verb)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@site_options()
@json_option
def import_list(file: Path, chosen: Chosen, *, as_json: bool) -> None:
    """Let this site take the list in FILE, brought by hand.

    It is judged as if the feed had delivered it. A gateway that is running here puts it in force at
    once.
    """
    from mcpg.cli.kit.list_files import read_text, stored  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import

    site, text = open_site(chosen), read_text(file)
    with stored(site.state):
        offered = site.revocations.offer(text, site.now)
    document: dict[str, Any] = {
        "changed": offered.changed,
        "version": offered.version,
        "digest": offered.digest,
        "emergency": offered.emergency,
        "rotated": offered.rotated,
        "state": offered.freshness.state,
        "added": [entry.id for entry in offered.added()],
        "removed": [entry.id for entry in offered.removed()],
    }
    told = f"took version {offered.version}" if offered.changed else f"version {offered.version} was here already"
    news = f": {len(document['added'])} entries are new, {len(document['removed'])} are gone"
    show(document, lambda console: say(console, f"{told}{news}, {document['state']}"), as_json=as_json)


@click.command("accept-clock", cls=Verb)
@click.option("--yes", is_flag=True, help="Say that the clock is right now.")
@site_options()
@json_option
def accept_clock(chosen: Chosen, *, yes: bool, as_json: bool) -> None:
    """Believe this machine's clock again, after it had run ahead.

    A list cannot be kept fresh by setting the clock back, so the latest time ever seen is remembered. If that was
    wrong, only a person can say so.
    """
    from mcpg.cli.kit.list_files import stored, when  # noqa: PLC0415 - likewise
    from mcpg.cli.kit.site import open_site  # noqa: PLC0415 - slow to import

    if not yes:
        raise click.UsageError("make sure that the clock is right, then say --yes")
    site = open_site(chosen)
    with stored(site.state):
        site.revocations.accept_clock(site.now)
    document = {"now": site.now, "state": site.revocations.freshness(site.now).state}
    show(document, lambda console: say(console, f"now is {when(site.now)}: {document['state']}"), as_json=as_json)
