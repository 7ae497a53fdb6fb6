"""The registry client against a simulated registry: what it reads, from where, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.registry import simulated

from mcpg.contract.problems import PluginRefused, RegistryFailed
from mcpg_registry import media
from mcpg_registry.client import RegistryClient
from mcpg_registry.digests import digest_bytes
from mcpg_registry.hosts import Hosts, HostSettings, Mirror, Timeouts
from mcpg_registry.http import NoNetwork
from mcpg_registry.layout import fallback_tag
from mcpg_registry.manifests import Descriptor, parse_manifest
from mcpg_registry.references import parse_reference
from mcpg_registry.sinks import MemorySink
from mcpg_registry.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.simulator.registry import Registry

NAME = "acme/echo"
QUICK = Timeouts(connect=1.0, read=1.0, total=3.0)


@pytest.fixture(scope="module")
def plugin() -> Plugin:
    return Plugin.make(Chest()["acme"], size=700_000)


@pytest.fixture
async def registry(plugin: Plugin) -> AsyncIterator[Registry]:
    async with simulated() as running:
        plugin.put(running.contents, NAME, "1.2.0")
        yield running


@asynccontextmanager
async def client_of(*mirrors: Mirror, **options: Any) -> AsyncIterator[RegistryClient]:
    hosts = Hosts(mirrors=mirrors, plain_loopback=True, timeouts=QUICK)
    async with RegistryClient(hosts=hosts, sleep=at_once, **options) as client:
        yield client


async def at_once(seconds: float) -> None:
    """Wait for nothing, but let others run."""
    await asyncio.sleep(0)


def layer_of(plugin: Plugin) -> Descriptor:
    return parse_manifest(plugin.manifest_bytes).layers[0]


async def test_a_claim_has_manifest_config_and_signatures_under_the_operators_name(
    registry: Registry, plugin: Plugin
) -> None:
    async with client_of() as client:
        claim = await client.claim(parse_reference(f"{registry.authority}/{NAME}:1.2.0"))
    assert claim.repository == f"{registry.authority}/{NAME}"
    assert (claim.tag, claim.manifest.digest, claim.manifest_bytes) == ("1.2.0", plugin.digest, plugin.manifest_bytes)
    assert claim.manifest.media_type == media.MANIFEST
    assert digest_bytes(claim.config_bytes) == parse_manifest(plugin.manifest_bytes).config.digest
    assert set(claim.bundles()) == {bundle.text() for bundle in plugin.signatures}


async def test_signatures_are_found_under_the_fallback_tag(plugin: Plugin) -> None:
    async with simulated() as registry, client_of() as client:
        registry.contents.api = False
        registry.switch("no-api")
        plugin.put(registry.contents, NAME, "1.2.0")
        claim = await client.claim(parse_reference(f"{registry.authority}/{NAME}@{plugin.digest}"))
    assert len(claim.referrers) == len(plugin.signatures)


async def test_a_tag_is_asked_for_once_and_everything_else_by_digest(registry: Registry) -> None:
    async with client_of() as client:
        await client.claim(parse_reference(f"{registry.authority}/{NAME}:1.2.0"))
    named = [request.path for request in registry.requests if request.path.endswith("/1.2.0")]
    assert len(named) == 1


async def test_a_tag_is_resolved_without_fetching_it(registry: Registry, plugin: Plugin) -> None:
    async with client_of() as client:
        found = await client.resolve(parse_reference(f"{registry.authority}/{NAME}:1.2.0"))
    assert (found.digest, found.size, found.media_type) == (plugin.digest, len(plugin.manifest_bytes), media.MANIFEST)
    assert [request.method for request in registry.requests] == ["HEAD"]


async def test_a_tag_is_resolved_by_its_bytes_where_the_registry_does_not_say_the_digest(
    registry: Registry, plugin: Plugin
) -> None:
    registry.switch("digest-header", value=None)
    async with client_of() as client:
        found = await client.resolve(parse_reference(f"{registry.authority}/{NAME}:1.2.0"))
    assert found.digest == plugin.digest


@pytest.mark.parametrize("told", ["sha256:../../../etc/passwd", "sha256:" + "0" * 64 + "x", "md5:1"])
async def test_a_malformed_digest_from_the_wire_is_refused(registry: Registry, told: str) -> None:
    registry.switch("digest-header", value=told)
    async with client_of() as client:
        with pytest.raises(PluginRefused, match=r"step 2.*is not a digest"):
            await client.resolve(parse_reference(f"{registry.authority}/{NAME}:1.2.0"))


async def test_tags_are_listed_over_all_pages(registry: Registry) -> None:
    repository = registry.contents.repository(NAME)
    repository.tags |= {f"1.{number}.0": repository.tags["1.2.0"] for number in range(25)}
    registry.page = 10
    async with client_of() as client:
        assert set(await client.tags(f"{registry.authority}/{NAME}")) == set(repository.tags)
    assert len(registry.asked("tags")) == 3


async def test_a_blob_streams_into_the_store_and_goes_on_where_it_stopped(
    registry: Registry, plugin: Plugin, tmp_path: Path
) -> None:
    layer, store, seen = layer_of(plugin), Store(tmp_path), list[int]()
    partial = store.ingest(layer)
    assert partial is not None
    with partial:
        partial.write(plugin.wasm[:100_000])
    again = store.ingest(layer)
    assert again is not None
    with again:
        async with client_of() as client:
            data = await client.blob(f"{registry.authority}/{NAME}", layer, again, seen.append)
    assert data == plugin.wasm
    assert [request.headers.get("range") for request in registry.asked("blob")] == ["bytes=100000-"]
    assert seen[-1] == layer.size


async def test_a_blob_that_is_there_already_is_not_asked_for(registry: Registry, plugin: Plugin) -> None:
    sink = MemorySink(layer_of(plugin))
    sink.write(plugin.wasm)
    async with client_of() as client:
        assert await client.blob(f"{registry.authority}/{NAME}", layer_of(plugin), sink) == plugin.wasm
    assert registry.requests == []


async def test_a_blob_that_breaks_off_goes_on(registry: Registry, plugin: Plugin) -> None:
    registry.switch("blob-reset", digest=plugin.wasm_digest, times=2)
    async with client_of() as client:
        data = await client.blob(f"{registry.authority}/{NAME}", layer_of(plugin), MemorySink(layer_of(plugin)))
    assert data == plugin.wasm
    assert all("range" in request.headers for request in registry.asked("blob")[1:])


async def test_what_a_partial_holds_is_not_believed(registry: Registry, plugin: Plugin) -> None:
    sink = MemorySink(layer_of(plugin))
    sink.write(b"x" * 1000)
    async with client_of() as client:
        assert await client.blob(f"{registry.authority}/{NAME}", layer_of(plugin), sink) == plugin.wasm


async def test_a_sink_is_never_touched_by_two_threads(registry: Registry, plugin: Plugin) -> None:
    class Slow(MemorySink):
        busy = False

        def write(self, chunk: bytes) -> None:
            assert not self.busy
            self.busy = True
            super().write(chunk)
            self.busy = False

    async with client_of() as client:
        assert await client.blob(f"{registry.authority}/{NAME}", layer_of(plugin), Slow(layer_of(plugin)))


async def test_many_downloads_wait_for_each_other_and_all_come(registry: Registry, plugin: Plugin) -> None:
    layer = layer_of(plugin)
    async with client_of() as client:
        every = (client.blob(f"{registry.authority}/{NAME}", layer, MemorySink(layer)) for _ in range(40))
        assert set(await asyncio.gather(*every)) == {plugin.wasm}


async def test_a_pull_that_is_cancelled_hangs_up(plugin: Plugin) -> None:
    hung_up, layer = asyncio.Event(), layer_of(plugin)

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % layer.size + plugin.wasm[:1000])
        await reader.read()
        hung_up.set()
        writer.close()

    server = await asyncio.start_server(half, "127.0.0.1", 0)
    async with server, client_of() as client:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.blob(f"{host}/{NAME}", layer, MemorySink(layer))
        async with asyncio.timeout(5):
            await hung_up.wait()


class TestMirrors:
    async def test_a_mirror_is_asked_first_and_the_name_stays_the_operators(
        self, registry: Registry, plugin: Plugin
    ) -> None:
        lines: list[str] = []
        mirror = Mirror("ghcr.io", (registry.authority,), only=True)
        async with client_of(mirror, tell=lines.append) as client:
            claim = await client.claim(parse_reference(f"ghcr.io/{NAME}:1.2.0"))
        assert claim.repository == f"ghcr.io/{NAME}"
        assert claim.manifest.digest == plugin.digest
        assert lines == [f"mirror `{registry.authority}` said what the tag `1.2.0` of `ghcr.io/{NAME}` means"]

    async def test_a_digest_needs_no_word_about_the_mirror(self, registry: Registry, plugin: Plugin) -> None:
        lines: list[str] = []
        async with client_of(Mirror("ghcr.io", (registry.authority,), only=True), tell=lines.append) as client:
            await client.claim(parse_reference(f"ghcr.io/{NAME}@{plugin.digest}"))
        assert lines == []

    async def test_a_mirror_that_lies_is_passed_over(self, registry: Registry, plugin: Plugin) -> None:
        async with simulated() as liar:
            plugin.put(liar.contents, f"copy/{NAME}", "1.2.0")
            liar.switch("manifest-changed")
            liar.switch("blob-changed")
            mirror = Mirror(registry.authority, (f"{liar.authority}/copy",))
            async with client_of(mirror) as client:
                claim = await client.claim(parse_reference(f"{registry.authority}/{NAME}@{plugin.digest}"))
                layer = layer_of(plugin)
                assert await client.blob(claim.repository, layer, MemorySink(layer)) == plugin.wasm
            assert len(liar.requests) > 2

    async def test_only_forbids_the_origin(self, registry: Registry, plugin: Plugin) -> None:
        async with simulated() as empty, client_of(Mirror(registry.authority, (empty.authority,), only=True)) as client:
            with pytest.raises(RegistryFailed, match="it has no such thing") as caught:
                await client.claim(parse_reference(f"{registry.authority}/{NAME}@{plugin.digest}"))
        assert caught.value.code == "not-in-registry"
        assert registry.requests == []

    async def test_signatures_that_a_mirror_lacks_come_from_the_origin(
        self, registry: Registry, plugin: Plugin
    ) -> None:
        async with simulated() as bare:
            plugin.put(bare.contents, NAME, "1.2.0", signed=False)
            async with client_of(Mirror(registry.authority, (bare.authority,))) as client:
                claim = await client.claim(parse_reference(f"{registry.authority}/{NAME}@{plugin.digest}"))
        assert len(claim.referrers) == len(plugin.signatures)

    async def test_an_error_names_each_place_and_why_it_failed(self, registry: Registry, plugin: Plugin) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            down = f"127.0.0.1:{taken.getsockname()[1]}"
        registry.switch("status", code=403)
        async with client_of(Mirror(registry.authority, (down,))) as client:
            with pytest.raises(RegistryFailed) as caught:
                await client.claim(parse_reference(f"{registry.authority}/{NAME}@{plugin.digest}"))
        assert f"mirror `{down}`: it cannot be reached: connection refused" in caught.value.message
        assert f"`{registry.authority}`: it refuses us (403)" in caught.value.message
        assert "\n" not in caught.value.message

    async def test_a_dead_mirror_is_asked_last_for_a_while(self, registry: Registry, plugin: Plugin) -> None:
        async with simulated() as sick:
            plugin.put(sick.contents, NAME, "1.2.0")
            sick.switch("blob-mute", times=1)
            reference = parse_reference(f"{registry.authority}/{NAME}@{plugin.digest}")
            async with client_of(Mirror(registry.authority, (sick.authority,))) as client:
                await client.claim(reference)
                before = len(sick.requests)
                await client.claim(reference)
            assert before == len(sick.requests)


class TestWithoutNetwork:
    async def test_every_use_is_an_error_and_no_socket_is_made(
        self, monkeypatch: pytest.MonkeyPatch, plugin: Plugin
    ) -> None:
        made: list[object] = []
        reference = parse_reference(f"ghcr.io/{NAME}:1.2.0")
        layer = layer_of(plugin)
        async with RegistryClient(NoNetwork()) as client:
            monkeypatch.setattr(socket, "socket", made.append)  # the loop has its own by now
            for use in (
                client.claim(reference),
                client.resolve(reference),
                client.tags(f"ghcr.io/{NAME}"),
                client.referrers(f"ghcr.io/{NAME}", layer.digest),
                client.signatures(f"ghcr.io/{NAME}", layer.digest),
                client.blob(f"ghcr.io/{NAME}", layer, MemorySink(layer)),
                client.push(f"ghcr.io/{NAME}", plugin.packed),
                client.check("ghcr.io"),
            ):
                with pytest.raises(
                    RegistryFailed, match=r"`ghcr\.io` was wanted, and the network may not be used"
                ) as no:
                    await use
                assert no.value.code == "offline"
            monkeypatch.undo()
        assert made == []


async def test_a_registry_that_is_down_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        down = f"127.0.0.1:{taken.getsockname()[1]}"
    async with client_of() as client:
        with pytest.raises(RegistryFailed) as caught:
            await client.claim(parse_reference(f"{down}/{NAME}:1.2.0"))
    assert caught.value.message == f"cannot read the manifest: `{down}`: it cannot be reached: connection refused"
    assert caught.value.code == "registry-unreachable"
    assert caught.value.remedy


async def test_plain_http_must_be_said(registry: Registry) -> None:
    async with RegistryClient(hosts=Hosts(timeouts=QUICK), sleep=at_once) as client:
        with pytest.raises(RegistryFailed):
            await client.tags(f"{registry.authority}/{NAME}")
    assert registry.requests == []
    said = Hosts((HostSettings(registry.authority, plain_http=True, timeouts=QUICK),))
    async with RegistryClient(hosts=said) as client:
        assert await client.tags(f"{registry.authority}/{NAME}") == ("1.2.0",)


async def test_nothing_but_grammar_becomes_an_address(registry: Registry, plugin: Plugin) -> None:
    evil = Descriptor(media.WASM, "sha256:../../x", 5)  # type: ignore[arg-type]
    async with client_of() as client:
        with pytest.raises(PluginRefused):
            await client.blob(f"{registry.authority}/{NAME}", evil, MemorySink(evil))
        for name in ("acme/../x", "acme//x", "acme/x?y", "acme/x#y", "ACME/x", ""):
            with pytest.raises(PluginRefused, match="step 1"):
                await client.tags(f"{registry.authority}/{name}")
    assert registry.requests == []


async def test_the_fallback_tag_of_a_registry_that_resolves_it_as_a_digest_is_told(plugin: Plugin) -> None:
    async with simulated() as registry, client_of() as client:
        registry.switch("no-api")
        plugin.put(registry.contents, NAME, "1.2.0", signed=False)
        registry.contents.repository(NAME).tags[fallback_tag(plugin.digest)] = plugin.digest
        with pytest.raises(PluginRefused, match=r"step 5.*names no image index"):
            await client.claim(parse_reference(f"{registry.authority}/{NAME}:1.2.0"))
