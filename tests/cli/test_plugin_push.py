"""`push` and `sign`: into layouts and a registry, reproducibly, and nothing that no gateway would load."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from tests.cli.goods import PASSWORD, Desk, component
from tests.registry.artifacts import component as empty

from mcpg_registry import media
from mcpg_registry.layout import Layout, fallback_tag
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

    from tests.simulator.registry import Registry

LAYOUT = "layout:lay#acme/anon"
SIGNER = """
import pathlib, sys
from cryptography.hazmat.primitives.serialization import load_pem_private_key
key = load_pem_private_key(pathlib.Path(sys.argv[1]).read_bytes(), None)
sys.stdout.buffer.write(key.sign(pathlib.Path(sys.argv[2]).read_bytes()))
"""


def test_the_same_input_gives_the_same_digest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    digests = {desk.json("push", "anon.wasm", f"layout:lay{number}#acme/anon")["digest"] for number in range(2)}
    assert len(digests) == 1
    assert desk.files("lay0") == desk.files("lay1")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000001")
    assert desk.json("push", "anon.wasm", "layout:lay2#acme/anon")["digest"] not in digests


def test_what_is_pushed_and_signed_verifies_by_the_key(desk: Desk) -> None:
    done = desk.json("push", "anon.wasm", LAYOUT)
    assert (done["id"], done["version"], done["reference"]) == ("acme/anon", "1.0.0", f"{LAYOUT}:1.0.0")
    assert done["next"] == f"mcpg plugin sign {LAYOUT}@{done['digest']} --key KEY"
    assert desk.json("verify", done["pinned"], "--key", "k.pub", code=3)[0]["error"]["code"] == "unsigned"
    signed = desk.json("sign", done["pinned"], "--key", "k.key")
    assert (signed["made"], signed["keys"]) == (2, [desk.key.public.id])
    steps = desk.json("verify", done["pinned"], "--key", "k.pub")[0]["steps"]
    assert [(step["step"], step["passed"]) for step in steps] == [(number, True) for number in range(1, 11)]


def test_signing_again_adds_nothing_and_another_key_adds_two(desk: Desk) -> None:
    desk.push(LAYOUT)
    seen = desk.files("lay")
    assert desk.json("sign", f"{LAYOUT}:1.0.0", "--key", "k.key")["made"] == 0
    assert desk.files("lay") == seen
    desk.pair("second", PrivateKey.generate())
    assert desk.json("sign", f"{LAYOUT}:1.0.0", "--key", "second.key")["made"] == 2
    desk.run("verify", f"{LAYOUT}:1.0.0", "--key", "k.pub", "--key", "second.pub")


def test_an_encrypted_key_wants_its_password(desk: Desk) -> None:
    desk.pair("sealed", PrivateKey.generate(), PASSWORD.encode())
    desk.run("push", "anon.wasm", LAYOUT)
    refused = desk.refused("sign", f"{LAYOUT}:1.0.0", "--key", "sealed.key", code=1)
    assert (refused["code"], "--password-file" in refused["remedy"]) == ("bad-key-file", True)
    desk.write("wrong", "battery\n")
    assert desk.refused("sign", f"{LAYOUT}:1.0.0", "--key", "sealed.key", "--password-file", "wrong", code=1)
    desk.write("word", PASSWORD + "\n")
    done = desk.run("sign", f"{LAYOUT}:1.0.0", "--key", "sealed.key", "--password-file", "word")
    assert PASSWORD not in done.output


def test_a_command_signs(desk: Desk) -> None:
    desk.run("push", "anon.wasm", LAYOUT)
    desk.run("sign", f"{LAYOUT}:1.0.0", "--command", "cat", code=2)
    refused = desk.refused("sign", f"{LAYOUT}:1.0.0", "--command", "cat", "--public-key", "k.pub", code=1)
    assert refused["code"] == "signer-failed"
    desk.write("signer.py", SIGNER)
    command = f"{sys.executable} signer.py k.key {{input}}"
    assert desk.json("sign", f"{LAYOUT}:1.0.0", "--command", command, "--public-key", "k.pub")["made"] == 2
    desk.run("verify", f"{LAYOUT}:1.0.0", "--key", "k.pub")


@pytest.mark.parametrize(
    ("wasm", "code", "told"),
    [
        (b"no wasm at all", "bad-component", "not a WebAssembly component"),
        (b"\0asm\x01\0\0\0", "bad-component", "core module"),
        (empty(), "bad-component", ""),
        (component(world="mcpg:plugin/backend-plugin@1.0.0"), "bad-manifest", "world"),
        (component(memo=True, reads=["/run/now"]), "bad-manifest", "memo"),
        (component(version="1.0"), "bad-manifest", "version"),
    ],
)
def test_what_no_gateway_would_load_is_not_pushed(desk: Desk, wasm: bytes, code: str, told: str) -> None:
    desk.write("bad.wasm", wasm)
    refused = desk.refused("push", "bad.wasm", LAYOUT)
    assert (refused["code"], told in refused["message"]) == (code, True), refused
    assert not (desk.folder / "lay").exists()


def test_the_tag_is_the_version_or_nothing(desk: Desk) -> None:
    for reference in (f"{LAYOUT}:1.0.1", f"{LAYOUT}:v1.0.0", f"{LAYOUT}@sha256:{'0' * 64}", "builtin:x", "file:x"):
        refused = desk.refused("push", "anon.wasm", reference, code=1)
        assert "tag" in refused["remedy"] or "write" in refused["remedy"]
    assert desk.refused("push", "anon.wasm", "nonsense", code=3)["code"] == "bad-reference"
    assert not (desk.folder / "lay").exists()


def test_a_version_is_not_pushed_twice_with_other_bytes(desk: Desk, registry: Registry) -> None:
    for place in (LAYOUT, f"{registry.authority}/acme/anon"):
        desk.run("push", "anon.wasm", place, "--plain-http")
        desk.run("push", "anon.wasm", place, "--plain-http")
        desk.write("changed.wasm", component(summary="Something else."))
        refused = desk.refused("push", "changed.wasm", place, "--plain-http", code=1)
        assert (refused["code"], "--replace" in refused["remedy"]) == ("tag-taken", True)
        desk.run("push", "changed.wasm", place, "--replace", "--plain-http")


def test_push_and_sign_in_a_registry_with_and_without_the_referrers_api(desk: Desk, registry: Registry) -> None:
    for name, api in (("with", True), ("without", False)):
        registry.contents.api = api
        place = f"{registry.authority}/acme/{name}"
        digest = desk.push(place, "--plain-http")
        held = registry.contents.repository(f"acme/{name}")
        assert held.tags["1.0.0"] == digest
        assert (fallback_tag(digest) in held.tags) is not api
        desk.run("verify", f"{place}@{digest}", "--key", "k.pub", "--plain-http")


def test_what_to_do_next_works_as_it_is_told(desk: Desk, registry: Registry) -> None:
    done = desk.json("push", "anon.wasm", f"{registry.authority}/acme/anon", "--plain-http")
    sign = done["next"].replace("KEY", "k.key").split()
    signed = desk.json(*sign[2:])
    assert signed["made"] == 2
    pull = signed["next"].replace("KEY", "k").split()
    assert desk.json(*pull[2:])["plugins"][0]["fresh"]


def test_oras_carries_the_same_bytes(desk: Desk, registry: Registry) -> None:
    place = f"{registry.authority}/acme/anon"
    digest = desk.push(place, "--via", "oras", "--plain-http")
    assert digest == desk.push("layout:lay#acme/anon")
    desk.run("verify", f"{place}@{digest}", "--key", "k.pub", "--plain-http")
    desk.run("push", "anon.wasm", LAYOUT, "--via", "oras", code=2)


def test_a_layout_goes_to_a_registry_as_it_stands(desk: Desk, registry: Registry) -> None:
    digest = desk.push(LAYOUT)
    place = f"{registry.authority}/acme/anon"
    done = desk.json("push", f"{LAYOUT}:1.0.0", place, "--plain-http")
    assert (done["digest"], done["signed"]) == (digest, True)
    desk.run("verify", f"{place}@{digest}", "--key", "k.pub", "--plain-http")


def test_a_registry_that_is_not_there_is_a_failure_and_no_refusal(desk: Desk) -> None:
    refused = desk.refused("push", "anon.wasm", "127.0.0.1:1/acme/anon", "--plain-http", code=1)
    assert refused["code"] == "registry-unreachable"


def _pushed_by_another_tool(directory: Path, annotations: dict[str, str]) -> str:
    """Write a layout as `wkg oci push` would fill it: sorted keys, its own config, no annotation of ours."""
    from mcpg_registry.digests import digest_bytes, hex_of  # noqa: PLC0415 - only here

    wasm = component()
    config = json.dumps({"created": "2026-11-21T00:16:32.254251809Z", "author": None, "architecture": "wasm",
                         "os": "wasip2", "layerDigests": [digest_bytes(wasm)],
                         "component": {"exports": [], "imports": [], "target": None}}).encode()  # fmt: skip
    layer = {"digest": digest_bytes(wasm), "mediaType": media.WASM, "size": len(wasm)}
    manifest = {
        "annotations": annotations,
        "config": {"digest": digest_bytes(config), "mediaType": media.CONFIG, "size": len(config)},
        "layers": [layer],
        "mediaType": media.MANIFEST,
        "schemaVersion": 2,
    }
    text = json.dumps({key: value for key, value in manifest.items() if value != {}}).encode()
    (directory / "blobs" / "sha256").mkdir(parents=True)
    for data in (wasm, config, text):
        (directory / "blobs" / "sha256" / hex_of(digest_bytes(data))).write_bytes(data)
    entry = {"mediaType": media.MANIFEST, "digest": digest_bytes(text), "size": len(text),
             "annotations": {media.REF_NAME: "acme/anon:1.0.0"}}  # fmt: skip
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return digest_bytes(text)


@pytest.mark.parametrize("annotations", [{}, {"org.opencontainers.image.version": "7"}])
def test_what_another_tool_pushed_is_signed_and_verifies(desk: Desk, annotations: dict[str, str]) -> None:
    digest = _pushed_by_another_tool(desk.folder / "lay", annotations)
    done = desk.json("sign", f"{LAYOUT}:1.0.0", "--key", "k.key")
    assert (done["digest"], done["id"], done["version"], done["made"]) == (digest, "acme/anon", "1.0.0", 2)
    desk.run("verify", f"{LAYOUT}@{digest}", "--key", "k.pub")


def test_an_artifact_whose_annotations_lie_is_not_signed(desk: Desk) -> None:
    _pushed_by_another_tool(desk.folder / "lay", {"dev.mcpg.plugin.version": "9.9.9"})
    seen = desk.files("lay")
    assert desk.refused("sign", f"{LAYOUT}:1.0.0", "--key", "k.key")["code"] == "bad-annotation"
    assert desk.files("lay") == seen


def test_a_broken_layer_is_not_signed(desk: Desk) -> None:
    desk.run("push", "anon.wasm", LAYOUT)
    layer = max((desk.folder / "lay" / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    layer.write_bytes(layer.read_bytes()[:-1] + b"x")
    assert desk.refused("sign", f"{LAYOUT}:1.0.0", "--key", "k.key")["code"] == "bad-digest"
    assert Layout(desk.folder / "lay").entries[0].annotations[media.REF_NAME] == "acme/anon:1.0.0"
