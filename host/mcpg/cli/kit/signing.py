"""Signers as options name them, and an artifact signed where it lies. It makes no keys."""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from mcpg.cli.keys_opening import open_key
from mcpg.contract.problems import ConfigError
from mcpg.plugins.artifacts import Artifact
from mcpg.plugins.components import judge_component
from mcpg_registry.keyfiles import read_public_keys
from mcpg_registry.manifests import parse_manifest, plugin_layer
from mcpg_registry.packing import pack_signature
from mcpg_registry.signers import CommandSigner, FileSigner, sign_artifact
from mcpg_registry.steps import AGAIN, at_step
from mcpg_registry.trust.statements import Release

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mcpg.cli.kit.origins import Origin
    from mcpg.cli.kit.targets import Target
    from mcpg_registry.claims import Claim
    from mcpg_registry.signers import Signer
    from mcpg_revocations.index import RevocationIndex

__all__ = ["Signed", "open_signers", "sign_there"]


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed, by whom, and how many statements are new."""

    claim: Claim
    release: Release
    keys: tuple[str, ...]
    made: int


async def open_signers(
    keys: Sequence[Path], password_file: Path | None, command: str | None = None, public_key: Path | None = None
) -> tuple[Signer, ...]:
    """Return the signers: private keys in files, and a command with the file of its public key."""
    found: list[Signer] = [FileSigner(await asyncio.to_thread(open_key, path, password_file)) for path in keys]
    if command:
        if public_key is None:
            raise click.UsageError("--command wants --public-key, the key that its signatures verify with")
        known = await asyncio.to_thread(read_public_keys, public_key)
        if len(known) != 1:
            raise ConfigError("holds more than one key", where=f"`{public_key}`", remedy="give the command's own key")
        found.append(CommandSigner(shlex.split(command), known[0]))
    if not found:
        raise click.UsageError("give --key FILE, or --command and --public-key")
    return tuple(found)


async def sign_there(
    origin: Origin,
    target: Target,
    signers: Sequence[Signer],
    revocations: RevocationIndex,
    *,
    where: str,
    created: int,
    vulnerabilities: Sequence[str] = (),
) -> Signed:
    """Sign an artifact once its component was read: the section says what is released, and annotations must agree.

    `PluginRefused` at step 2, 3, 9 or 10, before anything is signed. What the signers have stated before is not stated
    again.
    """
    claim = await origin.claim()
    with at_step(3, where=where, remedy=AGAIN, code="bad-shape"):
        manifest = parse_manifest(claim.manifest_bytes)
        layer = plugin_layer(manifest)
    wasm = await origin.layer(claim, layer)
    artifact = Artifact(wasm, layer.digest, claim.manifest.digest, annotations=manifest.annotations)
    described, _ = await asyncio.to_thread(judge_component, artifact, revocations, where)
    facts = described.facts
    release = Release(facts.id, facts.version, facts.world, layer.digest)
    try:
        bundles = await sign_artifact(
            claim.manifest.digest, release, signers, existing=claim.bundles(), vulnerabilities=vulnerabilities
        )
    except ValueError as error:
        raise ConfigError(str(error), where=where, remedy="give each key once, and ids such as CVE-2026-1234") from None
    if bundles:
        await target.sign(
            claim.manifest.digest, [pack_signature(each, claim.manifest, created=created) for each in bundles]
        )
    return Signed(claim, release, tuple(signer.public.id for signer in signers), len(bundles))
