"""Which tags are versions, which of them is the newest, and a reference moved to it. It asks no registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg_registry.versions import in_range, version_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mcpg_registry.references import RegistryReference
    from mcpg_registry.versions import Range

__all__ = ["is_version", "moved", "newer"]


def is_version(tag: str) -> bool:
    """Whether a tag is a bare semantic version."""
    try:
        version_key(tag)
    except ValueError:
        return False
    return True


def newer(tags: Iterable[str], than: str, allowed: Range) -> tuple[str, ...]:
    """Return the versions among `tags` above `than` and in the range, the newest first.

    Pre-releases count only for who has one.
    """
    versions = [tag for tag in tags if is_version(tag) and ("-" in than or "-" not in tag)]
    above = [tag for tag in versions if version_key(tag) > version_key(than) and in_range(tag, allowed)]
    return tuple(sorted(above, key=version_key, reverse=True))


def moved(reference: RegistryReference, tag: str, digest: str) -> str:
    """Return a reference to another version, pinned to the digest where the old one was."""
    name = reference.full_name
    if reference.digest is None:
        return f"{name}:{tag}"
    return f"{name}:{tag}@{digest}" if reference.tag else f"{name}@{digest}"
