"""Reads YAML text into plain values and remembers where each stood. It knows no key of ours and no environment.

A strict reading of YAML 1.2's core schema: `on`, `off`, `yes` and `no` are text; tags, merge keys, several
documents, keys that are not text and keys given twice are refused; size, depth and the number of values, with aliases
expanded, are bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from mcpg.config.findings import ConfigErrors, Finding, Place, show_path

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_VALUES", "Mark", "Source", "read_source"]

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 48
MAX_VALUES = 100_000
MAX_INTEGER_DIGITS = 18

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Mark(NamedTuple):
    """A place in the text, counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Source:
    """The values of one file and where they stood."""

    name: str
    data: Any = None
    values: dict[Place, Mark] = field(default_factory=dict)
    keys: dict[Place, Mark] = field(default_factory=dict)

    def mark(self, place: Place, *, key: bool = False) -> Mark:
        """Return where `place` stands, or the nearest place above it that is known."""
        for length in range(len(place), -1, -1):
            prefix = place[:length]
            found = self.keys.get(prefix) if key or length < len(place) else None
            found = found or self.values.get(prefix) or self.keys.get(prefix)
            if found is not None:
                return found
        return Mark(1, 1)

    def finding(
        self, place: Place, message: str, remedy: str = "", *, key: bool = False, warning: bool = False
    ) -> Finding:
        """Return a finding about `place`, or about its key."""
        line, column = self.mark(place, key=key)
        return Finding(message, remedy, show_path(place), self.name, line, column, "warning" if warning else "error")


def read_source(text: str | bytes, name: str) -> Source:
    """Return the values in `text`; raises `ConfigErrors`. `name` is how errors call the file."""
    if isinstance(text, bytes):
        if len(text) > MAX_BYTES:
            raise ConfigErrors([Finding(f"the file has {len(text)} bytes, at most {MAX_BYTES} are read", file=name)])
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            remedy = "save it as UTF-8"
            raise ConfigErrors([Finding(f"byte {error.start} is not UTF-8", remedy, file=name)]) from None
    reader = _Reader(Source(name), _events(text, name))
    reader.read()
    if reader.findings:
        raise ConfigErrors(reader.findings)
    return reader.source


def _events(text: str, name: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        what = " ".join(part for part in (error.context, error.problem) if part)
        remedy = "mend the YAML; text with `: ` or ` #` in it wants quotes"
        raise ConfigErrors([Finding(f"this is not YAML: {what}", remedy, "", name, line, column)]) from None
    except yaml.YAMLError as error:
        what = str(error).splitlines()[0]
        raise ConfigErrors([Finding(f"this is not YAML: {what}", "mend the YAML", file=name)]) from None


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _ends(event: Any) -> bool:
    return isinstance(event, yaml.CollectionEndEvent)


class _Reader:
    """Builds values from parser events, counting as it goes; a fatal finding is raised, others are collected."""

    def __init__(self, source: Source, events: Iterator[Any]) -> None:
        self.source = source
        self.events = events
        self.findings: list[Finding] = []
        self.count = 0
        self.anchors: dict[str, tuple[Any, int]] = {}

    def read(self) -> None:
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._fatal(event, (), "the file holds more than one YAML document", "remove all but the first")
                self.source.data = self._value(next(self.events), ())
        if self.source.data is None:
            raise ConfigErrors([Finding("the file is empty", "start with `version: 1`", file=self.source.name)])

    def _value(self, event: Any, place: Place) -> Any:
        self.source.values[place] = _mark(event)
        self._grow(event, place, 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place)
        if len(place) > MAX_DEPTH:
            self._fatal(event, place, f"values stand more than {MAX_DEPTH} levels deep", "flatten the file")
        self._refuse_tag(event, place)
        before = self.count
        if isinstance(event, yaml.MappingStartEvent):
            value: Any = self._mapping(place)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(place)
        else:
            value = self._scalar(event, place)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, self.count - before + 1)
        return value

    def _mapping(self, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not _ends(event := next(self.events)):
            if not isinstance(event, yaml.ScalarEvent):
                self._fatal(event, place, "a key is not text", "write the key as one word or quoted text")
            self._refuse_tag(event, place)
            key: str = event.value
            inner = (*place, key)
            if key == "<<" and not event.style:
                self._fatal(event, inner, "merge keys (`<<`) are not part of YAML 1.2", "write the keys out")
            if key in result:
                line, column = self.source.keys[inner]
                message = f"the key `{key}` stands twice, first at line {line}, column {column}"
                self._note(event, inner, message, "keep one of the two")
                self._value(next(self.events), (*inner, "\0second"))
                continue
            self.source.keys[inner] = _mark(event)
            result[key] = None
            result[key] = self._value(next(self.events), inner)
        return result

    def _sequence(self, place: Place) -> list[Any]:
        result: list[Any] = []
        while not _ends(event := next(self.events)):
            result.append(self._value(event, (*place, len(result))))
        return result

    def _scalar(self, event: Any, place: Place) -> Any:
        text: str = event.value
        if event.style:
            return text
        if text in _NULL:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _INTEGER.match(text):
            if len(text) > MAX_INTEGER_DIGITS:
                self._note(event, place, f"the number `{text[:24]}` is too large", "quote it if it is text")
                return 0
            return int(text)
        return float(text) if _FLOAT.match(text) and float(text) not in {float("inf"), float("-inf")} else text

    def _alias(self, event: Any, place: Place) -> Any:
        if event.anchor not in self.anchors:
            self._fatal(
                event, place, f"the alias `*{event.anchor}` stands before its anchor or inside it", "write it out"
            )
        value, size = self.anchors[event.anchor]
        self._grow(event, place, size)
        return value

    def _grow(self, event: Any, place: Place, size: int) -> None:
        self.count += size
        if self.count > MAX_VALUES:
            message = f"the file holds more than {MAX_VALUES} values once aliases are written out"
            self._fatal(event, place, message, "use fewer aliases or a smaller file")

    def _refuse_tag(self, event: Any, place: Place) -> None:
        if event.tag is not None:
            self._note(event, place, f"the tag `{event.tag}` is not read", "remove the tag; quote what must be text")

    def _note(self, event: Any, place: Place, message: str, remedy: str) -> None:
        self.findings.append(Finding(message, remedy, show_path(place), self.source.name, *_mark(event)))

    def _fatal(self, event: Any, place: Place, message: str, remedy: str) -> None:
        self._note(event, place, message, remedy)
        raise ConfigErrors(self.findings)
