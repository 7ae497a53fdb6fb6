"""Several places on this machine as one shelf: what the first does not have whole, the next is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcpg_registry.claims import Referrer, Shelf
    from mcpg_registry.digests import Digest
    from mcpg_registry.manifests import Descriptor

__all__ = ["Shelves"]

T = TypeVar("T")


class Shelves:
    """A `Shelf` out of others, of which there is at least one."""

    def __init__(self, shelves: Sequence[Shelf]) -> None:
        self._shelves = tuple(shelves)

    def find(self, repository: str, tag: str | None, digest: Digest | None) -> Descriptor:
        """Return the manifest's descriptor; `ValueError` of the first place when none has exactly one."""
        return self._first(lambda shelf: shelf.find(repository, tag, digest))

    def read(self, descriptor: Descriptor, limit: int) -> bytes:
        """Return a blob's bytes, checked; `ValueError` or `OSError` of the first place when none has it whole."""
        return self._first(lambda shelf: shelf.read(descriptor, limit))

    def referrers(self, subject: Digest) -> tuple[Referrer, ...]:
        """Return the signatures of `subject` that any place has; `ValueError` or `OSError` of one that is broken."""
        found = {each.descriptor.digest: each for shelf in self._shelves for each in shelf.referrers(subject)}
        return tuple(found.values())

    def _first(self, ask: Callable[[Shelf], T]) -> T:
        faults: list[ValueError | OSError] = []
        for shelf in self._shelves:
            try:
                return ask(shelf)
            except (ValueError, OSError) as fault:
                faults.append(fault)
        raise faults[0]
