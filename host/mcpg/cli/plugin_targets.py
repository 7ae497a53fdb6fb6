"""Where artifacts and signatures are put: an OCI layout or a registry, by one port. It packs and signs nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mcpg.contract.problems import ConfigError
from mcpg_registry.layout_editing import add_to_layout, sign_in_layout
from mcpg_registry.references import LayoutReference, RegistryReference, parse_reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg_registry.manifests import Descriptor
    from mcpg_registry.packing import Packed

__all__ = ["LayoutTarget", "Target", "TargetReference", "open_target", "parse_target", "pinned"]

TargetReference = LayoutReference | RegistryReference


class Target(Protocol):
    """A repository somewhere, into which artifacts and signatures go."""

    async def put(self, packed: Packed, tag: str, *, replace: bool) -> None:
        """Put an artifact under `tag`; an error when another stands there and `replace` is not said."""
        ...

    async def sign(self, subject: Descriptor, signatures: Sequence[Packed]) -> None:
        """Attach signatures to a manifest that is there."""
        ...


class LayoutTarget:
    """A repository in an OCI layout, which is begun if there is none."""

    def __init__(self, reference: LayoutReference) -> None:
        self._reference = reference
        self._directory = Path(reference.directory)

    async def put(self, packed: Packed, tag: str, *, replace: bool) -> None:
        """Put an artifact under `tag`; `ConfigError` when another stands there, or the layout cannot be written."""
        await self._run(add_to_layout, self._directory, packed, self._reference.repository, tag, replace=replace)

    async def sign(self, subject: Descriptor, signatures: Sequence[Packed]) -> None:
        """Attach signatures to a manifest that is there."""
        await self._run(sign_in_layout, self._directory, subject.digest, signatures)

    async def _run(self, function: object, *arguments: object, **options: object) -> None:
        try:
            await asyncio.to_thread(function, *arguments, **options)  # type: ignore[arg-type]
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            remedy = "name a directory that can be written"
            raise ConfigError(
                f"cannot be written: {reason}", where=f"layout `{self._directory}`", remedy=remedy
            ) from error
        except ValueError as error:
            remedy = "raise the plugin's version, or say --replace; take another directory if it is no layout"
            raise ConfigError(str(error), where=f"layout `{self._directory}`", remedy=remedy) from error


def open_target(reference: TargetReference) -> Target:
    """Return the place of `reference`; nothing is opened or asked yet."""
    if isinstance(reference, LayoutReference):
        return LayoutTarget(reference)
    raise ConfigError("registries cannot be pushed to yet", where=f"`{reference}`", remedy="push to a layout")


def parse_target(text: str, version: str) -> TargetReference:
    """Return where to push, with the tag `version` unless one is written; `ConfigError` when it is another's.

    `PluginRefused` at step 1 for what is no reference.
    """
    end = text.rpartition("#")[2].rpartition("/")[2]
    reference = parse_reference(text if {":", "@"} & set(end) else f"{text}:{version}")
    remedy = "write HOST/REPOSITORY or layout:DIR#REPOSITORY; the tag is the version in the component's own manifest"
    if not isinstance(reference, TargetReference) or reference.digest is not None:
        raise ConfigError("is nothing that can be pushed to under a tag", where=f"`{text}`", remedy=remedy)
    if reference.tag != version:
        message = f"the tag is `{reference.tag}`, the component says that its version is `{version}`"
        raise ConfigError(message, where=f"`{text}`", remedy=remedy)
    return reference


def pinned(reference: TargetReference, digest: str) -> str:
    """Return `reference` by digest alone, as it is written for `sign` and `pull`."""
    name = str(reference)
    ending = f":{reference.tag}" if reference.tag else ""
    return f"{name.partition('@')[0].removesuffix(ending)}@{digest}"
