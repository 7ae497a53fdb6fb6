"""A whole gateway with a plugin of a registry: pulled at its start or by a reload, then out of the store."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest
from tests.gateway.conftest import call, document, tool
from tests.registry.artifacts import signatures_of
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.registry import simulated

from mcpg.contract.problems import ConfigError, McpgError, PluginRefused
from mcpg.gateway.gateway import Gateway
from mcpg.gateway.supplying import Intake, supply_of
from mcpg.plugins.builtin import Bundle
from mcpg.plugins.components import describe_component
from mcpg.plugins.pulling import Puller, Wish
from mcpg_registry.locking import Lock, write_lock
from mcpg_registry.packing import pack_plugin
from mcpg_registry.store import Store
from mcpg_revocations.index import index_of
from mcpg_revocations.shipped import load_list

KEYS = Chest()
NOW = int(time.time())


@pytest.fixture(scope="module")
def plugin():
    """A real component, signed by somebody else than the makers of the program."""
    wasm = Bundle.open().verify("backend-mock", load_list(now=NOW), NOW).wasm
    facts = describe_component(wasm, "the test").facts
    packed = pack_plugin(wasm, facts)
    return Plugin(wasm, packed, signatures_of(packed, facts, KEYS["acme"]))


@pytest.fixture
async def registry(plugin):
    async with simulated() as registry:
        plugin.put(registry.contents, "acme/fake", "1.0.0")
        yield registry


class Site:
    """A folder with keys, trust, lock and file."""

    def __init__(self, house, registry, plugin):
        self.house, self.registry = house, registry
        self.tagged = f"{registry.authority}/acme/fake:1.0.0"
        self.pinned = f"{registry.authority}/acme/fake@{plugin.digest}"
        for name in ("acme", "other"):
            (house.folder / f"{name}.pub").write_text(KEYS[name].public.pem)

    def sections(self, reference, *, key="acme.pub", **more):
        rule = {"prefix": f"{self.registry.authority}/acme", "keys": [key], "ids": ["mcpg/*"]}
        return {
            "plugins": {"theirs": {"from": reference}},
            "tools": {"far": tool("theirs", mock={"text": "from afar"})},
            "trust": {"rules": [rule]},
            "registries": {"hosts": {self.registry.authority: {"plain_http": True, "timeout": "5s"}}},
        } | more

    def file(self, reference, **more):
        return self.house.file(**self.sections(reference, **more))

    @asynccontextmanager
    async def running(self, loaded, **intake):
        gateway = Gateway(loaded, intake=Intake(**intake), progress=said.append)
        await gateway.start()
        try:
            yield gateway
        finally:
            await gateway.stop()

    async def lock(self, reference, **changes):
        """Write a lock as `mcpg plugin lock` does: pull what a reference means now, in a store of its own."""
        loaded = self.file(reference)
        supply = supply_of(loaded)

        class Sandbox:
            async def load(self, *_, **__):
                return None

        class Lists:
            def for_loading(self, now, **_):
                return index_of(load_list(now=now))

        async with supply.client() as client:
            store = Store(self.house.folder / "elsewhere")
            done = await Puller(store, supply.trust, Lists(), Sandbox(), client).pull(Wish(reference, loaded.base))
        write_lock(loaded.lock, Lock(revocations=done.receipt.revocations, plugins={reference: done.locked()}))
        return done.locked()


said: list[str] = []


@pytest.fixture
def site(house, registry, plugin):
    said.clear()
    return Site(house, registry, plugin)


async def test_it_is_pulled_at_the_start_and_there_is_no_network_at_the_next(site):
    async with site.running(site.file(site.pinned)) as gateway:
        assert await call(gateway, "ana", "far") == "from afar"
        assert await call(gateway, "ana", "private") == "for analysts"
    assert f"pulling {site.pinned}" in said
    requests = len(site.registry.requests)
    async with site.running(site.file(site.pinned), offline=True) as gateway:
        assert await call(gateway, "ana", "far") == "from afar"
        await gateway.reload(site.file(site.pinned))
    assert len(site.registry.requests) == requests


async def test_plugins_are_pulled_at_the_same_time_at_the_start(site, plugin):
    names = {f"acme/fake{number}" for number in range(3)}
    for name in names:
        plugin.put(site.registry.contents, name, "1.0.0")
    asked, together = set(), asyncio.Event()

    async def wait_for_each_other(exchange):
        if exchange.is_about("manifest") and exchange.route.reference == plugin.digest:
            asked.add(exchange.route.name)
            if asked == names:
                together.set()
            async with asyncio.timeout(20):
                await together.wait()
        return await exchange.proceed()

    site.registry.faults.append(wait_for_each_other)
    uses = {name.replace("/", "-"): {"from": f"{site.registry.authority}/{name}@{plugin.digest}"} for name in names}
    more = {"plugins": uses, "tools": {"far": tool("acme-fake1", mock={"text": "from afar"})}}
    async with site.running(site.file(site.pinned, **more)) as gateway:
        assert await call(gateway, "ana", "far") == "from afar"
    assert len(Store(site.house.folder / "state" / "plugins").receipts()) == 3


async def test_a_reload_brings_a_new_plugin_and_one_that_fails_leaves_all_as_it_was(site, plugin):
    async with site.running(site.house.file()) as gateway:
        before, supply = gateway.plan(), gateway.rooms.loader.supply
        site.registry.switch("blob-changed", digest=plugin.wasm_digest)
        with pytest.raises(PluginRefused, match="step 9"):
            await gateway.reload(site.file(site.pinned))
        site.registry.faults.clear()
        with pytest.raises(PluginRefused, match="step 6"):
            await gateway.reload(site.file(site.pinned, key="other.pub"))
        site.registry.switch("status", code=404)
        with pytest.raises(McpgError):
            await gateway.reload(site.file(site.pinned))
        site.registry.faults.clear()
        assert gateway.plan() is before
        assert gateway.rooms.loader.supply is supply
        assert Store(site.house.folder / "state" / "plugins").receipts() == ()
        assert await call(gateway, "ana", "private") == "for analysts"
        await gateway.reload(site.file(site.pinned))
        assert await call(gateway, "ana", "far") == "from afar"


async def test_a_changed_trust_policy_judges_anew_what_runs(site):
    async with site.running(site.file(site.pinned)) as gateway:
        pool = gateway.rooms.catalog.guest("theirs").current
        await gateway.reload(site.file(site.pinned))
        assert gateway.rooms.catalog.guest("theirs").current is pool
        with pytest.raises(PluginRefused, match="may not sign"):
            await gateway.reload(site.file(site.pinned, key="other.pub"))
        assert await call(gateway, "ana", "far") == "from afar"
        (site.house.folder / "trust.yaml").write_text(
            json.dumps({"rules": site.sections(site.pinned)["trust"]["rules"]})
        )
        await gateway.reload(site.house.file(instead={**site.sections(site.pinned), **_whole(site)}))
        assert await call(gateway, "ana", "far") == "from afar"


def _whole(site):
    """Return the sections of a file whose trust policy stands in a file of its own."""
    made = document(**site.sections(site.pinned))
    return {**made, "trust": {"file": "trust.yaml"}}


async def test_a_tag_wants_a_lock_and_locked_wants_everything_in_it(site):
    with pytest.raises(PluginRefused, match="no lock says which digest"):
        await Gateway(site.file(site.tagged)).start()
    with pytest.raises(ConfigError, match="there is no such lock"):
        await Gateway(site.file(site.tagged), intake=Intake(locked=True)).start()
    locked = await site.lock(site.tagged)
    assert locked.keys == (KEYS["acme"].public.id,)
    async with site.running(site.file(site.tagged), locked=True) as gateway:
        assert await call(gateway, "ana", "far") == "from afar"
        with pytest.raises(PluginRefused, match="not in the lock"):
            await gateway.reload(site.file(site.pinned))
        assert await call(gateway, "ana", "far") == "from afar"
    async with site.running(site.file(site.tagged), locked=True, offline=True) as gateway:
        assert await call(gateway, "ana", "far") == "from afar"


async def test_offline_pulls_nothing(site):
    with pytest.raises(PluginRefused, match="nothing may be pulled"):
        await Gateway(site.file(site.pinned), intake=Intake(offline=True)).start()
    assert site.registry.requests == []


async def test_what_the_file_says_of_trust_and_registries_must_be_there(site):
    for more, told in (
        ({"key": "nowhere.pub"}, "cannot be read"),
        ({"lock": "nowhere.lock"}, "there is no such lock"),
        ({"registries": {"mirrors": {"GHCR.io": {"to": ["x.io"]}}}}, "no prefix of repositories"),
        ({"trust": {"rules": [{"prefix": "ghcr.io/acme"}]}}, "neither a key nor an identity"),
        ({"trust": {"rules": [{"prefix": "ghcr.io/*", "keys": ["acme.pub"]}]}}, "no prefix of repositories"),
        ({"trust": {"rotations": ["acme.pub"]}}, "is no rotation"),
    ):
        with pytest.raises(ConfigError, match=told) as caught:
            await Gateway(site.file(site.pinned, **more)).start()
        assert caught.value.where
