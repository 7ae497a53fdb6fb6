"""Says in which file of an SDK a document stands: one file for each group, so that none is long. It writes nothing.

What leads to a document decides: one that only requests and replies lead to stands with them, one that several groups lead
to stands where the first of them does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generating.model import Document, Model, Type

GROUPS = {
    "protocol": "What MCP itself has: tools, prompts and resources.",
    "runs": "What plugins are asked with, what they answer, and the secrets and blobs that documents point to.",
    "effects": "The requests and the replies of drivers.",
    "records": "What the ledger keeps, as sinks are given it.",
}
"""The groups, and what each holds; a group may use those before it."""

POINTERS = frozenset({"BlobRef", "Secret"})
"""What stands in documents of every group."""


@dataclass(frozen=True)
class Group:
    """One group: its part of the model, and the names that it takes from each other group."""

    name: str
    text: str
    model: Model
    documents: tuple[Document, ...]
    enums: tuple[str, ...]
    taken: dict[str, tuple[str, ...]]


def grouped(model: Model) -> list[Group]:
    """Return the groups in their order; every document and every enum is in one of them."""
    homes = _homes(model)
    found = []
    for name, text in GROUPS.items():
        documents = tuple(each for each in model.documents.values() if homes[each.name] == name)
        enums = tuple(each for each in model.enums if homes[each] == name)
        used = {each for document in documents for each in named(document)}
        taken = {
            other: tuple(sorted(each for each in used if homes[each] == other)) for other in GROUPS if other != name
        }
        found.append(Group(name, text, model, documents, enums, {other: each for other, each in taken.items() if each}))
    return found


def named(document: Document) -> list[str]:
    """Return the names of the documents and the enums that the members of `document` have."""
    return [name for member in document.members for name in _names(member.type)]


def _names(kind: Type) -> Iterable[str]:
    if kind.name:
        yield kind.name
    for inner in kind.inner:
        yield from _names(inner)


def _homes(model: Model) -> dict[str, str]:
    roots = {name: [] for name in GROUPS}
    for each in model.documents.values():
        roots[_root(each)].append(each.name)
    homes: dict[str, str] = {}
    for group, names in roots.items():
        waiting = [name for name in names if group != "runs" or name in POINTERS or not _inner(model, name)]
        while waiting:
            name = waiting.pop()
            if homes.setdefault(name, group) == group and name in model.documents:
                waiting += [each for each in named(model.documents[name]) if each not in homes]
    return homes


def _root(document: Document) -> str:
    if document.read and document.written and document.open:
        return "protocol"
    if document.name in POINTERS:
        return "runs"
    if document.driver or document.name.endswith("Reply"):
        return "effects"
    return "records" if document.name == "Record" else "runs"


def _inner(model: Model, name: str) -> bool:
    """Whether other documents lead to this one: its home is theirs."""
    return any(name in named(each) for each in model.documents.values() if each.name != name)
