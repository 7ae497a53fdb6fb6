"""A registry that sends wrong, too many, too few, packed or no bytes: each fault by its name, at the client's level."""

from __future__ import annotations

import json

import pytest
from tests.registry.client_faults import NAME, TAG, bench, timeouts_for
from tests.simulator.faults import CATALOGUE
from tests.simulator.plugins import Plugin, put_edited

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes

MIB = 1 << 20
ANSWER, SILENT = "registry-answer", "registry-timeout"
BROKEN = "registry-unreachable|registry-answer"

MANIFESTS = {
    "manifest-changed": ("bad-digest", 2),
    "manifest-longer": ("bad-digest", 2),
    "manifest-shorter": ("bad-digest", 2),
    "manifest-empty": ("bad-digest", 2),
    "manifest-garbage": ("bad-digest", 2),
    "manifest-cut": (BROKEN, None),
    "manifest-reset": (BROKEN, None),
    "manifest-reset-at-once": (BROKEN, None),
    "manifest-endless": ("bad-digest", 2),
    "manifest-huge": ("bad-digest", 2),
    "manifest-stalled": (SILENT, None),
    "manifest-mute": (SILENT, None),
    "manifest-gzipped": (ANSWER, None),
    "manifest-bomb": (ANSWER, None),
}
BLOBS = {
    "blob-changed": ("bad-digest", 9),
    "blob-longer": ("bad-digest", 9),
    "blob-shorter": ("bad-digest", 9),
    "blob-empty": ("bad-digest", 9),
    "blob-garbage": ("bad-digest", 9),
    "blob-cut": (BROKEN, None),
    "blob-reset": (BROKEN, None),
    "blob-reset-at-once": (BROKEN, None),
    "blob-endless": ("bad-digest", 9),
    "blob-huge": ("bad-digest", 9),
    "blob-stalled": (SILENT, None),
    "blob-mute": (SILENT, None),
    "blob-gzipped": (ANSWER, None),
    "blob-bomb": (ANSWER, None),
}


@pytest.mark.parametrize("name", MANIFESTS)
async def test_manifest(name: str) -> None:
    code, step = MANIFESTS[name]
    async with bench(timeouts=timeouts_for(name)) as b:
        b.registry.switch(name)
        await b.refused(b.claim(), code, step=step)
        assert b.sent("manifest") < 32 * MIB
        assert b.registry.asked("blob") == []


@pytest.mark.parametrize("name", BLOBS)
async def test_blob(name: str) -> None:
    code, step = BLOBS[name]
    async with bench(timeouts=timeouts_for(name)) as b:
        b.registry.switch(name)
        await b.refused(b.blob(), code, step=step)
        assert b.sent("blob") < 32 * MIB


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name.startswith("tags-")])
async def test_tags(name: str) -> None:
    """Bytes that no digest protects must at least be one list of tags, whole, small and in time."""
    async with bench(timeouts=timeouts_for(name)) as b:
        b.registry.switch(name)
        if name in {"tags-stalled", "tags-mute"}:
            await b.refused(b.tags(), SILENT)
        elif name in {"tags-cut", "tags-reset", "tags-reset-at-once"}:
            await b.refused(b.tags(), BROKEN)
        elif name in {"tags-endless", "tags-huge", "tags-gzipped", "tags-bomb"}:
            await b.refused(b.tags(), ANSWER)
        else:
            await b.refused(b.tags(), "bad-answer", step=2)
        assert b.sent("tags") < 32 * MIB


async def test_a_manifest_by_tag_whose_told_digest_is_another() -> None:
    async with bench() as b:
        b.registry.switch("digest-header", value=digest_bytes(b"another"))
        await b.refused(b.claim(f":{TAG}"), "bad-digest", "its bytes are", step=2)


@pytest.mark.parametrize("value", ["sha256:../../../../etc/passwd", "sha512:" + "0" * 128, "", "sha256:" + "A" * 64])
async def test_a_told_digest_that_is_none(value: str) -> None:
    async with bench() as b:
        b.registry.switch("digest-header", value=value)
        await b.refused(b.claim(), "bad-digest", "is not a digest", step=2)
        await b.refused(b.client.resolve(b.reference(f":{TAG}")), "bad-digest", "is not a digest", step=2)


async def test_a_head_without_a_digest_is_followed_by_the_bytes() -> None:
    async with bench() as b:
        b.registry.switch("digest-header", value=None)
        found = await b.client.resolve(b.reference(f":{TAG}"))
        assert (found.digest, found.size) == (b.plugin.digest, len(b.plugin.manifest_bytes))
        assert len(b.registry.asked("manifest", "GET")) == 1


async def test_a_tag_that_moves_between_head_and_get() -> None:
    """What a tag meant is one digest: the claim is of what was fetched, and asking for the old digest gives the old."""
    async with bench() as b:
        other = Plugin.make(b.chest["acme"], version="1.3.0").put(b.registry.contents, NAME)
        b.registry.switch("tag-moves", name=NAME, tag=TAG, to=other.digest)
        first = await b.client.resolve(b.reference(f":{TAG}"))
        assert first.digest == b.plugin.digest
        assert (await b.claim(f":{TAG}")).manifest.digest == other.digest
        assert (await b.claim(f":{TAG}@{first.digest}")).manifest_bytes == b.plugin.manifest_bytes


