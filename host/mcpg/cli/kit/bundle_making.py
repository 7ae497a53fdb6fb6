"""What a bundle is made of, found on this machine: shelf, lock, list, have list, trust. It opens no connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from mcpg.cli.environment import said_time
from mcpg.cli.kit.bundle_site import counting
from mcpg.contract.problems import ConfigError, reason_of
from mcpg.plugins.artifacts import opened_layout
from mcpg_mirror.faults import while_storing
from mcpg_mirror.gathering import gather, wanted_of
from mcpg_mirror.having import parse_have
from mcpg_mirror.kinds import MAX_PAPER
from mcpg_mirror.lists import SiteLists, held_text, shipped_anchor
from mcpg_mirror.roots import pack_trust
from mcpg_mirror.shelves import Shelves
from mcpg_mirror.verifying import subject_of
from mcpg_mirror.writing import tar_size, write_directory, write_parts, write_tar
from mcpg_registry.layout import read_followed
from mcpg_registry.locking import read_lock
from mcpg_registry.proving import Judgement, prove
from mcpg_registry.references import LayoutReference, parse_reference
from mcpg_registry.trust.bundles import claimed_keys
from mcpg_revocations.rules import demand, revoked

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from mcpg.cli.kit.site import Site
    from mcpg_mirror.gathering import Gathered
    from mcpg_mirror.lists import Believed
    from mcpg_mirror.papers import Paper
    from mcpg_mirror.planning import Have, Plan
    from mcpg_registry.claims import Claim, Shelf
    from mcpg_registry.locking import Lock, Locked
    from mcpg_registry.proving import Proven
    from mcpg_revocations.rules import Anchor

__all__ = [
    "Wanted",
    "created_of",
    "gather_proven",
    "have_of",
    "list_of",
    "lock_of",
    "shelf_of",
    "trust_of",
    "write_bundle",
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options say of the bundle; `part` in bytes, 0 for one file."""

    source: Path | None
    out: Path
    have: Path | None
    revocations: Path | None
    part: int
    dry: bool


def shelf_of(site: Site, lock: Lock, stack: ExitStack) -> Shelf:
    """Return the store, then the mirrors that were named, then layouts that the lock names; `stack` closes them."""
    if site.remote_mirrors:
        raise click.UsageError("a bundle is made without a network: --mirror is a folder or a tar here")
    places = list(site.mirrors)
    for locked in lock.plugins.values():
        if locked.reference.startswith("layout:"):
            reference = parse_reference(locked.reference)
            if isinstance(reference, LayoutReference):
                places.append(site.base / reference.directory)
    layouts = [stack.enter_context(opened_layout(place, f"layout `{place}`")) for place in dict.fromkeys(places)]
    return Shelves([site.store, *layouts])


def lock_of(site: Site, wanted: Wanted) -> tuple[Lock, bytes]:
    """Return the lock that says what goes in, and its text; `ConfigError` when there is none. It blocks."""
    path = wanted.source or site.lock_path
    lock = read_lock(path)
    if lock is None:
        remedy = "write one with `mcpg plugin lock`, or name one with --from"
        raise ConfigError("there is none, and a bundle holds what a lock names", where=f"lock `{path}`", remedy=remedy)
    return lock, lock.text()


def list_of(site: Site, path: Path | None) -> tuple[bytes, Believed, Anchor]:
    """Return the list to ship, as it was signed, what this site makes of it, and whose lists the site believes."""
    text = _read(path, "revocation list") if path else held_text(site.lists)
    return text, SiteLists(site.lists).judge(text, site.now), site.lists.anchor or shipped_anchor(site.lists.shipped)


def have_of(path: Path | None) -> Have | None:
    """Return what the far side has, as its list says; `ConfigError` when that is none. It blocks."""
    if path is None:
        return None
    try:
        return parse_have(_read(path, "have list"))
    except ValueError as error:
        remedy = "have it written with `mcpg plugin mirror have` at the far side"
        raise ConfigError(str(error), where=f"have list `{path}`", remedy=remedy) from error


def _read(path: Path, what: str) -> bytes:
    try:
        return read_followed(path, MAX_PAPER)
    except (OSError, ValueError) as error:
        reason = reason_of(error)
        raise ConfigError(reason, where=f"{what} `{path}`", remedy="name a file that can be read") from error


def gather_proven(site: Site, shelf: Shelf, lock: Lock, believed: Believed) -> Gathered:
    """Return what is there, each proven by this site's trust, and not revoked by the list that goes with it."""
    hit = revoked(believed.index)

    def judge(claim: Claim, locked: Locked) -> Proven:
        where = f"plugin `{claim.repository}@{claim.manifest.digest}`"
        rule = site.trust.rule_for(claim.repository, where=where, claimed=claimed_keys(claim.bundles()))
        proven = prove(claim, Judgement(rule, site.now, hit, locked), where=where)
        demand(subject_of(proven), believed.index, where=where)
        return proven

    return gather(shelf, wanted_of(lock), judge)


def trust_of(site: Site, gathered: Gathered, anchor: Anchor) -> Paper:
    """Return the paper that says by whose keys these plugins were proven."""
    rules = [site.trust.rule_for(each.claim.repository) for each in gathered.plugins]
    return pack_trust(tuple({rule.prefix: rule for rule in rules}.values()), anchor)


def created_of(site: Site, gathered: Gathered, believed: Believed) -> int:
    """Return when the bundle counts as made: no clock is asked, so that it can be made again to the bit."""
    said = said_time()
    if said is not None:
        return said
    claims = [each.claim for each in gathered.plugins]
    with while_storing(f"store `{site.store.directory}`"):
        receipts = [site.store.receipt(each.repository, each.manifest.digest) for each in claims]
    return max([believed.issued, *(each.verified_at for each in receipts if each is not None)])


def write_bundle(plan: Plan, wanted: Wanted, *, silent: bool) -> None:
    """Write the bundle as the options say, telling people how far it is. It blocks."""
    out, where = wanted.out, f"bundle `{wanted.out}`"
    with counting(out.name, tar_size(plan), silent=silent, doing="writing") as progress, while_storing(where):
        if wanted.part:
            write_parts(plan, out, wanted.part, progress)
        elif out.suffix == ".tar":
            write_tar(plan, out, progress)
        else:
            write_directory(plan, out, progress)
