"""TypeScript declarations for plugins in JavaScript: interfaces, and no code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generating.groups import grouped
from generating.model import NO_DEFAULT, Document, Member, Model, Type

if TYPE_CHECKING:
    from generating.groups import Group

ROOT = """\
// Generated from wit/schemas by plugins-src/sdk/generate.py; do not edit.
//
// A plugin is given what its manifest's `reads` lists and nothing else; the types of what it reads name every member that
// can be there. `NewCaller` and the like are what a plugin may write: what has a default may be left out.

"""
HEAD = """\
// {text}
//
// Generated from wit/schemas by plugins-src/sdk/generate.py; do not edit.

"""
SCALARS = {
    "text": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "any": "any",
    "object": "{ [name: string]: any }",
}


def write(model: Model) -> dict[str, str]:
    """Return the files by their paths in the package."""
    groups = grouped(model)
    root = ROOT + "".join(f"export type * from './documents/{each.name}.js';\n" for each in groups)
    return {"documents.d.ts": root} | {f"documents/{each.name}.d.ts": _file(each) for each in groups}


def _file(group: Group) -> str:
    model = group.model
    parts = [f"export type {name} = {' | '.join(map(_quoted, model.enums[name]))};\n" for name in group.enums]
    parts += [_interface(model, *view) for view in model.views() if view[0] in group.documents]
    parts += [_drivers(model)] if any(each.driver for each in group.documents) else []
    lines = "".join(
        f"import type {{ {', '.join(sorted(model.names_of(names)))} }} from './{other}.js';\n"
        for other, names in group.taken.items()
    )
    return HEAD.replace("{text}", group.text) + (f"{lines}\n" if lines else "") + "\n".join(parts)


def _quoted(value: str) -> str:
    return f'"{value}"'


def _comment(text: str, indent: str = "") -> str:
    lines = text.replace("*/", "* /").splitlines()
    if not lines:
        return ""
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"


def _interface(model: Model, document: Document, name: str, full: bool) -> str:
    fields = "".join(_field(model, member, full=full) for member in document.members)
    if document.open:
        fields += "  /** Members that no schema names. */\n  [more: string]: any;\n"
    return f"{_comment(document.text)}export interface {name} {{\n{fields}}}\n"


def _field(model: Model, member: Member, *, full: bool) -> str:
    name = member.name if re.fullmatch(r"[A-Za-z_]\w*", member.name) else _quoted(member.name)
    present = member.required or (full and not member.nullable and member.default is not NO_DEFAULT)
    kind = type_name(model, member.type, full=full) + (" | null" if member.nullable else "")
    return f"{_comment(member.text, '  ')}  {name}{'' if present else '?'}: {kind};\n"


def type_name(model: Model, kind: Type, *, full: bool) -> str:
    """Return the TypeScript type of `kind`."""
    inner = [type_name(model, each, full=full) for each in kind.inner]
    if kind.kind == "ref":
        return model.seen_as(kind.name, full=full)
    if kind.kind == "enum":
        return kind.name
    if kind.kind == "union":
        return " | ".join(inner)
    if kind.kind == "list":
        return f"({inner[0]})[]" if " | " in inner[0] and not inner[0].startswith("{") else f"{inner[0]}[]"
    if kind.kind == "map":
        return f"{{ [name: string]: {inner[0]} }}"
    return SCALARS[kind.kind]


def _drivers(model: Model) -> str:
    lines = "".join(
        f"  {each.driver}: {{ request: {each.name}; reply: {each.name.removesuffix('Request')}Reply }};\n"
        for each in model.drivers
    )
    return f"/** Every built-in driver by name: what it is asked, and what it replies. */\nexport interface Drivers {{\n{lines}}}\n"
