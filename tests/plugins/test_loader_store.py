"""What a registry's plugin is loaded from, start after start: the lock, the store, and the network only if it must."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.plugins.kitchen import ListIn, loader_of
from tests.plugins.supplies import Lists
from tests.registry.artifacts import NOW
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.registry import Registry, simulated

from mcpg.contract.problems import McpgError, PluginRefused
from mcpg.plugins.bringing import AT_ONCE
from mcpg.plugins.pulling import Puller, Wish
from mcpg.plugins.supply import Supply
from mcpg_registry.digests import hex_of
from mcpg_registry.hosts import Hosts, Mirror
from mcpg_registry.locking import Lock, Locked
from mcpg_registry.store import Store
from mcpg_registry.trust.policy import Rule, TrustedKey, TrustPolicy
from mcpg_revocations.lists import Entry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.plugins.kitchen import FakeSandbox
    from tests.simulator.registry import Exchange
    from tests.simulator.wire import Reply

    from mcpg.plugins.loader import Loader
    from mcpg.plugins.making import Places

KEYS = Chest()
PLUGIN = Plugin.make(KEYS["acme"], size=40_000)
THREE_YEARS = 3 * 366 * 24 * 60 * 60


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    async with simulated() as registry:
        PLUGIN.put(registry.contents, "acme/echo", "1.2.0")
        yield registry


class Site:
    """A gateway's surroundings: one store, and a loader anew for each start."""

    def __init__(self, places: Places, registry: Registry, sandbox: FakeSandbox, folder: Path) -> None:
        self.places, self.registry, self.sandbox, self.folder = places, registry, sandbox, folder
        self.store = Store(folder / "store")
        self.repository = f"{registry.authority}/acme/echo"
        self.trust = TrustPolicy((Rule(registry.authority, (TrustedKey(KEYS["acme"].public),)),))
        self.said: list[str] = []

    @property
    def pinned(self) -> str:
        return f"{self.repository}@{PLUGIN.digest}"

    @property
    def tagged(self) -> str:
        return f"{self.repository}:1.2.0"

    def lock(self, reference: str, plugin: Plugin = PLUGIN, revocations: int = 1, **changes: Any) -> Lock:
        document: dict[str, Any] = {"id": "acme/echo", "version": "1.2.0"} | changes
        locked = Locked(reference=reference, manifest=plugin.digest, wasm=plugin.wasm_digest, **document)
        return Lock(revocations=revocations, plugins={reference: locked})

    def loader(self, *, now: int = NOW, revocations: Any = None, development: bool = False, **supply: Any) -> Loader:
        given = {"store": self.store, "trust": self.trust, "hosts": Hosts(plain_loopback=True)} | supply
        return loader_of(
            self.sandbox,
            self.places,
            supply=Supply(**given),
            revocations=revocations or ListIn(self.places.revocations),
            clock=lambda: now,
            development=development,
            progress=self.said.append,
        )

    def files(self) -> dict[str, bytes]:
        found = [path for path in self.store.directory.rglob("*") if path.is_file() and "lock" not in path.name]
        return {str(path.relative_to(self.store.directory)): path.read_bytes() for path in found}

    async def refused(self, loader: Loader, reference: str, step: int, told: str) -> PluginRefused:
        before = self.files()
        with pytest.raises(PluginRefused, match=told) as caught:
            await loader.compile(await loader.verify(reference, self.folder))
        assert caught.value.step == step
        assert self.files() == before
        return caught.value


@pytest.fixture
def site(places: Places, registry: Registry, sandbox: FakeSandbox, tmp_path: Path) -> Site:
    return Site(places, registry, sandbox, tmp_path)


async def test_it_is_pulled_once_and_then_there_is_no_network(site: Site) -> None:
    found = await site.loader().verify(site.pinned, site.folder)
    assert (found.manifest.id, found.artifact.wasm, found.builtin) == ("acme/echo", PLUGIN.wasm, False)
    assert found.subject.repository == site.repository
    assert site.said[0] == f"pulling {site.pinned}"
    assert any("100 % of 0.0 MB" in line for line in site.said)
    requests = len(site.registry.requests)
    again = await site.loader(now=NOW + THREE_YEARS).verify(site.pinned, site.folder)
    assert again.artifact == found.artifact
    assert len(site.registry.requests) == requests
    assert site.store.receipts()[0].source == f"registry {site.registry.authority}"


