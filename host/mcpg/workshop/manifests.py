"""The manifest that an author writes: read, and judged so that each error names file, line and member.

It is `manifest.json` in the project, or the argument of `manifest!` in a Rust file. What a component in the end carries
is judged again by every gateway; this is earlier and says where. It does not look at the plugin's code.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

from mcpg.contract.manifest import MAX_MANIFEST, Manifest, decode_manifest
from mcpg.contract.problems import reason_of
from mcpg.contract.worlds import PluginKind
from mcpg.plugins.schemas import FILE, FILES, compile_schema
from mcpg.workshop.documents import place_of
from mcpg.workshop.problems import ManifestWrong
from mcpg_registry.strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcpg.workshop.project import Project

__all__ = ["Written", "find_manifest", "judge", "with_built"]

Place = tuple[str | int, ...]
_MACRO: Final = re.compile(r"^[^\n/]*\bmanifest!\s*[({\[]\s*(?=\{)", re.MULTILINE)
_SEE: Final = "see docs/reference/contract.md for every member"
_QUIET: Final = frozenset({PluginKind.LIMIT, PluginKind.CATALOG})


@dataclass(frozen=True, slots=True)
class Written:
    """A manifest's text as it stands in `file` (its path in the project), beginning on `line`."""

    file: str
    text: str
    line: int = 1

    def at(self, place: Place = ()) -> str:
        """Return `file:line` of a member, or of the nearest thing around it that is there."""
        try:
            node: Any = yaml.compose(self.text, Loader=yaml.SafeLoader)
        except yaml.YAMLError:
            return self.file
        line = node.start_mark.line
        for step in place:
            below = dict(_members(node)).get(str(step))
            if below is None:
                break
            line, node = below
        return f"{self.file}:{self.line + line}"

    def wrong(self, message: str, place: Place = (), remedy: str = _SEE) -> ManifestWrong:
        """Return the error for what stands at `place`."""
        pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in place)
        return ManifestWrong(f"`{pointer}`: {message}" if pointer else message, where=self.at(place), remedy=remedy)


def find_manifest(project: Project) -> Written:
    """Return the project's manifest; `ManifestWrong` where there is none. It blocks."""
    if project.manifest.is_file():
        return Written(project.manifest.name, _read(project.manifest))
    for path in sorted((project.root / "src").rglob("*.rs")) if project.language == "rust" else ():
        text = _read(path)
        found = _MACRO.search(text)
        if found is not None:
            name = path.relative_to(project.root).as_posix()
            return Written(name, _braces(text[found.end() :]), text.count("\n", 0, found.end()) + 1)
    if project.language == "rust":
        remedy = "write `mcpg_sdk::manifest!({ ... })` there: what the plugin is, what it reads, what it may ask for"
        raise ManifestWrong("the plugin has no manifest", where="src/lib.rs", remedy=remedy)
    remedy = "write one: what the plugin is, what it reads, what it may ask for; `mcpg plugin new` makes a first one"
    raise ManifestWrong("the plugin has no manifest", where=project.manifest.name, remedy=remedy)


def judge(written: Written) -> tuple[dict[str, Any], Manifest]:
    """Return a manifest as it stands and as it is understood; `ManifestWrong` names the line of what is wrong."""
    try:
        json.loads(written.text)
    except json.JSONDecodeError as error:
        where = f"{written.file}:{written.line + error.lineno - 1}:{error.colno}"
        raise ManifestWrong(f"this is not JSON: {error.msg.lower()}", where=where, remedy="mend it there") from None
    try:
        plain = parse_object(written.text.encode(), MAX_MANIFEST)
        manifest = decode_manifest(json.dumps({**plain, "built": None}).encode())
    except ValueError as error:
        message, place = place_of(error)
        named = re.search(r"unknown field `([^`]+)`", message)
        place = ("world",) if message.startswith("world ") else (*place, named[1]) if named else place
        raise written.wrong(message, place, _remedy(place)) from None
    _judge_schemas(written, manifest)
    _judge_effects(written, manifest)
    if manifest.memo and any(pointer.split("/")[1] == "run" for pointer in manifest.reads):
        message = "verdicts of a plugin that reads `/run` cannot be remembered"
        raise written.wrong(message, ("memo",), "write `false`, or take `/run` out of `reads`")
    return plain, manifest


