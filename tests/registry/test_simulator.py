"""The simulated registry is honest: what real clients would find in a registry, they find in it."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import httpx2
import pytest
from tests.simulator.access import Basic, Bearer, basic
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.registry import Registry, beside, simulated

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes
from mcpg_registry.layout import fallback_tag

NAME = "acme/echo"
BLOB = bytes(range(256)) * 8
DIGEST = digest_bytes(BLOB)


@pytest.fixture
async def registry():
    async with simulated() as running:
        running.contents.repository(NAME).blobs[DIGEST] = BLOB
        yield running


@pytest.fixture
async def client(registry: Registry):
    async with httpx2.AsyncClient(base_url=registry.origin, trust_env=False) as made:
        yield made


async def test_blobs_with_head_and_range(client) -> None:
    url = f"/v2/{NAME}/blobs/{DIGEST}"
    head = await client.head(url)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(BLOB)), b"")
    assert (await client.get(url)).content == BLOB
    part = await client.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.headers["content-range"], part.content) == (206, "bytes 100-199/2048", BLOB[100:200])
    assert (await client.get(url, headers={"Range": "bytes=2000-"})).content == BLOB[2000:]
    assert (await client.get(url, headers={"Range": "bytes=2048-"})).status_code == 416
    assert (await client.get(f"/v2/{NAME}/blobs/{digest_bytes(b'')}")).status_code == 404
    assert (await client.get(f"/v2/acme/other/blobs/{DIGEST}")).json()["errors"][0]["code"] == "NAME_UNKNOWN"


async def test_manifests_by_tag_and_digest(client, registry) -> None:
    plugin = Plugin.make(Chest()["acme"]).put(registry.contents, NAME, "1.2.0")
    for reference in ("1.2.0", plugin.digest):
        found = await client.get(f"/v2/{NAME}/manifests/{reference}")
        assert (found.content, found.headers["docker-content-digest"]) == (plugin.manifest_bytes, plugin.digest)
        assert found.headers["content-type"] == media.MANIFEST
    again = await client.get(f"/v2/{NAME}/manifests/1.2.0", headers={"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.get(f"/v2/{NAME}/manifests/1.2.1")).status_code == 404
    assert (await client.delete(f"/v2/{NAME}/manifests/{plugin.digest}")).status_code == 202
    assert (await client.head(f"/v2/{NAME}/manifests/1.2.0")).status_code == 404


async def test_tags_come_in_pages(client, registry) -> None:
    tags = registry.contents.repository(NAME).tags
    tags |= {f"1.{number:02}.0": DIGEST for number in range(23)}
    url, seen = f"/v2/{NAME}/tags/list?n=10", []
    while url:
        page = await client.get(url)
        seen += page.json()["tags"]
        link = page.headers.get("link", "")
        url = link.partition("<")[2].partition(">")[0]
    assert seen == sorted(tags)
    assert [len(registry.asked("tags", "GET"))] == [3]


async def test_referrers_are_filtered_and_come_in_pages(client, registry) -> None:
    chest = Chest()
    plugin = Plugin.make(*(chest[str(number)] for number in range(4))).put(registry.contents, NAME)
    registry.page = 3
    url = f"/v2/{NAME}/referrers/{plugin.digest}?{urlencode({'artifactType': media.BUNDLE})}"
    seen = []
    while url:
        page = await client.get(url)
        assert page.headers["oci-filters-applied"] == "artifactType"
        seen += page.json()["manifests"]
        url = page.headers.get("link", "").partition("<")[2].partition(">")[0]
    assert len({entry["digest"] for entry in seen}) == 8
    assert {entry["artifactType"] for entry in seen} == {media.BUNDLE}
    other = await client.get(f"/v2/{NAME}/referrers/{plugin.digest}?artifactType=text/plain")
    assert other.json()["manifests"] == []
    assert (await client.get(f"/v2/{NAME}/referrers/{DIGEST}")).json()["manifests"] == []


async def test_without_the_referrers_api_there_is_the_fallback_tag(client, registry) -> None:
    registry.contents.api = False
    plugin = Plugin.make(Chest()["acme"]).put(registry.contents, NAME)
    assert (await client.get(f"/v2/{NAME}/referrers/{plugin.digest}")).status_code == 404
    index = (await client.get(f"/v2/{NAME}/manifests/{fallback_tag(plugin.digest)}")).json()
    assert (index["mediaType"], len(index["manifests"])) == (media.INDEX, 2)


@pytest.mark.parametrize("api", [True, False])
async def test_pushes_in_one_two_and_many_requests(client, registry, api) -> None:
    registry.contents.api = api
    other = "acme/pushed"
    begun = await client.post(f"/v2/{other}/blobs/uploads/")
    assert begun.status_code == 202
    put = await client.put(f"{begun.headers['location']}&digest={DIGEST}", content=BLOB)
    assert (put.status_code, put.headers["docker-content-digest"]) == (201, DIGEST)
    begun = await client.post(f"/v2/{other}/blobs/uploads/")
    place = begun.headers["location"]
    for start in range(0, 2048, 1024):
        sent = {"Content-Range": f"{start}-{start + 1023}"}
        place = (await client.patch(place, content=BLOB[start : start + 1024], headers=sent)).headers["location"]
    assert (await client.patch(place, content=b"x", headers={"Content-Range": "5-5"})).status_code == 416
    assert (await client.put(f"{place}?digest={DIGEST}")).status_code == 201
    assert (await client.post(f"/v2/{other}/blobs/uploads/?digest={DIGEST}", content=b"x")).status_code == 400
    mounted = await client.post(f"/v2/acme/third/blobs/uploads/?mount={DIGEST}&from={other}")
    assert mounted.status_code == 201
    layer = {"mediaType": "x/y", "digest": DIGEST, "size": len(BLOB)}
    manifest = {"schemaVersion": 2, "mediaType": media.MANIFEST, "config": layer, "layers": [layer], "subject": layer}
    text = json.dumps(manifest).encode()
    kind = {"Content-Type": media.MANIFEST}
    put = await client.put(f"/v2/{other}/manifests/1.0.0", content=text, headers=kind)
    assert (put.status_code, put.headers.get("oci-subject")) == (201, DIGEST if api else None)
    assert (await client.put(f"/v2/{other}/manifests/{DIGEST}", content=text, headers=kind)).status_code == 400
    lost = text.replace(DIGEST.encode(), digest_bytes(b"").encode())
    assert (await client.put(f"/v2/{other}/manifests/1", content=lost, headers=kind)).status_code == 400


async def test_log_ins(client, registry) -> None:
    url = f"/v2/{NAME}/blobs/{DIGEST}"
    registry.access = Basic({"ann": "secret"})
    assert (await client.get(url)).headers["www-authenticate"].startswith("Basic ")
    assert (await client.get(url, headers={"Authorization": basic("ann", "wrong")})).status_code == 401
    assert (await client.get(url, headers={"Authorization": basic("ann", "secret")})).status_code == 200
    assert registry.requests[-1].authorization == basic("ann", "secret")


async def test_tokens_are_good_for_what_they_were_granted(client, registry) -> None:
    registry.access = Bearer({"ann": "secret"}, open=frozenset({NAME}), refresh={"identity": "ann"})
    url = f"/v2/{NAME}/blobs/{DIGEST}"
    challenge = (await client.get(url)).headers["www-authenticate"]
    assert f'realm="{registry.origin}/token"' in challenge
    assert f'scope="repository:{NAME}:pull"' in challenge

    async def token(scope: str, **more) -> dict[str, str]:
        got = await client.get("/token", params={"service": "simulated registry", "scope": scope}, **more)
        return {"Authorization": f"Bearer {got.json()['token']}"} if got.status_code == 200 else {}

    ann = {"Authorization": basic("ann", "secret")}
    assert (await client.get(url, headers=await token(f"repository:{NAME}:pull"))).status_code == 200
    push = await token(f"repository:{NAME}:pull,push")
    assert (await client.post(f"/v2/{NAME}/blobs/uploads/", headers=push)).status_code == 401
    push = await token(f"repository:{NAME}:pull,push", headers=ann)
    assert (await client.post(f"/v2/{NAME}/blobs/uploads/", headers=push)).status_code == 202
    assert (await client.get("/v2/acme/other/tags/list", headers=push)).status_code == 401
    assert await token("repository:x:pull", headers={"Authorization": basic("ann", "no")}) == {}
    form = {"grant_type": "refresh_token", "refresh_token": "identity", "scope": f"repository:{NAME}:pull"}
    renewed = (await client.post("/token", data=form)).json()["access_token"]
    assert (await client.get(url, headers={"Authorization": f"Bearer {renewed}"})).status_code == 200
    registry.access.revoke()
    assert (await client.get(url, headers={"Authorization": f"Bearer {renewed}"})).status_code == 401


async def test_faults_are_switched_on_by_name(client, registry) -> None:
    url = f"/v2/{NAME}/blobs/{DIGEST}"
    registry.switch("blob-cut", times=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        await client.get(url)
    registry.switch("blob-reset", times=1)
    with pytest.raises(httpx2.ReadError):
        await client.get(url)
    assert (await client.get(url)).content == BLOB
    registry.switch("status", code=503, times=1, Retry_After="7")
    refused = await client.get(url)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "7")
    assert [request.sent for request in registry.asked("blob")[:2]] == [1024, 1024]


def test_a_registry_beside_the_test() -> None:
    with beside() as registry, httpx2.Client(base_url=registry.origin, trust_env=False) as client:
        assert client.get("/v2/").json() == {}
        assert [request.line for request in registry.requests] == ["GET /v2/"]
