"""How verbs answer: JSON or text for people, errors in one grammar, exit codes. It imports rich only to draw."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from mcpg.contract.problems import ConfigError, McpgError, PluginRefused, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import Console

__all__ = [
    "FAILED",
    "REFUSED",
    "Verb",
    "config_option",
    "ends_with",
    "failure",
    "json_option",
    "plain",
    "say",
    "show",
    "show_lines",
    "table",
]

FAILED = 1
REFUSED = 3
MISCONFIGURED = "bad-plugin-config"
"""The code of a component that refused what the operator wrote for it: nothing about trust."""
PIPE_WIDTH = 160
_CONTROLS = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
config_option = click.option(
    "--config",
    "config_path",
    default="mcpg.yaml",
    envvar="MCPG_CONFIG",
    show_default=True,
    show_envvar=True,
    type=click.Path(dir_okay=False),
    help="The operator's file.",
)


class Verb(click.Command):
    """A command whose errors are told on standard error, in JSON if asked, with the exit code of their kind."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an `McpgError` ends it with 1, or 3 where trust refused."""
        try:
            return super().invoke(ctx)
        except McpgError as error:
            if ctx.params.get("as_json"):
                click.echo(_json({"error": failure(error)}, indent=2), err=True)
            else:
                said = getattr(error, "output", "").rstrip()
                click.echo(plain(f"{said}\n\n" if said else "") + f"error: {plain(error.diagnostics())}", err=True)
            ctx.exit(ends_with(error))
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("mcpg"):
                raise
            click.echo(f"error: this installation has no `{error.name}`\n  to do: install mcpg again", err=True)
            ctx.exit(FAILED)


def ends_with(error: McpgError) -> int:
    """Return the exit code of an error: 3 where trust or a revocation refused, else 1."""
    return REFUSED if isinstance(error, PluginRefused) and error.code != MISCONFIGURED else FAILED


def failure(error: McpgError) -> dict[str, Any]:
    """Return an error as plain values: code, message, where, remedy; a compiler's words, a configuration's findings."""
    document: dict[str, Any] = {"code": error.code, "message": error.message, "where": error.where}
    document["remedy"] = error.remedy
    if output := getattr(error, "output", ""):
        document["output"] = output
    findings = getattr(error, "findings", None) if isinstance(error, ConfigError) else None
    return {**document, "findings": [finding.document() for finding in findings]} if findings else document


def show(document: Any, draw: Callable[[Console], None], *, as_json: bool) -> None:
    """Print `document` as JSON, or let `draw` tell it to a person."""
    with _printing():
        if as_json:
            click.echo(_json(document, indent=2))
            return
        from rich.console import Console  # noqa: PLC0415 - drawing is slow to import

        width = None if sys.stdout.isatty() else PIPE_WIDTH
        draw(Console(file=sys.stdout, highlight=False, emoji=False, soft_wrap=True, width=width))


def show_lines(documents: Iterable[Any], line: Callable[[Any], str], *, as_json: bool) -> None:
    """Print documents one a line, as they come: JSON, or what `line` makes of each."""
    for document in documents:
        with _printing():
            click.echo(_json(document) if as_json else line(document))


@contextmanager
def _printing() -> Iterator[None]:
    """Turn what the system says of the output into our error; a reader who is gone is click's to deal with."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        remedy = "all that was asked for is done; only its result is not told: mend the output, then ask for it again"
        raise ConfigError(
            f"cannot be written: {reason_of(error)}", where="standard output", remedy=remedy, code="output"
        ) from error


def _json(document: Any, indent: int | None = None) -> str:
    """Return JSON text in which no control character stands as itself; JSON escapes the others anyway."""
    everywhere = (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(document, indent=indent, ensure_ascii=not everywhere)
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain(text: str) -> str:
    """Return `text` without what could steer a terminal: others wrote it."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in text)


def say(console: Console, text: str) -> None:
    """Print plain text: no markup is read in it and no control character leaves it."""
    console.print(plain(text), markup=False)


def table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Draw a table without lines; cells are plain text."""
    from rich.table import Table  # noqa: PLC0415 - drawing is slow to import
    from rich.text import Text  # noqa: PLC0415 - likewise

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(plain(cell)) for cell in row))
    console.print(drawn)
