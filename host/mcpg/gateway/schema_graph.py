"""A JSON Schema as a graph: its subschemas, what each applies to the same value, and what to the value's parts.

References are followed within the schema alone; one that leads out of it, and a dialect that the validator does not
know, refuse the schema. Nothing is fetched and nothing validated. Source: JSON Schema 2020-12, core and validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin

from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["DIALECTS", "Graph", "graph_of", "printable"]

DIALECTS: Final = frozenset(
    {
        "json-schema.org/draft/2020-12/schema",
        "json-schema.org/draft/2019-09/schema",
        "json-schema.org/draft-07/schema",
        "json-schema.org/draft-06/schema",
        "json-schema.org/draft-04/schema",
        "json-schema.org/schema",
    }
)
"""Dialects that the validator knows, without scheme and empty fragment."""

MAX_SUBSCHEMAS: Final = 5000

_DIGITS: Final = 8

_HERE: Final = frozenset({"not", "if", "then", "else"})
_HERE_MANY: Final = frozenset({"allOf", "anyOf", "oneOf"})
_HERE_NAMED: Final = frozenset({"dependentSchemas", "dependencies"})
_PARTS: Final = {
    "items": "i*",
    "additionalItems": "i*",
    "contains": "i*",
    "unevaluatedItems": "i*",
    "additionalProperties": "p*",
    "unevaluatedProperties": "p*",
    "propertyNames": "n",
}
"""Keywords with one subschema for parts of the value, with the key of their edges."""

_REFERENCES: Final = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
_STORES: Final = frozenset({"$defs", "definitions"})
_STORED: Final = "-"


class _Place(NamedTuple):
    """The address and the root of the resource that a subschema belongs to."""

    base: str
    root: Any


class Graph:
    """Subschemas by number; `here` are edges to subschemas for the same value, `below` for its parts (by their key).

    Keys: `p:<name>` and `p*` for properties, `i:<place>` and `i*` for items, `n` for the names of properties.
    """

    __slots__ = ("_anchors", "_id", "_numbers", "_places", "_resources", "_where", "below", "here", "nodes")

    def __init__(self, schema: dict[str, Any], where: str) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.here: list[list[int]] = []
        self.below: list[list[tuple[str, int]]] = []
        self._places: list[_Place] = []
        self._numbers: dict[int, int] = {}
        self._resources: dict[str, Any] = {"": schema}
        self._anchors: dict[tuple[str, str], Any] = {}
        self._id = "id" if "draft-04" in str(schema.get("$schema", "")) else "$id"
        self._where = where
        self._add(schema, _Place("", schema))

    def expand(self, number: int) -> None:
        """Add the subschemas right below one, and the edges to them."""
        for key, schema in _parts(self.nodes[number]):
            self._link(number, key, schema, self._places[number])

    def refer(self, number: int) -> None:
        """Add the edges of one subschema's references; `ConfigError` for one that leads out of the schema."""
        schema, place = self.nodes[number], self._places[number]
        for keyword in _REFERENCES & schema.keys():
            reference = schema[keyword]
            if not isinstance(reference, str) or _bare(reference) in DIALECTS:
                continue  # what is no text the validator refuses; the drafts' own schemas it knows by heart
            found = self._find(reference, place)
            if found is None:
                text = f"the reference {printable(reference)} leads out of the schema"
                raise ConfigError(text, where=self._where, remedy="put what it refers to into `$defs`")
            self._link(number, "", *found)

    def _add(self, schema: Any, place: _Place) -> int | None:
        """Return the number of a subschema, new or known; none for `true`, `false` and what is none."""
        if not isinstance(schema, dict):
            return None
        known = self._numbers.get(id(schema))
        if known is not None:
            return known
        if len(self.nodes) >= MAX_SUBSCHEMAS:
            text = f"the schema has more than {MAX_SUBSCHEMAS} subschemas"
            raise ConfigError(text, where=self._where, remedy="make it smaller")
        number = self._numbers[id(schema)] = len(self.nodes)
        self._places.append(self._named(schema, place))
        self.nodes.append(schema)
        self.here.append([])
        self.below.append([])
        return number

    def _named(self, schema: dict[str, Any], place: _Place) -> _Place:
        """Note what a subschema is called; one with an address begins a resource of its own."""
        dialect = schema.get("$schema")
        if isinstance(dialect, str) and _bare(dialect) not in DIALECTS:
            text = f"the dialect {printable(dialect)} is not known"
            raise ConfigError(text, where=self._where, remedy="use JSON Schema 2020-12, or draft 4, 6, 7 or 2019-09")
        identity = schema.get(self._id)
        names = [schema.get("$anchor"), schema.get("$dynamicAnchor")]
        if isinstance(identity, str) and identity.startswith("#"):
            names.append(identity[1:])
        elif isinstance(identity, str):
            place = _Place(_joined(place.base, identity), schema)
            self._resources.setdefault(place.base, schema)
        for name in names:
            if isinstance(name, str):
                self._anchors.setdefault((place.base, name), schema)
        return place

    def _link(self, number: int, key: str, schema: Any, place: _Place) -> None:
        target = self._add(schema, place)
        if target is None or key == _STORED:
            return
        if key:
            self.below[number].append((key, target))
        else:
            self.here[number].append(target)

    def _find(self, reference: str, place: _Place) -> tuple[Any, _Place] | None:
        address, _, fragment = reference.partition("#")
        if address:
            address = _joined(place.base, address)
            resource = self._resources.get(address)
        else:
            address, resource = place
        if resource is None:
            return None
        its = _Place(address, resource)
        if fragment and not fragment.startswith("/"):
            target = self._anchors.get((address, unquote(fragment)))
        else:
            target = _at_pointer(resource, unquote(fragment))
        return None if target is None else (target, its)