def with_built(plain: dict[str, Any], built: dict[str, str]) -> bytes:
    """Return the manifest's text as it goes into a component, with what it was built from."""
    whole = {**plain, "built": built}
    text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    if len(text) > MAX_MANIFEST:
        message = f"the manifest has {len(text)} bytes, at most {MAX_MANIFEST} are allowed"
        raise ManifestWrong(message, remedy="shorten its descriptions")
    return text


def _judge_schemas(written: Written, manifest: Manifest) -> None:
    for name, schema in (("config", manifest.config), ("binding", manifest.binding)):
        try:
            compile_schema(schema)
        except ValueError as error:
            remedy = "write a JSON Schema of 2020-12 that refers to nothing outside itself"
            raise written.wrong(str(error), (name,), remedy) from None
        for place, part in _schemas(schema, (name,)):
            form = part.get("format")
            if not isinstance(form, str) or not form.startswith("mcpg"):
                continue
            if form not in (FILE, FILES):
                message = f"there is no format `{form}`"
                raise written.wrong(
                    message, (*place, "format"), f"write `{FILE}` for one file, `{FILES}` for a pattern"
                )
            if part.get("type") != "string":
                message = f"what has format `{form}` is a path, so its type is `string`"
                raise written.wrong(message, place, 'write `"type": "string"` beside it; the host puts the text there')


def _judge_effects(written: Written, manifest: Manifest) -> None:
    if manifest.effects and manifest.kind in _QUIET:
        message = f"a plugin of kind `{manifest.kind.value}` cannot ask for effects: its functions get no replies"
        raise written.wrong(message, ("effects",), "take them out")
    seen: set[str] = set()
    for number, wish in enumerate(manifest.effects):
        if wish.driver in seen:
            raise written.wrong(f"`{wish.driver}` stands there twice", ("effects", number), "say it once")
        if not wish.why.strip():
            raise written.wrong("operators are shown why, and it is empty", ("effects", number, "why"), "say why")
        seen.add(wish.driver)


def _schemas(schema: Any, place: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Give every object in a schema with its place, this one first."""
    if isinstance(schema, dict):
        yield place, schema
        for key, below in schema.items():
            if key not in ("default", "examples", "enum", "const"):
                yield from _schemas(below, (*place, key))
    elif isinstance(schema, list):
        for number, below in enumerate(schema):
            yield from _schemas(below, (*place, number))


def _remedy(place: Place) -> str:
    if place == ("world",):
        return "write the world of its kind: `mcpg:plugin/KIND-plugin@1.0.0`"
    if place[:1] == ("reads",):
        return "reads are pointers such as `/caller/groups`, `/action/name`, `/call/arguments` or `/outcome/result`"
    if place == ("kind",):
        return f"write one of {', '.join(kind.value for kind in PluginKind)}"
    if place == ("id",):
        return "write PUBLISHER/NAME in lower case, such as `acme/redact`"
    return _SEE


def _members(node: Any) -> Iterator[tuple[str, tuple[int, Any]]]:
    """Give the members of a composed node: name or number, line, node."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key.value, (key.start_mark.line, value)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield str(number), (value.start_mark.line, value)


def _braces(text: str) -> str:
    """Return the JSON object that `text` begins with, by its braces; all of it if they do not match."""
    depth, inside, escaped = 0, False, False
    for at, sign in enumerate(text):
        if inside:
            inside, escaped = escaped or sign != '"', not escaped and sign == "\\"
        elif sign == '"':
            inside = True
        else:
            depth += (sign == "{") - (sign == "}")
            if not depth:
                return text[: at + 1]
    return text


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ManifestWrong("this is not UTF-8", where=path.name, remedy="save it as UTF-8") from None
    except OSError as error:
        raise ManifestWrong(
            f"cannot be read: {reason_of(error)}", where=path.name, remedy="look at its rights"
        ) from None
