"""Random values: any JSON, and what fits a JSON Schema of the subset that our models use. Seeded, so repeatable.

It is no validator, and knows no schema but by what it is given; whoever needs certainty checks what comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

__all__ = ["Chance"]

DEPTH: Final = 4
_WORDS: Final = (
    *("", "a", "search", "ana", "hello, world", "true", "null", "0", "-1", "[]", "{}", "{{ a }}", "../../etc/passwd"),
    *(
        "a/b?c#d",
        "%2e%2e%2f",
        "x' or '1'='1",
        '"quoted"',
        "back\\slash",
        "two\nlines",
        "tab\there",
        "nul\0",
        "é",
        "漢字",
    ),
    *("\U0001f600", "a\u0301", "\u202eright-to-left", "<b>&amp;</b>", "secret://env/TOKEN", "x" * 300),
)
_NUMBERS: Final = (0, 1, -1, 2, 7, 10, 100, 255, 256, 65_536, 2**31, -(2**31), 2**53 - 1, -(2**53) + 1)
_FLOATS: Final = (0.0, 0.5, -1.5, 1e-9, 1e21, 3.14)


class Chance:
    """Draws values from one generator; the same generator state gives the same value."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def hit(self, share: float) -> bool:
        """Whether something happens that happens in this share of all cases."""
        return self.random.random() < share

    def of(self, choices: Sequence[Any]) -> Any:
        """Return one of several values."""
        return self.random.choice(choices)

    def text(self) -> str:
        """Return a text: awkward ones more often than they would come by themselves."""
        if self.hit(0.6):
            return str(self.of(_WORDS))
        letters = "abcxyz ABC019-_./:é漢\U0001f600"
        return "".join(self.random.choices(letters, k=self.random.randrange(12)))

    def number(self, low: int | None = None, high: int | None = None) -> int:
        """Return an integer between two bounds, often one of them."""
        fitting = [n for n in _NUMBERS if (low is None or n >= low) and (high is None or n <= high)]
        edges = [each for each in (low, high) if each is not None]
        if edges and (not fitting or self.hit(0.2)):
            return int(self.of(edges))
        return int(self.of(fitting or [0]))

    def json(self, depth: int = 0) -> Any:
        """Return any JSON value."""
        kinds = ("text", "text", "integer", "float", "boolean", "null", "object", "array")
        kind = self.of(kinds if depth < DEPTH else kinds[:6])
        if kind == "object":
            return self.object(depth)
        if kind == "array":
            return [self.json(depth + 1) for _ in range(self.random.randrange(4))]
        scalars: dict[str, Any] = {"integer": self.number, "float": lambda: self.of(_FLOATS), "text": self.text}
        return scalars[kind]() if kind in scalars else {"boolean": self.hit(0.5), "null": None}[kind]

    def object(self, depth: int = 0) -> dict[str, Any]:
        """Return any JSON object; now and then one that looks like a node of ours."""
        if self.hit(0.05):
            node: dict[str, Any] = self.of([{"$secret": "secret://env/TOKEN"}, {"$ref": "blob:7", "size": 1}])
            return dict(node)
        return {self.text(): self.json(depth + 1) for _ in range(self.random.randrange(4))}

    def fitting(self, schema: Mapping[str, Any], root: Mapping[str, Any] | None = None, depth: int = 0) -> Any:
        """Return a value that fits a schema, as far as this subset goes; `root` holds `$defs`."""
        root = schema if root is None else root
        if "$ref" in schema:
            return self.fitting(_definition(root, schema["$ref"]), root, depth)
        several = next((name for name in ("anyOf", "oneOf") if name in schema), None)
        if several is not None:
            rest = {key: value for key, value in schema.items() if key != several}
            return self.fitting({**rest, **self.of(schema[several])}, root, depth)
        if "const" in schema or "enum" in schema:
            return self.of(schema.get("enum", [schema.get("const")]))
        return self._typed(schema, root, depth)

    def _typed(self, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
        kind = schema.get("type", "object" if "properties" in schema else "any")
        if isinstance(kind, list):
            kind = self.of(kind)
        makers: dict[str, Callable[[], Any]] = {
            "object": lambda: self._members(schema, root, depth),
            "array": lambda: self._items(schema, root, depth),
            "string": lambda: self._word(schema),
            "integer": lambda: self.number(schema.get("minimum"), schema.get("maximum")),
            "number": lambda: self.number(schema.get("minimum"), schema.get("maximum")),
            "boolean": lambda: self.hit(0.5),
            "null": lambda: None,
        }
        return makers[kind]() if kind in makers else self.json(depth + 1)

    def _items(self, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> list[Any]:
        low = schema.get("minItems", 0)
        count = min(low + self.random.randrange(3), schema.get("maxItems", low + 3))
        return [self.fitting(schema.get("items", {}), root, depth + 1) for _ in range(count)]

    def _members(self, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        chosen = {
            name: self.fitting(inner, root, depth + 1)
            for name, inner in schema.get("properties", {}).items()
            if name in required or (depth < DEPTH and self.hit(0.5))
        }
        more = schema.get("additionalProperties", "properties" not in schema)
        if more is not False and depth < DEPTH and self.hit(0.7):
            inner = more if isinstance(more, dict) else {}
            for _ in range(self.random.randrange(3)):
                chosen.setdefault(self.text(), self.fitting(inner, root, depth + 1))
        return chosen

    def _word(self, schema: Mapping[str, Any]) -> str:
        text = self.text()[: schema.get("maxLength", 10_000)]
        return text.ljust(schema.get("minLength", 0), "a")


def _definition(root: Mapping[str, Any], reference: str) -> Mapping[str, Any]:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    definition: Mapping[str, Any] = found
    return definition
