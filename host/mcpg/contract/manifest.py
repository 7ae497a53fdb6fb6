"""The plugin manifest: the custom section `mcpg:manifest` of a component. It does not find it; `sandbox` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from mcpg.contract.worlds import PluginKind

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SECTION", "Built", "EffectWish", "Limits", "Manifest", "decode_manifest", "idle_grants"]

SECTION = "mcpg:manifest"
MAX_MANIFEST = 64 * 1024

Identifier = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(/[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", max_length=128)
]
Version = Annotated[
    str, msgspec.Meta(pattern=r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$", max_length=64)
]
Pointer = Annotated[
    str, msgspec.Meta(pattern=r"^/(caller|credentials|action|call|outcome|catalog|run)(/.*)?$", max_length=256)
]
Size = Annotated[str, msgspec.Meta(pattern=r"^[1-9]\d*(KiB|MiB)$")]
Duration = Annotated[str, msgspec.Meta(pattern=r"^[1-9]\d*(ms|s)$")]
Digest = Annotated[str, msgspec.Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
Tool = Annotated[str, msgspec.Meta(pattern=r"^[!-~]+( [!-~]+)*$", max_length=128)]


class EffectWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An effect that the plugin may ask for, and why: shown to the operator, never a grant."""

    driver: str
    why: str


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the plugin needs; the operator's caps win."""

    memory: Size = "64MiB"
    time: Duration = "50ms"
    output: Size = "1MiB"


class Built(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a component was built from: a claim of its author, checked by building it again, never a proof."""

    sources: Digest
    sdk: Tool
    tool: Tool


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a plugin is and what it reads. Source: schema `manifest`."""

    schema: Literal[1]
    id: Identifier
    version: Version
    kind: PluginKind
    world: str
    summary: str
    licence: str
    config: dict[str, Any]
    binding: dict[str, Any] = {}
    reads: tuple[Pointer, ...] = ()
    memo: bool = False
    whole_bodies: bool = False
    security: bool = True
    effects: tuple[EffectWish, ...] = ()
    limits: Limits = Limits()
    built: Built | None = None


_decoder = msgspec.json.Decoder(Manifest)


def decode_manifest(text: bytes) -> Manifest:
    """Return the manifest in `text`; `ValueError` when it is too large, not JSON or outside the schema."""
    if len(text) > MAX_MANIFEST:
        raise ValueError(f"the manifest has {len(text)} bytes, at most {MAX_MANIFEST} are allowed")
    manifest = _decoder.decode(text)
    if manifest.world != manifest.kind.world:
        raise ValueError(f"world `{manifest.world}` is not the world of kind `{manifest.kind.value}`")
    return manifest


def idle_grants(granted: Iterable[str], manifest: Manifest) -> list[str]:
    """Return the drivers that are granted and never asked for; `secrets` are of every driver that takes them."""
    wishes = {wish.driver for wish in manifest.effects}
    return [driver for driver in granted if driver != "secrets" and driver not in wishes]
