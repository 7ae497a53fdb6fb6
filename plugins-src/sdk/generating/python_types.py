"""Python: TypedDicts, which cost a component nothing when it runs."""

from __future__ import annotations

import keyword

from generating.model import NO_DEFAULT, Document, Member, Model, Type

HEAD = '''\
"""The documents of the contract, typed. A plugin is given what its manifest's `reads` lists and nothing else; the types
of what it reads name every member that can be there. `NewCaller` and the like are what a plugin may write.

Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

__all__ = [
{names}]
'''
SCALARS = {
    "text": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "any": "Any",
    "object": "dict[str, Any]",
}


def write(model: Model) -> str:
    """Return the module."""
    views = model.views()
    names = sorted([*model.enums, *(name for _, name, _ in views), "Driver"])
    parts = [HEAD.replace("{names}", "".join(f'    "{name}",\n' for name in names))]
    parts.append("".join(f"{name}: TypeAlias = {_literal(values)}\n" for name, values in model.enums.items()))
    drivers = tuple(sorted(each.driver for each in model.drivers))
    parts[-1] += f'Driver: TypeAlias = {_literal(drivers)}\n"""The built-in drivers; others may be installed."""\n'
    return "\n".join(parts) + "".join(f"\n\n{_typed(model, *view)}" for view in views)


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
