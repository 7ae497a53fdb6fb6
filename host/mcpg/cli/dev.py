"""`mcpg dev`: a gateway with a plugin from its source, in the terminal. The workshop runs it; here it is shown."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.output import FAILED, Verb, failure, json_option, plain
from mcpg.contract.problems import one_line

if TYPE_CHECKING:
    from mcpg.contract.ports import RunSeen
    from mcpg.contract.problems import McpgError
    from mcpg.workshop.dev.casing import Cases
    from mcpg.workshop.dev.examining import Findings

__all__ = ["dev"]

STYLES = {
    "head": "bold",
    "input": "dim",
    "effect": "cyan",
    "reply": "blue",
    "log": "magenta",
    "good": "green",
    "bad": "bold red",
    "remedy": "yellow",
}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(cls=Verb)
@click.argument("plugin", type=click.Path(exists=True, path_type=Path), default=".")
@click.option("--config", type=_FILE, help="An operator's file that has a use of this plugin (`from: file:...`).")
@click.option("--listen", default="127.0.0.1:8787", show_default=True, help="Where to serve; loopback only.")
@click.option("--record", type=click.Path(dir_okay=False, path_type=Path), help="Append each run to FILE as a case.")
@click.option("--call", "tool", default="", metavar="TOOL", help="Call TOOL at the start and after each exchange.")
@click.option("--args", "arguments", default="{}", metavar="JSON", help="With --call: the arguments.")
@click.option("--config-of", type=_FILE, help="Take `config` from FILE (as dev.yaml or a file of cases has it).")
@click.option("--grant", default="{}", metavar="JSON", help="Grants by driver, over those that are given otherwise.")
@click.option("--key", default="", envvar="MCPG_KEY", show_envvar=True, help="With --config: the key to call with.")
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="With --call: a header of the request.")
@click.option("--no-build", is_flag=True, help="Take the component in `out/` as it is, and follow that.")
@click.option("--once", is_flag=True, help="Build, try, run the cases and end; exit 1 if something is wrong.")
@json_option
@click.pass_context
def dev(
    ctx: click.Context,
    /,
    plugin: Path,
    *,
    arguments: str,
    tool: str,
    grant: str,
    headers: tuple[str, ...],
    no_build: bool,
    as_json: bool,
    **more: Any,
) -> None:
    """Serve PLUGIN from its source: rebuilt on save, each run shown.

    PLUGIN is a project's folder, or a component's file that somebody else builds. Without `--config` a gateway is made
    around it by its kind; `dev.yaml` in the project says what it is configured with and granted. Loopback only.
    """
    import uvloop  # noqa: PLC0415 - only this verb runs a gateway beside its own output

    from mcpg.config.root import Logs  # noqa: PLC0415 - likewise
    from mcpg.gateway.logs import set_up_logs  # noqa: PLC0415 - likewise
    from mcpg.workshop.componentizing import user_cache  # noqa: PLC0415 - likewise
    from mcpg.workshop.dev.options import Options  # noqa: PLC0415 - likewise
    from mcpg.workshop.dev.session import Session  # noqa: PLC0415 - the whole gateway

    call = (tool, _object("--args", arguments)) if tool else None
    grants, cache = _object("--grant", grant), user_cache()
    sent = dict(_pair(each) for each in headers)
    options = Options(plugin, grant=grants, build=not no_build, call=call, cache=cache, headers=sent, **more)
    set_up_logs(Logs(level="warning"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:

        async def run() -> bool:
            return await Session(options, Terminal(as_json=as_json)).run()

        good = runner.run(run())
    if options.once and not good:
        ctx.exit(FAILED)


def _object(option: str, text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"`{option}` is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise click.UsageError(f"`{option}` is not a JSON object")
    return document


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise click.UsageError(f"`{text}` is not NAME=VALUE")
    return name, value


class Terminal:
    """Shows a session: runs on standard output, all else on standard error. In colour where somebody looks."""

    def __init__(self, *, as_json: bool) -> None:
        from rich.console import Console  # noqa: PLC0415 - drawing is slow to import

        self._json = as_json
        self._out = Console(highlight=False, emoji=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)

    def note(self, line: str) -> None:
        """Tell how things go."""
        self._say(self._err, f"mcpg: {line}", "dim")

    def problem(self, error: McpgError) -> None:
        """Tell of an error that the session survives, with what a compiler said."""
        if self._json:
            click.echo(json.dumps({"error": failure(error)}), err=True)
            return
        output = getattr(error, "output", "")
        if output:
            self._say(self._err, output.rstrip())
        self._say(self._err, f"error: {error.diagnostics()}", "bold red")

    def run(self, run: RunSeen, findings: Findings) -> None:
        """Show a run."""
        from mcpg.workshop.dev.telling import document_of, lines_of  # noqa: PLC0415 - with the rest of the workshop

        if self._json:
            click.echo(json.dumps(document_of(run, findings)))
        else:
            for line in lines_of(run, findings):
                text = one_line(line.text)  # the plugin's words begin no line of their own
                self._say(self._out, text if line.kind == "head" else f"  {text}", STYLES[line.kind])

    def cases(self, cases: Cases) -> None:
        """Tell how the cases went."""
        good = cases.total - len(cases.failed)
        for name, *lines in cases.failed:
            self._say(self._err, f"case `{name}` failed", "bold red")
            for line in lines:
                self._say(self._err, f"  {line}")
        said = f"mcpg: {good} of {cases.total} cases good, {cases.seconds:.2f} s"
        self._say(self._err, said, "green" if cases.good else "red")

    def result(self, tool: str, result: dict[str, Any] | None) -> None:
        """Tell what a call was answered."""
        text = json.dumps(result, ensure_ascii=False)
        self._say(self._err, f"mcpg: {tool} answered {text}", "red" if result and result.get("isError") else "")

    def _say(self, console: Any, text: str, style: str = "") -> None:
        console.print(plain(text), style=style or None, markup=False)
