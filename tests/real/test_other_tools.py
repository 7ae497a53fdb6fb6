"""Registries and tools that others wrote, and ours: what one pushes, signs or carries, the other reads or refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.debian import debian
from tests.real.desk import Desk
from tests.real.peers import PASSWORD, USER
from tests.system.kit import Gateway, text_of

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes
from mcpg_registry.layout import fallback_tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.real.peers import Peer

pytestmark = pytest.mark.real


@pytest.fixture(params=["docker", "ggcr"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """A desk at each of the registries: with TLS and a log-in, and without either."""
    return Desk(tmp_path / "desk", request.getfixturevalue(request.param))


@pytest.fixture
def gateway(desk: Desk, compiled: Path) -> Iterator[Gateway]:
    made = Gateway(desk.path, compiled)
    made.variables = dict(desk.environment)
    yield made
    made.stop()


def curl(desk: Desk, *words: str) -> str:
    """Run curl against the desk's registry; returns headers and body."""
    login = ["--user", f"{USER}:{PASSWORD}", "--cacert", str(desk.peer.ca)] if desk.peer.ca else []
    return desk.tool(debian("curl"), "--silent", "--show-error", "--fail", "--include", *login, *words)


def push_by_curl(desk: Desk, name: str) -> str:
    """Push the component with nothing but curl, in the layout that wasm tools write; returns its digest."""
    wasm = (desk.path / "tool.wasm").read_bytes()
    config = json.dumps({"architecture": "wasm", "os": "wasip2", "layerDigests": [digest_bytes(wasm)]}).encode()
    base = f"{desk.peer.url}/v2/acme/{name}"
    parts = []
    for kind, data in ((media.CONFIG, config), (media.WASM, wasm)):
        (desk.path / "blob").write_bytes(data)
        head = curl(desk, "--request", "POST", f"{base}/blobs/uploads/")
        lines = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
        place = next(value for key, value in lines.items() if key.lower() == "location")
        place = place if "://" in place else desk.peer.url + place
        url = f"{place}{'&' if '?' in place else '?'}digest={digest_bytes(data)}"
        curl(
            desk,
            "--request",
            "PUT",
            "--header",
            "Content-Type: application/octet-stream",
            "--data-binary",
            "@blob",
            url,
        )
        parts.append({"mediaType": kind, "digest": digest_bytes(data), "size": len(data)})
    manifest = {"schemaVersion": 2, "mediaType": media.MANIFEST, "config": parts[0], "layers": parts[1:]}
    (desk.path / "manifest").write_text(json.dumps(manifest, indent=3))
    header = f"Content-Type: {media.MANIFEST}"
    curl(desk, "--request", "PUT", "--header", header, "--data-binary", "@manifest", f"{base}/manifests/1.0.0")
    return digest_bytes((desk.path / "manifest").read_bytes())


def serves(desk: Desk, gateway: Gateway, reference: str, **sections: Any) -> None:
    """Pull, lock, and have a gateway that loads nothing else answer with the plugin."""
    desk.write(uses=reference, **sections)
    desk.mcpg("plugin", "pull", reference)
    desk.mcpg("plugin", "lock")
    gateway.options = ("--locked",)
    gateway.start()
    assert text_of(gateway.call("greet", check=0)) == "it runs"


def test_what_curl_has_pushed_runs_once_it_is_signed(desk: Desk, gateway: Gateway) -> None:
    digest = push_by_curl(desk, "by-curl")
    reference = f"{desk.peer.authority}/acme/by-curl@{digest}"
    assert desk.mcpg("plugin", "pull", reference, check=3)["error"]["code"] == "unsigned"
    assert desk.mcpg("plugin", "sign", reference, "--key", "acme.key")["digest"] == digest
    place = f"{desk.peer.url}/v2/acme/by-curl/manifests/{fallback_tag(digest)}"
    listed = curl(desk, "--header", f"Accept: {media.INDEX}", place)
    assert listed.count(media.BUNDLE) >= 2
    serves(desk, gateway, reference)


