"""Components that are wrong on purpose, or answer one thing, with the manifest that their author wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.sandbox.world import expand, guest_bytes

from mcpg.contract.worlds import PluginKind
from mcpg.workshop.modules import with_manifest

__all__ = ["guest", "manifest", "says"]

GUESTS = Path(__file__).parent / "guests"


def manifest(kind: str = "policy", **changes: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "id": "acme/wrong",
        "version": "1.0.0",
        "kind": kind,
        "world": PluginKind(kind).world,
        "summary": "A guest of the tests.",
        "licence": "Apache-2.0",
        "config": {"type": "object", "additionalProperties": False, "properties": {"n": {"type": "integer"}}},
        "reads": ["/caller/id", "/action/name"],
    } | changes


def guest(name: str, kind: str = "policy", **changes: Any) -> bytes:
    """Return one of the sandbox's hostile guests as its author would ship it."""
    return with_manifest(guest_bytes(name), json.dumps(manifest(kind, **changes)).encode())


def says(seen: str = "", permit: str = "", perform: tuple[tuple[str, str], ...] = (), **changes: Any) -> bytes:
    """Return a policy that asks for these effects at first, then permits with one obligation, and sees a fixed text."""
    texts: list[str] = []

    def put(text: str) -> tuple[int, int]:
        at = 4096 + sum(len(each.encode()) for each in texts)
        texts.append(text)
        return at, len(text.encode())

    see = put(seen)
    obliged = [*put("redact"), *put(permit)] if permit else []
    asked = [number for driver, request in perform for number in (*put(driver), *put(request))]
    text = "".join(texts).encode()
    text += b" " * (-len(text) % 8)
    at = 4096 + len(text)
    words = b"".join(number.to_bytes(4, "little") for number in [*obliged, *asked])
    wat = (GUESTS / "says.wat").read_text()
    values = {
        "data": "".join(f"\\{byte:02x}" for byte in text + words),
        "obliged": f"(i32.const {at}) (i32.const {1 if permit else 0})",
        "asked": f"(i32.const {at + 4 * len(obliged)}) (i32.const {len(perform)})",
        "effects": str(len(perform)),
        "seen": f"(i32.const {see[0]}) (i32.const {see[1]})",
    }
    for name, value in values.items():
        wat = wat.replace(f"{{{name}}}", value)
    effects = [{"driver": each, "why": "to be tested"} for each in sorted({driver for driver, _ in perform})]
    told = manifest(**({"effects": effects} | changes))
    return with_manifest(expand(wat), json.dumps(told).encode())
