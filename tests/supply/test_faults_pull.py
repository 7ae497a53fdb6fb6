"""Whole pulls from a registry with a fault: each is refused under its own code, and the store is what it was.

Bytes that are wrong leave nothing at all; a network that fails may leave a partial, from which the next pull goes on.
"""

from __future__ import annotations

import pytest
from tests.registry.client_faults import PATIENT, timeouts_for
from tests.registry.test_faults_access import STATUSES, TOKENS
from tests.registry.test_faults_bytes import BLOBS, MANIFESTS, SHAPES
from tests.registry.test_faults_places import LINKS, WAYS
from tests.registry.test_faults_referrers import FAULTS as REFERRERS
from tests.registry.test_faults_referrers import NOT_INDEXES
from tests.simulator.access import Bearer
from tests.simulator.plugins import Plugin, put_edited
from tests.simulator.registry import simulated
from tests.supply.site import NAME, Bench, site

from mcpg.contract.problems import McpgError, PluginRefused, RegistryFailed
from mcpg_registry import media
from mcpg_registry.layout import fallback_tag
from mcpg_registry.locking import Locked
from mcpg_revocations.lists import DAY, Entry

LOGIN = ("ann", "secret word")


async def refused(
    b: Bench, code: str, told: str = ".", *, step: int | None = None, ending: str = "", **more
) -> McpgError:
    """Assert that a pull ends in that error, that the store is as before, and that an honest pull works afterwards."""
    before = b.files()
    with pytest.raises((RegistryFailed, PluginRefused), match=told) as caught:
        await b.pull(ending, **more)
    error = caught.value
    found = error.code, error.step if isinstance(error, PluginRefused) else None
    assert found in {(each, step) for each in code.split("|")}, error.message
    assert error.remedy
    assert error.where
    assert error.message.isprintable()
    left = set(b.files()) - set(before)
    if isinstance(error, PluginRefused):
        assert b.files() == before
    else:
        assert b.files(partials=False) == {n: d for n, d in before.items() if not n.startswith("ingest/")}
        assert all(name.startswith("ingest/") and name.endswith(".partial") for name in left)
    return error


async def heals(b: Bench) -> None:
    """Assert that the same pull works as soon as the registry is honest, whatever was left."""
    b.registry.faults.clear()
    b.allow(PATIENT)
    pulled = await b.pull()
    assert (pulled.receipt.digest, pulled.receipt.layer.digest) == (b.plugin.digest, b.plugin.wasm_digest)
    assert not [name for name in b.files() if name.startswith("ingest/")]


async def test_an_honest_pull(tmp_path) -> None:
    async with site(tmp_path) as b:
        await heals(b)
        assert {receipt.version for receipt in b.store.receipts()} == {"1.0.0", "1.2.0"}


@pytest.mark.parametrize("name", MANIFESTS)
async def test_manifest(tmp_path, name: str) -> None:
    async with site(tmp_path, timeouts=timeouts_for(name)) as b:
        b.registry.switch(name)
        await refused(b, MANIFESTS[name][0], step=MANIFESTS[name][1])
        await heals(b)


@pytest.mark.parametrize("name", BLOBS)
async def test_layer(tmp_path, name: str) -> None:
    async with site(tmp_path, timeouts=timeouts_for(name)) as b:
        b.registry.switch(name, digest=b.plugin.wasm_digest)
        await refused(b, BLOBS[name][0], step=BLOBS[name][1])
        await heals(b)


@pytest.mark.parametrize("name", ["range-of-another-part", "range-unnamed", "range-of-wrong-bytes"])
async def test_layer_that_is_cut_and(tmp_path, name: str) -> None:
    async with site(tmp_path) as b:
        b.registry.switch("blob-cut", digest=b.plugin.wasm_digest, times=1)
        b.registry.switch(name)
        await refused(b, "bad-digest", step=9)
        await heals(b)


