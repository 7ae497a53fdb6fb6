"""Lets a plugin in, in numbered steps. It makes no instance and holds no state between two loads.

 1 parse the reference                      2 fetch the manifest, check its digest    3 check its shape
 4 the revocation list is there and valid   5 find the signatures                     6 verify them
 7 verify the release statement             8 compare with the lock                   9 check the layer
10 read the component, judge it            11 install                                12 compile

A plugin of a registry is pulled when it is not in the store (`pulling.py`), then loaded from there as at every start:
with steps 2 to 10 anew and without any network. Steps 2, 3 and 5 to 9 are in `artifacts.py`, 10 in `components.py`; the
sandbox checks imports and exports in step 12, before it makes anything of the component. A bare `file:` passes steps 1,
4, 10 and 12 and is for development only.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import PluginRefused
from mcpg.plugins.artifacts import Artifact, Name, bare_artifact, opened_layout, verify_claim
from mcpg.plugins.bringing import Pin, bring, pin
from mcpg.plugins.builtin import Bundle
from mcpg.plugins.components import judge_component, numbered, subject_of
from mcpg.plugins.supply import Supply
from mcpg_registry import media
from mcpg_registry.layout import read_file
from mcpg_registry.references import (
    BuiltinReference,
    FileReference,
    LayoutReference,
    Reference,
    RegistryReference,
    parse_reference,
)
from mcpg_registry.steps import at_step, refusal
from mcpg_revocations.index import RevocationIndex, index_of
from mcpg_revocations.shipped import load_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from mcpg.contract.manifest import Manifest
    from mcpg.plugins.pulling import Revocations
    from mcpg.plugins.sandboxing import Sandboxing
    from mcpg_registry.claims import Shelf
    from mcpg_revocations.index import Subject

__all__ = ["Loader", "VerifiedPlugin"]


@dataclass(frozen=True, slots=True)
class VerifiedPlugin:
    """A plugin that has passed steps 1 to 10. `builtin` says that it ships with the program."""

    reference: Reference
    manifest: Manifest
    artifact: Artifact
    subject: Subject
    warnings: tuple[str, ...]
    builtin: bool


class Loader:
    """Loads plugins by reference.

    `revocations` is asked at every load and raises `PluginRefused` when there is no valid list; by default it is the
    list that ships. `supply` says where plugins come from and whom to believe, and may be exchanged between two loads;
    `development` allows `file:`, and tags without a lock.
    """

    def __init__(
        self,
        sandbox: Sandboxing,
        *,
        bundle: Callable[[], Bundle] = Bundle.open,
        revocations: Revocations | None = None,
        supply: Supply | None = None,
        development: bool = False,
        clock: Callable[[], float] = time.time,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self.supply = supply or Supply()
        self._sandbox = sandbox
        self._bundle = bundle
        self._revocations = revocations or _Shipped()
        self._development = development
        self._clock = clock
        self._progress = progress

    async def verify_builtin(self) -> tuple[Artifact, ...]:
        """Verify every component that ships, as each start must; `PluginRefused` says which and why."""
        return await asyncio.to_thread(self._verify_builtin)

    async def verify(self, reference: str, base: Path) -> VerifiedPlugin:
        """Return the plugin once steps 1 to 10 have passed, else `PluginRefused`; relative paths start at `base`.

        One of a registry that is not in the store is pulled before, which may also raise `RegistryFailed`.
        """
        supply = self.supply
        pinned = self._pin(reference, supply)
        await self._bring([pinned], supply, base)
        return await asyncio.to_thread(self._verify, pinned, supply, base)

    async def bring(self, references: Iterable[str], base: Path) -> None:
        """Have in the store what registries' references stand for; raises what `verify` of the first to fail would."""
        supply = self.supply
        await self._bring([self._pin(each, supply) for each in dict.fromkeys(references)], supply, base)

    async def compile(self, verified: VerifiedPlugin) -> Any:
        """Return the compiled form of a verified plugin (step 12); `PluginRefused` for a wrong import or export."""
        try:
            return await self._sandbox.load(
                verified.artifact.wasm, label=str(verified.reference), progress=self._progress
            )
        except PluginRefused as error:
            raise numbered(error, 12, _where(verified.reference)) from error

    def _pin(self, reference: str, supply: Supply) -> Pin:
        parsed = parse_reference(reference)  # 1
        return pin(parsed, reference, supply, _where(parsed), development=self._development)

    async def _bring(self, pins: Sequence[Pin], supply: Supply, base: Path) -> None:
        far = [each for each in pins if isinstance(each.reference, RegistryReference)]
        await bring(far, supply, self._revocations, self._sandbox, base, clock=self._clock, progress=self._progress)

    def _verify_builtin(self) -> tuple[Artifact, ...]:
        bundle, now = self._bundle(), int(self._clock())
        return bundle.verify_all(self._index(now, locked=True, shipped_at_least=bundle.lock.revocations), now)

    def _verify(self, pinned: Pin, supply: Supply, base: Path) -> VerifiedPlugin:
        reference, now = pinned.reference, int(self._clock())
        where, bundle = _where(reference), self._bundle()
        builtin = isinstance(reference, BuiltinReference)
        index = self._index(  # 4
            now,
            locked=builtin or pinned.locked is not None,
            at_least=0 if builtin else supply.at_least,
            shipped_at_least=bundle.lock.revocations,
        )
        if isinstance(reference, BuiltinReference):
            artifact = bundle.verify(reference.name, index, now)
        elif isinstance(reference, FileReference):
            artifact = self._from_file(reference, base)
        else:
            artifact = _from_shelf(pinned, supply, base, index, now)
        described, verdict = judge_component(artifact, index, where)  # 10
        warnings = (*artifact.warnings, *pinned.warnings, *([verdict.reason()] if verdict.entries else []))
        subject = subject_of(artifact, described.manifest)
        return VerifiedPlugin(reference, described.manifest, artifact, subject, warnings, builtin)

    def _from_file(self, reference: FileReference, base: Path) -> Artifact:
        where = _where(reference)
        if not self._development:
            raise refusal(
                1,
                "a bare file has no signature and is for development only",
                where=where,
                remedy="pack and sign it, or allow development plugins",
                code="development-only",
            )
        with at_step(9, where=where, remedy="name a component's file"):
            return bare_artifact(read_file((base / reference.path).resolve(), media.MAX_LAYER))

    def _index(self, now: int, **more: Any) -> RevocationIndex:
        """Step 4: whatever goes wrong, there is no list, and without one nothing loads."""
        where, found = "the revocation list", None
        try:
            found = self._revocations.for_loading(now, **more)
        except PluginRefused as error:
            raise numbered(error, 4, where) from error
        except Exception as error:
            raise refusal(
                4, f"none could be had: {type(error).__name__}", where=where, code="revocation-list"
            ) from error
        if not isinstance(found, RevocationIndex):
            raise refusal(4, "none could be had", where=where, code="revocation-list")
        return found


