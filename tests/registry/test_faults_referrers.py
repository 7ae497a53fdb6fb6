"""A registry that lies about signatures: each fault by its name, at the client's level and up to what is proven."""

from __future__ import annotations

import json

import pytest
from tests.registry.artifacts import NOW
from tests.registry.client_faults import NAME, Bench, bench, timeouts_for
from tests.simulator.plugins import Plugin

from mcpg.contract.problems import PluginRefused
from mcpg_registry import media
from mcpg_registry.digests import digest_bytes
from mcpg_registry.layout import fallback_tag
from mcpg_registry.manifests import describe
from mcpg_registry.packing import pack_signature
from mcpg_registry.proving import Judgement, Proven, prove
from mcpg_registry.strict_json import compact

BAD = "bad-referrers"


async def proven(b: Bench) -> Proven:
    rule = b.chest.trust(b.repository, "acme").rule_for(b.repository)
    return prove(await b.claim(), Judgement(rule, NOW), where="plugin `x`")


async def unsigned(b: Bench) -> None:
    with pytest.raises(PluginRefused) as caught:
        await proven(b)
    assert (caught.value.code, caught.value.step) == ("unsigned", 5)


@pytest.mark.parametrize("page", [1, 2, 50])
@pytest.mark.parametrize("api", [True, False], ids=["api", "fallback-tag"])
async def test_signatures_are_found(*, api: bool, page: int) -> None:
    async with bench(page=page) as b:
        b.registry.contents.api = api
        b.registry.contents.repositories.clear()
        b.plugin.put(b.registry.contents, NAME)
        assert (await proven(b)).signed.release.id == "acme/echo"


async def test_a_registry_that_ignores_the_filter() -> None:
    async with bench() as b:
        b.registry.switch("unfiltered")
        sbom = {"schemaVersion": 2, "mediaType": media.MANIFEST, "artifactType": "text/sbom", "layers": []}
        subject = {"mediaType": media.MANIFEST, "digest": b.plugin.digest, "size": len(b.plugin.manifest_bytes)}
        empty = describe(media.EMPTY, b"{}").document()
        text = compact(sbom | {"subject": subject, "config": empty})
        b.registry.contents.repository(NAME).put_manifest(media.MANIFEST, text)
        assert len((await b.claim()).referrers) == 2
        assert (await proven(b)).signed.release.id == "acme/echo"
        assert digest_bytes(text) not in "".join(request.target for request in b.registry.requests)


@pytest.mark.parametrize("code", [400, 404, 405, 501])
async def test_no_referrers_api_and_no_fallback_tag(code: int) -> None:
    async with bench() as b:
        b.registry.switch("no-api", code=code)
        await unsigned(b)
        assert b.registry.requests[-1].path.endswith(fallback_tag(b.plugin.digest))


@pytest.mark.parametrize("code", [401, 403, 500, 503])
async def test_a_referrers_api_out_of_order_is_not_an_unsigned_plugin(code: int) -> None:
    async with bench() as b:
        b.registry.switch("status", code=code, kinds="referrers")
        await b.refused(b.claim(), "registry-denied|registry-error")


async def test_another_plugins_signatures_in_the_index_are_none() -> None:
    """Whole, well-formed, of the right key, and about another manifest."""
    async with bench() as b:
        other = Plugin.make(b.chest["acme"], version="1.3.0").put(b.registry.contents, NAME)
        b.registry.switch("referrers-of", digest=other.digest)
        await unsigned(b)


async def test_another_plugins_signatures_under_our_subject() -> None:
    """Moved over by an attacker who can push: the manifests name our subject, what was signed does not."""
    async with bench() as b:
        other = Plugin.make(b.chest["acme"], version="1.3.0")
        b.registry.contents.repositories.clear()
        b.plugin.put(b.registry.contents, NAME, signed=False)
        b.registry.contents.sign(NAME, b.plugin.packed.manifest, *other.signatures)
        with pytest.raises(PluginRefused, match="it is about") as caught:
            await proven(b)
        assert (caught.value.code, caught.value.step) == ("bad-signature", 6)


async def test_signatures_of_a_stranger() -> None:
    async with bench() as b:
        b.registry.contents.repositories.clear()
        Plugin.make(b.chest["stranger"], size=1_500_000).put(b.registry.contents, NAME)
        with pytest.raises(PluginRefused, match="may not sign") as caught:
            await proven(b)
        assert (caught.value.code, caught.value.step) == ("bad-signature", 6)


