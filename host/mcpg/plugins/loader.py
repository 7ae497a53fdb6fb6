"""Lets a plugin in, in numbered steps. It makes no instance and holds no state between two loads.

 1 parse the reference                      2 fetch the manifest, check its digest    3 check its shape
 4 the revocation list is there and valid   5 find the signatures                     6 verify them
 7 verify the release statement             8 compare with the lock                   9 check the layer
10 read the component, judge it            11 install (nothing is installed yet)     12 compile

Steps 2, 3 and 5 to 9 are in `artifacts.py`, 10 in `components.py`; the sandbox checks imports and exports in step 12,
before it makes anything of the component. A bare `file:` passes steps 1, 4, 10 and 12 and is for development only.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import PluginRefused
from mcpg.plugins.artifacts import Artifact, Name, bare_artifact, open_layout, verify_artifact
from mcpg.plugins.builtin import Bundle
from mcpg.plugins.components import judge_component, numbered, subject_of
from mcpg_registry import media
from mcpg_registry.layout import read_file
from mcpg_registry.proving import Judgement
from mcpg_registry.references import (
    BuiltinReference,
    FileReference,
    LayoutReference,
    Reference,
    parse_reference,
)
from mcpg_registry.steps import at_step, refusal
from mcpg_registry.trust.policy import TrustPolicy
from mcpg_revocations.rules import RevocationIndex, RevocationList, revoked
from mcpg_revocations.shipped import load_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mcpg.contract.manifest import Manifest
    from mcpg.plugins.sandboxing import Sandboxing
    from mcpg_registry.locking import Locked
    from mcpg_revocations.rules import Subject

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

    `revocations` is asked at every load and raises `PluginRefused` when there is no valid list; by default it reads the
    one that ships. `trust` and `lock` (by reference text) are the operator's; `development` allows `file:`.
    """

    def __init__(
        self,
        sandbox: Sandboxing,
        *,
        bundle: Callable[[], Bundle] = Bundle.open,
        revocations: Callable[[int, int], RevocationList] | None = None,
        trust: TrustPolicy | None = None,
        lock: Mapping[str, Locked] | None = None,
        development: bool = False,
        clock: Callable[[], float] = time.time,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._bundle = bundle
        self._revocations = revocations or _shipped
        self._trust = trust or TrustPolicy()
        self._lock = dict(lock or {})
        self._development = development
        self._clock = clock
        self._progress = progress

    async def verify_builtin(self) -> tuple[Artifact, ...]:
        """Verify every component that ships, as each start must; `PluginRefused` says which and why."""
        return await asyncio.to_thread(self._verify_builtin)

    async def verify(self, reference: str, base: Path) -> VerifiedPlugin:
        """Return the plugin once steps 1 to 10 have passed, else `PluginRefused`; relative paths start at `base`."""
        return await asyncio.to_thread(self._verify, reference, base)

    async def compile(self, verified: VerifiedPlugin) -> Any:
        """Return the compiled form of a verified plugin (step 12); `PluginRefused` for a wrong import or export."""
        try:
            return await self._sandbox.load(
                verified.artifact.wasm, label=str(verified.reference), progress=self._progress
            )
        except PluginRefused as error:
            raise numbered(error, 12, _where(verified.reference)) from error

    def _verify_builtin(self) -> tuple[Artifact, ...]:
        bundle, now = self._bundle(), int(self._clock())
        return bundle.verify_all(self._list(bundle.lock.revocations, now), now)

    def _verify(self, text: str, base: Path) -> VerifiedPlugin:
        reference = parse_reference(text)  # 1
        where, now = _where(reference), int(self._clock())
        bundle = self._bundle()
        revocations = self._list(bundle.lock.revocations, now)  # 4
        if isinstance(reference, BuiltinReference):
            artifact = bundle.verify(reference.name, revocations, now)
        elif isinstance(reference, LayoutReference):
            artifact = self._from_layout(reference, base, revocations, now)
        elif isinstance(reference, FileReference):
            artifact = self._from_file(reference, base)
        else:
            raise refusal(
                2,
                "pull from a registry is not built yet",
                where=where,
                remedy="copy it into an OCI layout, signatures included, and write layout:DIR#REPOSITORY@sha256:...",
                code="not-built",
            )
        described, verdict = judge_component(artifact, revocations, where)  # 10
        warnings = (*artifact.warnings, *([verdict.reason()] if verdict.entries else []))
        subject = subject_of(artifact, described.manifest)
        builtin = isinstance(reference, BuiltinReference)
        return VerifiedPlugin(reference, described.manifest, artifact, subject, warnings, builtin)

    def _from_layout(self, reference: LayoutReference, base: Path, revocations: RevocationList, now: int) -> Artifact:
        where = _where(reference)
        rule = self._trust.rule_for(reference.repository, where=where)
        layout = open_layout(base / reference.directory, where)
        name = Name(reference.repository, reference.tag, reference.digest, where)
        return verify_artifact(layout, name, Judgement(rule, now, revoked(revocations), self._lock.get(str(reference))))

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

    def _list(self, at_least: int, now: int) -> RevocationList:
        """Step 4: whatever goes wrong, there is no list, and without one nothing loads."""
        where, found = "the revocation list", None
        try:
            found = self._revocations(at_least, now)
        except PluginRefused as error:
            raise numbered(error, 4, where) from error
        except Exception as error:
            raise refusal(
                4, f"none could be had: {type(error).__name__}", where=where, code="revocation-list"
            ) from error
        if not isinstance(found, RevocationIndex | RevocationList):
            raise refusal(4, "none could be had", where=where, code="revocation-list")
        return found


def _shipped(at_least: int, now: int) -> RevocationList:
    return load_list(now=now, at_least=at_least)


def _where(reference: Reference) -> str:
    if isinstance(reference, BuiltinReference):
        return f"built-in plugin `{reference.name}`"
    return f"plugin `{reference}`"
