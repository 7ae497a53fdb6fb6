"""Go: structs with json tags, laid out as gofmt leaves them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generating.groups import grouped
from generating.model import NO_DEFAULT, Document, Member, Model, Type, pascal

if TYPE_CHECKING:
    from generating.groups import Group

HEAD = """\
// Code generated from wit/schemas by plugins-src/sdk/generate.py. DO NOT EDIT.

package sdk

{import}// {text}
//
// A plugin is given what its manifest's reads lists and nothing else: a member that is left out has its zero value, and
// one that is not known here is passed over.

"""
REQUEST = """\
// DriverRequest is a request to a driver, which it names.
type DriverRequest interface {
	Driver() string
}
"""
OPEN = """\
// readOpen reads the members that known names, and keeps all others.
func readOpen(text []byte, known any, names ...string) (map[string]json.RawMessage, error) {
	if err := json.Unmarshal(text, known); err != nil {
		return nil, err
	}
	var more map[string]json.RawMessage
	if err := json.Unmarshal(text, &more); err != nil {
		return nil, err
	}
	for _, name := range names {
		delete(more, name)
	}
	return more, nil
}

// writeOpen writes what known holds, and more beside it.
func writeOpen(known any, more map[string]json.RawMessage) ([]byte, error) {
	text, err := json.Marshal(known)
	if err != nil || len(more) == 0 {
		return text, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	for name, value := range more {
		if _, taken := members[name]; !taken {
			members[name] = value
		}
	}
	return json.Marshal(members)
}
"""
SCALARS = {"text": "string", "integer": "int64", "number": "float64", "boolean": "bool"}
INITIALISMS = {
    "Hmac": "HMAC",
    "Http": "HTTP",
    "Id": "ID",
    "Json": "JSON",
    "Mcp": "MCP",
    "Sha256": "SHA256",
    "Sha512": "SHA512",
    "Sql": "SQL",
    "Uri": "URI",
    "Url": "URL",
}
FIELDS = {"$secret": "Reference", "$ref": "Reference"}


def write(model: Model) -> dict[str, str]:
    """Return the files by their names, all of one package."""
    return {f"documents_{each.name}.go": _file(each) for each in grouped(model)}


def _file(group: Group) -> str:
    own = {each.name for each in group.documents}
    unions = {name: each for name, each in _read_unions(group.model).items() if each.inner[1].name in own}
    parts = [REQUEST] if any(each.driver for each in group.documents) else []
    parts += [_enum(name, group.model.enums[name]) for name in group.enums]
    parts += [_union(name, each) for name, each in sorted(unions.items())]
    parts += [_struct(each) for each in group.documents]
    parts += [_driver(each) for each in group.documents if each.driver]
    parts += [OPEN] if any(each.open and each.written for each in group.documents) else []
    body = "\n".join(parts)
    json = 'import "encoding/json"\n\n' if "json." in body else ""
    return HEAD.replace("{import}", json).replace("{text}", group.text) + body


def go_name(name: str) -> str:
    """Return an exported name: `HttpRequest` is `HTTPRequest`, `body_base64` is `BodyBase64`."""
    words = re.findall(r"[A-Z][a-z0-9]*", pascal(name))
    return "".join(INITIALISMS.get(word, word) for word in words)


def _comment(text: str, indent: str = "") -> str:
    return "".join(f"{indent}// {line}".rstrip() + "\n" for line in text.splitlines())


def _lower(text: str) -> str:
    return text[0].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _enum(name: str, values: tuple[str, ...]) -> str:
    kind = go_name(name)
    names = [kind + go_name(value) for value in values]
    width = max(len(each) for each in names)
    lines = "".join(f'\t{each:<{width}} {kind} = "{value}"\n' for each, value in zip(names, values, strict=True))
    return f"// {kind} is one of the texts below, or one of a later version.\ntype {kind} string\n\nconst (\n{lines})\n"


def _read_unions(model: Model) -> dict[str, Type]:
    members = [member for each in model.documents.values() if each.read for member in each.members]
    return {union_name(each.type): each.type for each in members if each.type.kind == "union"}


def union_name(union: Type) -> str:
    """Return the name of a union of a text and a document: `TextOrBlobRef`."""
    return "TextOr" + union.inner[1].name


def _union(name: str, union: Type) -> str:
    other = union.inner[1].name
    return f"""\
// {name} is a text, or, where {other} is not nil, that.
type {name} struct {{
	Text string
	{other} *{other}
}}

// UnmarshalJSON reads either.
func (u *{name}) UnmarshalJSON(text []byte) error {{
	if len(text) > 0 && text[0] == '"' {{
		return json.Unmarshal(text, &u.Text)
	}}
	return json.Unmarshal(text, &u.{other})
}}

// MarshalJSON writes what is there.
func (u {name}) MarshalJSON() ([]byte, error) {{
	if u.{other} != nil {{
		return json.Marshal(u.{other})
	}}
	return json.Marshal(u.Text)
}}

// String returns the text; it is empty where there is none.
func (u *{name}) String() string {{
	if u == nil {{
		return ""
	}}
	return u.Text
}}
""".replace(f"\tText string\n\t{other} *", f"\t{'Text':<{len(other)}} string\n\t{other} *")


def _struct(document: Document) -> str:
    name, kept = go_name(document.name), document.open and document.written
    fields = [_field(document, member) for member in document.members]
    if kept:
        fields.append("\t// More holds members that no schema names; they go out as they came in.\n")
        fields[-1] += '\tMore map[string]json.RawMessage `json:"-"`\n'
    body = " {\n" + "\n".join(fields) + "}" if fields else ""
    text = f"{_comment(f'{name}: {_lower(document.text)}')}type {name} struct{body or '{}'}\n"
    return text + _open(document, name) if kept else text


def _open(document: Document, name: str) -> str:
    names = ", ".join(f'"{member.name}"' for member in document.members)
    return f"""
// UnmarshalJSON reads all members.
func (d *{name}) UnmarshalJSON(text []byte) (err error) {{
	type plain {name}
	d.More, err = readOpen(text, (*plain)(d), {names})
	return err
}}

// MarshalJSON writes all members.
func (d {name}) MarshalJSON() ([]byte, error) {{
	type plain {name}
	return writeOpen(plain(d), d.More)
}}
"""


def _field(document: Document, member: Member) -> str:
    name = FIELDS.get(member.name) or go_name(member.name)
    kind = type_name(member.type, read=document.read)
    if _pointed(document, member):
        kind = f"*{kind}"
    tag = member.name + ("" if member.required else ",omitzero")
    return f'{_comment(member.text, chr(9))}\t{name} {kind} `json:"{tag}"`\n'


def type_name(kind: Type, *, read: bool) -> str:
    """Return the Go type of `kind`; what a plugin reads stays JSON text where no schema says more."""
    if kind.kind in {"any", "object"}:
        return "json.RawMessage" if read else ("any" if kind.kind == "any" else "map[string]any")
    if kind.kind == "union":
        return union_name(kind) if read else "any"
    if kind.kind == "list":
        return f"[]{type_name(kind.inner[0], read=read)}"
    if kind.kind == "map":
        return f"map[string]{type_name(kind.inner[0], read=read)}"
    return SCALARS.get(kind.kind) or go_name(kind.name)


def _pointed(document: Document, member: Member) -> bool:
    if member.required:
        return False
    if member.type.kind in {"ref", "union"}:
        return member.type.kind == "ref" or document.read
    if member.type.kind not in SCALARS:
        return False
    if not document.read and member.type.kind == "text":
        return member.default not in ("", None, NO_DEFAULT)
    return member.nullable and member.type.kind == "number"


def _driver(document: Document) -> str:
    return (
        f"// Driver returns `{document.driver}`.\n"
        f'func ({go_name(document.name)}) Driver() string {{ return "{document.driver}" }}\n'
    )
