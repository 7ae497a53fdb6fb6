"""`mcpg call` and `mcpg tools`: a client in the terminal. They go through the front door like any other client."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

import click

from mcpg.cli.output import FAILED, Verb, json_option, plain, say, show, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from mcpg.cli.client import Client

__all__ = ["arguments_of", "call", "tools"]

MAX_KEY = 64 * 1024
_FILE = click.Path(exists=True, dir_okay=False)
_CLIENT_OPTIONS = (
    click.option(
        "--url",
        default="http://127.0.0.1:8787/mcp",
        envvar="MCPG_URL",
        show_default=True,
        show_envvar=True,
        help="The gateway's MCP endpoint.",
    ),
    click.option("--key", default="", envvar="MCPG_KEY", show_envvar=True, help="The API key to call with."),
    click.option(
        "--key-file",
        type=click.File("r"),
        help="A file with the key, so that it is in no process list and no shell history.",
    ),
    click.option(
        "--era",
        type=click.Choice(["auto", "modern", "legacy"]),
        default="auto",
        show_default=True,
        help="The MCP to speak: from 2026-07-28, up to 2025-11-25, or tried.",
    ),
    click.option("--ca", type=_FILE, help="An authority to trust beside the system's, PEM."),
    click.option("--certificate", type=_FILE, help="Our own certificate and its key in one file, PEM."),
    click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait for an answer."),
)


def _client_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_CLIENT_OPTIONS):
        command = option(command)
    return command


def _connect(*, key: str, key_file: TextIO | None, **options: Any) -> Client:
    from mcpg.cli.client import Client  # noqa: PLC0415 - slow to import

    return Client(
        key=key_file.read(MAX_KEY).strip() if key_file else key,
        tell=lambda text: click.echo(plain(text), err=True),
        **options,
    )


@click.command(cls=Verb)
@click.argument("tool", required=False)
@click.option(
    "--arg",
    "-a",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="One argument; the tool's schema says what VALUE is.",
)
@click.option("--args", "document", default="", metavar="JSON", help="All arguments as one JSON object.")
@click.option("--list", "only_list", is_flag=True, help="List the tools instead.")
@_client_options
@json_option
@click.pass_context
def call(
    ctx: click.Context,
    /,
    tool: str | None,
    pairs: tuple[str, ...],
    document: str,
    *,
    only_list: bool,
    as_json: bool,
    **where: Any,
) -> None:
    """Call TOOL of a running gateway and print its result."""
    if only_list or tool is None:
        if tool is not None or pairs or document:
            raise click.UsageError("`--list` takes no tool and no arguments")
        if not only_list:
            raise click.UsageError("name a TOOL, or say `--list`")
        ctx.invoke(tools, as_json=as_json, **where)
        return
    with _connect(**where) as client:
        schema: dict[str, Any] = {}
        if pairs:
            schema = next((each.get("inputSchema", {}) for each in client.listed("tools") if each["name"] == tool), {})
        result = client.request("tools/call", {"name": tool, "arguments": arguments_of(pairs, document, schema)})
    show(result, lambda console: _draw(console, result), as_json=as_json)
    if result.get("isError"):
        ctx.exit(FAILED)


@click.command(cls=Verb)
@_client_options
@json_option
def tools(*, as_json: bool, **where: Any) -> None:
    """List the tools of a running gateway, as this caller sees them."""
    with _connect(**where) as client:
        found = list(client.listed("tools"))
    rows = [(each["name"], _parameters(each), " ".join(each.get("description", "").split())) for each in found]
    show(found, lambda console: table(console, ("tool", "arguments", "what it does"), rows), as_json=as_json)


def arguments_of(pairs: tuple[str, ...], document: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments: `document` (JSON), then `pairs` of NAME=VALUE read as the tool's schema says."""
    try:
        arguments = json.loads(document) if document else {}
    except ValueError as error:
        raise click.UsageError(f"`--args` is not JSON: {error}") from None
    if not isinstance(arguments, dict):
        raise click.UsageError("`--args` is not a JSON object")
    for pair in pairs:
        name, sign, text = pair.partition("=")
        if not sign or not name:
            raise click.UsageError(f"`{pair}` is not NAME=VALUE")
        arguments[name] = _value(text, schema.get("properties", {}).get(name, {}))
    return arguments


def _value(text: str, schema: Any) -> Any:
    kinds = schema.get("type", ()) if isinstance(schema, dict) else ()
    if kinds == "string" or (isinstance(kinds, list) and "string" in kinds):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _parameters(tool: dict[str, Any]) -> str:
    schema = tool.get("inputSchema", {})
    required = schema.get("required", ())
    return " ".join(name if name in required else f"[{name}]" for name in schema.get("properties", {}))


def _draw(console: Console, result: dict[str, Any]) -> None:
    if result.get("isError"):
        console.print("[bold red]the tool failed[/bold red]")
    structured = result.get("structuredContent")
    if structured is not None:
        console.print_json(plain(json.dumps(structured, ensure_ascii=False)))
    for block in result.get("content", ()):
        text = block.get("text") if block.get("type") == "text" else None
        if text is None:
            say(console, f"({block.get('type')})")
        elif structured is None or not _is_json(text):
            say(console, text)
    if result.get("resultType") == "input_required":
        say(console, "the tool asks for input, which this client cannot give")
    notes = (result.get("_meta") or {}).get("dev.mcpg/annotations")
    if notes:
        say(console, json.dumps(notes))


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False
