"""Where artifacts and signatures are put: a layout, the store or a registry, by one port. It packs nothing."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Protocol

import click
import msgspec

from mcpg.contract.problems import ConfigError, RegistryFailed, reason_of
from mcpg_registry.claims import Referrer, claim_from, signature_of
from mcpg_registry.layout_editing import add_to_layout, sign_in_layout
from mcpg_registry.receipts import Part
from mcpg_registry.references import LayoutReference, RegistryReference, parse_reference
from mcpg_registry.steps import AGAIN, at_step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from mcpg.cli.kit.site import Site
    from mcpg_registry.client import RegistryClient
    from mcpg_registry.digests import Digest
    from mcpg_registry.packing import Packed
    from mcpg_registry.pushing import Pushed
    from mcpg_registry.store import Store

__all__ = [
    "Target",
    "TargetReference",
    "open_target",
    "parse_target",
    "pinned",
    "signed_next",
    "target_of",
]

TargetReference = LayoutReference | RegistryReference


class Target(Protocol):
    """A repository somewhere, into which artifacts and signatures go."""

    async def put(self, packed: Packed, tag: str, *, replace: bool) -> None:
        """Put an artifact under `tag`; an error when another stands there and `replace` is not said."""
        ...

    async def sign(self, subject: Digest, signatures: Sequence[Packed]) -> None:
        """Attach signatures to a manifest that is there."""
        ...


class Pushing(Protocol):
    """What sends an artifact to a registry: our own client, or a library."""

    async def push(self, repository: str, packed: Packed, *, tag: str | None = None) -> Pushed:
        """Send an artifact; `RegistryFailed`."""
        ...


class _Layout:
    """A repository in an OCI layout, which is begun if there is none."""

    def __init__(self, reference: LayoutReference, directory: Path) -> None:
        self._repository = reference.repository
        self._directory = directory

    async def put(self, packed: Packed, tag: str, *, replace: bool) -> None:
        with self._told():
            await asyncio.to_thread(add_to_layout, self._directory, packed, self._repository, tag, replace=replace)

    async def sign(self, subject: Digest, signatures: Sequence[Packed]) -> None:
        with self._told():
            await asyncio.to_thread(sign_in_layout, self._directory, subject, signatures)

    @contextmanager
    def _told(self) -> Iterator[None]:
        where = f"layout `{self._directory}`"
        try:
            yield
        except OSError as error:
            reason = reason_of(error)
            remedy = "name a directory that can be written"
            raise ConfigError(f"cannot be written: {reason}", where=where, remedy=remedy) from error
        except ValueError as error:
            remedy = "raise the plugin's version, or say --replace; take another directory if it is no layout"
            raise ConfigError(str(error), where=where, remedy=remedy, code="tag-taken") from error


class _Installed:
    """A plugin in the store, to which signatures are added."""

    def __init__(self, store: Store, reference: RegistryReference) -> None:
        self._store = store
        self._repository = reference.full_name
        self._where = f"plugin `{reference}`"

    async def put(self, packed: Packed, tag: str, *, replace: bool) -> None:  # noqa: ARG002 - a port's method
        remedy = "push to a registry or a layout, then pull"
        raise ConfigError("nothing is pushed into the store", where=self._where, remedy=remedy)

    async def sign(self, subject: Digest, signatures: Sequence[Packed]) -> None:
        with at_step(11, where=self._where, remedy=AGAIN):
            await asyncio.to_thread(self._add, subject, signatures)

    def _add(self, subject: Digest, signatures: Sequence[Packed]) -> None:
        receipt = self._store.receipt(self._repository, subject)
        if receipt is None:
            raise ValueError("it is not installed")
        claim = claim_from(self._store, self._repository, None, subject, where=self._where)
        added = tuple(_referrer(each, subject) for each in signatures)
        parts = [part for each in added for part in (each.descriptor, each.config, each.layer)]
        grown = msgspec.structs.replace(
            receipt,
            referrers=(*receipt.referrers, *(Part.of(each.descriptor) for each in added)),
            blobs=receipt.blobs | {part.digest: part.size for part in parts},
        )
        self._store.install(dataclasses.replace(claim, referrers=(*claim.referrers, *added)), grown)


class _Registry:
    """A repository in a registry."""

    def __init__(self, reference: RegistryReference, client: RegistryClient, carrier: Pushing | None = None) -> None:
        self._reference = reference
        self._client = client
        self._pushing = carrier or client
        self._repository = reference.full_name

    async def put(self, packed: Packed, tag: str, *, replace: bool) -> None:
        found = None if replace else await self._now(tag)
        if found not in {None, packed.manifest.digest}:
            remedy = "raise the plugin's version, or say --replace"
            message = f"the tag `{tag}` is there already and names another artifact, `{found}`"
            raise ConfigError(message, where=f"`{self._repository}`", remedy=remedy, code="tag-taken")
        await self._pushing.push(self._repository, packed, tag=tag)

    async def sign(self, subject: Digest, signatures: Sequence[Packed]) -> None:  # noqa: ARG002 - a port's method
        for each in signatures:  # each finds the subject there
            await self._pushing.push(self._repository, each)

    async def _now(self, tag: str) -> Digest | None:
        """Return what the tag names, if it is there."""
        named = RegistryReference(self._reference.host, self._reference.repository, tag, None)
        try:
            return (await self._client.resolve(named)).digest
        except RegistryFailed as error:
            if error.code != "not-in-registry":
                raise
            return None


@asynccontextmanager
async def open_target(reference: TargetReference, site: Site, *, via: str = "") -> AsyncIterator[Target]:
    """Open the place of `reference`: the store in place of a registry when no connection may be opened.

    With `via` `oras`, the library of that name carries what is pushed to a registry.
    """
    if via and not isinstance(reference, RegistryReference):
        raise click.UsageError("--via is for registries")
    if isinstance(reference, LayoutReference):
        yield _Layout(reference, site.base / reference.directory)
    elif site.offline:
        yield _Installed(site.store, reference)
    else:
        async with site.client() as client:
            if not via:
                yield _Registry(reference, client)
                return
            carrier = site.carrier()
            try:
                yield _Registry(reference, client, carrier)
            finally:
                await carrier.aclose()


def target_of(text: str) -> TargetReference:
    """Return the layout's or registry's reference in `text`; `PluginRefused` at step 1, `ConfigError` for another's."""
    reference = parse_reference(text)
    if not isinstance(reference, TargetReference):
        remedy = "write HOST/REPOSITORY or layout:PLACE#REPOSITORY, with @sha256:... or a tag"
        raise ConfigError("is in no layout and no registry", where=f"`{text}`", remedy=remedy)
    return reference


