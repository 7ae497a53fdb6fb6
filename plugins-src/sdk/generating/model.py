"""What the JSON Schemas in `wit/schemas/` say, as values that a writer of any language can walk. It writes nothing.

Only the part of JSON Schema that the contract uses is understood; anything else raises `ValueError`, so that a schema
can never be read as less than it says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

READ = frozenset({"Action", "Call", "Caller", "Catalog", "Credentials", "Outcome", "Record"})
"""What plugins are given, besides the replies of drivers."""
WRITTEN = frozenset({"Annotate", "Ask", "Caller", "Catalog", "Credential", "Redact"})
"""What plugins answer with, besides the requests to drivers."""
UNUSED = frozenset({"manifest"})
"""Schemas that no plugin's code meets."""
PLAIN = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean"}
NO_DEFAULT = object()


@dataclass(frozen=True)
class Type:
    """One type. `kind`: text, integer, number, boolean, any, object, enum, ref, list, map or union.

    `name` is that of an enum or of the document that a `ref` leads to, `inner` holds the item of a list, the value of
    a map or the members of a union.
    """

    kind: str
    name: str = ""
    inner: tuple[Type, ...] = ()


@dataclass(frozen=True)
class Member:
    """One member of a document; `nullable` says that null stands for nothing."""

    name: str
    type: Type
    required: bool
    nullable: bool
    default: Any
    text: str


@dataclass(frozen=True)
class Document:
    """One document; `open` ones may hold members that no schema names. `driver` is set on a driver's request."""

    name: str
    text: str
    members: tuple[Member, ...]
    open: bool
    read: bool
    written: bool
    driver: str = ""


@dataclass
class Model:
    """Every document and every enum by name, in the order of their names."""

    documents: dict[str, Document] = field(default_factory=dict)
    enums: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def views(self) -> list[tuple[Document, str, bool]]:
        """Return each document with the name of its type, and whether it names all that a reader can meet.

        One that goes both ways has two types, unless it is MCP's own: those are open and have no defaults.
        """
        found = []
        for each in self.documents.values():
            both = each.read and each.written
            found.append((each, each.name, each.read and not (both and each.open)))
            if both and not each.open:
                found.append((each, f"New{each.name}", False))
        return found

    def seen_as(self, name: str, *, full: bool) -> str:
        """Return the name of the type of a document inside another one that is full or not."""
        document = self.documents[name]
        both = document.read and document.written and not document.open
        return f"New{name}" if both and not full else name

    def names_of(self, documents: Iterable[str]) -> list[str]:
        """Return the names of all types of these documents and enums."""
        wanted = set(documents)
        return [*(name for document, name, _ in self.views() if document.name in wanted), *wanted & set(self.enums)]

    @property
    def drivers(self) -> list[Document]:
        """The requests of drivers, which name them."""
        return [each for each in self.documents.values() if each.driver]


def read_model(folder: Path) -> Model:
    """Return what the schemas below `folder` say; raises `ValueError` for what no writer could express."""
    model = Model()
    for path in sorted(folder.rglob("*.json")):
        key = path.relative_to(folder).as_posix().removesuffix(".json")
        if key in UNUSED:
            continue
        schema = json.loads(path.read_text(encoding="utf-8"))
        name, driver = document_name(key), ""
        reply = key.endswith(".reply")
        if key.startswith("effects/") and not reply:
            driver = key.partition("/")[2]
        _Reader(model, read=name in READ or reply, written=name in WRITTEN or bool(driver)).take(name, schema, driver)
    model.documents = dict(sorted(model.documents.items()))
    model.enums = dict(sorted(model.enums.items()))
    return model


def document_name(key: str) -> str:
    """Return the name of the document whose schema is `key`: `effects/http.reply` is `HttpReply`."""
    last = key.rpartition("/")[2]
    if not key.startswith("effects/"):
        return pascal(last)
    return pascal(last.removesuffix(".reply")) + ("Reply" if last.endswith(".reply") else "Request")


def pascal(text: str) -> str:
    """Return `text` as a name in which words begin with a capital: `body_base64` is `BodyBase64`."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", text)
    return "".join(word[0].upper() + (word[1:] if not word.isupper() else word[1:].lower()) for word in words)


class _Reader:
    def __init__(self, model: Model, *, read: bool, written: bool) -> None:
        self.model = model
        self.read = read
        self.written = written

    def take(self, name: str, schema: dict[str, Any], driver: str = "") -> None:
        for inner, each in schema.get("$defs", {}).items():
            if each.get("type") == "object":
                self.take(inner, each)
        required = schema.get("required", ())
        members = tuple(
            self.member(name, key, each, required=key in required) for key, each in schema["properties"].items()
        )
        known = self.model.documents.get(name)
        self.model.documents[name] = Document(
            name=name,
            text=schema.get("description", ""),
            members=members,
            open=schema.get("additionalProperties", True) is not False,
            read=self.read or (known is not None and known.read),
            written=self.written or (known is not None and known.written),
            driver=driver,
        )

    def member(self, owner: str, name: str, schema: dict[str, Any], *, required: bool) -> Member:
        rest = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
        types = tuple(self.type(owner, name, each) for each in rest or [schema])
        return Member(
            name=name,
            type=types[0] if len(types) == 1 else Type("union", inner=types),
            required=required,
            nullable="anyOf" in schema and len(rest) < len(schema["anyOf"]),
            default=schema.get("default", NO_DEFAULT),
            text=schema.get("description", ""),
        )

    def type(self, owner: str, name: str, schema: dict[str, Any]) -> Type:
        if "$ref" in schema:
            return Type("ref", schema["$ref"].rpartition("/")[2])
        if "enum" in schema:
            return Type("enum", self.enum(owner, name, tuple(schema["enum"])))
        if "anyOf" in schema:
            return Type("union", inner=tuple(self.type(owner, name, each) for each in schema["anyOf"]))
        kind = schema.get("type")
        if kind is None and not set(schema) - {"description", "default"}:
            return Type("any")
        if kind == "array":
            return Type("list", inner=(self.type(owner, name, schema.get("items", {})),))
        if kind == "object":
            values = schema.get("additionalProperties")
            return Type("map", inner=(self.type(owner, name, values),)) if isinstance(values, dict) else Type("object")
        if kind not in PLAIN:
            raise ValueError(f"`{owner}.{name}` has a schema that no writer knows: {schema}")
        return Type(PLAIN[kind])

    def enum(self, owner: str, name: str, values: tuple[str, ...]) -> str:
        stem = re.sub(r"(Request|Step)$", "", owner)
        found = stem + pascal(name)
        if self.model.enums.setdefault(found, values) != values:
            raise ValueError(f"two enums are named `{found}`")
        return found
