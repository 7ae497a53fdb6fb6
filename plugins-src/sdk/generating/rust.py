"""Rust: serde structs. Every struct can be read from less than it names, because `reads` leaves members out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generating.groups import grouped
from generating.model import NO_DEFAULT, Document, Member, Model, Type, pascal

if TYPE_CHECKING:
    from generating.groups import Group

ROOT = """\
//! The documents of the contract, typed. A plugin is given what its manifest's `reads` lists and nothing else: a member
//! that is left out has its default here, and one that is not known here is passed over.
//!
//! Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.

"""
HEAD = """\
//! {text}
//!
//! Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.

"""
USES = (
    ("use std::collections::BTreeMap;\n\n", ("BTreeMap",)),
    ("use serde::de::DeserializeOwned;\n", ("DeserializeOwned",)),
    ("use serde::{Deserialize, Serialize};\n", ()),
)
REQUEST = """\
/// A request to a driver: its name, and the reply that it answers with.
pub trait DriverRequest: Serialize {
    const DRIVER: &'static str;
    type Reply: DeserializeOwned;
}
"""
SCALARS = {
    "text": "String",
    "integer": "i64",
    "number": "f64",
    "boolean": "bool",
    "any": "Value",
    "object": "Map<String, Value>",
}
FIELDS = {"$secret": "reference", "$ref": "reference", "use": "use_", "type": "type_", "ref": "reference"}
SKIPS = {"text": "String::is_empty", "boolean": "std::ops::Not::not", "list": "Vec::is_empty"}
DERIVES = "Clone, Debug, PartialEq, Serialize, Deserialize"


def write(model: Model) -> dict[str, str]:
    """Return the modules by their paths below `src`."""
    groups = grouped(model)
    names = sorted(each.name for each in groups)
    modules = "".join(f"mod {name};\n" for name in names) + "\n" + "".join(f"pub use {name}::*;\n" for name in names)
    return {"documents.rs": ROOT + modules} | {f"documents/{each.name}.rs": _module(each, groups) for each in groups}


def _module(group: Group, groups: list[Group]) -> str:
    model, unions = group.model, _own_unions(group)
    parts = [REQUEST] if any(each.driver for each in group.documents) else []
    parts += [_union(name, each) for name, each in sorted(unions.items())]
    parts += [_enum(model, name, model.enums[name]) for name in group.enums]
    parts += [_struct(each) for each in group.documents]
    parts += [_driver(each) for each in group.documents if each.driver]
    body = "\n".join(parts)
    return HEAD.replace("{text}", group.text) + _uses(group, groups, body) + "\n" + body


def _own_unions(group: Group) -> dict[str, Type]:
    own = {each.name for each in group.documents}
    return {union_name(each): each for each in _unions(group.model) if {inner.name for inner in each.inner} & own}


def _uses(group: Group, groups: list[Group], body: str) -> str:
    text = "".join(line for line, words in USES if all(re.search(rf"\b{word}\b", body) for word in words))
    json = [word for word in ("Map", "Value") if re.search(rf"\b{word}\b", body)]
    text += f"use serde_json::{_braced(json)};\n" if json else ""
    taken = ""
    for other in groups:
        names = {*_own_unions(other), *group.taken.get(other.name, ())} if other is not group else set()
        used = sorted(name for name in names if re.search(rf"(?<!::)\b{name}\b", body))
        taken += f"use super::{other.name}::{_braced(used)};\n" if used else ""
    return text + (f"\n{taken}" if taken else "")


def _braced(names: list[str]) -> str:
    return names[0] if len(names) == 1 else "{" + ", ".join(names) + "}"


def union_name(union: Type) -> str:
    """Return the name of a union: `TextOrSecret`."""
    return "Or".join(each.name or pascal(each.kind) for each in union.inner)


def type_name(kind: Type) -> str:
    """Return the Rust type of `kind`."""
    if kind.kind in {"enum", "ref"}:
        return kind.name
    if kind.kind == "union":
        return union_name(kind)
    if kind.kind == "list":
        return f"Vec<{type_name(kind.inner[0])}>"
    if kind.kind == "map":
        return f"BTreeMap<String, {type_name(kind.inner[0])}>"
    return SCALARS[kind.kind]


def _unions(model: Model) -> list[Type]:
    kinds = [member.type for each in model.documents.values() for member in each.members]
    found = []
    while kinds:
        kind = kinds.pop()
        kinds += kind.inner
        found += [kind] if kind.kind == "union" else []
    return found


def _doc(text: str, indent: str = "") -> str:
    return "".join(f"{indent}/// {line}".rstrip() + "\n" for line in text.splitlines())


def _union(name: str, union: Type) -> str:
    cases = "".join(f"    {each.name or pascal(each.kind)}({type_name(each)}),\n" for each in union.inner)
    text = f"#[derive({DERIVES})]\n#[serde(untagged)]\npub enum {name} {{\n{cases}}}\n"
    for each in union.inner:
        case = each.name or pascal(each.kind)
        text += _from(name, type_name(each), f"{name}::{case}(value)")
        if each.kind == "text":
            text += _from(name, "&str", f"{name}::{case}(value.into())")
    return text


def _from(name: str, source: str, made: str) -> str:
    return f"\nimpl From<{source}> for {name} {{\n    fn from(value: {source}) -> Self {{\n        {made}\n    }}\n}}\n"


def _enum(model: Model, name: str, values: tuple[str, ...]) -> str:
    uses = [
        (document, member)
        for document in model.documents.values()
        for member in document.members
        if member.type == Type("enum", name)
    ]
    default = next((member.default for _, member in uses if member.default is not NO_DEFAULT), None)
    other = any(document.read for document, _ in uses)
    if default is None and not other:
        default = values[0]
    lines = []
    for value in values:
        lines += ["    #[default]\n"] if value == default else []
        lines.append(f'    #[serde(rename = "{value}")]\n    {pascal(value)},\n')
    if other:
        lines += ["    #[default]\n"] if default is None else []
        lines.append("    /// Left out, or a value of a later version; it cannot be written.\n")
        lines.append("    #[serde(other, skip_serializing)]\n    Other,\n")
    return f"#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]\npub enum {name} {{\n{''.join(lines)}}}\n"


def _struct(document: Document) -> str:
    fields = "".join(_field(document, member) for member in document.members)
    if document.open and document.written:
        fields += "    /// Members that no schema names; they go out as they came in.\n    #[serde(flatten)]\n"
        fields += "    pub more: Map<String, Value>,\n"
    head = f"{_doc(document.text)}#[derive(Default, {DERIVES})]\n#[serde(default)]\n"
    return (
        f"{head}pub struct {document.name} {{\n{fields}}}\n" if fields else f"{head}pub struct {document.name} {{}}\n"
    )


def _field(document: Document, member: Member) -> str:
    name = FIELDS.get(member.name) or re.sub(r"(?<=[a-z])([A-Z])", r"_\1", member.name).lower().lstrip("_")
    kind, optional = type_name(member.type), is_optional(document, member)
    attributes = [] if name == member.name else [f'rename = "{member.name}"']
    if optional:
        kind = f"Option<{kind}>"
        attributes.append('skip_serializing_if = "Option::is_none"')
    elif not member.required and (skip := _skip(member.type)):
        attributes.append(f'skip_serializing_if = "{skip}"')
    line = f"    #[serde({', '.join(attributes)})]\n" if attributes else ""
    return f"{_doc(member.text, '    ')}{line}    pub {name}: {kind},\n"


def _skip(kind: Type) -> str:
    if kind.kind in {"object", "map"}:
        return "Map::is_empty" if kind.kind == "object" else "BTreeMap::is_empty"
    return SKIPS.get(kind.kind, "")


def is_optional(document: Document, member: Member) -> bool:
    """Whether a member may be absent in a way that its type's own nothing (empty, false, 0) cannot say."""
    if member.required or member.type.kind in {"enum", "list"}:
        return False
    if member.nullable or member.default is NO_DEFAULT or member.type.kind in {"any", "ref", "union"}:
        return True
    plain = member.default in ("", [], {}, False, 0)
    return not plain and (not document.read or member.type.kind != "text")


def _driver(document: Document) -> str:
    reply = document.name.removesuffix("Request") + "Reply"
    return (
        f"impl DriverRequest for {document.name} {{\n"
        f'    const DRIVER: &\'static str = "{document.driver}";\n    type Reply = {reply};\n}}\n'
    )