async def test_a_pull_goes_on_where_another_was_cut(tmp_path) -> None:
    async with site(tmp_path) as b:
        b.registry.switch("blob-cut", digest=b.plugin.wasm_digest)
        await refused(b, "registry-unreachable|registry-answer")
        (partial,) = (name for name in b.files() if name.startswith("ingest/"))
        there = len(b.files()[partial])
        assert 0 < there < len(b.plugin.wasm)
        b.registry.requests.clear()
        await heals(b)
        (asked,) = (request for request in b.registry.requests if request.path.endswith(b.plugin.wasm_digest))
        assert asked.headers["range"] == f"bytes={there}-"


async def test_a_partial_that_somebody_spoilt(tmp_path) -> None:
    async with site(tmp_path) as b:
        b.registry.switch("blob-cut", digest=b.plugin.wasm_digest)
        await refused(b, "registry-unreachable|registry-answer")
        (partial,) = (b.store.directory / name for name in b.files() if name.startswith("ingest/"))
        partial.write_bytes(b"\0" * partial.stat().st_size)
        await heals(b)


@pytest.mark.parametrize("name", SHAPES)
async def test_shape(tmp_path, name: str) -> None:
    edit, told = SHAPES[name]
    async with site(tmp_path) as b:
        digest = put_edited(b.contents, NAME, "9.9.9", b.plugin, edit)
        await refused(b, "bad-shape", told, step=3, ending=f"@{digest}")
        await refused(b, "bad-shape", told, step=3, ending=":9.9.9")


@pytest.mark.parametrize("name", REFERRERS)
async def test_referrers(tmp_path, name: str) -> None:
    code, step = REFERRERS[name]
    async with site(tmp_path, timeouts=timeouts_for(name)) as b:
        if name == "referrers-empty-body":
            b.registry.switch("replaced", kind="referrers", data=b"")
        else:
            b.registry.switch(name)
        await refused(b, code, step=step)
        await heals(b)


@pytest.mark.parametrize("name", NOT_INDEXES)
async def test_fallback_tag_names(tmp_path, name: str) -> None:
    async with site(tmp_path) as b:
        b.contents.api = False
        held = b.contents.repository(NAME)
        held.put_manifest(media.INDEX, NOT_INDEXES[name](b), fallback_tag(b.plugin.digest))
        await refused(b, "bad-referrers", step=5)


async def test_no_signatures(tmp_path) -> None:
    async with site(tmp_path) as b:
        b.registry.switch("referrers-empty")
        await refused(b, "unsigned", step=5)
        await heals(b)


async def test_signatures_of_another_manifest(tmp_path) -> None:
    async with site(tmp_path) as b:
        b.contents.repositories.clear()
        b.plugin.put(b.contents, NAME, signed=False)
        b.contents.sign(NAME, b.plugin.packed.manifest, *b.first.signatures)
        await refused(b, "bad-signature", "it is about", step=6)


async def test_signatures_of_a_stranger(tmp_path) -> None:
    async with site(tmp_path) as b:
        stranger = Plugin.make(b.chest["stranger"], version="1.5.0").put(b.contents, NAME, "1.5.0")
        await refused(b, "bad-signature", "may not sign", step=6, ending=f"@{stranger.digest}")


@pytest.mark.parametrize(
    ("kind", "name"), [*(("blob", name) for name in WAYS), ("manifest", "loop-to-itself"), ("referrers", "no-location")]
)
async def test_redirect(tmp_path, kind: str, name: str) -> None:
    async with site(tmp_path) as b:
        b.registry.switch("redirects", to=WAYS[name], kinds=kind)
        await refused(b, "registry-redirect")
        await heals(b)


@pytest.mark.parametrize("name", LINKS)
async def test_link(tmp_path, name: str) -> None:
    async with site(tmp_path) as b:
        link = LINKS[name].replace("{kind}", f"referrers/{b.plugin.digest}")
        b.registry.switch("links", kind="referrers", link=link)
        wrong = name not in {"file-scheme", "a-user", "malformed"}
        await refused(b, "bad-referrers" if wrong else "registry-redirect", step=5 if wrong else None)
        await heals(b)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("kind", ["manifest", "blob"])
async def test_status(tmp_path, status: int, kind: str) -> None:
    async with site(tmp_path) as b:
        b.registry.switch("status", code=status, kinds=kind)
        await refused(b, STATUSES[status])
        await heals(b)


