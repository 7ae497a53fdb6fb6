"""The lock: which digest stands behind each name. It fetches nothing and decides nothing beyond "is it the same"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from mcpg.contract.problems import ConfigError, reason_of
from mcpg_registry.digests import parse_digest
from mcpg_registry.durable import write_whole
from mcpg_registry.layout import read_followed
from mcpg_registry.steps import refusal
from mcpg_registry.strict_json import compact, parse_object
from mcpg_registry.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.statements import Release

__all__ = ["Lock", "Locked", "check_lock", "check_newer", "parse_lock", "read_lock", "write_lock"]

MAX_LOCK = 1024 * 1024
MAX_PLUGINS = 4096


class Locked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One plugin: its reference, the digests of manifest and component, and what was found when it was locked.

    `reference` is that of the operator's file (`REPOSITORY:TAG` for what is built in, which has a digest of its
    `source`, too); `keys` and `identities` (issuer, identity) had signed; `revocations` is the version of the list that
    it was judged by; `grants` are the drivers that it asks for.
    """

    reference: str
    manifest: str
    wasm: str
    id: str
    version: str
    source: str = ""
    keys: tuple[str, ...] = ()
    identities: tuple[tuple[str, str], ...] = ()
    revocations: Annotated[int, msgspec.Meta(ge=0)] = 0
    grants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for digest in (self.manifest, self.wasm, *self.keys, *([self.source] if self.source else [])):
            parse_digest(digest)
        version_key(self.version)

    @property
    def digest(self) -> Digest:
        """The digest of the plugin's manifest."""
        return parse_digest(self.manifest)


class Lock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All plugins, and the version of the revocation list that may not be gone behind.

    The names of `plugins` are the references as the operator's file has them, or the names of what is built in.
    """

    schema: Literal[1] = 1
    revocations: Annotated[int, msgspec.Meta(ge=1)]
    plugins: Annotated[dict[str, Locked], msgspec.Meta(max_length=MAX_PLUGINS)]

    def text(self) -> bytes:
        """Return the lock as it stands in its file: indented, sorted, the same bytes for the same lock."""
        return msgspec.json.format(compact(msgspec.to_builtins(self)), indent=1) + b"\n"

    def find(self, reference: str) -> Locked | None:
        """Return what is locked under a reference as the operator wrote it."""
        return self.plugins.get(reference)

    def changed(self, plugins: Mapping[str, Locked], revocations: int) -> Lock:
        """Return the lock with `plugins` put in, and no older revocation list than before."""
        return Lock(revocations=max(self.revocations, revocations), plugins={**self.plugins, **plugins})


_decoder = msgspec.json.Decoder(Lock)


def parse_lock(text: bytes) -> Lock:
    """Return the lock in `text`; `ValueError` names the field that is wrong."""
    parse_object(text, MAX_LOCK)
    return _decoder.decode(text)


def read_lock(path: Path) -> Lock | None:
    """Return the lock in a file; none when there is no such file, `ConfigError` when it cannot be used. It blocks."""
    try:
        return parse_lock(read_followed(path, MAX_LOCK))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = reason_of(error)
        remedy = "restore it, or write it anew with `mcpg plugin lock`"
        raise ConfigError(
            f"it cannot be used: {reason}", where=f"lock `{path}`", remedy=remedy, code="bad-lock"
        ) from error


def write_lock(path: Path, lock: Lock) -> None:
    """Write the lock as a whole: a reader finds the old one or the new one; `ConfigError`. It blocks."""
    text = lock.text()
    try:
        write_whole(path.resolve(), text)
    except OSError as error:
        reason = reason_of(error)
        message = f"it cannot be written: {reason}"
        raise ConfigError(message, where=f"lock `{path}`", remedy="name a folder that you may write to") from error


def check_newer(locked: Locked, release: Release, *, where: str) -> None:
    """Return if `release` may take the place of what is locked; `PluginRefused` at step 8 for an older version."""
    remedy = "keep the newer one, or allow the downgrade on purpose with `--allow-downgrade`"
    try:
        older = version_key(release.version) < version_key(locked.version)
    except ValueError as error:
        raise refusal(8, f"the release: {error}", where=where, remedy=remedy, code="not-locked") from None
    if release.id != locked.id:
        message = f"found plugin `{release.id}`, wanted the locked `{locked.id}`"
        raise refusal(8, message, where=where, remedy="take the reference out of the lock first", code="not-locked")
    if older:
        found = f"found version `{release.version}`, which is older than the locked `{locked.version}`"
        raise refusal(8, found, where=where, remedy=remedy, code="downgrade")


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
