"""Python: TypedDicts, which cost a component nothing when it runs."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

from generating.groups import grouped
from generating.model import NO_DEFAULT, Document, Member, Model, Type

if TYPE_CHECKING:
    from generating.groups import Group

ROOT = '''\
"""The documents of the contract, typed. A plugin is given what its manifest's `reads` lists and nothing else; the types
of what it reads name every member that can be there. `NewCaller` and the like are what a plugin may write.

Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.
"""

from __future__ import annotations

{imports}
__all__ = [
{names}]
'''
HEAD = '''\
"""{text}

Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.
"""

from __future__ import annotations

{imports}
__all__ = [
{names}]
'''
LINE = 120
TYPING = ("Any", "Literal", "NotRequired", "TypeAlias", "TypedDict")
SCALARS = {
    "text": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "any": "Any",
    "object": "dict[str, Any]",
}


def write(model: Model) -> dict[str, str]:
    """Return the modules of the package by their names."""
    groups = grouped(model)
    names = {each.name: _own(each) for each in groups}
    imports = "".join(_import(name, names[name]) for name in sorted(names))
    everything = sorted(each for own in names.values() for each in own)
    root = ROOT.replace("{imports}", imports).replace("{names}", _listed(everything))
    return {"__init__.py": root} | {f"{each.name}.py": _module(each) for each in groups}


def _own(group: Group) -> list[str]:
    views = [name for document, name, _ in group.model.views() if document in group.documents]
    return sorted([*group.enums, *views, *(["Driver"] if any(each.driver for each in group.documents) else [])])


def _listed(names: list[str]) -> str:
    return "".join(f'    "{name}",\n' for name in names)


def _import(module: str, names: list[str]) -> str:
    line = f"from .{module} import {', '.join(names)}\n"
    return (
        line
        if len(line) <= LINE
        else f"from .{module} import (\n" + "".join(f"    {name},\n" for name in names) + ")\n"
    )


def _module(group: Group) -> str:
    model = group.model
    aliases = "".join(f"{name}: TypeAlias = {_literal(model.enums[name])}\n" for name in group.enums)
    if drivers := tuple(sorted(each.driver for each in group.documents if each.driver)):
        aliases += f'Driver: TypeAlias = {_literal(drivers)}\n"""The built-in drivers; others may be installed."""\n'
    body = f"\n{aliases}" if aliases else ""
    body += "".join(f"\n\n{_typed(model, *view)}" for view in model.views() if view[0] in group.documents)
    typing = [each for each in TYPING if re.search(rf"\b{each}\b", body)]
    imports = f"from typing import {', '.join(typing)}\n"
    taken = [_import(other, sorted(model.names_of(names))) for other, names in sorted(group.taken.items())]
    imports += "".join(["\n", *taken] if taken else [])
    head = HEAD.replace("{text}", group.text).replace("{imports}", imports)
    return head.replace("{names}", _listed(_own(group))) + body


def _literal(values: tuple[str, ...]) -> str:
    text = ", ".join(f'"{value}"' for value in values)
    one = f"Literal[{text}]"
    return one if len(one) < 90 else "Literal[\n" + "".join(f'    "{value}",\n' for value in values) + "]"


def _typed(model: Model, document: Document, name: str, full: bool) -> str:
    if any(not member.name.isidentifier() or keyword.iskeyword(member.name) for member in document.members):
        return _functional(model, document, name, full)
    lines = [f'    """{document.text}"""' if "\n" not in document.text else f'    """{_block(document.text)}\n    """']
    for member in document.members:
        lines.append(f"    {member.name}: {_kind(model, member, full)}")
        if member.text:
            lines.append(f'    """{_block(member.text)}"""')
    if document.members:
        lines.insert(1, "")
    return f"class {name}(TypedDict):\n" + "\n".join(lines) + "\n"


def _functional(model: Model, document: Document, name: str, full: bool) -> str:
    lines = []
    for member in document.members:
        lines += [f"        # {line}" for line in member.text.splitlines()]
        lines.append(f'        "{member.name}": {_kind(model, member, full)},')
    fields = "\n".join(lines)
    return f'{name} = TypedDict(\n    "{name}",\n    {{\n{fields}\n    }},\n)\n"""{document.text}"""\n'


def _block(text: str) -> str:
    return text.replace("\n", "\n    ").replace("\n    \n", "\n\n")


def _kind(model: Model, member: Member, full: bool) -> str:
    kind = type_name(model, member.type, full=full) + (" | None" if member.nullable else "")
    present = member.required or (full and not member.nullable and member.default is not NO_DEFAULT)
    return kind if present else f"NotRequired[{kind}]"


def type_name(model: Model, kind: Type, *, full: bool) -> str:
    """Return the Python type of `kind`."""
    inner = [type_name(model, each, full=full) for each in kind.inner]
    if kind.kind == "ref":
        return model.seen_as(kind.name, full=full)
    if kind.kind == "enum":
        return kind.name
    if kind.kind == "union":
        return " | ".join(inner)
    if kind.kind == "list":
        return f"list[{inner[0]}]"
    if kind.kind == "map":
        return f"dict[str, {inner[0]}]"
    return SCALARS[kind.kind]
