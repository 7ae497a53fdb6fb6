"""`mcpg audit`: reads and verifies a ledger. It changes nothing, and works while a gateway writes."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import FAILED, Verb, config_option, json_option, plain, say, show, show_lines

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.ledger import Report

__all__ = ["audit", "ledger_option", "ledger_path", "line_of", "own_key", "when"]

KEY_FILE = "ledger.key"

ledger_option = click.option(
    "--ledger",
    type=click.Path(dir_okay=False),
    help="The ledger's file, instead of the one that the configuration names.",
)


def ledger_path(config_path: str, ledger: str | None) -> Path:
    """Return the ledger's file: the one given, or the configuration's."""
    from mcpg.config.load import find_state  # noqa: PLC0415 - slow to import

    return Path(ledger) if ledger else find_state(config_path)[1]


def state_path(config_path: str) -> Path:
    """Return the configuration's state folder."""
    from mcpg.config.load import find_state  # noqa: PLC0415 - slow to import

    return find_state(config_path)[0]


@click.group()
def audit() -> None:
    """Read and verify the ledger."""


@audit.command(cls=Verb)
@click.option(
    "--limit", "-n", default=20, show_default=True, type=click.IntRange(0), help="How many of the last records."
)
@click.option("--follow", "-f", is_flag=True, help="Go on with new records as they come.")
@click.option("--tenant", help="Only this tenant's chain.")
@ledger_option
@config_option
@json_option
def tail(config_path: str, ledger: str | None, tenant: str | None, limit: int, *, follow: bool, as_json: bool) -> None:
    """Show the last records, one a line."""
    from mcpg.ledger import tail as records  # noqa: PLC0415 - slow to import

    entries = records(ledger_path(config_path, ledger), tenant=tenant, limit=limit, follow=follow)
    documents = ({"tenant": entry.tenant, "seq": entry.seq, **entry.record} for entry in entries)
    try:
        show_lines(documents, line_of, as_json=as_json)
    except KeyboardInterrupt:
        click.echo()


@audit.command(cls=Verb)
@click.option("--head", "outside", metavar="HEAD", help="A head that was kept outside: it must stand in the ledger.")
@click.option(
    "--public-key", metavar="KEY", help="The key to believe, `ed25519:...`; default: this gateway's own, if it is here."
)
@ledger_option
@config_option
@json_option
@click.pass_context
def verify(
    ctx: click.Context,
    config_path: str,
    ledger: str | None,
    outside: str | None,
    public_key: str | None,
    *,
    as_json: bool,
) -> None:
    """Prove the ledger, or name the records that are not what was signed."""
    from mcpg.ledger import verify as prove  # noqa: PLC0415 - slow to import

    path = ledger_path(config_path, ledger)
    report = prove(
        path, public_key=public_key or own_key(path.parent if ledger else state_path(config_path)), head=outside
    )
    document = {"ok": report.ok, **asdict(report)}
    show(document, lambda console: _draw(console, report), as_json=as_json)
    if not report.ok:
        ctx.exit(FAILED)


@audit.command(cls=Verb)
@ledger_option
@config_option
@json_option
@click.pass_context
def head(ctx: click.Context, config_path: str, ledger: str | None, *, as_json: bool) -> None:
    """Print the signed head: keep it outside, and give it to `verify` later."""
    from mcpg.ledger import head as last_head  # noqa: PLC0415 - slow to import

    found = last_head(ledger_path(config_path, ledger))
    text = found.text if found else None
    show({"head": text}, lambda console: say(console, text or "the ledger has no head yet"), as_json=as_json)
    if text is None:
        ctx.exit(FAILED)


def own_key(state: Path) -> str | None:
    """Return the public key of the gateway whose state folder this is, or None; it makes no key."""
    from mcpg.sealing import load_signing_key  # noqa: PLC0415 - slow to import

    path = state / KEY_FILE
    return load_signing_key(path).public.text if path.exists() else None


def when(milliseconds: Any) -> str:
    """Return a recorded time (ms since 1970) for people, in UTC."""
    if not isinstance(milliseconds, int):
        return "?"
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    return moment.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00") + "Z"


def line_of(record: dict[str, Any]) -> str:
    """Return one record as one line."""
    caller = record.get("caller")
    who = caller.get("id", "") if isinstance(caller, dict) else ""
    ended = record.get("status") or record.get("stage") or ""
    why = ": ".join(str(record[key]) for key in ("code", "message") if record.get(key))
    parts = (when(record.get("at")), f"{record.get('tenant')}#{record.get('seq')}", str(record.get("kind")))
    named = [str(record.get(key) or "") for key in ("event", "use", "reference", "call", "method", "name")]
    asks = record.get("asks")
    asked = [
        f"{ask.get('method')} {ask.get('verdict')}"
        for ask in (asks if isinstance(asks, list) else ())
        if isinstance(ask, dict)
    ]
    more = (*named[:4], who, *named[4:], *asked, str(ended), why)
    return plain("  ".join(part for part in (*parts, *more) if part))


def _draw(console: Console, report: Report) -> None:
    for finding in report.findings:
        place = f"{finding.tenant}#{finding.seq}" if finding.seq else finding.tenant or "ledger"
        call = f" (call {finding.call})" if finding.call else ""
        say(console, f"{finding.what}: {place}{call}: {finding.message}")
    if report.more_findings:
        say(console, f"and {report.more_findings} more")
    for note in report.notes:
        say(console, f"note: {note}")
    said = "proven" if report.ok else "NOT proven"
    pinned = "pinned key" if report.pinned else "key of its own genesis, pinned by nobody"
    counts = f"{report.records} records in {len(report.chains)} chains, {report.commits} commits"
    say(console, f"{said}: {counts}, {pinned} {report.key_id}")
    say(console, f"head {report.head}")
