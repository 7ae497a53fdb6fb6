"""What the lists of a site say of a plugin: one immutable index over all of them. Pure, no I/O, no clock.

A question costs a few look-ups for each list, whatever its length; only the version ranges of the very plugin that is
asked about are compared one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from mcpg_registry.digests import parse_digest
from mcpg_registry.steps import refusal
from mcpg_registry.trust.patterns import parse_pattern
from mcpg_registry.trust.revoked import Revoked
from mcpg_revocations.lists import Action, Entry, RevocationList, digest_of, version_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mcpg_registry.digests import Digest

__all__ = ["RevocationIndex", "Subject", "Table", "Verdict", "check", "demand", "index_of", "revoked"]

_SHOWN = 8
Found = dict[str | tuple[str, str], Entry | list[Entry]]
Marks = dict[str, Found]
"""Entries by kind of mark, then by its value."""
_NONE: Found = {}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about; an empty field is not known and matches no entry.

    `repository` is the original one with its host, never a mirror's; `identities` are issuer and identity of keyless
    signers; `vulnerabilities` are the ids that the plugin's release says it has.
    """

    manifest: str = ""
    wasm: str = ""
    id: str = ""
    version: str = ""
    keys: tuple[str, ...] = ()
    repository: str = ""
    identities: tuple[tuple[str, str], ...] = ()
    vulnerabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the lists say: the strongest action, and the entries that hit, strongest first."""

    action: Action
    entries: tuple[Entry, ...] = ()

    def reason(self) -> str:
        """Return the entries that hit as one line."""
        return "; ".join(f"{entry.action} by `{entry.id}`: {entry.reason}" for entry in self.entries[:_SHOWN])


class Table:
    """The entries of one list, by what they name; those of a `local` one, which nobody signed, are never hidden."""

    __slots__ = ("_marks", "_patterns", "entries", "issuer", "local", "signers", "version")

    def __init__(self, entries: Iterable[Entry], *, issuer: str = "", version: int = 0, local: bool = False) -> None:
        self.entries = tuple(entries)
        self.issuer = issuer
        self.version = version
        self.local = local
        self.signers = tuple(entry for entry in self.entries if entry.key or entry.issuer)
        self._marks = _marks(self.entries)
        patterns = (entry for entry in self.signers if entry.identity.startswith("^"))
        self._patterns = tuple((entry, parse_pattern(entry.identity)) for entry in patterns)

    def hits(self, subject: Subject) -> Iterator[Entry]:
        """Yield the entries that match; an entry may come twice."""
        for kind, value in _asked(subject):
            found = self._marks.get(kind, _NONE).get(value, ())
            for entry in found if isinstance(found, list | tuple) else (found,):
                if not entry.versions or version_in(subject.version, entry.versions):
                    yield entry
        for issuer, identity in subject.identities:
            yield from (e for e, pattern in self._patterns if e.issuer == issuer and pattern.matches(identity))


class RevocationIndex:
    """All lists of a site at one moment; `hidden` are the entries that signed overrides take out of force.

    `version` and `digest` (of its payload) are those of the list which the site goes by: its feed's, or the one that
    ships where it has no feed.
    """

    __slots__ = ("digest", "hidden", "tables", "version")

    def __init__(
        self, tables: Iterable[Table], *, version: int = 0, digest: str = "", hidden: frozenset[Entry] = frozenset()
    ) -> None:
        self.tables = tuple(tables)
        self.version = version
        self.digest = digest
        self.hidden = hidden

    def __bool__(self) -> bool:
        return True  # an index without entries is an index

    def __len__(self) -> int:
        return sum(1 for _ in self.entries())

    def entries(self) -> Iterator[Entry]:
        """Yield every entry in force."""
        return (entry for table in self.tables for entry in table.entries if self._counts(table, entry))

    def signers(self) -> Iterator[Entry]:
        """Yield every entry in force that names a key or a keyless identity."""
        return (entry for table in self.tables for entry in table.signers if self._counts(table, entry))

    def hits(self, subject: Subject) -> tuple[Entry, ...]:
        """Return the entries in force that match, each once, strongest first."""
        hits = ((table, entry) for table in self.tables for entry in table.hits(subject))
        found = dict.fromkeys(entry for table, entry in hits if self._counts(table, entry))
        return tuple(sorted(found, key=_strength, reverse=True))

    def _counts(self, table: Table, entry: Entry) -> bool:
        return not self.hidden or table.local or entry not in self.hidden


def index_of(revocations: RevocationIndex | RevocationList) -> RevocationIndex:
    """Return the index over one list, or the index itself."""
    if isinstance(revocations, RevocationIndex):
        return revocations
    table = Table(revocations.entries, issuer=revocations.issuer, version=revocations.version)
    return RevocationIndex((table,), version=revocations.version, digest=digest_of(revocations))


def check(subject: Subject, revocations: RevocationIndex | RevocationList) -> Verdict:
    """Return what the lists say of `subject`; an unreadable version is in every range of its plugin."""
    hits = index_of(revocations).hits(subject)
    return Verdict(hits[0].strength if hits else Action.ALLOW, hits)


def demand(subject: Subject, revocations: RevocationIndex | RevocationList, *, where: str) -> Verdict:
    """Return the verdict if the plugin may load; `PluginRefused` at step 10 when it is blocked or killed."""
    verdict = check(subject, revocations)
    if verdict.action >= Action.BLOCK:
        raise refusal(
            10,
            f"it is revoked: {verdict.reason()}",
            where=where,
            remedy=_remedy(verdict),
            code="plugin-revoked",
        )
    return verdict


def revoked(revocations: RevocationIndex | RevocationList) -> Revoked:
    """Return the signers whose signatures no longer count, each with the reason."""
    keys: dict[Digest, str] = {}
    identities: dict[tuple[str, str], str] = {}
    for entry in index_of(revocations).signers():
        if entry.strength < Action.BLOCK:
            continue
        if entry.key:
            keys[parse_digest(entry.key)] = entry.reason
        elif entry.issuer:
            identities[entry.issuer, entry.identity] = entry.reason
    return Revoked(MappingProxyType(keys), MappingProxyType(identities))


def _marks(entries: tuple[Entry, ...]) -> Marks:
    """Return what each entry is found by; most marks have one entry, which then stands alone."""
    marks: Marks = {}
    for entry in entries:
        kind, value = _mark(entry)
        found = marks.setdefault(kind, {})
        there = found.setdefault(value, entry)
        if there is entry:
            continue
        if isinstance(there, list):
            there.append(entry)
        else:
            found[value] = [there, entry]
    return marks


def _mark(entry: Entry) -> tuple[str, str | tuple[str, str]]:
    if entry.wasm:
        return "wasm", entry.wasm
    if entry.manifest:
        return "manifest", entry.manifest
    if entry.plugin:
        return "plugin", entry.plugin
    if entry.key:
        return "key", entry.key
    return _rare_mark(entry)


def _rare_mark(entry: Entry) -> tuple[str, str | tuple[str, str]]:
    if entry.publisher:
        return "publisher", entry.publisher
    if entry.vulnerability:
        return "vulnerability", entry.vulnerability
    return "identity", (entry.issuer, entry.identity)


def _asked(subject: Subject) -> Iterator[tuple[str, str | tuple[str, str]]]:
    """Yield every mark by which an entry could match; none is ever empty in an entry, so unknown fields match none."""
    yield "wasm", subject.wasm
    yield "manifest", subject.manifest
    yield "plugin", subject.id
    for key in subject.keys:
        yield "key", key
    for name in {subject.id, subject.repository}:
        parts = name.split("/")
        for count in range(1, len(parts) + 1):
            yield "publisher", "/".join(parts[:count])
    for vulnerability in subject.vulnerabilities:
        yield "vulnerability", vulnerability
    for issuer, identity in subject.identities:
        yield "identity", (issuer, identity)


def _strength(entry: Entry) -> Action:
    return entry.strength


def _remedy(verdict: Verdict) -> str:
    fixed = next((entry.fixed_in for entry in verdict.entries if entry.fixed_in), "")
    return f"use version {fixed}, or a later one" if fixed else "use a version that is not revoked"
