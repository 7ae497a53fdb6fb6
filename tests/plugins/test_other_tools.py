"""What another tool pushed in the same layout: no annotation of ours is demanded, one that lies is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.plugins.kitchen import FakeSandbox, loader_of
from tests.registry.artifacts import component, facts_of, packed_of, signatures_of

from mcpg.contract.problems import PluginRefused
from mcpg_registry.layout_writing import LayoutWriter
from mcpg_registry.manifests import describe
from mcpg_registry.media import MANIFEST, PLUGIN
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.policy import Rule, TrustedKey, TrustPolicy

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.plugins.making import Places

KEY = PrivateKey.generate()
TRUST = TrustPolicy((Rule("acme", (TrustedKey(KEY.public),)),))
WASM = component()


def _pushed(folder: Path, annotations: dict[str, str]) -> str:
    """Write a layout whose artifact has these annotations and no other, signed, as wkg or oras would push it."""
    packed = packed_of(WASM)
    document = json.loads(packed.blobs[packed.manifest.digest])
    document["annotations"] = annotations
    text = json.dumps(dict(sorted(document.items())), indent=2).encode()
    manifest = describe(MANIFEST, text)
    blobs = {digest: data for digest, data in packed.blobs.items() if digest != packed.manifest.digest}
    other = replace(packed, manifest=manifest, blobs={**blobs, manifest.digest: text})
    writer = LayoutWriter()
    writer.add(other, "acme/echo", "1.2.0", signatures=signatures_of(other, facts_of(WASM), KEY))
    writer.write(folder / "layout")
    return "layout:layout#acme/echo:1.2.0"


@pytest.mark.parametrize(
    "annotations",
    [{}, {"org.opencontainers.image.version": "9.9.9"}, {PLUGIN + "id": "acme/echo", PLUGIN + "version": "1.2.0"}],
)
async def test_annotations_of_ours_may_be_missing(
    places: Places, sandbox: FakeSandbox, tmp_path: Path, annotations: dict[str, str]
) -> None:
    reference = _pushed(tmp_path, annotations)
    assert (await loader_of(sandbox, places, trust=TRUST).verify(reference, tmp_path)).manifest.id == "acme/echo"


async def test_one_that_lies_is_refused(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    reference = _pushed(tmp_path, {PLUGIN + "version": "1.2.1"})
    with pytest.raises(PluginRefused, match="as in the section") as caught:
        await loader_of(sandbox, places, trust=TRUST).verify(reference, tmp_path)
    assert (caught.value.step, caught.value.code) == (10, "bad-annotation")
