"""Updates planned and written: each new version is pulled and verified before anybody is asked about it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.cli.kit.lock_file import change_lock
from mcpg.cli.kit.newer import is_version, moved, newer
from mcpg.cli.kit.puller import open_puller
from mcpg.contract.problems import ConfigError, reason_of
from mcpg.plugins.pulling import Wish
from mcpg_registry.durable import write_whole
from mcpg_registry.references import RegistryReference, parse_reference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mcpg.cli.kit.progress import Told
    from mcpg.cli.kit.site import Site
    from mcpg_registry.locking import Locked
    from mcpg_registry.versions import Range

__all__ = ["Step", "apply", "decline", "plan"]


@dataclass(frozen=True, slots=True)
class Step:
    """One plugin's move from what is locked to what was verified; `fresh` if the store did not have that before."""

    old: str
    new: str
    before: Locked
    after: Locked
    repository: str
    fresh: bool

    def document(self) -> dict[str, Any]:
        """Return what changes, as plain values: pairs of before and after."""
        before, after = self.before, self.after
        signers = _difference(_signers(before), _signers(after))
        return {
            "id": after.id,
            "reference": [self.old, self.new],
            "version": [before.version, after.version],
            "digest": [before.manifest, after.manifest],
            "signers": signers,
            "effects": _difference(before.grants, after.grants),
        }


async def plan(site: Site, names: Sequence[str], allowed: Range, told: Told) -> list[Step]:
    """Return the moves to the newest versions, each pulled and verified; nothing is written but the store."""
    wanted = _named(site, names)
    found: list[Step] = []
    try:
        for name, locked in wanted.items():
            step = await _step(site, name, locked, allowed, told)
            found += [step] if step else []
    except BaseException:
        await asyncio.to_thread(decline, site, found)
        raise
    return found


async def _step(site: Site, name: str, locked: Locked, allowed: Range, told: Told) -> Step | None:
    """Return the move of one plugin of a registry, if there is one."""
    target, reference = name, parse_reference(name)
    if not isinstance(reference, RegistryReference):
        return None
    if reference.tag is None or is_version(reference.tag):
        async with site.client(reference) as client:
            above = newer(await client.tags(reference.full_name), locked.version, allowed)
        if not above:
            return None
        target = f"{reference.full_name}:{above[0]}"
    async with open_puller(site, told, [target]) as pull_one:
        at_least = site.lock.revocations if site.lock else 0
        pulled = await pull_one(Wish(target, site.base, locked, relock=True, at_least=at_least))
    if pulled.receipt.manifest.digest == locked.manifest:
        return None
    tag = pulled.claim.tag or pulled.receipt.version
    new = name if target == name else moved(reference, tag, pulled.receipt.manifest.digest)
    after = msgspec.structs.replace(pulled.locked(), reference=new)
    return Step(name, new, locked, after, pulled.receipt.repository, pulled.fresh)


def decline(site: Site, steps: Sequence[Step]) -> None:
    """Take out of the store what was pulled to be asked about; its blobs stay until `cache gc`. It blocks."""
    for step in steps:
        if step.fresh:
            site.store.remove(step.repository, step.after.digest)


def apply(site: Site, steps: Sequence[Step]) -> int:
    """Write the moves into the lock and the file; return how many references of the file were changed. It blocks."""
    newest = max(step.after.revocations for step in steps)

    def change(plugins: dict[str, Locked]) -> dict[str, Locked]:
        for step in steps:
            plugins.pop(step.old, None)
        return plugins | {step.new: step.after for step in steps}

    change_lock(site.lock_path, change, newest)
    renamed = {step.old: step.new for step in steps if step.old != step.new}
    return _rewrite(site.loaded.path, renamed) if site.loaded and renamed else 0


def _rewrite(path: Path, renamed: dict[str, str]) -> int:
    """Change references in a file, wherever one stands by itself, and leave all else as it is."""
    try:
        text = path.read_text(encoding="utf-8")
        count = 0
        for old, new in renamed.items():
            text, changed = re.subn(rf"(?<![\w./:@-]){re.escape(old)}(?![\w.:@/-])", lambda _: new, text)  # noqa: B023 - called at once
            count += changed
        if count:
            write_whole(path.resolve(), text.encode(), mode=path.stat().st_mode & 0o777)
    except OSError as error:
        reason = reason_of(error)
        remedy = f"write `{next(iter(renamed.values()))}` there yourself: the lock has it already"
        raise ConfigError(f"cannot be changed: {reason}", where=f"`{path}`", remedy=remedy) from error
    return count


def _named(site: Site, names: Sequence[str]) -> dict[str, Locked]:
    """Return what the lock has under these names; `ConfigError` when there is no lock, or a name is unknown."""
    locked = site.lock.plugins if site.lock else {}
    if not locked:
        remedy = "write it with `mcpg plugin lock`"
        raise ConfigError("it names no plugin", where=f"lock `{site.lock_path}`", remedy=remedy)
    uses = {name: use.source for name, use in site.loaded.config.plugins.items()} if site.loaded else {}
    found: dict[str, Locked] = {}
    for name in names:
        hits = {key: each for key, each in locked.items() if name in {key, each.id} or uses.get(name) == key}
        if not hits:
            known = ", ".join(f"`{each.id}`" for each in locked.values())
            raise ConfigError("nothing of that name is locked", where=f"`{name}`", remedy=f"name one of {known}")
        found |= hits
    return found if names else dict(locked)


def _signers(locked: Locked) -> tuple[str, ...]:
    return (*locked.keys, *(f"{identity} by {issuer}" for issuer, identity in locked.identities))


def _difference(before: Sequence[str], after: Sequence[str]) -> dict[str, list[str]]:
    return {"added": sorted(set(after) - set(before)), "removed": sorted(set(before) - set(after))}