async def test_a_mirror_is_asked_and_the_original_name_is_trusted(site: Site) -> None:
    repository = "ghcr.io/acme/echo"
    hosts = Hosts(mirrors=(Mirror("ghcr.io", (site.registry.authority,), only=True),), plain_loopback=True)
    trust = TrustPolicy((Rule("ghcr.io/acme", (TrustedKey(KEYS["acme"].public),)),))
    found = await site.loader(hosts=hosts, trust=trust).verify(f"{repository}@{PLUGIN.digest}", site.folder)
    assert found.subject.repository == repository
    assert site.store.receipts()[0].repository == repository
    await site.refused(site.loader(hosts=hosts), f"{repository}@{PLUGIN.digest}", 6, "no rule of the trust policy")


async def test_a_tag_wants_a_lock(site: Site) -> None:
    error = await site.refused(site.loader(), site.tagged, 8, "no lock says which digest")
    assert "mcpg plugin lock" in error.remedy
    assert not site.registry.requests
    found = await site.loader(lock=site.lock(site.tagged)).verify(site.tagged, site.folder)
    assert found.artifact.manifest_digest == PLUGIN.digest
    newer = Plugin.make(KEYS["acme"], version="1.3.0").put(site.registry.contents, "acme/echo", "1.2.0")
    assert newer.digest != PLUGIN.digest
    again = await site.loader(lock=site.lock(site.tagged)).verify(site.tagged, site.folder)
    assert again.artifact.manifest_digest == PLUGIN.digest


async def test_a_tag_without_a_lock_is_for_development(site: Site) -> None:
    found = await site.loader(development=True).verify(site.tagged, site.folder)
    assert found.warnings == ("its tag is not locked, which is for development only",)
    requests = len(site.registry.requests)
    await site.loader(development=True).verify(site.tagged, site.folder)
    assert len(site.registry.requests) == requests


async def test_locked_means_nothing_else(site: Site) -> None:
    lock = site.lock(site.tagged)
    error = await site.refused(site.loader(lock=lock, locked=True), site.pinned, 8, "not in the lock")
    assert "mcpg plugin lock" in error.remedy
    assert not site.registry.requests
    await site.refused(site.loader(lock=lock, locked=True), "layout:mirror#acme/echo:1.2.0", 8, "not in the lock")
    file = site.loader(lock=lock, locked=True, development=True)
    await site.refused(file, "file:x.wasm", 8, "a bare file is never in the lock")
    assert (await site.loader(lock=lock, locked=True).verify("builtin:echo", site.folder)).builtin
    assert (await site.loader(lock=lock, locked=True).verify(site.tagged, site.folder)).manifest.version == "1.2.0"


def test_the_lock_is_found_however_the_host_is_written(site: Site) -> None:
    lock = site.lock("ghcr.io/acme/echo:1.2.0")
    found = Supply(lock=lock).find("GHCR.io/acme/echo:1.2.0")  # a reload asks this, to see whether the lock has changed
    assert found == lock.plugins["ghcr.io/acme/echo:1.2.0"]
    assert Supply(lock=lock).find("ghcr.io/acme/echo:1.3.0") is None
    assert Supply().find("ghcr.io/acme/echo:1.2.0") is None


async def test_offline_means_the_store_or_nothing(site: Site) -> None:
    error = await site.refused(site.loader(offline=True), site.pinned, 2, "nothing may be pulled")
    assert "mcpg plugin pull" in error.remedy
    await site.loader().verify(site.pinned, site.folder)
    requests = len(site.registry.requests)
    assert (await site.loader(offline=True).verify(site.pinned, site.folder)).manifest.id == "acme/echo"
    assert len(site.registry.requests) == requests


async def test_the_lock_speaks_against_the_reference(site: Site) -> None:
    other = Plugin.make(KEYS["acme"], version="2.0.0").put(site.registry.contents, "acme/echo", "2.0.0")
    lock = site.lock(site.pinned, other)
    await site.refused(site.loader(lock=lock), site.pinned, 8, f"the lock has `{other.digest}`")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": "1.3.0"}, "`1.2.0`, which is older than the locked `1.3.0`"),
        ({"version": "1.1.0"}, "found plugin `acme/echo 1.2.0`, wanted `acme/echo 1.1.0`"),
        ({"id": "acme/other"}, "wanted `acme/other 1.2.0`"),
    ],
)
async def test_the_release_is_the_locked_one(site: Site, changes: dict[str, Any], told: str) -> None:
    await site.refused(site.loader(lock=site.lock(site.tagged, **changes)), site.tagged, 8, told)


