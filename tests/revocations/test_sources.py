"""Where lists come from: asked cheaply, bounded before they are read, and every failure told as one error."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from tests.revocations.lists_made import A, listed
from tests.simulator.registry import simulated
from tests.simulator.wire import Reply, Request, Wire

from mcpg.contract.problems import ConfigError, PluginRefused, RegistryFailed
from mcpg_registry import media
from mcpg_registry.client import RegistryClient
from mcpg_registry.digests import digest_bytes
from mcpg_registry.hosts import Hosts, HostSettings, Timeouts
from mcpg_registry.http import Network, NoNetwork
from mcpg_registry.manifests import describe
from mcpg_registry.packing import Packed
from mcpg_registry.references import RegistryReference
from mcpg_registry.strict_json import compact
from mcpg_revocations import sources
from mcpg_revocations.artifact import LIST_TYPE, list_layer, pack_list, parse_list_manifest
from mcpg_revocations.envelopes import MAX_OFFER, sign_list
from mcpg_revocations.sources import FileSource, HttpsSource, OciSource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

ONE, TWO = sign_list(listed(), [A]), sign_list(listed(version=4), [A])


@asynccontextmanager
async def web(answer: Callable[[Request], Reply]) -> AsyncIterator[tuple[HttpsSource, Wire]]:
    """Run a web server on loopback, and a source that reads `/list` of it."""

    async def handle(request: Request) -> Reply:
        return answer(request)

    wire, http = Wire(handle), Network({})
    port = await wire.start()
    settings = HostSettings("127.0.0.1", plain_http=True, timeouts=Timeouts(total=5))
    try:
        yield HttpsSource(http, f"http://127.0.0.1:{port}/list?token=secret", settings), wire
    finally:
        await http.aclose()
        await wire.stop()


async def test_https_asks_with_the_etag_and_reads_what_is_news() -> None:
    held = {"text": ONE, "etag": '"1"'}

    def answer(request: Request) -> Reply:
        if request.headers.get("if-none-match") == held["etag"]:
            return Reply(304)
        return Reply(200, {"ETag": held["etag"]}, held["text"])

    async with web(answer) as (source, wire):
        first = await source.fetch("")
        assert first is not None
        assert (first.text, first.mark) == (ONE, '"1"')
        assert await source.fetch(first.mark) is None
        held |= {"text": TWO, "etag": '"2"'}
        second = await source.fetch(first.mark)
        assert second is not None
        assert second.text == TWO
        assert [request.status for request in wire.requests] == [200, 304, 200]
        assert "authorization" not in wire.requests[0].headers
        assert "secret" not in source.name


async def test_a_strange_etag_is_no_mark() -> None:
    for tag in ("x" * 300, 'W/"\x7f"', ""):
        async with web(lambda _, tag=tag: Reply(200, {"ETag": tag} if tag else {}, ONE)) as (source, _):
            found = await source.fetch("")
            assert found is not None
            assert found.mark == ""


async def test_redirects_are_followed_a_few_times() -> None:
    def answer(request: Request) -> Reply:
        if request.path == "/list":
            return Reply(302, {"Location": "/there"})
        if request.path == "/round":
            return Reply(301, {"Location": "/round"})
        return Reply(200, {}, ONE)

    async with web(answer) as (source, wire):
        found = await source.fetch("")
        assert found is not None
        assert found.text == ONE
        source._url = source._url.replace("/list", "/round")
        with pytest.raises(RegistryFailed, match="in a circle") as caught:
            await source.fetch("")
        assert caught.value.code == "registry-redirect"
        assert len(wire.requests) == 2 + sources.MAX_REDIRECTS + 1


async def test_https_is_never_left_for_http_and_redirects_stay_bounded() -> None:
    asked = []

    class Tls:
        """HTTPS as far as a source can see: it answers each address with the next one."""

        @asynccontextmanager
        async def send(self, request, settings):
            asked.append(request.url)
            yield SimpleNamespace(status=302, headers={"location": "http://127.0.0.1/list"})

        async def aclose(self) -> None:
            pass

    with pytest.raises(RegistryFailed, match="from https to http") as caught:
        await HttpsSource(Tls(), "https://lists.example/list").fetch("")
    assert caught.value.code == "registry-redirect"
    assert asked == ["https://lists.example/list"]


REPLIES = {
    "registry-denied": Reply(403),
    "not-in-registry": Reply(404),
    "registry-busy": Reply(429),
    "registry-error": Reply(500),
    "registry-redirect": Reply(302, {"Location": "file:///etc/passwd"}),
    "registry-answer": Reply(200, {"Content-Encoding": "gzip"}, b"x"),
}


@pytest.mark.parametrize("code", REPLIES)
async def test_what_a_web_server_answers_instead_is_one_error(code: str) -> None:
    async with web(lambda _: REPLIES[code]) as (source, _):
        with pytest.raises(RegistryFailed) as caught:
            await source.fetch("")
        assert caught.value.code == code
        assert "cannot poll the revocation feed `http://127.0.0.1" in caught.value.message
        assert "secret" not in caught.value.diagnostics()
        assert caught.value.remedy


async def test_a_body_beyond_the_bound_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_OFFER", 1000)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 4096

    for reply in (Reply(200, {}, b"x", promised=10**12), Reply(200, {}, endless())):
        async with web(lambda _, reply=reply: reply) as (source, wire):
            with pytest.raises(RegistryFailed, match="1000") as caught:
                await source.fetch("")
            assert caught.value.code == "registry-answer"
            assert wire.requests[0].sent < 64_000_000


async def test_a_web_server_that_is_gone_is_one_error() -> None:
    async with web(lambda _: Reply()) as (source, wire):
        await wire.stop()
        with pytest.raises(RegistryFailed) as caught:
            await source.fetch("")
        assert caught.value.code == "registry-unreachable"


@pytest.mark.parametrize(
    "url",
    [
        "http://lists.example/x",
        "ftp://lists.example/x",
        "https://ana:pw@lists.example/x",
        "https://:pw@lists.example/x",
        "https:///x",
        "lists",
    ],
)
def test_an_address_is_https_and_holds_no_password(url: str) -> None:
    with pytest.raises(ConfigError, match="https://HOST/PATH") as caught:
        HttpsSource(NoNetwork(), url)
    assert "pw" not in caught.value.diagnostics()


async def test_without_a_network_nothing_is_asked() -> None:
    with pytest.raises(RegistryFailed) as caught:
        await HttpsSource(NoNetwork(), "https://lists.example/x").fetch("")
    assert caught.value.code == "offline"


@asynccontextmanager
async def registry() -> AsyncIterator[tuple[object, OciSource]]:
    async with simulated() as running, RegistryClient(Network({}), hosts=Hosts(plain_loopback=True)) as client:
        reference = RegistryReference(running.authority, "acme/revocations", "latest", None)
        yield running, OciSource(client, reference)


async def test_a_registry_is_asked_what_the_tag_means_and_read_if_it_is_news() -> None:
    async with registry() as (running, source):
        packed = pack_list(ONE, 3)
        running.contents.add("acme/revocations", packed, "latest")
        first = await source.fetch("")
        assert first is not None
        assert (first.text, first.mark) == (ONE, packed.manifest.digest)
        running.requests.clear()
        assert await source.fetch(first.mark) is None
        assert [request.method for request in running.requests] == ["HEAD"]
        running.contents.add("acme/revocations", pack_list(TWO, 4), "latest")
        second = await source.fetch(first.mark)
        assert second is not None
        assert second.text == TWO


async def test_a_registry_that_has_none_or_something_else_is_one_error() -> None:
    async with registry() as (running, source):
        with pytest.raises(RegistryFailed):
            await source.fetch("")
        text, other = compact({"x": 1}), compact({})
        layer = describe(media.WASM, text)
        config = describe(media.EMPTY, other)
        base = {"schemaVersion": 2, "mediaType": media.MANIFEST, "config": config.document()}
        manifest = compact(base | {"layers": [layer.document()]})
        descriptor = describe(media.MANIFEST, manifest)
        blobs = {descriptor.digest: manifest, config.digest: other, layer.digest: text}
        running.contents.add("acme/revocations", Packed(descriptor, blobs, 0), "latest")
        with pytest.raises(PluginRefused, match="found artifact type") as caught:
            await source.fetch("")
        assert (caught.value.step, caught.value.code) == (4, "revocation-list")


def test_a_list_packs_to_the_same_bytes_and_its_manifest_is_read_strictly() -> None:
    packed = pack_list(ONE, 3)
    assert packed == pack_list(ONE, 3)
    manifest = packed.blobs[packed.manifest.digest]
    assert parse_list_manifest(manifest).digest == digest_bytes(ONE)
    assert packed.manifest.artifact_type == LIST_TYPE
    for size in (0, MAX_OFFER + 1):
        with pytest.raises(ValueError, match="wanted 1 to"):
            pack_list(b"x" * size, 3)
    for old, new, told in (
        (f'"artifactType":"{LIST_TYPE}"', '"artifactType":"x"', "artifact type"),
        (f'"mediaType":"{LIST_TYPE}"', f'"mediaType":"{media.WASM}"', "exactly one layer"),
        (f'"size":{len(ONE)}', f'"size":{MAX_OFFER + 1}', "at most"),
    ):
        with pytest.raises(ValueError, match=told):
            parse_list_manifest(manifest.replace(old.encode(), new.encode()))
    assert list_layer is not None


async def test_a_file_is_read_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    source = FileSource(path)
    with pytest.raises(RegistryFailed, match="no such file") as caught:
        await source.fetch("")
    assert caught.value.code == "feed-unreadable"
    path.write_bytes(ONE)
    first = await source.fetch("")
    assert first is not None
    assert first.text == ONE
    assert await source.fetch(first.mark) is None
    (tmp_path / "next").write_bytes(TWO)
    (tmp_path / "next").replace(path)
    second = await source.fetch(first.mark)
    assert second is not None
    assert second.text == TWO
    os.truncate(path, MAX_OFFER + 4096)
    huge = await source.fetch(second.mark)
    assert huge is not None
    assert len(huge.text) == MAX_OFFER + 1
    path.unlink()
    path.mkdir()
    with pytest.raises(RegistryFailed, match="not a regular file"):
        await source.fetch("")
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(RegistryFailed, match="not a regular file"):
        await source.fetch("")
