"""What the rules say of a site, told a second time and as simply as can be: which plugins may load now. It loads none.

It shares no code with what it judges: versions are triples, times are seconds, and the site's list is whatever honest
list it took last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulator.plugins import Plugin

__all__ = ["Made", "Model", "Revoked"]

HOUR = 3600


@dataclass(frozen=True, slots=True, order=True)
class Made:
    """A plugin that somebody has made: who, for which repository, and as what."""

    repository: str
    version: str
    signer: str
    plugin: Plugin = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Revoked:
    """One entry of a list: a kind and a value; a range is `VERSION` of acme/echo and everything below, or `*`."""

    kind: str
    value: str
    action: str = "block"

    def hits(self, made: Made) -> bool:
        """Whether it names the plugin itself; a key is another matter."""
        if self.kind == "range":
            below = self.value == "*" or _triple(made.version) <= _triple(self.value)
            return below and made.repository == "acme/echo"
        return {"manifest": made.plugin.digest, "wasm": made.plugin.wasm_digest}.get(self.kind) == self.value


@dataclass(slots=True)
class Model:
    """The site: the list it took last, the latest time it has seen, what is locked, and whom it trusts.

    `keys` are ids of keys by name; `signed` says who has signed what, by digest.
    """

    trusted: frozenset[str]
    keys: dict[str, str]
    now: int
    version: int = 0
    entries: tuple[Revoked, ...] = ()
    expires: int = 0
    grace: int = 0
    seen: int = 0
    locked: dict[str, str] = field(default_factory=dict)
    signed: dict[str, set[str]] = field(default_factory=dict)

    def takes(self, version: int, entries: tuple[Revoked, ...], expires: int, grace: int) -> None:
        """Note that the site took an honest list."""
        self.version, self.entries, self.expires, self.grace = version, entries, expires, grace
        self.saw()

    def saw(self) -> None:
        """Note that the site has looked at the clock and remembers it."""
        self.seen = max(self.seen, self.now)

    def forbids(self, made: Made | None, *, locked: bool) -> str:
        """Return why a plugin may not load now; nothing when it may. `made` is none for bytes that nobody made."""
        if made is None:
            return "nobody has made it"
        if not self.version:
            return "no list was ever taken"
        time = max(self.now, self.seen)
        if time > self.expires + self.grace:
            return "the list is dead"
        if not locked and (time > self.expires or self.now < self.seen - HOUR):
            return "the list is stale, and it is not locked"
        strong = [each for each in self.entries if each.action != "warn"]
        stolen = {each.value for each in strong if each.kind == "key"}
        signers = self.signed.get(made.plugin.digest, set()) & self.trusted
        if not any(self.keys[name] not in stolen for name in signers):
            return "nobody has signed it whose signature counts"
        hit = next((each for each in strong if each.hits(made)), None)
        return f"it is revoked by {hit.kind}" if hit else ""


def _triple(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
