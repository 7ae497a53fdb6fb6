"""A registry that takes pushes and cannot be trusted with them: each fault by its name, at the client's level."""

from __future__ import annotations

import pytest
from tests.registry.client_faults import Bench, bench
from tests.simulator.access import Basic, Bearer
from tests.simulator.plugins import Plugin
from tests.simulator.registry import simulated

from mcpg_registry.layout import fallback_tag
from mcpg_registry.packing import pack_signature

LOGIN = ("ann", "secret word")
USERS = dict([LOGIN])
ANSWER = "registry-answer"


async def push(b: Bench, name: str = "acme/pushed", **more) -> Plugin:
    """Push a plugin and one signature of it to the bench's registry."""
    plugin = Plugin.make(b.chest["acme"], size=100_000, version="2.0.0")
    await b.client.push(f"{b.registry.authority}/{name}", plugin.packed, **more)
    return plugin


@pytest.mark.parametrize("access", [Basic(USERS), Bearer(USERS)], ids=["basic", "bearer"])
async def test_an_honest_registry_has_it_afterwards(access) -> None:
    async with bench(login=LOGIN, access=access) as b:
        plugin = await push(b, tag="2.0.0")
        held = b.registry.contents.repository("acme/pushed")
        assert held.find("2.0.0")[0] == plugin.digest
        assert held.blobs[plugin.wasm_digest] == plugin.wasm
        assert not held.uploads


async def test_nothing_is_sent_twice() -> None:
    async with bench() as b:
        await push(b)
        before = len(b.registry.asked("upload"))
        await push(b)
        assert len(b.registry.asked("upload")) == before


async def test_a_mount_that_is_done_and_one_that_is_not() -> None:
    async with bench() as b:
        await push(b)
        await push(b, "acme/mounted", mount_from=f"{b.registry.authority}/acme/pushed")
        assert len(b.registry.asked("upload", "PUT")) == 2
        b.registry.switch("mount-not-done")
        plugin = await push(b, "acme/copied", mount_from=f"{b.registry.authority}/acme/pushed")
        assert b.registry.contents.repository("acme/copied").blobs[plugin.wasm_digest] == plugin.wasm


FAULTS = {
    "push-answers-another-manifest": ANSWER,
    "push-answers-another-blob": ANSWER,
    "push-answers-traversal": ANSWER,
    "upload-forgotten": "not-in-registry",
    "manifest-lost": ANSWER,
}


@pytest.mark.parametrize("name", FAULTS)
async def test_fault(name: str) -> None:
    async with bench() as b:
        b.registry.switch(name)
        await b.refused(push(b), FAULTS[name])


async def test_an_upload_elsewhere_gets_the_bytes_and_no_credentials() -> None:
    """Registries hand uploads to their storage: what is public goes there, our log-in does not."""
    async with bench(login=LOGIN, access=Basic(USERS)) as b, simulated(host="localhost") as other:
        b.registry.switch("located", location=f"{other.origin}/v2/acme/pushed/blobs/uploads/x?state=1")
        await b.refused(push(b), "not-in-registry")
        assert other.requests
        assert {request.authorization for request in other.requests} == {""}
        assert "secret" not in str(other.requests)


PLACES = {
    "none": None,
    "empty": "",
    "file": "file:///etc/passwd",
    "credentials": "http://root:toor@127.0.0.1:1/x",
    "plain-http-to-a-stranger": "http://registry.example/x",
    "malformed": "http://[::1/x",
    "not-ascii": "/v2/\u00e9",
    "very-long": "/" + "x" * 20_000,
}


@pytest.mark.parametrize("name", PLACES)
async def test_upload_location(name: str) -> None:
    async with bench(login=LOGIN, access=Basic(USERS)) as b:
        b.registry.switch("located", location=PLACES[name])
        await b.refused(push(b), "registry-redirect|registry-answer")
        assert b.registry.asked("upload", "PUT") == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_redirected_push_is_not_followed(status: int, method: str) -> None:
    """What changes something goes where the operator said, and not on from there."""
    async with bench(login=LOGIN, access=Basic(USERS)) as b, simulated(host="localhost") as other:
        to = other.origin + "{target}"
        b.registry.switch("redirects", to=to, kinds="upload", methods=method, status=status)
        await b.refused(push(b), "registry-answer|registry-redirect|registry-error")
        assert other.requests == []


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
@pytest.mark.parametrize("kind", ["upload", "manifest"])
async def test_what_changes_something_is_sent_once(status: int, kind: str) -> None:
    async with bench() as b:
        b.registry.switch("status", code=status, kinds=kind, methods="POST PUT")
        await b.refused(push(b), "registry-denied|registry-busy|registry-error")
        assert len(b.registry.asked(kind, "POST", "PUT")) == 1


@pytest.mark.parametrize("name", ["status-lost", "push-answers-another-subject"])
async def test_a_registry_without_the_referrers_api_gets_the_fallback_tag(name: str) -> None:
    async with bench() as b:
        b.registry.contents.api = False
        if name == "push-answers-another-subject":
            b.registry.switch(name)
        plugin = await push(b)
        await _push_signatures(b, plugin)
        held = b.registry.contents.repository("acme/pushed")
        assert held.find(fallback_tag(plugin.digest)) is not None
        claim = await b.client.claim(_reference(b, plugin))
        assert len(claim.referrers) == 2


async def test_a_fallback_tag_that_is_no_index_is_not_overwritten() -> None:
    async with bench() as b:
        b.registry.contents.api = False
        plugin = await push(b)
        held = b.registry.contents.repository("acme/pushed")
        held.tags[fallback_tag(plugin.digest)] = plugin.digest
        await b.refused(_push_signatures(b, plugin), "bad-referrers")
        assert held.tags[fallback_tag(plugin.digest)] == plugin.digest


async def _push_signatures(b: Bench, plugin: Plugin) -> None:
    for bundle in plugin.signatures:
        await b.client.push(f"{b.registry.authority}/acme/pushed", pack_signature(bundle, plugin.packed.manifest))


def _reference(b: Bench, plugin: Plugin):
    reference = b.reference(f"@{plugin.digest}")
    return type(reference)(reference.host, "acme/pushed", None, reference.digest)
