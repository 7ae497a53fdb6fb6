"""`mcpg explain`: the story of one call, stage by stage, from the ledger. It runs no plugin and proves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mcpg.cli.audit import ledger_option, ledger_path, when
from mcpg.cli.output import Verb, config_option, json_option, say, show, table
from mcpg.contract.problems import McpgError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console

__all__ = ["explain", "story_of"]

LAST = "last"
LOOK_BACK = 200


class UnknownCall(McpgError):  # noqa: N818 - names state facts
    """The ledger holds no record of a call."""

    code = "unknown-call"


@click.command(cls=Verb)
@click.argument("call_id")
@ledger_option
@config_option
@json_option
def explain(call_id: str, config_path: str, ledger: str | None, *, as_json: bool) -> None:
    """Say why the call CALL_ID was allowed, denied or failed, stage by stage.

    `last` is the latest call.
    """
    from mcpg.ledger import records_of  # noqa: PLC0415 - slow to import

    path = ledger_path(config_path, ledger)
    wanted = _last_call(path) if call_id == LAST else call_id
    records = [entry.record for entry in records_of(path, wanted)]
    if not records:
        raise UnknownCall(f"the ledger has no call `{wanted}`", remedy="find its id with `mcpg audit tail`")
    story = story_of(records)
    show(story, lambda console: _draw(console, story), as_json=as_json)


def story_of(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one document of all records of a call: who, what, how it ended, why, and every stage in order."""
    first, last = records[0], records[-1]
    stages = [stage for record in records for stage in record.get("stages") or () if isinstance(stage, dict)]
    ended = _ending(last)
    reason = next((stage for stage in reversed(stages) if stage.get("code") and not stage.get("shadow")), None)
    if ended == "ok":
        reason = None
    return {
        "call": first.get("call"),
        "tenant": first.get("tenant"),
        "at": first.get("at"),
        "caller": first.get("caller"),
        "method": first.get("method"),
        "name": first.get("name"),
        "endpoint": first.get("endpoint"),
        "canonical": first.get("canonical"),
        "resumes": first.get("resumes"),
        "backend": first.get("backend"),
        "ended": ended,
        "stage": last.get("stage") or (reason or {}).get("stage"),
        "use": (reason or {}).get("use"),
        "code": last.get("code") or (reason or {}).get("code"),
        "message": last.get("message") or (reason or {}).get("message"),
        "stages": stages,
        "asks": [told for record in records for told in asks_of(record)],
        "records": [{key: record.get(key) for key in ("kind", "tenant", "seq", "at", "prev")} for record in records],
    }


def asks_of(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a record says of requests to the client: each with the record's kind, round and way."""
    asks = record.get("asks")
    more: dict[str, Any] = {key: record[key] for key in ("kind", "round", "how", "resumes") if key in record}
    return [{**more, **told} for told in asks if isinstance(told, dict)] if isinstance(asks, list) else []


def _ending(last: dict[str, Any]) -> str:
    if last.get("kind") == "refusal":
        return "refused"
    if last.get("kind") in {"intent", "asked", "answered"}:
        return "open"
    return str(last.get("status") or "unknown")


def _last_call(path: Path) -> str:
    from mcpg.ledger import tail  # noqa: PLC0415 - slow to import

    calls = [entry.call for entry in tail(path, limit=LOOK_BACK) if entry.call]
    if not calls:
        raise click.UsageError(f"there is no call among the last {LOOK_BACK} records")
    return calls[-1]


_SENTENCES = {
    "ok": "It was allowed and answered.",
    "tool-error": "It was allowed; the tool answered with an error.",
    "refused": "It was refused.",
    "denied": "It was denied.",
    "failed": "It was allowed and failed.",
    "open": "It has begun and has no outcome yet.",
    "unknown": "It was begun, and nobody can tell whether it happened.",
}


def _draw(console: Console, story: dict[str, Any]) -> None:
    wanted = " ".join(str(story[key]) for key in ("method", "name") if story[key]) or "something"
    say(console, f"call {story['call']}  {when(story['at'])}")
    known = f" (to policies `{story['canonical']}`)" if story["canonical"] else ""
    where = f" at `{story['endpoint']}`" if story["endpoint"] else ""
    say(console, f"{_who(story['caller'])} asked for {wanted}{known}{where}, tenant {story['tenant']}")
    if story["resumes"]:
        say(console, f"It is about the task that call {story['resumes']} began.")
    say(console, _SENTENCES.get(str(story["ended"]), f"It ended as {story['ended']}."))
    if story["ended"] != "ok" and (story["message"] or story["code"]):
        by = f" by {story['use']}" if story["use"] else ""
        said = ": ".join(str(story[key]) for key in ("code", "message") if story[key])
        say(console, f"Stage {story['stage'] or '?'}{by}: {said}")
    if story["stages"]:
        console.print()
        table(console, ("stage", "use", "verdict", "µs", "component", "input"), _rows(story["stages"]))
        for stage in story["stages"]:
            why = ": ".join(str(stage[key]) for key in ("code", "message") if stage.get(key))
            if why:
                say(console, f"  {stage.get('use') or stage.get('stage', '?')}: {why}")
    for told in story["asks"]:
        way = " ".join(str(told[key]) for key in ("how", "verdict", "code") if told.get(key))
        say(console, f"round {told.get('round')}, {told['kind']}: {told.get('method')} `{told.get('key')}`: {way}")
    count = len(story["records"])
    say(console, f"\n{count} record{'s' * (count > 1)}; `mcpg audit verify` proves {'them' if count > 1 else 'it'}.")


def _who(caller: Any) -> str:
    if not isinstance(caller, dict) or not caller.get("id"):
        return "a caller that nobody knew"
    groups = ", ".join(caller.get("groups") or ())
    return f"{caller['id']} ({caller.get('kind', '?')}{', in ' + groups if groups else ''})"


def _rows(stages: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for stage in stages:
        notes = [name for name in ("memo", "shadow", "skipped") if stage.get(name)]
        verdict = " ".join([str(stage.get("verdict", "")), *(f"({note})" for note in notes)])
        digests = (_short(stage.get("component") or stage.get("digest")), _short(stage.get("input")))
        yield (str(stage.get("stage", "")), str(stage.get("use", "")), verdict, str(stage.get("us", "")), *digests)


def _short(digest: Any) -> str:
    return str(digest).rpartition(":")[2][:12] if digest else ""
