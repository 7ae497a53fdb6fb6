"""`mcpg doctor`: asks every question it knows and says what is wrong and how to mend it. It mends nothing itself."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcpg.cli import checks_host, checks_service
from mcpg.cli.checks_plugins import plugins
from mcpg.cli.checks_revocations import revocations
from mcpg.cli.checks_upstreams import definitions
from mcpg.cli.findings import Result, Subject
from mcpg.cli.output import FAILED, Verb, config_option, json_option, say, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

__all__ = ["CHECKS", "diagnose", "doctor"]

CHECKS = (
    checks_host.python,
    checks_host.packages,
    checks_host.files,
    checks_host.disk,
    checks_host.clock,
    revocations,
    plugins,
    checks_service.secrets,
    checks_service.tls,
    checks_service.connections,
    checks_service.upstreams,
    definitions,
    checks_service.listeners,
    checks_service.ledger,
)


@click.command(cls=Verb)
@config_option
@json_option
@click.pass_context
def doctor(ctx: click.Context, /, config_path: str, *, as_json: bool) -> None:
    """Say what is wrong here and how to mend it."""
    results = list(diagnose(Path(config_path)))
    bad = sum(result.state == "bad" for result in results)
    document = {"ok": bad == 0, "results": [asdict(result) for result in results]}
    show(document, lambda console: _draw(console, results, bad), as_json=as_json)
    if bad:
        ctx.exit(FAILED)


def diagnose(path: Path) -> Iterator[Result]:
    """Yield what every check finds for the configuration at `path`; a check that breaks is a finding too."""
    from mcpg.config import ConfigErrors, load  # noqa: PLC0415 - slow to import
    from mcpg.config.load import find_state  # noqa: PLC0415 - likewise

    loaded = None
    state = path.absolute().parent / ".state"
    subject = Subject(path, state, state / "ledger.db", None)
    try:
        subject = Subject(path, *find_state(path), None)
        loaded = load(path)
        subject = Subject(path, loaded.state, loaded.ledger, loaded)
    except ConfigErrors as errors:
        for finding in errors.findings:
            where = ": ".join(part for part in (finding.where, finding.path) if part)
            yield Result("config", "bad", f"{where}: {finding.message}", finding.remedy)
    if loaded is not None:
        yield Result("config", "good", f"`{path}` can be obeyed")
        for finding in loaded.warnings:
            yield Result("config", "doubtful", f"{finding.where}: {finding.message}", finding.remedy)
    for check in CHECKS:
        try:
            yield from check(subject)
        except Exception as error:  # noqa: BLE001 - one broken check must not hide what the others find
            what = f"the check itself failed: {type(error).__name__}"
            yield Result(check.__name__, "bad", what, "report it, with the output of `mcpg doctor --json`")


_SIGNS = {"good": "ok  ", "doubtful": "look", "bad": "BAD "}


def _draw(console: Console, results: list[Result], bad: int) -> None:
    for result in results:
        say(console, f"{_SIGNS[result.state]}  {result.check}: {result.what}")
        if result.remedy:
            say(console, f"      to do: {result.remedy}")
    say(console, f"{bad} to mend" if bad else "nothing is wrong")