async def test_a_list_older_than_the_lock_is_refused(site: Site) -> None:
    lock = site.lock(site.tagged, revocations=9)
    await site.refused(site.loader(lock=lock), site.tagged, 4, "wanted at least 9")
    lists = Lists(version=9)
    await site.loader(lock=lock, revocations=lists).verify(site.tagged, site.folder)
    assert set(lists.asked) == {(True, 9, 0), (True, 9, 1)}
    lists = Lists()
    await site.loader(revocations=lists).verify(site.pinned, site.folder)
    assert lists.asked == [(False, 0, 1)]


async def test_an_expired_key_that_was_locked_only_warns_three_years_on(site: Site) -> None:
    trust = TrustPolicy((Rule(site.registry.authority, (TrustedKey(KEYS["acme"].public, not_after=NOW + 5),)),))
    lock = site.lock(site.tagged)
    await site.loader(trust=trust, lock=lock).verify(site.tagged, site.folder)
    late = NOW + THREE_YEARS
    found = await site.loader(trust=trust, lock=lock, now=late).verify(site.tagged, site.folder)
    assert "has expired since this digest was locked" in found.warnings[0]
    await site.refused(site.loader(trust=trust, now=late), site.pinned, 6, "has expired")


async def test_what_is_revoked_later_is_not_loaded_again(site: Site) -> None:
    await site.loader().verify(site.pinned, site.folder)
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"key": KEYS["acme"].public.id}, 6, "is revoked: bad"),
        ({"manifest": PLUGIN.digest}, 10, "it is revoked"),
        ({"wasm": PLUGIN.wasm_digest}, 10, "it is revoked"),
        ({"plugin": "acme/echo", "versions": "<1.3.0"}, 10, "it is revoked"),
        ({"publisher": site.repository.rpartition("/")[0]}, 10, "it is revoked"),
    ]
    for fields, step, told in cases:
        entry = Entry(id="R1", action="block", reason="bad", **fields)
        await site.refused(site.loader(revocations=Lists((entry,))), site.pinned, step, told)


async def test_nobody_else_releases_what_is_built_in(site: Site) -> None:
    ours = Plugin.make(KEYS["acme"], id="mcpg/echo").put(site.registry.contents, "acme/ours", "1.2.0")
    reference = f"{site.registry.authority}/acme/ours@{ours.digest}"
    await site.refused(site.loader(), reference, 7, "mcpg/echo")


async def test_another_signer_comes_too_late(site: Site) -> None:
    await site.loader().verify(site.pinned, site.folder)
    trust = TrustPolicy((Rule(site.registry.authority, (TrustedKey(KEYS["other"].public),)),))
    await site.refused(site.loader(trust=trust), site.pinned, 6, "may not sign")


TAMPERINGS = ["layer", "manifest", "config", "signature", "signature manifest", "receipt", "receipt's signatures"]


@pytest.mark.parametrize("what", TAMPERINGS)
async def test_a_store_that_was_tampered_with_is_refused_at_the_next_start(site: Site, what: str) -> None:
    await site.loader(lock=site.lock(site.tagged)).verify(site.tagged, site.folder)
    requests = len(site.registry.requests)
    (receipt,) = site.store.receipts()
    path = next((site.store.directory / "receipts").iterdir())
    signature = json.loads((site.store.blobs / hex_of(receipt.referrers[0].descriptor().digest)).read_bytes())
    blobs = {
        "layer": receipt.layer.digest,
        "manifest": receipt.manifest.digest,
        "config": json.loads(PLUGIN.manifest_bytes)["config"]["digest"],
        "signature": signature["layers"][0]["digest"],
        "signature manifest": receipt.referrers[0].digest,
    }
    step = {"layer": 9, "config": 3, "signature": 5, "signature manifest": 5, "receipt's signatures": 5}.get(what, 2)
    if what in blobs:
        path = site.store.blobs / hex_of(blobs[what])  # type: ignore[arg-type]
        data = path.read_bytes()
        path.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
    elif what == "receipt":
        path.write_bytes(path.read_bytes()[:-2])
    else:
        path.write_bytes(msgspec.structs.replace(receipt, referrers=()).text())
    await site.refused(site.loader(lock=site.lock(site.tagged)), site.tagged, step, f"step {step}, ")
    await site.refused(site.loader(lock=site.lock(site.tagged), offline=True), site.tagged, step, f"step {step}, ")
    assert len(site.registry.requests) == requests
    supply = Supply(site.store, site.trust, hosts=Hosts(plain_loopback=True))
    async with supply.client() as client:
        puller = Puller(site.store, site.trust, Lists(), site.sandbox, client, clock=lambda: NOW)
        await puller.pull(Wish(site.pinned, site.folder))
    assert (await site.loader(lock=site.lock(site.tagged)).verify(site.tagged, site.folder)).artifact.keys


