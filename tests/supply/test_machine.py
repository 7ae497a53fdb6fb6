"""Random sequences of what publishers, registries, clocks and operators do: what the rules forbid never loads.

The model beside this file says what the rules forbid. What loads is held against it each time, and what it allows and
is in the store untouched must load, so that a gateway which refuses everything fails here too.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.registry.artifacts import NOW, facts_of, signatures_of
from tests.registry.client_faults import PATIENT, bare_network
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.publisher import Publisher
from tests.simulator.registry import Registry
from tests.supply.loading import Gateway, Loaded
from tests.supply.model import HOUR, Made, Model, Revoked

from mcpg.contract.problems import McpgError, PluginRefused
from mcpg_registry.client import RegistryClient
from mcpg_registry.hosts import Hosts, HostSettings
from mcpg_revocations.lists import Entry

if TYPE_CHECKING:
    from mcpg_registry.locking import Locked

KEYS = Chest()
TRUSTED = ("acme", "acme-2")
SIGNERS = (*TRUSTED, "stranger")
VERSIONS = ("1.0.0", "1.1.0", "2.0.0")
NAMES = ("acme/echo", "acme/other")
TAGS = ("stable", *VERSIONS)
HOSTILE = (
    "rolled_back", "dropped", "unchained", "forged", "forged_hints", "under_signed", "signed_twice", "immortal",
)  # fmt: skip
KINDS = ("manifest", "wasm", "key", "range")


@cache
def made(name: str, version: str, signer: str) -> Made:
    plugin = Plugin.make(KEYS[signer], size=200 + SIGNERS.index(signer), id=name, version=version)
    return Made(name, version, signer, plugin)


class Supply(RuleBasedStateMachine):
    """One site, one registry, one publisher of lists, one clock."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = uvloop.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="supply-"))
        self.registry = Registry()
        self.registry.port = self.run(self.registry.wire.start())
        settings_of = HostSettings(self.registry.authority, plain_http=True, timeouts=PATIENT)
        self.client = RegistryClient(bare_network(), hosts=Hosts((settings_of,), timeouts=PATIENT))
        self.real = NOW
        self.publisher = Publisher(KEYS, lambda: self.real)
        self.model = Model(frozenset(TRUSTED), {name: KEYS[name].public.id for name in SIGNERS}, NOW)
        self.said: list[tuple[Revoked, ...]] = []
        self.published: set[Made] = set()
        self.pulled: set[Made] = set()
        self.touched: set[str] = set()
        self.locks: dict[str, Locked] = {}
        self.turn = 0
        self.restart()

    def run(self, doing: Any) -> Any:
        return self.loop.run_until_complete(doing)

    def teardown(self) -> None:
        self.run(self.client.aclose())
        self.run(self.registry.wire.stop())
        self.run(self.loop.shutdown_default_executor())
        self.loop.close()
        shutil.rmtree(self.folder)

    # The publisher of lists.

    @initialize(version=st.sampled_from(VERSIONS), signer=st.sampled_from(TRUSTED))
    def begin(self, version: str, signer: str) -> None:
        """A day on which all is well: a list, a plugin, and the site has both."""
        self.news()
        self.publish("acme/echo", version, signer)
        self.fetch(self.digest_of(made("acme/echo", version, signer)))
        assert self.pulled

    @rule()
    def news(self) -> None:
        """A publisher that is alive, and a feed that works: the same entries, later."""
        self.issue()
        self.deliver()

    def issue(self, *added: Revoked) -> None:
        entries = (*(self.said[-1] if self.said else ()), *added)
        self.said.append(entries)
        self.publisher.issue(*(self.entry(len(entries) - len(added) + n, each) for n, each in enumerate(added)))

    def entry(self, number: int, revoked: Revoked) -> Entry:
        if revoked.kind != "range":
            mark = {revoked.kind: revoked.value}
        else:
            mark = {"plugin": "acme/echo", "versions": "*" if revoked.value == "*" else f"<={revoked.value}"}
        return Entry(id=f"entry-{number}", action=revoked.action, reason="malware", **mark)

    @rule(
        data=st.data(),
        kind=st.sampled_from(KINDS),
        action=st.sampled_from(["warn", "block", "kill"]),
        at_once=st.booleans(),
    )
    def revoke(self, data, *, kind: str, action: str, at_once: bool) -> None:
        one = data.draw(st.sampled_from(sorted(self.published)))
        values = {"manifest": one.plugin.digest, "wasm": one.plugin.wasm_digest, "key": KEYS[one.signer].public.id}
        self.issue(Revoked(kind, values.get(kind, one.version), action))
        if at_once:
            self.deliver()

    @rule()
    def deliver(self) -> None:
        """The newest list reaches the site; it is refused if it is dead already, or from this clock's future."""
        newest = self.publisher.lists[-1]
        try:
            self.gateway.offer(self.publisher.held[-1], self.model.now)
        except PluginRefused as error:
            time = max(self.model.now, self.model.seen)
            dead, early = time > newest.expires + newest.grace, time < newest.issued - HOUR
            wanted = "revocation-expired" if dead else "revocation-clock" if early else "no refusal"
            assert error.code == wanted, error  # noqa: PT017 - which one depends
            return
        self.model.takes(newest.version, self.said[-1], newest.expires, newest.grace)

    @rule(
        how=st.sampled_from(
            [
                "rolled_back",
                "dropped",
                "unchained",
                "forged",
                "forged_hints",
                "under_signed",
                "signed_twice",
                "immortal",
            ]
        )
    )
    def deliver_what_is_not_honest(self, how: str) -> None:
        """Whatever it is, the site's list stays the one it was."""
        if how == "rolled_back" and (len(self.publisher.held) < 2 or self.model.version < len(self.publisher.held)):
            return
        if how == "dropped" and not self.said[-1]:
            return
        if how == "unchained" and self.model.version != len(self.publisher.held):
            return
        try:
            self.gateway.offer(getattr(self.publisher, how)(), self.model.now)
        except PluginRefused as error:
            assert error.step == 4  # noqa: PT017 - that it is refused is asserted below
        else:
            raise AssertionError(how)

    # The publisher of plugins, and the registry.

    @rule(name=st.sampled_from(NAMES), version=st.sampled_from(VERSIONS), signer=st.sampled_from(SIGNERS))
    def publish(self, name: str, version: str, signer: str) -> None:
        new = made(name, version, signer)
        new.plugin.put(self.registry.contents, name, version)
        self.published.add(new)
        self.model.signed.setdefault(new.plugin.digest, set()).add(signer)

    @precondition(lambda self: self.published)
    @rule(data=st.data(), signer=st.sampled_from(TRUSTED))
    def countersign(self, data, signer: str) -> None:
        """Somebody else signs too; those who have it already do not hear of it until they pull again."""
        one = data.draw(st.sampled_from(sorted(self.published)))
        bundles = signatures_of(one.plugin.packed, facts_of(one.plugin.wasm), KEYS[signer])
        self.registry.contents.sign(one.repository, one.plugin.packed.manifest, *bundles)
        self.model.signed[one.plugin.digest].add(signer)
        self.pulled.discard(one)

    @precondition(lambda self: self.published)
    @rule(data=st.data(), tag=st.sampled_from(TAGS))
    def move_a_tag(self, data, tag: str) -> None:
        to = data.draw(st.sampled_from(sorted(self.published)))
        self.registry.contents.repository(to.repository).tags[tag] = to.plugin.digest

    @precondition(lambda self: len(self.published) > 1)
    @rule(data=st.data(), what=st.sampled_from(["manifest", "layer", "signatures"]))
    def swap(self, data, what: str) -> None:
        """Another plugin's bytes under this plugin's digest, or another's signatures as this one's."""
        one, other = data.draw(st.permutations(sorted(self.published)))[:2]
        held = self.registry.contents.repository(one.repository)
        if what == "manifest":
            held.manifests[one.plugin.digest] = (held.manifests[one.plugin.digest][0], other.plugin.manifest_bytes)
        elif what == "layer":
            held.blobs[one.plugin.wasm_digest] = other.plugin.wasm
        else:
            self.registry.contents.sign(one.repository, one.plugin.packed.manifest, *other.plugin.signatures)

    @rule()
    def mend(self) -> None:
        """Under each digest the registry has again what belongs there."""
        for each in self.published:
            self.registry.contents.add(each.repository, each.plugin.packed)

    # The clock, the disk and the process.

    @rule(hours=st.sampled_from([1, 12, 30, 15 * 24, -2, -30, 0]))
    def clock(self, hours: int) -> None:
        """Time passes, or somebody sets the clock back, or right."""
        if hours > 0:
            self.real += hours * HOUR
        self.model.now = self.model.now + hours * HOUR if hours else self.real

    @rule()
    def look_at_the_clock(self) -> None:
        self.gateway.refresh(self.model.now)
        if self.model.now > self.model.seen + 60:
            self.model.saw()

    @rule()
    def restart(self) -> None:
        """Everything anew from the disk; nothing that was known is forgotten."""
        self.gateway = Gateway(self.folder, self.publisher.anchor(), KEYS, self.registry.authority, self.model.now)
        self.gateway.locks = self.locks

    @precondition(lambda self: self.pulled)
    @rule(data=st.data())
    def spoil_the_store(self, data) -> None:
        """A byte changes in a blob of the store."""
        blobs = sorted((self.folder / "store" / "blobs" / "sha256").iterdir())
        blob = data.draw(st.sampled_from(blobs))
        content = bytearray(blob.read_bytes())
        content[len(content) // 2] ^= 1
        blob.write_bytes(content)
        self.touched.add(blob.name)

    # The operator and the gateway.

    def judge(self, loaded: Loaded, reference: str) -> Made:
        """Hold what was let in against the model; return what it is."""
        known = {each.plugin.digest: each for each in self.published}
        found = known.get(loaded.manifest)
        why = self.model.forbids(found, locked=reference in self.model.locked)
        assert not why, (why, reference, loaded)
        assert found is not None
        assert loaded.wasm == found.plugin.wasm
        assert (loaded.id, loaded.version) == (found.repository, found.version)
        assert self.model.locked.get(reference, loaded.manifest) == loaded.manifest
        name, _, tag = reference.partition(":")
        if "@" not in reference:
            assert name == f"{self.registry.authority}/{found.repository}" or ":" in self.registry.authority
            assert tag.rpartition(":")[2] in {found.version, "stable"}
        return found

    def digest_of(self, one: Made) -> str:
        return f"{self.registry.authority}/{one.repository}@{one.plugin.digest}"

    def tagged(self) -> list[str]:
        held = self.registry.contents.repositories
        return [f"{self.registry.authority}/{name}:{tag}" for name in NAMES if name in held for tag in held[name].tags]

    @rule(data=st.data())
    def pull(self, data) -> None:
        references = sorted({*map(self.digest_of, self.published), *self.tagged(), *self.model.locked})
        self.fetch(data.draw(st.sampled_from(references)))

    def fetch(self, reference: str) -> None:
        try:
            loaded = self.run(self.gateway.pull(reference, self.client, self.model.now))
        except McpgError:
            return
        self.pulled.add(self.judge(loaded, reference))
        blobs = self.folder / "store" / "blobs" / "sha256"
        self.touched = {name for name in self.touched if not self.gateway.whole(blobs / name)}

    @precondition(lambda self: self.pulled)
    @rule(data=st.data())
    def lock(self, data) -> None:
        found = data.draw(st.sampled_from(sorted(self.pulled)))
        reference = f"{self.registry.authority}/{found.repository}:stable"
        self.gateway.lock(reference, found)
        self.model.locked[reference] = found.plugin.digest

    @invariant()
    def the_gateway_loads(self) -> None:
        """After each step one plugin, by digest or as it is locked: each in its turn, whatever has happened."""
        references = [*sorted(self.model.locked), *sorted(map(self.digest_of, self.pulled))]
        if not references:
            return
        self.turn += 1
        reference = references[self.turn % len(references)]
        try:
            loaded = self.run(self.gateway.load(reference, self.model.now))
        except PluginRefused as error:
            self.must_not(reference, error)
        else:
            self.judge(loaded, reference)

    def must_not(self, reference: str, error: PluginRefused) -> None:
        """Assert that a refusal had a reason, where the model knows all that matters."""
        digest = reference.partition("@")[2] or self.model.locked.get(reference)
        found = next((each for each in self.pulled if each.plugin.digest == digest), None)
        if found is None or self.touched:
            return
        assert self.model.forbids(found, locked=reference in self.model.locked), (reference, error)


def test_what_the_rules_forbid_never_loads() -> None:
    run_state_machine_as_test(Supply, settings=settings(max_examples=20, stateful_step_count=30, deadline=None))
