"""`mcpg config`: checks, explains and describes the operator's file. It starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import Verb, config_option, json_option, say, show, table

if TYPE_CHECKING:
    from rich.console import Console

    from mcpg.config.explain import Way

__all__ = ["config"]


@click.group()
def config() -> None:
    """Check and explain the configuration."""


@config.command(cls=Verb)
@config_option
@json_option
def check(config_path: str, *, as_json: bool) -> None:
    """Say everything that is wrong with the file, and where a stream is held back."""
    from mcpg.cli.manifests import check_plugins  # noqa: PLC0415 - slow to import
    from mcpg.config import load  # noqa: PLC0415 - likewise
    from mcpg.config.endpoints import endpoints_of  # noqa: PLC0415 - likewise
    from mcpg.config.explain import explain as ways_of  # noqa: PLC0415 - likewise

    loaded = load(config_path)
    check_plugins(loaded)
    ways = ways_of(loaded.config)
    warnings = [finding.document() for finding in loaded.warnings]
    streams = {way.name: {"streamed": way.streamed, "because": way.because} for way in ways}
    endpoints = {each.name: each.path for each in endpoints_of(loaded.config)}
    document: dict[str, Any] = {"ok": True, "digest": loaded.digest, "warnings": warnings, "streams": streams}
    document["endpoints"] = endpoints

    def draw(console: Console) -> None:
        for finding in loaded.warnings:
            say(console, f"warning: {finding.text()}")
        counts = f"{len(loaded.config.tools)} tools, {len(loaded.config.upstreams)} upstreams"
        say(console, f"{config_path} is good: {counts}, {len(loaded.config.plugins)} plugin uses")
        say(console, f"endpoints: {', '.join(endpoints.values())}")
        for way in ways:
            how = "passed on as it comes" if way.streamed else "held"
            say(console, f"  {way.name}: a stream is {how} ({way.because})")

    show(document, draw, as_json=as_json)


@config.command(cls=Verb)
@json_option
def schema(*, as_json: bool) -> None:  # noqa: ARG001 - a schema is JSON either way
    """Print the JSON Schema of the file."""
    from mcpg.config.reference import schema_text  # noqa: PLC0415 - slow to import

    click.echo(schema_text(), nl=False)


@config.command(cls=Verb)
@click.argument("tool", required=False)
@config_option
@json_option
def explain(tool: str | None, config_path: str, *, as_json: bool) -> None:
    """Say what happens to a call of each TOOL or upstream, stage by stage."""
    from mcpg.config import load  # noqa: PLC0415 - slow to import
    from mcpg.config.explain import explain as ways_of  # noqa: PLC0415 - likewise

    loaded = load(config_path)
    ways = [way for way in ways_of(loaded.config) if tool in {None, way.name}]
    if tool is not None and not ways:
        known = [*loaded.config.tools, *loaded.config.upstreams]
        raise click.UsageError(f"there is no tool or upstream `{tool}`; known: {', '.join(known) or 'none'}")
    show([way.document() for way in ways], lambda console: _draw(console, ways), as_json=as_json)


def _draw(console: Console, ways: list[Way]) -> None:
    for way in ways:
        say(console, f"{way.kind} {way.name}")
        rows = [(str(number), step.stage, ", ".join(step.uses), step.note) for number, step in enumerate(way.steps, 1)]
        table(console, ("", "stage", "asks", "note"), rows)
        how = "passed on as it comes" if way.streamed else "held"
        say(console, f"A stream of the backend is {how}: {way.because}.\n")
