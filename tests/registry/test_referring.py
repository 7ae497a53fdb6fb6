"""Referrers and signatures of a manifest: API, pages, fallback tag, and that only those about our digest count."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.registry import simulated

from mcpg.contract.problems import PluginRefused, RegistryFailed
from mcpg_registry import manifests, media
from mcpg_registry.client import RegistryClient
from mcpg_registry.digests import digest_bytes
from mcpg_registry.hosts import Hosts, Timeouts
from mcpg_registry.layout import fallback_tag
from mcpg_registry.manifests import describe
from mcpg_registry.packing import Packed, pack_signature
from mcpg_registry.strict_json import compact

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.simulator.registry import Registry

NAME = "acme/echo"


@pytest.fixture(scope="module")
def plugin() -> Plugin:
    return Plugin.make(Chest()["acme"])


@pytest.fixture(scope="module")
def other() -> Plugin:
    return Plugin.make(Chest()["other"], version="1.3.0")


@pytest.fixture
async def registry(plugin: Plugin) -> AsyncIterator[Registry]:
    async with simulated() as running:
        plugin.put(running.contents, NAME, "1.2.0")
        yield running


@asynccontextmanager
async def client_of() -> AsyncIterator[RegistryClient]:
    hosts = Hosts(plain_loopback=True, timeouts=Timeouts(connect=1, read=1, total=3))
    async with RegistryClient(hosts=hosts) as client:
        yield client


def note(registry: Registry, plugin: Plugin, number: int | str, kind: str = "application/vnd.acme.note") -> None:
    """Attach something that is no signature."""
    empty = describe(media.EMPTY, b"{}")
    subject = plugin.packed.manifest
    text = compact(
        {
            "schemaVersion": 2,
            "mediaType": media.MANIFEST,
            "artifactType": kind,
            "config": empty.document(),
            "layers": [empty.document()],
            "subject": {"mediaType": media.MANIFEST, "digest": subject.digest, "size": subject.size},
            "annotations": {"number": str(number)},
        }
    )
    entry = describe(media.MANIFEST, text)
    registry.contents.add(NAME, Packed(entry, {entry.digest: text, digest_bytes(b"{}"): b"{}"}, 0))


async def test_every_referrer_is_listed_and_a_type_can_be_asked_for(registry: Registry, plugin: Plugin) -> None:
    note(registry, plugin, 1)
    async with client_of() as client:
        repository = f"{registry.authority}/{NAME}"
        assert len(await client.referrers(repository, plugin.packed.manifest.digest)) == 3
        found = await client.referrers(repository, plugin.packed.manifest.digest, media.BUNDLE)
    assert {each.artifact_type for each in found} == {media.BUNDLE}


async def test_a_filter_that_is_not_applied_is_applied_here(registry: Registry, plugin: Plugin) -> None:
    note(registry, plugin, 1)
    registry.switch("unfiltered")
    async with client_of() as client:
        found = await client.referrers(f"{registry.authority}/{NAME}", plugin.packed.manifest.digest, media.BUNDLE)
        signatures = await client.signatures(f"{registry.authority}/{NAME}", plugin.packed.manifest.digest)
    assert {each.artifact_type for each in found} == {media.BUNDLE}
    assert len(signatures) == len(found) == 2


async def test_all_pages_are_read(registry: Registry, plugin: Plugin) -> None:
    for number in range(25):
        note(registry, plugin, number)
    registry.page = 10
    async with client_of() as client:
        assert len(await client.referrers(f"{registry.authority}/{NAME}", plugin.packed.manifest.digest)) == 27
    assert len(registry.asked("referrers")) == 3


async def test_a_thousand_are_enough(registry: Registry, plugin: Plugin) -> None:
    registry.switch("referrers-too-many")
    async with client_of() as client:
        with pytest.raises(PluginRefused, match=r"step 5.*more than"):
            await client.referrers(f"{registry.authority}/{NAME}", plugin.packed.manifest.digest)


@pytest.mark.parametrize("code", [400, 404, 405, 501])
async def test_without_an_api_the_fallback_tag_is_read(plugin: Plugin, code: int) -> None:
    async with simulated() as registry, client_of() as client:
        registry.contents.api = False
        registry.switch("no-api", code=code)
        plugin.put(registry.contents, NAME, "1.2.0")
        found = await client.signatures(f"{registry.authority}/{NAME}", plugin.packed.manifest.digest)
    assert len(found) == 2


async def test_an_api_that_knows_none_does_not_hide_the_fallback_tag(registry: Registry, plugin: Plugin) -> None:
    registry.switch("referrers-empty")
    repository, text = registry.contents.repository(NAME), None
    entries = repository.referrers(plugin.digest)
    text = compact({"schemaVersion": 2, "mediaType": media.INDEX, "manifests": entries})
    repository.put_manifest(media.INDEX, text, fallback_tag(plugin.packed.manifest.digest))
    async with client_of() as client:
        assert len(await client.signatures(f"{registry.authority}/{NAME}", plugin.packed.manifest.digest)) == 2


@pytest.mark.parametrize("code", [401, 403, 500])
async def test_an_api_that_refuses_is_no_missing_api(registry: Registry, plugin: Plugin, code: int) -> None:
    registry.switch("no-api", code=code)
    async with client_of() as client:
        with pytest.raises(RegistryFailed):
            await client.signatures(f"{registry.authority}/{NAME}", plugin.packed.manifest.digest)


async def test_signatures_of_another_manifest_count_for_nothing(
    registry: Registry, plugin: Plugin, other: Plugin
) -> None:
    other.put(registry.contents, NAME, "1.3.0")
    registry.switch("referrers-of", digest=other.digest)
    async with client_of() as client:
        assert await client.signatures(f"{registry.authority}/{NAME}", plugin.packed.manifest.digest) == ()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("referrers-of-huge-size", "at most"),
        ("referrers-that-are-missing", "a signature that it does not have"),
        ("referrers-doubled-keys", "stands there twice"),
        ("referrers-no-index", "wanted `application/vnd.oci.image.index"),
        ("referrers-traversal", "is not a digest"),
        ("referrers-garbage", "no JSON"),
    ],
)
async def test_what_is_wrong_is_told_when_nothing_else_is_found(
    registry: Registry, plugin: Plugin, fault: str, reason: str
) -> None:
    registry.switch(fault)
    async with client_of() as client:
        with pytest.raises(PluginRefused, match=f"step 5.*{reason}") as caught:
            await client.signatures(f"{registry.authority}/{NAME}", plugin.packed.manifest.digest)
    assert caught.value.code == "bad-referrers"


async def test_a_broken_referrer_does_not_spoil_the_good_ones(registry: Registry, plugin: Plugin) -> None:
    repository = registry.contents.repository(NAME)
    bundle = plugin.signatures[0]
    packed = pack_signature(bundle, plugin.packed.manifest, created=5)
    registry.contents.add(NAME, packed)
    del repository.blobs[
        next(digest for digest in packed.blobs if digest in repository.blobs and packed.blobs[digest] == b"{}")
    ]
    broken = {"mediaType": media.MANIFEST, "artifactType": media.BUNDLE, "subject": {"digest": plugin.digest}}
    repository.put_manifest(media.MANIFEST, compact(broken | {"config": {}, "layers": []}))
    async with client_of() as client:
        found = await client.signatures(f"{registry.authority}/{NAME}", plugin.packed.manifest.digest)
    assert len(found) == 3


async def test_too_many_signatures_are_refused_before_any_is_fetched(registry: Registry, plugin: Plugin) -> None:
    for number in range(media.MAX_REFERRERS + 1):
        note(registry, plugin, number, media.BUNDLE)
    async with client_of() as client:
        with pytest.raises(PluginRefused, match="at most 64 are allowed"):
            await client.signatures(f"{registry.authority}/{NAME}", plugin.packed.manifest.digest)
    assert registry.asked("manifest") == []


async def test_long_documents_are_not_parsed_on_the_event_loop(
    registry: Registry, plugin: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, bool]] = []
    parse = manifests.parse_object

    def watched(data: bytes, limit: int) -> dict[str, Any]:
        seen.append((len(data), threading.current_thread() is threading.main_thread()))
        return parse(data, limit)

    monkeypatch.setattr(manifests, "parse_object", watched)
    note(registry, plugin, "x" * 90_000, media.BUNDLE)
    async with client_of() as client:
        found = await client.signatures(f"{registry.authority}/{NAME}", plugin.packed.manifest.digest)
    assert len(found) == len(plugin.signatures)
    assert [on_loop for size, on_loop in seen if size > 50_000] == [False, False]  # the listing, and what it lists
