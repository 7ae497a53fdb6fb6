"""Reads files of cases. Everything that is wrong with them is told at once, with file, line and column. It runs none.

Documents, replies and answers are checked as far as they can be without the plugin: a function's name tells the kind,
a driver's name its documents.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mcpg.config.findings import ConfigErrors, Finding
from mcpg.config.source import read_source
from mcpg.contract.documents import RunFacts
from mcpg.contract.schemas import DOCUMENTS
from mcpg.contract.verdicts import Case, failed, ok
from mcpg.contract.worlds import WORLDS
from mcpg.workshop.cases.instants import instant
from mcpg.workshop.cases.model import ANY, Expected, PluginCase, Wanted
from mcpg.workshop.documents import RUN, Misfit, complete, place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mcpg.config.findings import Place
    from mcpg.config.source import Source
    from mcpg.contract.worlds import Function, PluginKind

__all__ = ["FUNCTIONS", "PROBLEMS", "load_cases", "read_cases"]

FUNCTIONS: Final[dict[str, tuple[PluginKind, Function]]] = {
    function.name: (kind, function) for kind, functions in WORLDS.items() for function in functions
}
PROBLEMS: Final = frozenset({"failed", "deny", "reject", "retry", "err"})
"""Tags whose value is a problem: code and message."""

_TYPES: Final[dict[type, str]] = {dict: "a mapping", list: "a list", str: "text"}
_FILE = ("config", "cases")
_CASE = ("name", "config", "ask", "with", "run", "effects", "answer", "refuses")
_encode = msgspec.json.Encoder(order="deterministic").encode


def load_cases(paths: Iterable[Path]) -> tuple[PluginCase, ...]:
    """Return the cases of all files, in their order; `ConfigErrors` names every fault with its place."""
    cases: list[PluginCase] = []
    findings: list[Finding] = []
    for path in paths:
        name = _shown(path)
        try:
            cases += read_cases(path.read_bytes(), name, base=path.parent)
        except ConfigErrors as errors:
            findings += errors.findings
        except OSError as error:
            findings.append(Finding(f"cannot be read: {error.strerror or error}", "name a file of cases", file=name))
    if findings:
        raise ConfigErrors(findings)
    return tuple(cases)


def read_cases(text: bytes | str, name: str, *, base: Path | None = None) -> tuple[PluginCase, ...]:
    """Return the cases in one file's text; `name` is how errors call it. Raises `ConfigErrors`."""
    if not text.strip():
        raise ConfigErrors([Finding("the file is empty", "begin with `cases:` and a list", file=name)])
    reading = _Reading(read_source(text, name), base)
    cases = reading.file()
    if reading.findings:
        raise ConfigErrors(reading.findings)
    return tuple(cases)