def parse_target(text: str, version: str) -> TargetReference:
    """Return where to push, with the tag `version` unless one is written; `ConfigError` when it is another's.

    `PluginRefused` at step 1 for what is no reference.
    """
    end = text.rpartition("#")[2].rpartition("/")[2]
    reference = target_of(text if {":", "@"} & set(end) else f"{text}:{version}")
    remedy = "write HOST/REPOSITORY or layout:DIR#REPOSITORY; the tag is the version in the component's own manifest"
    if reference.digest is not None:
        raise ConfigError("a push names a tag, or nothing, and no digest", where=f"`{text}`", remedy=remedy)
    if reference.tag != version:
        message = f"the tag is `{reference.tag}`, the component says that its version is `{version}`"
        raise ConfigError(message, where=f"`{text}`", remedy=remedy)
    return reference


def pinned(reference: TargetReference, digest: str) -> str:
    """Return `reference` by digest alone, as it is written for `sign` and `pull`."""
    name = str(reference)
    ending = f":{reference.tag}" if reference.tag else ""
    return f"{name.partition('@')[0].removesuffix(ending)}@{digest}"


def signed_next(name: str) -> str:
    """Return what to do with an artifact that is signed."""
    return f"mcpg plugin {'verify' if name.startswith('layout:') else 'pull'} {name} --key KEY.pub"


def _referrer(packed: Packed, subject: Digest) -> Referrer:
    """Return a signature that was just made as the store keeps it."""
    text = packed.blobs[packed.manifest.digest]
    parts = signature_of(text, subject)
    if parts is None:
        raise ValueError("what was made is no signature of this manifest")
    config, layer = parts
    return Referrer(packed.manifest, text, config, packed.blobs[config.digest], layer, packed.blobs[layer.digest])
