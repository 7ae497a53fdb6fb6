"""The lock: which digest stands behind each name. It fetches nothing and decides nothing beyond "is it the same"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from mcpg_registry.digests import parse_digest
from mcpg_registry.steps import refusal
from mcpg_registry.strict_json import compact, parse_object
from mcpg_registry.versions import version_key

if TYPE_CHECKING:
    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.statements import Release

__all__ = ["Lock", "Locked", "check_lock", "parse_lock"]

MAX_LOCK = 1024 * 1024


class Locked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One plugin: its reference, the digests of manifest, component and sources, and what was released.

    `keys` and `identities` (issuer, identity) signed it when it was locked, `effects` are the drivers it asked for:
    they are there to be compared by people and prove nothing.
    """

    reference: str
    manifest: str
    wasm: str
    id: str
    version: str
    source: str = ""
    keys: tuple[str, ...] = ()
    identities: tuple[tuple[str, str], ...] = ()
    effects: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for digest in (self.manifest, self.wasm, *self.keys, *([self.source] if self.source else [])):
            parse_digest(digest)
        version_key(self.version)


class Lock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All plugins, and the version of the revocation list that they were last judged by.

    In the lock of what is built in `plugins` goes by name; in `mcpg.lock` by the reference as the configuration has it.
    """

    schema: Literal[1]
    revocations: Annotated[int, msgspec.Meta(ge=1)]
    plugins: dict[str, Locked]

    def text(self) -> bytes:
        """Return the lock as it stands in its file: indented, sorted, the same bytes for the same lock."""
        return msgspec.json.format(compact(msgspec.to_builtins(self)), indent=1) + b"\n"


_decoder = msgspec.json.Decoder(Lock)


def parse_lock(text: bytes) -> Lock:
    """Return the lock in `text`; `ValueError` names the field that is wrong."""
    parse_object(text, MAX_LOCK)
    return _decoder.decode(text)


def check_lock(locked: Locked, manifest: Digest, release: Release, *, where: str) -> None:
    """Step 8: return if manifest and release are the locked ones; `PluginRefused` says what was found and wanted."""
    remedy = "restore the artifact that was locked, or lock the new one on purpose"
    try:
        older = version_key(release.version) < version_key(locked.version)
    except ValueError as error:
        raise refusal(8, f"the release: {error}", where=where, remedy=remedy, code="not-locked") from None
    if older and release.id == locked.id:
        found = f"found version `{release.version}`, which is older than the locked `{locked.version}`"
        raise refusal(8, found, where=where, remedy=remedy, code="downgrade")
    for what, have, want in (
        ("manifest", manifest, locked.manifest),
        ("plugin", f"{release.id} {release.version}", f"{locked.id} {locked.version}"),
        ("wasm digest", release.wasm, locked.wasm),
    ):
        if have != want:
            raise refusal(8, f"found {what} `{have}`, wanted `{want}`", where=where, remedy=remedy, code="not-locked")
