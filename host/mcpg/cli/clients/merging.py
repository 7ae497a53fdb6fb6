"""Upstreams into the text of our file, everything else in it as it was: comments, order, spelling. It reads no file.

New entries are put below the last one of `upstreams`. What comes of it is read again, and must say what the file said
before and the new entries, nothing else; otherwise the text is not used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from mcpg.config.source import read_source
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from mcpg.cli.clients.values import Imported

__all__ = ["as_documents", "fragment", "merged"]

KEY = "upstreams"
_WORD = re.compile(r"[A-Za-z/@$][A-Za-z0-9_/@.:=-]*")
_NO_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def fragment(servers: list[Imported], indent: int = 2) -> str:
    """Return the section `upstreams` with these, as it may stand in our file."""
    return f"{KEY}:\n{_entries(servers, indent)}"


def merged(text: str, servers: list[Imported], where: str) -> str:
    """Return the file's text with these upstreams in it; raises `ConfigError` when it cannot be done safely."""
    before = read_source(text, where).data
    there = before.get(KEY) if isinstance(before, dict) else None
    if taken := sorted(server.name for server in servers if isinstance(there, dict) and server.name in there):
        remedy = "give another name with `--name`, or take the entry out of the file first"
        raise ConfigError(f"there is an upstream `{taken[0]}` already", where=where, remedy=remedy)
    after = _put_in(text, servers, where)
    expected = {**(before or {}), KEY: {**(there or {}), **{server.name: server.section for server in servers}}}
    if read_source(after, where).data != expected:
        raise _by_hand(where)
    return after


def _put_in(text: str, servers: list[Imported], where: str) -> str:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        raise _by_hand(where) from None
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise _by_hand(where)
    node = next((value for key, value in root.value if key.value == KEY), None)
    if node is None:
        return f"{text.rstrip()}\n\n{fragment(servers)}"
    if not isinstance(node, yaml.MappingNode) or node.flow_style or not node.value:
        raise _by_hand(where)
    lines = text.splitlines(keepends=True)
    end = _last_line(node) + 1
    head = "".join(lines[:end])
    if not head.endswith("\n"):
        head += "\n"
    return head + _entries(servers, node.value[0][0].start_mark.column) + "".join(lines[end:])


def _last_line(node: yaml.Node) -> int:
    """Return the number of the last line that belongs to a node; comments after it do not."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1])
    mark = node.end_mark
    return mark.line if mark.column or mark.line == node.start_mark.line else mark.line - 1


def _entries(servers: list[Imported], indent: int) -> str:
    """Return the entries as YAML, each with what there is to say of it as comments above."""
    parts = []
    for server in servers:
        notes = [f"# {_line(note)}\n" for note in server.notes]
        shown = yaml.dump(
            {server.name: server.section},
            Dumper=_Dumper,
            default_flow_style=None,
            sort_keys=False,
            width=110,
            allow_unicode=True,
        )
        lines = "".join([*notes, shown]).splitlines(keepends=True)
        parts.append("".join(" " * indent + line for line in lines))
    return "".join(parts)


class _Dumper(yaml.SafeDumper):
    """Writes text so that our strict reading finds text again: what is not surely a word stands in quotes."""


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    word = _WORD.fullmatch(text) and text.lower() not in _NO_WORDS
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if word else '"')


_Dumper.add_representer(str, _quoted)


def _line(text: str) -> str:
    """Return text for a comment: one line, printable; others wrote parts of it."""
    return "".join(sign if sign.isprintable() else " " for sign in text)[:200]


def _by_hand(where: str) -> ConfigError:
    return ConfigError(
        f"`{KEY}` of this file cannot be added to by a program",
        where=where,
        remedy="leave `--write` out and put what is printed into the file yourself",
    )


def as_documents(servers: list[Imported]) -> list[dict[str, Any]]:
    """Return the servers as plain values, for `--json`."""
    return [{"name": each.name, "upstream": each.section, "notes": each.notes} for each in servers]
