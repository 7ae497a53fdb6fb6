"""A registry out of a bundle: what the distribution spec asks of a pull, for both kinds of names, and nothing else."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.mirror.tars import tar_of
from tests.mirror.workshop import ECHO, POLICY, Workshop, files_of, large, nothing, plan_of, workshop
from tests.registry.artifacts import component

from mcpg.edge.listeners import open_listener
from mcpg.edge.serving import Running, Site, serve
from mcpg_mirror.catalogue import catalogue_of, served_names
from mcpg_mirror.having import have_text, parse_have
from mcpg_mirror.reading import open_bundle
from mcpg_mirror.serving import MirrorApp
from mcpg_mirror.writing import write_directory
from mcpg_registry import media
from mcpg_registry.client import RegistryClient
from mcpg_registry.digests import digest_bytes
from mcpg_registry.hosts import Hosts, Mirror
from mcpg_registry.layout import fallback_tag
from mcpg_registry.references import RegistryReference, parse_reference
from mcpg_registry.sinks import MemorySink
from mcpg_registry.trust.policy import Rule, TrustPolicy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from mcpg_mirror.planning import Plan

LARGE = large(700_000, id="acme/large")


def shop_of_three() -> Workshop:
    shop = workshop()
    shop.add(LARGE)
    return shop


PLAN = plan_of(shop_of_three())
FILES = files_of(PLAN)


def app_of(tmp_path: Path, plan: Plan = PLAN, *, directory: bool = False) -> MirrorApp:
    path = tmp_path / "m.tar"
    if directory:
        write_directory(plan, path, nothing)
    else:
        path.write_bytes(tar_of(files_of(plan)))
    bundle = open_bundle(path)
    return MirrorApp(bundle, catalogue_of(bundle))


@pytest.fixture(params=["tar", "directory"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MirrorApp]:
    made = app_of(tmp_path, directory=request.param == "directory")
    yield made
    made._files.close()


def client_of(app: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://mirror")


@pytest.mark.parametrize("name", ["ghcr.io/acme/echo", "acme/echo"])
async def test_a_plugin_is_found_under_both_names(app: MirrorApp, name: str) -> None:
    async with client_of(app) as client:
        assert (await client.get("/v2/")).json() == {}
        answer = await client.get(f"/v2/{name}/manifests/1.2.0")
        digest = answer.headers["docker-content-digest"]
        assert (answer.status_code, answer.headers["content-type"]) == (200, media.MANIFEST)
        assert digest == digest_bytes(answer.content)
        again = await client.get(f"/v2/{name}/manifests/{digest}")
        assert again.content == answer.content
        layer = json.loads(answer.content)["layers"][0]
        blob = await client.get(f"/v2/{name}/blobs/{layer['digest']}")
        assert blob.content == ECHO
        head = await client.head(f"/v2/{name}/manifests/1.2.0")
        assert (head.headers["content-length"], head.content) == (str(len(answer.content)), b"")
        head = await client.head(f"/v2/{name}/blobs/{layer['digest']}")
        assert (head.headers["content-length"], head.content) == (str(len(ECHO)), b"")
        known = await client.get(f"/v2/{name}/manifests/1.2.0", headers={"if-none-match": answer.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")


async def test_referrers_and_the_fallback_tag_lead_to_the_signatures(app: MirrorApp) -> None:
    async with client_of(app) as client:
        digest = (await client.head("/v2/acme/echo/manifests/1.2.0")).headers["docker-content-digest"]
        answer = await client.get(f"/v2/acme/echo/referrers/{digest}")
        assert answer.headers["content-type"] == media.INDEX
        assert "oci-filters-applied" not in answer.headers
        entries = answer.json()["manifests"]
        assert {entry["artifactType"] for entry in entries} == {media.BUNDLE}
        assert all("dev.sigstore.bundle.content" in entry["annotations"] for entry in entries)
        filtered = await client.get(f"/v2/acme/echo/referrers/{digest}", params={"artifactType": media.BUNDLE})
        assert filtered.headers["oci-filters-applied"] == "artifactType"
        assert filtered.json()["manifests"] == entries
        assert len(entries) == 2
        none = await client.get(f"/v2/acme/echo/referrers/{digest}", params={"artifactType": "text/plain"})
        assert none.json()["manifests"] == []
        unknown = await client.get(f"/v2/acme/echo/referrers/sha256:{'0' * 64}")
        assert (unknown.status_code, unknown.json()["manifests"]) == (200, [])
        tagged = await client.get(f"/v2/acme/echo/manifests/{fallback_tag(digest)}")
        assert tagged.headers["content-type"] == media.INDEX
        assert tagged.json()["manifests"] == entries
        for entry in entries:
            found = await client.get(f"/v2/acme/echo/manifests/{entry['digest']}")
            assert len(found.content) == entry["size"]


RANGES = [
    ("bytes=0-0", 206, (0, 1)),
    ("bytes=5-", 206, (5, None)),
    ("bytes=-7", 206, (-7, None)),
    ("bytes=0-99999999", 206, (0, None)),
    ("bytes=300000-599999", 206, (300_000, 600_000)),
    ("bytes=-99999999", 206, (0, None)),
    ("bytes=9-5", 200, (0, None)),
    ("bytes=0-1,5-9", 200, (0, None)),
    ("lines=1-2", 200, (0, None)),
    ("bytes=", 200, (0, None)),
]


@pytest.mark.parametrize(("asked", "status", "span"), RANGES)
async def test_ranges(app: MirrorApp, asked: str, status: int, span: tuple[int, int | None]) -> None:
    async with client_of(app) as client:
        url = f"/v2/acme/large/blobs/{digest_bytes(LARGE)}"
        answer = await client.get(url, headers={"range": asked})
        assert answer.status_code == status
        assert answer.content == LARGE[span[0] : span[1]]
        if status == 206:
            start = span[0] % len(LARGE)
            assert answer.headers["content-range"] == f"bytes {start}-{start + len(answer.content) - 1}/{len(LARGE)}"


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0", f"bytes={len(LARGE)}-"])
async def test_a_range_beyond_the_end_is_refused(app: MirrorApp, asked: str) -> None:
    async with client_of(app) as client:
        answer = await client.get(f"/v2/acme/large/blobs/{digest_bytes(LARGE)}", headers={"range": asked})
        assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(LARGE)}")


UNKNOWN = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v2/acme/none/manifests/1", 404, "NAME_UNKNOWN"),
        ("/v2/acme/echo/manifests/9.9.9", 404, "MANIFEST_UNKNOWN"),
        (f"/v2/acme/echo/manifests/{UNKNOWN}", 404, "MANIFEST_UNKNOWN"),
        ("/v2/acme/echo/manifests/sha256:short", 400, "DIGEST_INVALID"),
        (f"/v2/acme/echo/blobs/{UNKNOWN}", 404, "BLOB_UNKNOWN"),
        ("/v2/acme/echo/blobs/../../etc", 404, "UNSUPPORTED"),
        ("/v2/acme/echo/blobs/..%2f..%2fetc%2fpasswd", 404, "UNSUPPORTED"),
        ("/v2/acme/echo/blobs/latest", 400, "DIGEST_INVALID"),
        (f"/v2/acme/echo/blobs/{digest_bytes(LARGE)}", 404, "BLOB_UNKNOWN"),
        ("/v2/acme/echo/referrers/latest", 404, "DIGEST_INVALID"),
        ("/v2/acme/echo/tags/list?n=x", 400, "PAGINATION_NUMBER_INVALID"),
        ("/v2/acme/echo/uploads/x", 404, "UNSUPPORTED"),
        ("/v1/", 404, "UNSUPPORTED"),
        ("/", 404, "UNSUPPORTED"),
    ],
)
async def test_what_is_not_there_is_told_as_registries_do(app: MirrorApp, path: str, status: int, code: str) -> None:
    async with client_of(app) as client:
        answer = await client.get(path)
        assert answer.status_code == status or code == "DIGEST_INVALID"
        assert answer.json()["errors"][0]["code"] == code


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_nothing_can_be_written(app: MirrorApp, method: str) -> None:
    async with client_of(app) as client:
        for path in ("/v2/acme/echo/blobs/uploads/", "/v2/acme/echo/manifests/1.2.0", "/v2/"):
            answer = await client.request(method, path, content=b"x")
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
            assert answer.json()["errors"][0]["code"] == "UNSUPPORTED"


async def test_lists_come_in_pages(app: MirrorApp) -> None:
    async with client_of(app) as client:
        whole = (await client.get("/v2/acme/echo/tags/list")).json()
        assert whole["name"] == "acme/echo"
        assert "1.2.0" in whole["tags"]
        seen: list[str] = []
        url: str | None = "/v2/_catalog?n=3"
        while url:
            answer = await client.get(url)
            assert len(answer.json()["repositories"]) <= 3
            seen += answer.json()["repositories"]
            url = answer.links.get("next", {}).get("url")
        assert seen == (await client.get("/v2/_catalog")).json()["repositories"]
        assert {"ghcr.io/acme/echo", "acme/echo", "mcpg/revocations"} <= set(seen)
        assert (await client.get("/v2/_catalog?n=0")).json()["repositories"] == []


async def test_the_papers_are_served_too(app: MirrorApp) -> None:
    async with client_of(app) as client:
        answer = await client.get("/v2/mcpg/revocations/manifests/latest")
        assert answer.json()["artifactType"] == "application/vnd.mcpg.revocations.v1+json"
        layer = answer.json()["layers"][0]
        assert len((await client.get(f"/v2/mcpg/revocations/blobs/{layer['digest']}")).content) == layer["size"]


def test_names_of_hosts_and_ports() -> None:
    assert served_names("ghcr.io/acme/echo") == ("ghcr.io/acme/echo", "acme/echo")
    assert served_names("localhost:5000/acme/echo") == ("localhost-5000/acme/echo", "acme/echo")
    assert served_names("acme/echo") == ("acme/echo",)


def test_a_short_name_that_two_plugins_share_is_nobodys(tmp_path: Path) -> None:
    shop = Workshop()
    shop.add(ECHO)
    shop.add(component(version="2.0.0"), host="quay.io")
    plan = plan_of(shop, policy=TrustPolicy((*POLICY.rules, Rule("quay.io/acme", POLICY.rules[0].keys))))
    app = app_of(tmp_path, plan)
    names = set(app._catalogue.names())
    app._files.close()
    assert {"ghcr.io/acme/echo", "quay.io/acme/echo"} <= names
    assert "acme/echo" not in names


async def test_what_an_increment_leaves_out_is_not_offered(tmp_path: Path) -> None:
    shop = workshop()
    base = plan_of(shop)
    shop.add(component(version="1.3.0"))
    app = app_of(tmp_path, plan_of(shop, have=parse_have(have_text(base.inventory.here()))))
    async with client_of(app) as client:
        assert (await client.get("/v2/acme/echo/manifests/1.3.0")).status_code == 200
        assert (await client.get("/v2/acme/echo/manifests/1.2.0")).status_code == 404
        config = (await client.get("/v2/acme/echo/manifests/1.3.0")).json()["config"]
        assert (await client.get(f"/v2/acme/echo/blobs/{config['digest']}")).status_code == 200
    app._files.close()


@asynccontextmanager
async def serving(app: MirrorApp) -> AsyncIterator[str]:
    listener, running = open_listener("127.0.0.1:0"), Running()
    task = asyncio.create_task(serve([Site(app, listener)], running=running, handle_signals=False, grace=1))
    await running.started.wait()
    try:
        yield listener.name
    finally:
        running.stop()
        await task


async def test_our_own_client_pulls_from_it_by_the_original_name(app: MirrorApp) -> None:
    async with serving(app) as address:
        hosts = Hosts(mirrors=(Mirror("ghcr.io", (f"{address}/ghcr.io",), only=True),), plain_loopback=True)
        async with RegistryClient(hosts=hosts) as client:
            reference = parse_reference("ghcr.io/acme/large:1.2.0")
            assert isinstance(reference, RegistryReference)
            claim = await client.claim(reference)
            assert claim.repository == "ghcr.io/acme/large"
            assert len(claim.referrers) == 2
            layer = json.loads(claim.manifest_bytes)["layers"][0]
            entry = PLAN.inventory.plugins[1].layer.descriptor()
            assert layer["digest"] == entry.digest
            assert await client.blob("ghcr.io/acme/large", entry, MemorySink(entry)) == LARGE
            assert "1.2.0" in await client.tags("ghcr.io/acme/large")


async def test_a_file_that_shrinks_while_it_is_served_breaks_that_answer_only(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    async with serving(app) as address, httpx2.AsyncClient(base_url=f"http://{address}") as client:
        with (tmp_path / "m.tar").open("r+b") as file:
            file.truncate(20_000)
        assert (await client.get("/v2/")).status_code == 200
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(f"/v2/acme/large/blobs/{digest_bytes(LARGE)}")
        assert (await client.get("/v2/")).status_code == 200
    app._files.close()