FAULTS = {
    "referrers-too-many": (BAD, 5),
    "referrers-traversal": (BAD, 5),
    "referrers-of-huge-size": (BAD, 5),
    "referrers-that-are-missing": (BAD, 5),
    "referrers-doubled-keys": (BAD, 5),
    "referrers-no-index": (BAD, 5),
    "referrers-changed": (BAD, 5),
    "referrers-shorter": (BAD, 5),
    "referrers-empty-body": (BAD, 5),
    "referrers-garbage": (BAD, 5),
    "referrers-endless": ("registry-answer", None),
    "referrers-huge": ("registry-answer", None),
    "referrers-gzipped": ("registry-answer", None),
    "referrers-bomb": ("registry-answer", None),
    "referrers-cut": ("registry-unreachable|registry-answer", None),
    "referrers-stalled": ("registry-timeout", None),
    "referrers-mute": ("registry-timeout", None),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_fault(name: str) -> None:
    code, step = FAULTS[name]
    async with bench(timeouts=timeouts_for(name)) as b:
        if name == "referrers-empty-body":
            b.registry.switch("replaced", kind="referrers", data=b"")
        else:
            b.registry.switch(name)
        await b.refused(b.claim(), code, step=step)
        assert b.sent("referrers") < 32 << 20
        assert not any(".." in request.target for request in b.registry.requests)


@pytest.mark.parametrize("name", ["referrers-empty", "referrers-that-are-indexes"])
async def test_an_index_without_signatures(name: str) -> None:
    async with bench() as b:
        b.registry.switch(name)
        await unsigned(b)


async def test_a_size_in_the_index_that_is_wrong() -> None:
    async with bench() as b:
        b.registry.switch("referrers-of-other-sizes")
        claim = await b.claim()
        assert all(len(each.manifest_bytes) == each.descriptor.size for each in claim.referrers)


NOT_INDEXES = {
    "the-subject-itself": lambda b: b.plugin.manifest_bytes,
    "garbage": lambda b: b"<html/>",
    "an-index-with-traversal": lambda b: compact(
        {
            "schemaVersion": 2,
            "mediaType": media.INDEX,
            "manifests": [{"digest": "../../x", "size": 1, "mediaType": "x"}],
        }
    ),
    "an-index-of-too-many": lambda b: compact(
        {
            "schemaVersion": 2,
            "mediaType": media.INDEX,
            "manifests": [describe(media.MANIFEST, str(n).encode(), media.BUNDLE).document() for n in range(1001)],
        }
    ),
    "an-index-of-many-that-are-missing": lambda b: compact(
        {
            "schemaVersion": 2,
            "mediaType": media.INDEX,
            "manifests": [describe(media.MANIFEST, str(n).encode(), media.BUNDLE).document() for n in range(65)],
        }
    ),
}


@pytest.mark.parametrize("name", NOT_INDEXES)
async def test_a_fallback_tag_that_names(name: str) -> None:
    """The first is what GitLab does, which takes such a tag for the digest."""
    async with bench() as b:
        b.registry.contents.api = False
        held = b.registry.contents.repository(NAME)
        held.put_manifest(media.INDEX, NOT_INDEXES[name](b), fallback_tag(b.plugin.digest))
        await b.refused(b.claim(), BAD, step=5)
        assert len(b.registry.requests) < 80


async def test_a_bundle_that_was_changed() -> None:
    async with bench() as b:
        signature = pack_signature(b.plugin.signatures[0], b.plugin.packed.manifest)
        bundle = next(d for d, data in signature.blobs.items() if data == b.plugin.signatures[0].text())
        b.registry.switch("blob-changed", digest=bundle)
        claim = await b.claim()
        assert bundle not in {referrer.layer.digest for referrer in claim.referrers}
        with pytest.raises(PluginRefused) as caught:
            await proven(b)
        assert caught.value.code in {"bad-signature", "bad-release"}


async def test_a_bundle_that_is_hidden() -> None:
    """A registry that withholds one signature of two keeps the plugin out, and cannot make it another plugin."""
    async with bench() as b:
        for signature in (pack_signature(each, b.plugin.packed.manifest) for each in b.plugin.signatures):
            b.registry.faults.clear()
            b.registry.switch("hidden", digest=signature.manifest.digest)
            with pytest.raises(PluginRefused) as caught:
                await proven(b)
            assert caught.value.code in {"bad-signature", "bad-release"}


async def test_broken_referrers_beside_good_ones_do_no_harm() -> None:
    """Anybody who may push can add a broken referrer: it must not keep the plugin out."""
    async with bench() as b:
        subject = b.plugin.packed.manifest.document()
        held = b.registry.contents.repository(NAME)
        empty = describe(media.EMPTY, b"{}").document()
        base = {"schemaVersion": 2, "mediaType": media.MANIFEST, "artifactType": media.BUNDLE, "config": empty}
        for layers in ([], [empty], [empty | {"digest": digest_bytes(b"missing"), "mediaType": media.BUNDLE}]):
            held.put_manifest(media.MANIFEST, json.dumps(base | {"layers": layers, "subject": subject}).encode())
        assert (await proven(b)).signed.release.id == "acme/echo"