FAULTS = [
    f"{kind}-{what}"
    for kind in ("manifest", "blob")
    for what in ("changed", "longer", "shorter", "empty", "cut", "reset-at-once", "gzipped", "garbage")
]


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_registry_leaves_nothing_in_the_store(site: Site, fault: str) -> None:
    kind = fault.partition("-")[0]
    site.registry.switch(fault, digest={"blob": PLUGIN.wasm_digest, "manifest": PLUGIN.digest}[kind])
    with pytest.raises(McpgError) as caught:
        await site.loader().verify(site.pinned, site.folder)
    assert caught.value.code not in {"internal", "store-unavailable"}
    assert {name.partition("/")[0] for name in site.files()} <= {"ingest"}
    assert site.store.receipts() == ()
    site.registry.faults.clear()
    assert (await site.loader().verify(site.pinned, site.folder)).artifact.wasm == PLUGIN.wasm


async def test_a_download_that_broke_off_is_gone_on_with(site: Site) -> None:
    site.registry.switch("blob-cut", digest=PLUGIN.wasm_digest)
    with pytest.raises(McpgError):
        await site.loader().verify(site.pinned, site.folder)
    partials = [len(data) for name, data in site.files().items() if name.startswith("ingest/")]
    site.registry.faults.clear()
    before = len(site.registry.asked("blob"))
    await site.loader().verify(site.pinned, site.folder)
    ranges = [each.headers.get("range") for each in site.registry.asked("blob")[before:]]
    assert partials
    assert f"bytes={partials[0]}-" in ranges


class Gate:
    """Lets layers pass once so many are under way at one time, and counts them."""

    def __init__(self, plugins: list[Plugin], wanted: int) -> None:
        self.layers, self.wanted = {each.wasm_digest for each in plugins}, wanted
        self.inside = self.most = 0
        self.open = asyncio.Event()

    async def __call__(self, exchange: Exchange) -> Reply:
        if exchange.route.reference not in self.layers:
            return await exchange.proceed()
        self.inside += 1
        self.most = max(self.most, self.inside)
        if self.inside == self.wanted:
            self.open.set()
        async with asyncio.timeout(20):
            await self.open.wait()
        await asyncio.sleep(0)
        self.inside -= 1
        return await exchange.proceed()


def several(site: Site, count: int) -> dict[str, Plugin]:
    """Put so many plugins into the registry and return them by reference."""
    made = [Plugin.make(KEYS["acme"], version=f"1.{number}.0", size=2000) for number in range(count)]
    return {
        f"{site.repository}@{each.put(site.registry.contents, 'acme/echo', f'1.{number}.0').digest}": each
        for number, each in enumerate(made)
    }


async def test_what_is_missing_comes_at_once_and_with_one_client(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    clients, make = [], Supply.client

    def client(supply: Supply, tell: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread()  # it imports what few gateways need
        clients.append(make(supply, tell))
        return clients[-1]

    monkeypatch.setattr(Supply, "client", client)
    plugins = several(site, 6)
    gate = Gate(list(plugins.values()), AT_ONCE)
    site.registry.faults.append(gate)
    loader = site.loader()
    await loader.bring([*plugins, "builtin:echo", *plugins], site.folder)
    assert (gate.most, len(clients), len(site.store.receipts())) == (AT_ONCE, 1, 6)
    requests = len(site.registry.requests)
    for reference, plugin in plugins.items():
        assert (await loader.verify(reference, site.folder)).artifact.wasm == plugin.wasm
    assert (len(site.registry.requests), len(clients)) == (requests, 1)


async def test_one_that_fails_ends_the_others_and_is_told(site: Site) -> None:
    plugins = several(site, 3)
    bad, *others = plugins.values()
    site.registry.switch("blob-changed", digest=bad.wasm_digest)
    site.registry.faults.append(Gate(others, 3))  # these never come
    with pytest.raises(PluginRefused, match="step 9") as caught:
        await site.loader().bring(plugins, site.folder)
    assert bad.wasm_digest in caught.value.message
    assert site.store.receipts() == ()
    site.registry.faults.clear()
    await site.loader().bring(plugins, site.folder)
    assert len(site.store.receipts()) == 3


async def test_all_of_them_must_be_there_offline_and_locked(site: Site) -> None:
    plugins = several(site, 2)
    with pytest.raises(PluginRefused, match="nothing may be pulled"):
        await site.loader(offline=True).bring(plugins, site.folder)
    with pytest.raises(PluginRefused, match="not in the lock"):
        await site.loader(lock=site.lock(site.tagged), locked=True).bring(plugins, site.folder)
    assert site.registry.requests == []
