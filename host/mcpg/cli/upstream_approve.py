"""`mcpg upstream approve`: what an upstream said last becomes what the operator goes by. It asks no upstream.

A running gateway sees the lock change within a second and compares what the upstream says then: what has changed again
since the approval stays held back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, config_option, json_option, say, show
from mcpg.cli.upstream_show import keys_of, kind_options
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.cli.kit.definitions import Standing
    from mcpg.gateway.pinning_lock import Digests, Key

__all__ = ["approve_definitions"]

SHORTEST = 8


@click.command("approve", cls=Verb)
@click.argument("name")
@kind_options
@click.option("--all", "everything", is_flag=True, help="Everything that waits.")
@click.option("--seen", metavar="DIGEST", help="Only if what was seen last is still this, as `diff` said.")
@config_option
@json_option
def approve_definitions(
    name: str, config_path: str, *, everything: bool, seen: str | None, as_json: bool, **chosen: Any
) -> None:
    """Approve what NAME says of itself now: some of it by name, or --all.

    Look at `mcpg upstream diff NAME` first. A running gateway obeys within a second, and records the approval.
    """
    from mcpg.cli.kit.definitions import approve, standings  # noqa: PLC0415 - slow to import
    from mcpg.config import load  # noqa: PLC0415 - likewise

    keys = keys_of(chosen)
    if everything == bool(keys):
        raise click.UsageError("give --all, or --tool and the like")
    standing = standings(load(config_path), name)[0]
    _check_seen(standing, seen)
    picked = standing.waiting if everything else _picked(standing, keys)
    if picked:
        approve(standing, picked)
    rows = [{"kind": kind, "name": each, "digest": digest} for (kind, each), digest in picked.items()]
    document = {"upstream": name, "approved": rows, "lock": str(standing.rules.lock)}
    show(document, lambda console: _draw(console, document), as_json=as_json)


def _check_seen(standing: Standing, seen: str | None) -> None:
    from mcpg.gateway.pinning_lock import seen_digest  # noqa: PLC0415 - slow to import

    if seen is None:
        return
    wanted = seen.removeprefix("sha256:")
    if len(wanted) < SHORTEST:
        raise click.UsageError(f"--seen wants {SHORTEST} digits or more")
    if not seen_digest(standing.seen.digests).removeprefix("sha256:").startswith(wanted):
        raise ConfigError(
            "has said something else since",
            where=f"upstream `{standing.name}`",
            remedy=f"look again: mcpg upstream diff {standing.name}",
            code="definition-changed",
        )


def _picked(standing: Standing, keys: list[Key]) -> Digests:
    waiting = standing.waiting
    for kind, name in keys:
        if (kind, name) not in waiting:
            what = "has not changed" if (kind, name) in standing.seen.digests else "was not offered when last seen"
            remedy = f"see `mcpg upstream show {standing.name}`"
            raise ConfigError(f"{kind} `{name}` {what}", where=f"upstream `{standing.name}`", remedy=remedy)
    return {key: waiting[key] for key in keys}


def _draw(console: Console, document: dict[str, Any]) -> None:
    from mcpg.cli.kit.visible import visible  # noqa: PLC0415 - only where it is drawn

    for row in document["approved"]:
        say(console, f"approved {row['kind']} {visible(row['name'])} ({row['digest'][7:19]})")
    if not document["approved"]:
        say(console, f"nothing of `{document['upstream']}` waits for approval")