@pytest.mark.parametrize("name", TOKENS)
async def test_token_server(tmp_path, name: str) -> None:
    async with site(tmp_path, timeouts=timeouts_for(name), login=LOGIN, access=Bearer(dict([LOGIN]))) as b:
        b.registry.access.revoke()
        b.registry.switch(name)
        error = await refused(b, TOKENS[name])
        assert "secret" not in error.diagnostics()
        await heals(b)


async def test_foreign_realm(tmp_path) -> None:
    access = Bearer(dict([LOGIN]))
    async with simulated(host="localhost") as fishing, site(tmp_path, login=LOGIN, access=access) as b:
        access.revoke()
        access.realm = fishing.origin + "/token"
        await refused(b, "registry-realm")
        assert fishing.requests == []


def _locked(b: Bench, plugin: Plugin, version: str) -> Locked:
    reference = f"{b.repository}:1"
    return Locked(reference=reference, manifest=plugin.digest, wasm=plugin.wasm_digest, id="acme/echo", version=version)


async def test_a_tag_that_was_moved_to_another_plugin(tmp_path) -> None:
    """What is locked is fetched by digest: a tag decides nothing any more."""
    async with site(tmp_path) as b:
        other = Plugin.make(b.chest["acme"], version="1.3.0").put(b.contents, NAME, "1.2.0")
        locked = _locked(b, b.plugin, "1.2.0")
        assert (await b.pull(":1.2.0", locked=locked)).receipt.digest == b.plugin.digest
        assert other.digest not in "".join(request.target for request in b.registry.requests)
        await refused(b, "not-locked", step=8, ending=f"@{other.digest}", locked=locked)


async def test_a_tag_that_was_moved_back_to_an_older_release(tmp_path) -> None:
    async with site(tmp_path) as b:
        b.contents.repository(NAME).tags["stable"] = b.first.digest
        locked = _locked(b, b.plugin, "1.2.0")
        await refused(b, "downgrade", step=8, ending=":stable", locked=locked, relock=True)
        pulled = await b.pull(":stable", locked=locked, relock=True, allow_downgrade=True)
        assert pulled.receipt.version == "1.0.0"


async def test_a_tag_whose_release_is_another_version(tmp_path) -> None:
    """The signed release says 1.0.0: an old release under a new version's tag is caught without any lock."""
    async with site(tmp_path) as b:
        b.contents.repository(NAME).tags["9.9.9"] = b.first.digest
        await refused(b, "bad-release", "names the release of version `1.0.0`", step=7, ending=":9.9.9")


REVOKED = {
    "manifest": lambda b: {"manifest": b.plugin.digest},
    "wasm": lambda b: {"wasm": b.plugin.wasm_digest},
    "plugin-range": lambda b: {"plugin": "acme/echo", "versions": ">=1.2.0"},
    "publisher": lambda b: {"publisher": "acme"},
    "publisher-by-host": lambda b: {"publisher": f"{b.registry.authority}/acme"},
}


@pytest.mark.parametrize("action", ["block", "kill"])
@pytest.mark.parametrize("name", REVOKED)
async def test_revoked_by(tmp_path, name: str, action: str) -> None:
    async with site(tmp_path) as b:
        b.revoke(Entry(id="1", action=action, reason="malware", **REVOKED[name](b)))
        await refused(b, "plugin-revoked", "malware", step=10)


async def test_revoked_by_key(tmp_path) -> None:
    async with site(tmp_path) as b:
        b.revoke(Entry(id="1", action="block", reason="stolen", key=b.chest["acme"].public.id))
        await refused(b, "bad-signature", "is revoked: stolen", step=6)


async def test_lists_that_do_not_allow_a_load(tmp_path) -> None:
    async with site(tmp_path) as b:
        b.now += 2 * DAY
        await refused(b, "revocation-stale", step=4)
        assert b.registry.requests == []
        b.now += 30 * DAY
        await refused(b, "revocation-dead", step=4, locked=_locked(b, b.plugin, "1.2.0"))
        assert b.registry.requests == []