ESCAPES = "x`\x1b[2J\x1b[1;1H\r\nerror: all is well\u202e\u2028\x9b1m"
"""What a terminal would obey, a log would break at, and a reader would misread."""


def _layer(**changes):
    return lambda document: document["layers"][0].update(changes)


SHAPES = {
    "index-instead-of-manifest": (
        lambda d: d.clear() or d.update(schemaVersion=2, mediaType=media.INDEX, manifests=[]),
        "found media type",
    ),
    "docker-manifest": (
        lambda d: d.update(mediaType="application/vnd.docker.distribution.manifest.v2+json"),
        "found media type",
    ),
    "two-layers": (lambda d: d.update(layers=d["layers"] * 2), "found 2 layers"),
    "no-layer": (lambda d: d.update(layers=[]), "found 0 layers"),
    "layer-of-another-type": (_layer(mediaType="application/vnd.oci.image.layer.v1.tar+gzip"), "found a layer of type"),
    "layer-digest-traversal": (_layer(digest="sha256:../../../../x"), "is not a digest"),
    "layer-digest-of-a-path": (_layer(digest="/etc/passwd"), "is not a digest"),
    "layer-digest-sha512": (_layer(digest="sha512:" + "0" * 128), "is not a digest"),
    "layer-digest-in-capitals": (_layer(digest="sha256:" + "A" * 64), "is not a digest"),
    "layer-with-urls": (_layer(urls=["http://127.0.0.1:1/x"]), "carries urls"),
    "layer-with-data": (_layer(data="AAAA"), "carries urls or data"),
    "layer-of-no-bytes": (_layer(size=0), "has 0 bytes"),
    "layer-of-a-terabyte": (_layer(size=1 << 40), "at most"),
    "layer-of-a-negative-size": (_layer(size=-1), "no size"),
    "layer-of-a-size-in-text": (_layer(size="9"), "no size"),
    "config-digest-traversal": (lambda d: d["config"].update(digest="sha256:../x"), "is not a digest"),
    "config-of-another-type": (
        lambda d: d["config"].update(mediaType="application/vnd.oci.image.config.v1+json"),
        "found config",
    ),
    "config-of-a-terabyte": (lambda d: d["config"].update(size=1 << 40), "the config has"),
    "manifest-with-a-subject": (lambda d: d.update(subject=d["config"]), "refers to no other"),
    "manifest-of-schema-1": (lambda d: d.update(schemaVersion=1), "schemaVersion"),
    "layer-type-that-moves-the-cursor": (_layer(mediaType=ESCAPES), "found a layer of type"),
    "config-type-that-moves-the-cursor": (lambda d: d["config"].update(mediaType=ESCAPES), "found config"),
    "manifest-type-that-moves-the-cursor": (lambda d: d.update(mediaType=ESCAPES), "found media type"),
    "digest-that-moves-the-cursor": (_layer(digest=ESCAPES), "is not a digest"),
    "manifest-doubled-keys": (b'{"schemaVersion":2,"mediaType":"a","mediaType":"b"}', "twice"),
    "manifest-of-no-json": (b"\xff\xfe", "no UTF-8"),
    "manifest-nested-deeply": (b'{"a":' * 100_000, "nested|no JSON"),
}


@pytest.mark.parametrize("name", SHAPES)
async def test_shape(name: str) -> None:
    """The bytes have the digest that was asked for, and are no plugin: refused before any blob is asked for."""
    edit, told = SHAPES[name]
    async with bench() as b:
        digest = put_edited(b.registry.contents, NAME, "9.9.9", b.plugin, edit)
        await b.refused(b.claim(f"@{digest}"), "bad-shape", told, step=3)
        await b.refused(b.claim(":9.9.9"), "bad-shape", told, step=3)
        assert b.registry.asked("blob") == []


async def test_an_oversized_manifest() -> None:
    async with bench() as b:
        huge = json.dumps({"schemaVersion": 2, "padding": "x" * media.MAX_MANIFEST}).encode()
        digest = put_edited(b.registry.contents, NAME, "9.9.9", b.plugin, huge)
        await b.refused(b.claim(f"@{digest}"), "bad-digest", "at most", step=2)


@pytest.mark.parametrize(
    "title", ["../../evil", "/etc/cron.d/evil", "a/../../x", "x\0y", "..", "C:\\evil", "\u202egnp"]
)
async def test_a_title_names_nothing(title: str) -> None:
    """A title is for people: it becomes neither a path nor a URL, so a hostile one does no harm."""
    async with bench() as b:
        annotations = {"org.opencontainers.image.title": title}
        digest = put_edited(b.registry.contents, NAME, "9.9.9", b.plugin, _layer(annotations=annotations))
        assert (await b.claim(f"@{digest}")).manifest.digest == digest
        assert title not in "".join(request.target for request in b.registry.requests)


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", "x" * 4000])
async def test_a_content_type_is_not_believed(kind: str) -> None:
    """The bytes say themselves what they are, under a digest; the header adds nothing and takes nothing away."""
    async with bench() as b:
        b.registry.switch("retyped", kind="manifest", media_type=kind)
        claim = await b.claim()
        assert claim.manifest_bytes == b.plugin.manifest_bytes
