"""Signed plugins of any size, and a chest of named keys, for registries and lists that tests run. It tests nothing."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.registry.artifacts import PREAMBLE, component, facts_of, leb, rule_of, signatures_of

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes
from mcpg_registry.packing import Packed, pack_plugin
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.policy import TrustPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.contents import Contents

    from mcpg_registry.trust.bundles import Bundle

__all__ = ["Chest", "Plugin", "padded", "put_edited"]


@dataclass(slots=True)
class Chest:
    """Keys by name, each made when it is first asked for: `chest["acme"]`."""

    keys: dict[str, PrivateKey] = field(default_factory=dict)

    def __getitem__(self, name: str) -> PrivateKey:
        if name not in self.keys:
            self.keys[name] = PrivateKey.generate()
        return self.keys[name]

    def trust(self, prefix: str, *names: str, threshold: int = 1) -> TrustPolicy:
        """Return a policy in which the named keys sign for `prefix`."""
        return TrustPolicy((rule_of(*(self[name] for name in names), prefix=prefix, threshold=threshold),))


def padded(size: int, wasm: bytes = PREAMBLE) -> bytes:
    """Return a component that is `size` bytes longer for a custom section whose bytes do not repeat."""
    if not size:
        return wasm
    body = leb(7) + b"padding" + random.Random(size).randbytes(size)
    return wasm + b"\0" + leb(len(body)) + body


@dataclass(frozen=True, slots=True)
class Plugin:
    """A packed plugin and its signatures, not in any registry yet."""

    wasm: bytes
    packed: Packed
    signatures: tuple[Bundle, ...]

    @classmethod
    def make(
        cls, *keys: PrivateKey, size: int = 0, wasm: bytes = PREAMBLE, created: int = 0, **manifest: Any
    ) -> Plugin:
        """Return a plugin that `keys` have signed; `manifest` changes its manifest section (`id`, `version`, ...)."""
        made = component(padded(size, wasm), **manifest)
        facts = facts_of(made)
        packed = pack_plugin(made, facts, created=created)
        return cls(made, packed, signatures_of(packed, facts, *keys))

    @property
    def digest(self) -> str:
        return self.packed.manifest.digest

    @property
    def manifest_bytes(self) -> bytes:
        return self.packed.blobs[self.packed.manifest.digest]

    @property
    def wasm_digest(self) -> str:
        return digest_bytes(self.wasm)

    def put(self, contents: Contents, repository: str, tag: str | None = None, *, signed: bool = True) -> Plugin:
        """Put it into a registry, signatures too unless told not to."""
        contents.add(repository, self.packed, tag)
        if signed:
            contents.sign(repository, self.packed.manifest, *self.signatures)
        return self


def put_edited(
    contents: Contents, repository: str, tag: str, plugin: Plugin, edit: Callable[[dict[str, Any]], Any] | bytes
) -> str:
    """Put a plugin whose manifest was edited (in place, or replaced by bytes); return the digest of what is there."""
    if isinstance(edit, bytes):
        data = edit
    else:
        document = json.loads(plugin.manifest_bytes)
        edit(document)
        data = json.dumps(document).encode()
    plugin.put(contents, repository, signed=False)
    return contents.repository(repository).put_manifest(media.MANIFEST, data, tag)
