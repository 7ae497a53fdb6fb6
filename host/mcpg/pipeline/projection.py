"""What a plugin is given: only what its manifest reads, as JSON text. It does not decide what may be read.

A manifest's pointers (`/caller/groups`, `/action/name`) are compiled once into a tree per document; a document with no
pointer is the empty object. Source: plugin contract, "Reads".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Reads", "compile_reads"]

Tree = dict[str, Any]
_ALL: Tree = {}
_encode = msgspec.json.Encoder(order="deterministic").encode


class Reads:
    """The compiled pointers of one manifest."""

    __slots__ = ("_trees", "key", "pointers", "run")

    def __init__(self, pointers: Iterable[str]) -> None:
        self._trees: dict[str, Tree] = {}
        for pointer in pointers:
            root, *path = [_unescape(part) for part in pointer.split("/")[1:]]
            self._plant(root, path)
        self.run = "run" in self._trees
        self.pointers = tuple(pointers)
        self.key = tuple(sorted(pointers))

    def _plant(self, root: str, path: list[str]) -> None:
        if not path:
            self._trees[root] = _ALL
            return
        node = self._trees.setdefault(root, {"": None})
        if node is _ALL:
            return
        for part in path[:-1]:
            node = node.setdefault(part, {"": None})
            if node is _ALL:
                return
        node[path[-1]] = _ALL

    def wants(self, root: str, name: str) -> bool:
        """Whether anything under `/root/name` is read."""
        tree = self._trees.get(root)
        return tree is not None and (tree is _ALL or name in tree)

    def project(self, root: str, document: Mapping[str, Any], run: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the part of `document` that is read, with member `run` where the manifest reads the run's facts."""
        tree = self._trees.get(root)
        if tree is None:
            shown: dict[str, Any] = {}
        elif tree is _ALL:
            shown = dict(document)
        else:
            shown = _prune(tree, document)
        shown.pop("run", None)
        if run is not None and self.run:
            facts = self._trees["run"]
            shown["run"] = dict(run) if facts is _ALL else _prune(facts, run)
        return shown

    def text(self, root: str, document: Mapping[str, Any], run: Mapping[str, Any] | None = None) -> str:
        """Return `project(...)` as JSON text."""
        return _encode(self.project(root, document, run)).decode()


def compile_reads(pointers: Iterable[str]) -> Reads:
    """Return the compiled form of a manifest's `reads`."""
    return Reads(tuple(pointers))


def _prune(tree: Tree, document: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, below in tree.items():
        if name not in document or below is None:
            continue
        value = document[name]
        if below is _ALL:
            shown[name] = value
        elif isinstance(value, dict):
            shown[name] = _prune(below, value)
    return shown


def _unescape(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
