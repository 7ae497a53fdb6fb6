"""Makes cases of runs that happened, and adds them to files. It records nothing by itself and runs nothing.

A recorded case holds what the plugin was shown and what it said. Secrets by reference stay references. What is a secret
by its place gets a made-up text, the same wherever it stands in the case: the values of the headers that an identity
plugin was shown, and the credential that a credential plugin issued; and so do texts whose member's name says so.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mcpg.config.source import read_source
from mcpg.contract.problems import ConfigError
from mcpg.workshop.cases.dumping import case_text, effect_of, run_facts, yaml_text
from mcpg.workshop.cases.reading import FUNCTIONS, read_cases
from mcpg.workshop.cases.script import LOG
from mcpg.workshop.dev.veiling import looks_secret
from mcpg.workshop.judging import plain_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mcpg.contract.ports import RunSeen

__all__ = ["Written", "case_of", "write_case"]

LEAST: Final = 4
"""Characters that a value has at least to be replaced inside other texts too: `a` is in every word."""
TELLING: Final = 8
"""Characters that a text has at least to be a secret only for its member's name."""
REFERENCES: Final = ("secret://", "cred://")
_ITEM: Final = re.compile(r"^( *)- ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Written:
    """A case that was added to a file: its name there, and what its reader should know of it."""

    name: str
    notes: tuple[str, ...] = ()


def case_of(seen: RunSeen, *, name: str = "") -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a finished run as a case in plain values, members in the order of the format, and notes about it.

    Raises `ConfigError` for a run that has no answer: it cannot be repeated by what was recorded.
    """
    if seen.answer is None or seen.answer.tag == "suspended":
        why = "it waits for its client" if seen.answer is not None else "it has no answer"
        raise ConfigError(f"the run of `{seen.function}` cannot become a case: {why}", code="no-case")
    function = FUNCTIONS[seen.function][1]
    parameters = [each for each in function.parameters if each != "replies"]
    documents = {
        parameter: text if parameter == "target" else json.loads(text)
        for parameter, text in zip(parameters, seen.documents, strict=True)
    }
    facts = _facts(documents)
    answer = plain_of(seen.answer)
    case: dict[str, Any] = {"name": name or f"{seen.function} answers {seen.answer.tag}", "ask": seen.function}
    if given := {key: value for key, value in documents.items() if value != {}}:
        case["with"] = given
    if facts is not None and (told := run_facts(facts["id"], facts["now"], facts["seed"])):
        case["run"] = told
    pairs = zip(seen.effects, seen.replies, strict=False)
    if effects := [effect_of(effect, reply) for effect, reply in pairs if effect.driver != LOG]:
        case["effects"] = effects
    case["answer"] = seen.answer.tag if answer is None else {seen.answer.tag: answer}
    return _veiled(case)


def write_case(path: Path, seen: RunSeen, *, config: Mapping[str, Any] | None = None, name: str = "") -> Written:
    """Add a finished run to a file of cases, which is made if it is missing, and return the name that it got; blocks.

    `config` is what the plugin ran with; it becomes the file's, or the case's own where the file has another. Raises
    `ConfigErrors` for a file that is no file of cases, `ConfigError` where nothing can be added.
    """
    case, notes = case_of(seen, name=name)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    known = read_cases(before, str(path), base=path.parent) if before.strip() else ()
    case["name"] = _fresh(case["name"], {each.name for each in known})
    own = dict(config or {})
    if not before.strip():
        head = yaml_text({"config": own}) if own else ""
        text = f"{head}cases:\n{case_text(case)}"
    else:
        if config is not None and own != read_source(before, str(path)).data.get("config", {}):
            case = {"name": case.pop("name"), "config": own, **case}
        indents = _ITEM.findall(before.partition("cases:")[2])
        text = f"{before.rstrip()}\n\n{case_text(case, len(indents[0]) if indents else 2)}"
    if len(read_cases(text, str(path), base=path.parent)) != len(known) + 1:
        remedy = "let `cases:` be the last member of the file, one case below the other"
        raise ConfigError("a case cannot be added at the end", where=str(path), remedy=remedy, code="no-case")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return Written(case["name"], notes)


def _facts(documents: dict[str, Any]) -> dict[str, Any] | None:
    """Take the run's facts out of the documents: they stand beside them in a case."""
    found: dict[str, Any] | None = None
    for document in documents.values():
        for each in document if isinstance(document, list) else [document]:
            run = each.pop("run", None) if isinstance(each, dict) else None
            if isinstance(run, dict):
                found = {"id": "case", "now": 0, "seed": "", **run}
    return found


def _fresh(name: str, taken: set[str]) -> str:
    number, fresh = 1, name
    while fresh in taken:
        number += 1
        fresh = f"{name} ({number})"
    return fresh


def _veiled(case: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    secrets: dict[str, str] = {}
    notes = []
    request = case.get("with", {}).get("request")
    if isinstance(request, dict) and request.get("headers"):
        headers = request["headers"]
        for header, value in headers.items():
            secrets.setdefault(value, f"recorded-{header}")
        request["headers"] = {header: secrets[value] for header, value in headers.items()}
        names = ", ".join(f"`{header}`" for header in headers)
        notes.append(f"the values of {names} are not recorded: write made-up ones that the plugin knows")
    answer = case["answer"]
    issued = answer.get("issued") if isinstance(answer, dict) else None
    if isinstance(issued, dict) and not str(issued.get("value", "")).startswith("secret://"):
        secrets.setdefault(issued["value"], "recorded-credential")
        issued["value"] = secrets[issued["value"]]
        notes.append("the credential is not recorded: it has a made-up text in the reply and in the answer")
    named = {text: name for text, name in _named(case) if text not in secrets}
    if named:
        secrets |= {text: f"recorded-{name}" for text, name in named.items()}
        names = ", ".join(f"`{name}`" for name in sorted(set(named.values())))
        notes.append(f"what stands under {names} looks like a secret and is not recorded: it has a made-up text")
    for member in ("with", "effects", "answer"):
        if member in case:
            case[member] = _replaced(case[member], secrets)
    return case, tuple(notes)


def _named(value: Any) -> Iterator[tuple[str, str]]:
    """Give every text that is a secret by its member's name, with that name; references are none."""
    for name, each in value.items() if isinstance(value, dict) else ():
        if isinstance(each, str) and looks_secret(name):
            if len(each) >= TELLING and not each.startswith((*REFERENCES, "recorded-")):
                yield each, name
        else:
            yield from _named(each)
    for each in value if isinstance(value, list) else ():
        yield from _named(each)


def _replaced(value: Any, secrets: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for secret in sorted(secrets, key=len, reverse=True):
            if value == secret:
                return secrets[secret]
            for part in {secret, secret.rpartition(" ")[2]}:
                if len(part) >= LEAST:
                    value = value.replace(part, secrets[secret])
        return value
    if isinstance(value, dict):
        return {key: _replaced(each, secrets) for key, each in value.items()}
    return [_replaced(each, secrets) for each in value] if isinstance(value, list) else value