def test_a_download_goes_on_at_a_real_registry(desk: Desk) -> None:
    """A partial of another try is there: the rest comes by Range."""
    reference = desk.pushed("resumed-by-range", "--sign-key", "acme.key")
    wasm = (desk.path / "tool.wasm").read_bytes()
    partial = desk.path / ".state" / "plugins" / "ingest" / f"{digest_bytes(wasm)[7:]}.partial"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(wasm[: len(wasm) // 2])
    (pulled,) = desk.mcpg("plugin", "pull", reference)["plugins"]
    assert pulled["fetched"] == len(wasm) - len(wasm) // 2
    assert not partial.exists()


def test_a_revocation_over_a_real_registry_ends_a_running_plugin(desk: Desk, gateway: Gateway) -> None:
    reference = desk.pushed("revoked-by-feed", "--sign-key", "acme.key")
    place = f"{desk.peer.authority}/acme/revocations-{desk.path.parent.name.replace('_', '-')[:40].lower()}:latest"
    keys = [f"list-{number}.pub" for number in (1, 2, 3)]
    believed = [word for key in keys for word in ("--key", key)]

    def publish(*entry: str) -> None:
        desk.mcpg("revocations", "revoke", "list.json", "--issuer", "acme.example", *entry, "--key", "list-1.key")
        desk.mcpg("revocations", "sign", "list.json", "--key", "list-2.key")
        desk.mcpg("revocations", "publish", "list.json", place, *believed)

    publish("--match", f"manifest=sha256:{'0' * 64}", "--reason", "a first list")
    section = {"feed": place, "anchor": {"keys": keys}, "poll": "1s"}
    desk.write(revocations=section)
    desk.mcpg("revocations", "import", "list.json")
    serves(desk, gateway, reference, revocations=section)
    publish("--match", f"manifest={reference.partition('@')[2]}", "--action", "kill", "--reason", "it was stolen")
    gateway.until(lambda: gateway.call("greet")["isError"])
    assert "it was stolen" in text_of(gateway.call("greet"))
    assert desk.mcpg("plugin", "pull", reference, check=3)["error"]["code"] == "plugin-revoked"
    gateway.stop()


def test_cosign_accepts_our_signature_and_no_strangers(desk: Desk, cosign: Path) -> None:
    reference = desk.pushed("cosigned-by-us", "--sign-key", "acme.key")
    plain = [] if desk.peer.ca else ["--allow-http-registry"]
    verify = ("verify", "--insecure-ignore-tlog", *plain, reference, "--key")
    assert "signatures were verified" in desk.tool(cosign, *verify, "acme.pub")
    assert "signatures were verified" not in desk.tool(cosign, *verify, "stranger.pub", check=None)
    unsigned = desk.pushed("unsigned-for-cosign")
    told = desk.tool(cosign, "verify", "--insecure-ignore-tlog", *plain, unsigned, "--key", "acme.pub", check=None)
    assert "no signatures found" in told or "no matching attestations" in told


def test_cosigns_own_signature_with_an_ed25519_key_is_refused_by_its_name(desk: Desk, cosign: Path) -> None:
    reference = desk.pushed("by-cosign")
    desk.tool(cosign, "import-key-pair", "--key", "acme.key", "--output-key-prefix", "theirs", "--yes")
    desk.tool(cosign, "signing-config", "create", "--out", "none.json")
    plain = [] if desk.peer.ca else ["--allow-http-registry"]
    options = ("--signing-config", "none.json", "--yes", *plain)
    desk.tool(cosign, "sign", "--key", "theirs.key", *options, reference)
    error = desk.mcpg("plugin", "pull", reference, check=3)["error"]
    assert error["code"] == "ed25519ph"
    assert "mcpg plugin sign" in error["remedy"]
    assert desk.mcpg("plugin", "sign", reference, "--key", "acme.key")["made"] == 2
    desk.mcpg("plugin", "pull", reference)


def test_a_copy_that_cosign_has_carried_verifies(docker: Peer, ggcr: Peer, tmp_path: Path, cosign: Path) -> None:
    """Out of one registry, through a folder, into another: the trust policy knows the copy by its first name."""
    near, far = Desk(tmp_path / "near", docker), Desk(tmp_path / "far", ggcr)
    reference = near.pushed("carried", "--sign-key", "acme.key")
    near.tool(cosign, "save", "--dir", "carried", reference)
    copy = f"{ggcr.authority}/copies/acme/carried"
    told = near.tool(cosign, "load", "--dir", "carried", "--allow-http-registry", f"{copy}:1.0.0", check=None)
    (far.path / "acme.pub").write_text((near.path / "acme.pub").read_text())
    mirrors = {f"{docker.authority}/acme": {"to": [f"{ggcr.authority}/copies/acme"], "only": True}}
    rules = [{"prefix": f"{docker.authority}/acme", "keys": ["acme.pub"]}]
    far.write(registries=far.registries | {"mirrors": mirrors}, trust={"rules": rules})
    (pulled,) = far.mcpg("plugin", "pull", reference)["plugins"]
    assert f"{pulled['repository']}@{pulled['digest']}" == reference, told