def _shown(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


class _Reading:
    """One file on its way from values to cases; findings are collected."""

    def __init__(self, source: Source, base: Path | None) -> None:
        self.source = source
        self.base = base
        self.findings: list[Finding] = []

    def file(self) -> list[PluginCase]:
        data = self.source.data
        if not self._keys(data, (), _FILE, "a file of cases") or not self._is(data.get("cases"), list, ("cases",)):
            return []
        config = data.get("config", {})
        if not self._is(config, dict, ("config",)):
            return []
        names: dict[str, int] = {}
        cases = []
        for number, each in enumerate(data["cases"]):
            found = self._case(each, ("cases", number), config)
            if found is None:
                continue
            if found.name in names:
                self._note(
                    ("cases", number, "name"), f"the name `{found.name}` stands twice", "give each case its own name"
                )
            names[found.name] = number
            cases.append(found)
        return cases

    def _case(self, data: Any, place: Place, config: Mapping[str, Any]) -> PluginCase | None:
        if not self._keys(data, place, _CASE, "a case") or not self._named(data, place):
            return None
        own = data.get("config", config)
        if not self._is(own, dict, (*place, "config")):
            return None
        if "refuses" in data:
            return self._refusal(data, place, own)
        return self._question(data, place, own)

    def _named(self, data: Mapping[str, Any], place: Place) -> bool:
        name = data.get("name")
        if isinstance(name, str) and name.strip():
            return True
        self._note(place, "the case has no name", "say under `name:` in one sentence what it shows")
        return False

    def _question(self, data: Mapping[str, Any], place: Place, config: Mapping[str, Any]) -> PluginCase | None:
        ask = data.get("ask")
        if ask not in FUNCTIONS:
            self._unknown((*place, "ask"), "function", ask, FUNCTIONS)
            return None
        kind, function = FUNCTIONS[ask]
        documents = self._documents(kind, function, data.get("with", {}), (*place, "with"))
        run = self._run(data.get("run", {}), (*place, "run"))
        effects = self._effects(data.get("effects", []), (*place, "effects"), function)
        answer = self._answer(data, place, function)
        if documents is None or run is None or answer is None:
            return None
        name, where = data["name"], self._where(place)
        return PluginCase(name, config, ask, documents, run, effects, answer, None, self.base, where)

    def _refusal(self, data: Mapping[str, Any], place: Place, config: Mapping[str, Any]) -> PluginCase | None:
        for key in ("ask", "with", "run", "effects", "answer"):
            if key in data:
                message = f"`{key}` stands beside `refuses`: a refused configuration is asked nothing"
                self._note((*place, key), message, "remove one of the two")
        wanted = data["refuses"]
        if not self._problem(wanted, (*place, "refuses")):
            return None
        return PluginCase(data["name"], config, refuses=wanted, base=self.base, where=self._where(place))

    def _documents(self, kind: PluginKind, function: Function, given: Any, place: Place) -> dict[str, Any] | None:
        if not self._is(given, dict, place):
            return None
        try:
            complete(kind, function.name, given)
        except Misfit as error:
            self._note((*place, *error.place), error.message, error.remedy)
            return None
        return dict(given)

    def _run(self, given: Any, place: Place) -> RunFacts | None:
        if not self._keys(given, place, ("id", "now", "seed"), "a run"):
            return None
        now = given.get("now", RUN.now)
        if isinstance(now, str):
            now = instant(now)
        if not isinstance(now, int) or isinstance(now, bool) or now < 0:
            remedy = "write it as `2026-11-21T23:00:00Z` or in ms since 1970"
            self._note((*place, "now"), "this is no time with its zone", remedy)
            return None
        identity, seed = given.get("id", RUN.id), given.get("seed", RUN.seed)
        if not isinstance(identity, str) or not isinstance(seed, str) or set(seed) - set("0123456789abcdef"):
            self._note(place, "`id` is text, and `seed` hexadecimal text", "write `seed: '00ff'`, in quotes")
            return None
        return RunFacts(id=identity, now=now, seed=seed)

    def _effects(self, given: Any, place: Place, function: Function) -> tuple[Expected, ...]:
        if not self._is(given, list, place):
            return ()
        if given and not function.replies:
            self._note(place, f"`{function.name}` takes no replies, so it can ask for nothing", "remove the effects")
            return ()
        found = (self._effect(each, (*place, number)) for number, each in enumerate(given))
        return tuple(each for each in found if each is not None)

    def _effect(self, data: Any, place: Place) -> Expected | None:
        if not self._is(data, dict, place):
            return None
        drivers = [key for key in data if key not in {"reply", "failed"}]
        if len(drivers) != 1:
            found = ", ".join(f"`{each}`" for each in drivers) or "none"
            self._note(place, f"one driver is wanted, found {found}", "write `- http: {...}` and `reply:` below it")
            return None
        driver = drivers[0]
        request = data[driver]
        if not self._is(request, dict, (*place, driver)):
            return None
        model = DOCUMENTS.get(f"effects/{driver}")
        known = [each.encode_name for each in msgspec.structs.fields(model)] if model is not None else list(request)
        if not self._keys(request, (*place, driver), known, f"a request of driver `{driver}`"):
            return None
        reply = self._reply(driver, data, place)
        return None if reply is None else Expected(driver, request, reply, self._where(place))

    def _reply(self, driver: str, data: Mapping[str, Any], place: Place) -> Case | None:
        if "failed" in data:
            if "reply" in data:
                self._note((*place, "failed"), "an effect is answered once", "keep `reply` or `failed`")
            problem = data["failed"]
            if not self._problem(problem, (*place, "failed")):
                return None
            return failed(problem.get("code", "effect-failed"), problem.get("message", "it failed"))
        if "reply" not in data and driver != "log":
            self._note(place, "the effect has no reply", "write `reply:` with the driver's document, or `failed:`")
            return None
        reply = data.get("reply", {})
        model = DOCUMENTS.get(f"effects/{driver}.reply")
        if model is not None:
            try:
                msgspec.convert(reply, model)
            except msgspec.ValidationError as error:
                message, inner = place_of(error)
                self._note((*place, "reply", *inner), message, f"see schema `effects/{driver}.reply`")
                return None
        return ok(_encode(reply).decode())

    def _answer(self, data: Mapping[str, Any], place: Place, function: Function) -> Wanted | None:
        if "answer" not in data:
            self._note(place, "the case wants no answer", "write `answer:`, or `refuses:` for a bad configuration")
            return None
        place = (*place, "answer")
        answer, value = data["answer"], ANY
        if isinstance(answer, dict) and len(answer) == 1:
            ((answer, value),) = answer.items()
        tags = [tag for tag in function.tags if tag != "perform"]
        if not isinstance(answer, str):
            self._note(place, "an answer is a tag, or a tag with its value", f"use one of {_listed(tags)}")
            return None
        if answer not in tags:
            self._unknown(place, f"answer of `{function.name}`", answer, tags)
            return None
        if value is not ANY and answer in PROBLEMS and not self._problem(value, (*place, answer)):
            return None
        return Wanted(answer, value, self._where(place))

    def _problem(self, value: Any, place: Place) -> bool:
        if not self._keys(value, place, ("code", "message"), "a problem"):
            return False
        return all(self._is(text, str, (*place, name)) for name, text in value.items())

    def _keys(self, value: Any, place: Place, known: Iterable[str], what: str) -> bool:
        if not self._is(value, dict, place):
            return False
        known = list(known)
        for key in value:
            if key not in known:
                self._unknown((*place, key), f"member of {what}", key, known, key=True)
                return False
        return True

    def _is(self, value: Any, wanted: type, place: Place) -> bool:
        if isinstance(value, wanted):
            return True
        name = _TYPES[wanted]
        self._note(place, f"wanted {name}", f"write {name} here")
        return False

    def _unknown(self, place: Place, what: str, found: Any, known: Iterable[str], *, key: bool = False) -> None:
        known = list(known)
        near = difflib.get_close_matches(str(found), known, 1)
        remedy = f"did you mean `{near[0]}`?" if near else f"use one of {_listed(known)}"
        message = f"there is no {what} `{found}`" if found is not None else f"no {what} is named"
        self._note(place, message, remedy, key=key)

    def _note(self, place: Place, message: str, remedy: str, *, key: bool = False) -> None:
        self.findings.append(self.source.finding(place, message, remedy, key=key))

    def _where(self, place: Place) -> str:
        line, column = self.source.mark(place)
        return f"{self.source.name}:{line}:{column}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
