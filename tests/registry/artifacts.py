"""Small components, keys and layouts for the tests of registry, revocations and plugins. It tests nothing itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mcpg_registry.digests import digest_bytes
from mcpg_registry.layout_writing import LayoutWriter
from mcpg_registry.packing import Facts, Packed, pack_plugin
from mcpg_registry.trust.policy import Rule, TrustedKey
from mcpg_registry.trust.signing import sign_manifest, sign_release

if TYPE_CHECKING:
    from mcpg_registry.trust.keys import PrivateKey

NOW = 1_800_000_000
WORLD = "mcpg:plugin/backend-plugin@1.0.0"
PREAMBLE = b"\0asm\x0d\0\x01\0"


def manifest_of(**changes: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "id": "acme/echo",
        "version": "1.2.0",
        "kind": "backend",
        "world": WORLD,
        "summary": "Says it again.",
        "licence": "Apache-2.0",
        "config": {"type": "object"},
    } | changes


def leb(number: int) -> bytes:
    out = bytearray()
    while True:
        byte = number & 0x7F
        number >>= 7
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def with_section(wasm: bytes, section: bytes) -> bytes:
    body = leb(len(b"mcpg:manifest")) + b"mcpg:manifest" + section
    return wasm + b"\0" + leb(len(body)) + body


def component(wasm: bytes = PREAMBLE, **changes: Any) -> bytes:
    return with_section(wasm, json.dumps(manifest_of(**changes)).encode())


def facts_of(wasm: bytes, **changes: Any) -> Facts:
    section = wasm[wasm.index(b"mcpg:manifest") + 13 :]
    document = json.loads(section)
    facts = {
        "id": document["id"],
        "version": document["version"],
        "world": document["world"],
        "section": digest_bytes(section),
        "summary": document["summary"],
        "licence": document["licence"],
    }
    return Facts(**(facts | changes))


def packed_of(wasm: bytes, **changes: Any) -> Packed:
    return pack_plugin(wasm, facts_of(wasm, **changes))


def signatures_of(packed: Packed, facts: Facts, *keys: PrivateKey) -> tuple[Any, ...]:
    digest = packed.manifest.digest
    release = packed.release(facts)
    return tuple(
        sign(digest, key) for key in keys for sign in (sign_manifest, lambda d, k: sign_release(d, release, k))
    )


def writer_of(wasm: bytes, *keys: PrivateKey, repository: str = "acme/echo", tag: str = "1.2.0") -> LayoutWriter:
    writer, facts = LayoutWriter(), facts_of(wasm)
    packed = pack_plugin(wasm, facts)
    writer.add(packed, repository, tag, signatures=signatures_of(packed, facts, *keys))
    return writer


def rule_of(*keys: PrivateKey, prefix: str = "acme", threshold: int = 1) -> Rule:
    return Rule(prefix, tuple(TrustedKey(key.public) for key in keys), threshold)
