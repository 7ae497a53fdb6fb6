"""Pushes: nothing is sent twice, mounts, uploads that are sent elsewhere, and referrers that are found afterwards."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.access import Basic, Bearer
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.registry import simulated

from mcpg.contract.problems import RegistryFailed
from mcpg_registry import media
from mcpg_registry.client import RegistryClient
from mcpg_registry.credentials import Credentials, KnownCredentials, NoCredentials
from mcpg_registry.hosts import Hosts, Mirror, Timeouts
from mcpg_registry.layout import fallback_tag
from mcpg_registry.manifests import parse_index
from mcpg_registry.packing import Packed, pack_signature
from mcpg_registry.references import parse_reference
from mcpg_registry.uploads import Sent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.simulator.registry import Exchange, Registry

NAME = "acme/echo"
USERS = {"u": "p"}


@pytest.fixture(scope="module")
def plugin() -> Plugin:
    return Plugin.make(Chest()["acme"], size=600_000)


@asynccontextmanager
async def client_of(registry: Registry, *mirrors: Mirror) -> AsyncIterator[RegistryClient]:
    hosts = Hosts(mirrors=mirrors, plain_loopback=True, timeouts=Timeouts(connect=1, read=2, total=5))
    known = KnownCredentials(registry.authority, Credentials("u", "p"))
    async with RegistryClient(hosts=hosts, credentials=known, sleep=shortly) as client:
        yield client


async def shortly(seconds: float) -> None:
    await asyncio.sleep(seconds / 10)


async def push_signed(client: RegistryClient, repository: str, plugin: Plugin) -> list[bool]:
    await client.push(repository, plugin.packed, tag="1.2.0")
    signatures = [pack_signature(bundle, plugin.packed.manifest) for bundle in plugin.signatures]
    return [(await client.push(repository, signature)).listed for signature in signatures]


@pytest.mark.parametrize("access", [Basic(USERS), Bearer(USERS)])
@pytest.mark.parametrize("api", [True, False])
async def test_what_was_pushed_is_claimed_whole(plugin: Plugin, access: Any, *, api: bool) -> None:
    async with simulated(access=access) as registry, client_of(registry) as client:
        registry.contents.api = api
        repository = f"{registry.authority}/{NAME}"
        assert await push_signed(client, repository, plugin) == [not api, not api]
        claim = await client.claim(parse_reference(f"{repository}:1.2.0"))
        held = registry.contents.repository(NAME)
    assert (claim.manifest.digest, len(claim.referrers)) == (plugin.digest, 2)
    assert (fallback_tag(plugin.packed.manifest.digest) in held.tags) is not api


async def test_what_is_there_is_not_sent_again(plugin: Plugin) -> None:
    async with simulated() as registry, client_of(registry) as client:
        repository, seen = f"{registry.authority}/{NAME}", list[Sent]()
        await client.push(repository, plugin.packed, progress=lambda _, sent: seen.append(sent))
        again = await client.push(repository, plugin.packed, tag="1.2.0")
        uploads = len(registry.asked("upload", "PUT"))
    assert set(again.sent.values()) == {Sent.THERE}
    assert seen == [Sent.UPLOADED, Sent.UPLOADED]
    assert uploads == 2


async def test_another_repository_lends_its_blobs(plugin: Plugin) -> None:
    async with simulated(access=Bearer(USERS)) as registry, client_of(registry) as client:
        one, two = f"{registry.authority}/{NAME}", f"{registry.authority}/acme/two"
        await client.push(one, plugin.packed)
        lent = await client.push(two, plugin.packed, mount_from=one)
        elsewhere = await client.push(f"{registry.authority}/acme/three", plugin.packed, mount_from="ghcr.io/acme/x")
    assert set(lent.sent.values()) == {Sent.MOUNTED}
    assert set(elsewhere.sent.values()) == {Sent.UPLOADED}


async def test_a_mount_that_is_not_done_becomes_an_upload(plugin: Plugin) -> None:
    async with simulated() as registry, client_of(registry) as client:
        one = f"{registry.authority}/{NAME}"
        await client.push(one, plugin.packed)
        registry.switch("mount-not-done")
        done = await client.push(f"{registry.authority}/acme/two", plugin.packed, mount_from=one)
    assert set(done.sent.values()) == {Sent.UPLOADED}


async def test_a_push_goes_to_the_origin_and_not_to_a_mirror(plugin: Plugin) -> None:
    async with simulated() as registry, simulated() as mirror:
        async with client_of(registry, Mirror(registry.authority, (mirror.authority,), only=True)) as client:
            await client.push(f"{registry.authority}/{NAME}", plugin.packed)
        assert mirror.requests == []


async def test_an_upload_elsewhere_gets_the_bytes_and_not_our_name(plugin: Plugin) -> None:
    async with simulated() as store, simulated(access=Basic(USERS)) as registry, client_of(registry) as client:
        seen = []

        async def take(exchange: Exchange) -> Any:
            seen.append((exchange.request.authorization, len(exchange.request.body)))
            reply = await exchange.proceed()
            return type(reply)(201, {}, b"")

        store.faults.append(take)
        registry.switch("located", location=f"{store.origin}/up?token=x")
        with pytest.raises(RegistryFailed):  # it went elsewhere, so the registry does not have it
            await client.push(f"{registry.authority}/{NAME}", plugin.packed)
        targets = [request.target for request in store.requests]
    assert {name for name, _ in seen} == {""}
    assert max(size for _, size in seen) == len(plugin.wasm)
    assert all(target.startswith("/up?token=x&digest=sha256:") for target in targets)


@pytest.mark.parametrize(
    "location",
    [None, "", "ftp://x/y", "http://registry.corp/up", "http://u:p@127.0.0.1/up", "https://[::1/x"],
)
async def test_an_upload_address_that_may_not_be_used_ends_the_push(plugin: Plugin, location: str | None) -> None:
    async with simulated() as registry, client_of(registry) as client:
        registry.switch("located", location=location)
        with pytest.raises(RegistryFailed) as caught:
            await client.push(f"{registry.authority}/{NAME}", plugin.packed)
        assert registry.asked("upload", "PUT") == []
    assert caught.value.code in {"registry-redirect", "not-in-registry", "registry-error", "registry-answer"}


@pytest.mark.parametrize(
    "fault",
    [
        "push-answers-another-manifest",
        "push-answers-another-blob",
        "push-answers-traversal",
        "upload-forgotten",
        "manifest-lost",
    ],
)
async def test_a_registry_that_stores_something_else_is_told(plugin: Plugin, fault: str) -> None:
    async with simulated() as registry, client_of(registry) as client:
        registry.switch(fault)
        with pytest.raises(RegistryFailed, match="cannot push"):
            await client.push(f"{registry.authority}/{NAME}", plugin.packed, tag="1.2.0")


@pytest.mark.parametrize(
    ("code", "expected"), [(401, "registry-denied"), (403, "registry-denied"), (507, "registry-error")]
)
async def test_a_refused_push_is_told_and_not_tried_again(plugin: Plugin, code: int, expected: str) -> None:
    async with simulated() as registry, client_of(registry) as client:
        registry.switch("status", code=code, methods="POST")
        with pytest.raises(RegistryFailed) as caught:
            await client.push(f"{registry.authority}/{NAME}", plugin.packed)
        assert len(registry.asked("upload", "POST")) == 1
    assert caught.value.code == expected


async def test_without_credentials_a_push_says_log_in(plugin: Plugin) -> None:
    nobody = RegistryClient(hosts=Hosts(plain_loopback=True), credentials=NoCredentials())
    async with simulated(access=Basic(USERS)) as registry, nobody as client:
        with pytest.raises(RegistryFailed, match="it wants a user and a password") as caught:
            await client.push(f"{registry.authority}/{NAME}", plugin.packed)
    assert f"mcpg login {registry.authority}" in caught.value.remedy


async def test_a_blob_that_is_not_at_hand_is_told_before_anything_is_sent(plugin: Plugin) -> None:
    only = {plugin.packed.manifest.digest: plugin.manifest_bytes}
    async with simulated() as registry, client_of(registry) as client:
        with pytest.raises(RegistryFailed, match="is not at hand"):
            await client.push(f"{registry.authority}/{NAME}", Packed(plugin.packed.manifest, only, 0))
        assert registry.requests == []


class TestFallbackTag:
    def listed(self, registry: Registry, plugin: Plugin) -> set[str]:
        found = registry.contents.repository(NAME).find(fallback_tag(plugin.packed.manifest.digest))
        assert found is not None
        return {entry.digest for entry in parse_index(found[2])}

    async def test_what_it_listed_before_stays(self, plugin: Plugin) -> None:
        async with simulated() as registry, client_of(registry) as client:
            registry.contents.api = False
            repository = f"{registry.authority}/{NAME}"
            await push_signed(client, repository, plugin)
            first = self.listed(registry, plugin)
            more = pack_signature(plugin.signatures[0], plugin.packed.manifest, created=9)
            await client.push(repository, more)
            assert self.listed(registry, plugin) == first | {more.manifest.digest}

    async def test_pushing_again_writes_nothing(self, plugin: Plugin) -> None:
        async with simulated() as registry, client_of(registry) as client:
            registry.contents.api = False
            repository = f"{registry.authority}/{NAME}"
            await push_signed(client, repository, plugin)
            tag = fallback_tag(plugin.packed.manifest.digest)
            before = sum(request.path.endswith(tag) for request in registry.asked("manifest", "PUT"))
            await push_signed(client, repository, plugin)
            assert sum(request.path.endswith(tag) for request in registry.asked("manifest", "PUT")) == before

    async def test_many_at_once_are_all_listed(self, plugin: Plugin) -> None:
        async with simulated() as registry, client_of(registry) as client, client_of(registry) as second:
            registry.contents.api = False
            repository = f"{registry.authority}/{NAME}"
            await client.push(repository, plugin.packed)
            every = [pack_signature(plugin.signatures[0], plugin.packed.manifest, created=n) for n in range(5)]
            await asyncio.gather(
                *(client.push(repository, each) for each in every[:4]), second.push(repository, every[4])
            )
            assert self.listed(registry, plugin) == {each.manifest.digest for each in every}

    async def test_an_update_that_is_lost_is_made_again(self, plugin: Plugin) -> None:
        async with simulated() as registry, client_of(registry) as client:
            registry.contents.api = False
            repository = f"{registry.authority}/{NAME}"
            await client.push(repository, plugin.packed)
            tag, lost = fallback_tag(plugin.packed.manifest.digest), 2

            async def overwrite(exchange: Exchange) -> Any:
                nonlocal lost
                reply = await exchange.proceed()
                if exchange.request.method == "PUT" and exchange.route.reference == tag and lost:
                    lost -= 1
                    del exchange.registry.contents.repository(NAME).tags[tag]
                return reply

            registry.faults.append(overwrite)
            signature = pack_signature(plugin.signatures[0], plugin.packed.manifest)
            await client.push(repository, signature)
            assert self.listed(registry, plugin) == {signature.manifest.digest}

    async def test_one_that_is_no_index_is_left_alone(self, plugin: Plugin) -> None:
        async with simulated() as registry, client_of(registry) as client:
            registry.contents.api = False
            repository, tag = f"{registry.authority}/{NAME}", fallback_tag(plugin.packed.manifest.digest)
            await client.push(repository, plugin.packed, tag=tag)
            with pytest.raises(RegistryFailed, match="names no image index") as caught:
                await client.push(repository, pack_signature(plugin.signatures[0], plugin.packed.manifest))
            assert registry.contents.repository(NAME).tags[tag] == plugin.digest
        assert caught.value.code == "bad-referrers"

    async def test_another_subject_in_the_answer_counts_as_none(self, plugin: Plugin) -> None:
        async with simulated() as registry, client_of(registry) as client:
            registry.switch("push-answers-another-subject")
            assert await push_signed(client, f"{registry.authority}/{NAME}", plugin) == [True, True]


async def test_parts_can_be_pushed_one_by_one(plugin: Plugin) -> None:
    async with simulated() as registry, client_of(registry) as client:
        repository = f"{registry.authority}/{NAME}"
        await client.push(repository, plugin.packed)
        index = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
        found = await client.push_manifest(repository, index, media.INDEX, tag="all")
        assert registry.contents.repository(NAME).tags["all"] == found.digest


class TestCheck:
    @pytest.mark.parametrize("access", [Basic(USERS), Bearer(USERS)])
    async def test_a_registry_that_asks_takes_us(self, access: Any) -> None:
        async with simulated(access=access) as registry, client_of(registry) as client:
            assert await client.check(registry.authority) is True

    async def test_one_that_asks_nobody_is_shown_us_all_the_same(self) -> None:
        async with simulated() as registry, client_of(registry) as client:
            assert await client.check(registry.authority) is False
            assert [bool(request.authorization) for request in registry.requests] == [False, True]