def graph_of(schema: dict[str, Any], where: str) -> Graph:
    """Return the graph of a schema; its root is number 0. Raises `ConfigError` beyond the bounds.

    Subschemas first, then references, for a reference may name what comes later; what only a reference reaches is
    expanded in its turn.
    """
    graph = Graph(schema, where)
    expanded = referred = 0
    while referred < len(graph.nodes):
        while expanded < len(graph.nodes):
            graph.expand(expanded)
            expanded += 1
        graph.refer(referred)
        referred += 1
    return graph


def _parts(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what stands right below a subschema, with the key of the edge to it; empty for the same value."""
    for keyword, value in schema.items():
        if keyword in _HERE:
            yield "", value
        elif keyword in _PARTS and not isinstance(value, list):
            yield _PARTS[keyword], value
        elif isinstance(value, list):
            yield from _listed(keyword, value)
        elif isinstance(value, dict):
            yield from _named_parts(keyword, value)


def _listed(keyword: str, schemas: list[Any]) -> Iterator[tuple[str, Any]]:
    if keyword in _HERE_MANY:
        yield from (("", schema) for schema in schemas)
    elif keyword in {"prefixItems", "items"}:
        yield from ((f"i:{place}", schema) for place, schema in enumerate(schemas))


def _named_parts(keyword: str, schemas: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if keyword == "properties":
        yield from ((f"p:{name}", schema) for name, schema in schemas.items())
    elif keyword == "patternProperties":
        yield from (("p*", schema) for schema in schemas.values())
    elif keyword in _HERE_NAMED:
        yield from (("", schema) for schema in schemas.values())
    elif keyword in _STORES:
        yield from ((_STORED, schema) for schema in schemas.values())


def printable(text: str) -> str:
    """Return a word of somebody else's schema for a message: one line, of bounded length."""
    return "`" + "".join(sign if sign.isprintable() and sign != "`" else "?" for sign in text[:120]) + "`"


def _bare(address: str) -> str:
    return address.removeprefix("https://").removeprefix("http://").removesuffix("#")


def _joined(base: str, address: str) -> str:
    try:
        return urldefrag(urljoin(base, address))[0]
    except ValueError:  # no address at all, such as `http://[`
        return address


def _at_pointer(resource: Any, pointer: str) -> Any:
    node = resource
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(node, dict):
            node = node.get(key)
        elif isinstance(node, list) and key.isdecimal() and len(key) < _DIGITS and int(key) < len(node):
            node = node[int(key)]
        else:
            return None
    return node