class _Shipped:
    """The list that ships, read anew at every load."""

    def for_loading(self, now: int, *, locked: bool, at_least: int = 0, shipped_at_least: int = 0) -> RevocationIndex:
        del locked
        return index_of(load_list(now=now, at_least=max(at_least, shipped_at_least)))


def _from_shelf(pinned: Pin, supply: Supply, base: Path, index: RevocationIndex, now: int) -> Artifact:
    """Steps 2, 3 and 5 to 9 from a layout, or from the store."""
    reference, where = pinned.reference, _where(pinned.reference)

    def verified(shelf: Shelf, repository: str, tag: str | None) -> Artifact:
        name = Name(repository, tag, pinned.digest, where)
        return verify_claim(shelf, name, pinned.tag, supply.trust, index, now=now, locked=pinned.locked)

    if isinstance(reference, LayoutReference):
        with opened_layout(base / reference.directory, where) as layout:
            return verified(layout, reference.repository, reference.tag)
    assert isinstance(reference, RegistryReference)  # noqa: S101 - the other kinds have been dealt with
    assert supply.store is not None  # noqa: S101 - it has been brought there
    return verified(supply.store, reference.full_name, None if pinned.digest else reference.tag)


def _where(reference: Reference) -> str:
    if isinstance(reference, BuiltinReference):
        return f"built-in plugin `{reference.name}`"
    return f"plugin `{reference}`"
