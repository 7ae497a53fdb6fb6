"""A publisher, a maker of bundles and a far side, small and in memory where they can be. It tests nothing itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.registry.artifacts import NOW, PREAMBLE, component, facts_of, leb, signatures_of

from mcpg_mirror.gathering import demand_all, gather, wanted_of
from mcpg_mirror.lists import SiteLists
from mcpg_mirror.planning import Ingredients, Plan, make_plan
from mcpg_mirror.roots import pack_trust
from mcpg_mirror.verifying import Here
from mcpg_registry.layout import Layout
from mcpg_registry.layout_writing import LayoutWriter
from mcpg_registry.locking import Lock, Locked
from mcpg_registry.packing import pack_plugin
from mcpg_registry.proving import Judgement, prove
from mcpg_registry.signers import FileSigner
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.policy import Rule, TrustedKey, TrustPolicy
from mcpg_revocations.rules import Anchor, Entry, RevocationList, sign_list
from mcpg_revocations.standing import Site

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from mcpg_mirror.planning import Have
    from mcpg_registry.claims import Claim, Shelf
    from mcpg_registry.proving import Proven

PUBLISHER = PrivateKey.generate()
OPERATOR = PrivateKey.generate()
STRANGER = PrivateKey.generate()
LISTERS = (PrivateKey.generate(), PrivateKey.generate())
ANCHOR = Anchor(tuple(key.public for key in LISTERS), 2)
DAY = 86_400
POLICY = TrustPolicy((Rule("ghcr.io/acme", (TrustedKey(PUBLISHER.public),)),))
ECHO = component()
TWO = component(id="acme/two", version="0.2.0")


def large(size: int = 150_000, **changes: Any) -> bytes:
    """A component of some size: a section of zeros before its manifest."""
    body = b"\4fill" + bytes(size)
    return component(PREAMBLE + b"\0" + leb(len(body)) + body, **changes)


def list_text(version: int = 4, *entries: Entry, keys: Any = LISTERS, **more: Any) -> bytes:
    settings = {"issued": NOW - DAY, "expires": NOW + 30 * DAY, "grace": 14 * DAY} | more
    return sign_list(RevocationList(schema=1, version=version, issuer="site", entries=entries, **settings), keys)


LIST = list_text()


@dataclass
class Workshop:
    """Plugins on a shelf, by `add`, and the lock that names them."""

    writer: LayoutWriter = field(default_factory=LayoutWriter)
    locked: dict[str, Locked] = field(default_factory=dict)

    def add(self, wasm: bytes, *keys: PrivateKey, host: str = "ghcr.io", **more: Any) -> Locked:
        facts = facts_of(wasm)
        packed = pack_plugin(wasm, facts, **more)
        repository = f"{host}/{facts.id}"
        self.writer.add(
            packed, repository, facts.version, signatures=signatures_of(packed, facts, *(keys or (PUBLISHER,)))
        )
        locked = Locked(
            reference=f"{repository}:{facts.version}",
            manifest=packed.manifest.digest,
            wasm=packed.release(facts).wasm,
            id=facts.id,
            version=facts.version,
        )
        self.locked[facts.id.replace("/", "-") + facts.version] = locked
        return locked

    @property
    def lock(self) -> Lock:
        return Lock(schema=1, revocations=1, plugins=self.locked)

    @property
    def shelf(self) -> Shelf:
        return Layout(Files(self.writer.files()))


class Files:
    """A layout's files in memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def read(self, name: str, limit: int) -> bytes:
        if name not in self._files:
            raise FileNotFoundError(name)
        assert len(self._files[name]) <= limit
        return self._files[name]


def workshop() -> Workshop:
    shop = Workshop()
    shop.add(ECHO)
    shop.add(TWO)
    return shop


def proven_by(policy: TrustPolicy = POLICY) -> Any:
    def judge(claim: Claim, locked: Locked) -> Proven:
        rule = policy.rule_for(claim.repository)
        return prove(claim, Judgement(rule, NOW, locked=locked), where=claim.repository)

    return judge


def plan_of(
    shop: Workshop,
    *,
    have: Have | None = None,
    operator: PrivateKey | None = OPERATOR,
    revocations: bytes = LIST,
    policy: TrustPolicy = POLICY,
    **more: Any,
) -> Plan:
    shelf = shop.shelf
    ingredients = Ingredients(
        plugins=demand_all(gather(shelf, wanted_of(shop.lock), proven_by(policy))),
        shelf=shelf,
        revocations=revocations,
        version=more.pop("version", 4),
        expires=more.pop("expires", NOW + 30 * DAY),
        trust=pack_trust(policy.rules, ANCHOR),
        lock=shop.lock.text(),
        created=NOW,
        have=have,
    )
    return _run(make_plan(replace(ingredients, **more), FileSigner(operator) if operator else None))


def _run(planning: Coroutine[Any, Any, Plan]) -> Plan:
    """Return what a coroutine that waits for nothing makes, inside a loop or without one."""
    try:
        planning.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


def files_of(plan: Plan) -> dict[str, bytes]:
    return {piece.name: piece.read() for piece in plan.pieces}


def site_in(folder: Path, **more: Any) -> Site:
    return Site(state=folder / "revocations", **({"anchor": ANCHOR} | more))


def here_in(folder: Path, **more: Any) -> Here:
    return Here(**({"policy": POLICY, "lists": SiteLists(site_in(folder)), "now": NOW} | more))


def nothing(_: int) -> None:
    """Progress that nobody sees."""
