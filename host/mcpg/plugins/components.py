"""Step 10: what a component says of itself, against what its publisher signed. It compiles and runs nothing.

10.1 exactly one manifest section, JSON without doubled keys, inside its schema, of a known world
10.2 its configuration and binding schemas are schemas, and refer to nothing outside themselves
10.3 a plugin that reads the run's time or seed does not offer its verdicts for the memo
10.4 what annotations of ours the artifact has repeat the section; it may have none, as other tools push it
10.5 id, version and world are the released ones
10.6 the revocation list has nothing against it
Imports and exports are checked by the sandbox, before it compiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg.contract.manifest import MAX_MANIFEST, Manifest, decode_manifest
from mcpg.contract.problems import PluginRefused
from mcpg.plugins.schemas import compile_schema
from mcpg.sandbox.sections import manifest_section
from mcpg_registry import media
from mcpg_registry.digests import digest_bytes
from mcpg_registry.packing import Facts, annotations_of
from mcpg_registry.steps import at_step, refusal
from mcpg_registry.strict_json import parse_object
from mcpg_revocations.rules import Subject, Verdict, demand

if TYPE_CHECKING:
    from mcpg.plugins.artifacts import Artifact
    from mcpg_revocations.rules import RevocationIndex, RevocationList

__all__ = ["Described", "describe_component", "judge_component", "numbered", "subject_of"]

BUILD = "have its publisher build it anew"


@dataclass(frozen=True, slots=True)
class Described:
    """A component's manifest, and the facts that an artifact of it repeats."""

    manifest: Manifest
    facts: Facts


def describe_component(wasm: bytes, where: str) -> Described:
    """Return what a component says of itself (10.1 to 10.3); `PluginRefused` at step 10."""
    try:
        section = manifest_section(wasm)
    except PluginRefused as error:
        raise numbered(error, 10, where) from error
    with at_step(10, where=where, remedy=BUILD, code="bad-manifest"):
        parse_object(section, MAX_MANIFEST)  # 10.1
        manifest = decode_manifest(section)
        compile_schema(manifest.config)  # 10.2
        compile_schema(manifest.binding)
        if manifest.memo and any(pointer.split("/")[1] == "run" for pointer in manifest.reads):  # 10.3
            raise ValueError("the manifest offers verdicts for the memo and reads `/run`; wanted one or the other")
    return Described(manifest, _facts(manifest, section))


def judge_component(
    artifact: Artifact, revocations: RevocationIndex | RevocationList, where: str
) -> tuple[Described, Verdict]:
    """Return the component's description and the list's verdict (10.1 to 10.6); `PluginRefused` at step 10."""
    described = describe_component(artifact.wasm, where)
    manifest, release = described.manifest, artifact.release
    if artifact.annotations is not None:  # 10.4
        wanted = annotations_of(described.facts)
        found = {key: value for key, value in artifact.annotations.items() if key.startswith(media.PLUGIN)}
        for key in sorted(found):
            if wanted.get(key) != found[key]:
                message = f"annotation `{key[:120]}` is `{found[key][:120]}`, wanted `{wanted.get(key, '')}`"
                raise refusal(10, f"{message} as in the section", where=where, remedy=BUILD, code="bad-annotation")
    if release is not None:  # 10.5
        for what, have, want in (
            ("id", manifest.id, release.id),
            ("version", manifest.version, release.version),
            ("world", manifest.world, release.world),
        ):
            if have != want:
                message = f"the section has {what} `{have}`, wanted the released `{want[:120]}`"
                raise refusal(10, message, where=where, remedy=BUILD, code="bad-release")
    return described, demand(subject_of(artifact, manifest), revocations, where=where)  # 10.6


def subject_of(artifact: Artifact, manifest: Manifest) -> Subject:
    """Return what a revocation list is asked about."""
    return Subject(
        manifest=artifact.manifest_digest or "",
        wasm=artifact.wasm_digest,
        id=manifest.id,
        version=manifest.version,
        keys=artifact.keys,
        repository=artifact.repository,
        identities=artifact.identities,
        vulnerabilities=artifact.vulnerabilities,
    )


def numbered(error: PluginRefused, step: int, where: str) -> PluginRefused:
    """Return a refusal of the sandbox, which knows no steps, with its step and place."""
    if error.step:
        return error
    return refusal(step, error.message, where=where, remedy=error.remedy, code=error.code)


def _facts(manifest: Manifest, section: bytes) -> Facts:
    return Facts(
        id=manifest.id,
        version=manifest.version,
        world=manifest.world,
        section=digest_bytes(section),
        summary=manifest.summary,
        licence=manifest.licence,
        exports=(manifest.kind.interface,),
    )
