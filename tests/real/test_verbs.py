"""The whole way over a registry that others wrote, with TLS and a log-in: push, sign, pull, verify, lock, serve.

The publisher is our own verbs, or another tool in the same layout; what cosign says of it is asked, too.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.goods import PASSWORD as KEY_PASSWORD
from tests.cli.goods import component
from tests.debian import debian
from tests.real.peers import PASSWORD, USER, run
from tests.system.kit import Gateway, document, text_of, tool

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes, hex_of
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.real.peers import Peer

pytestmark = pytest.mark.real


class Folder:
    """A folder with a file that knows how to reach the registry, and the verbs as processes of their own."""

    def __init__(self, path: Path, peer: Peer) -> None:
        self.path, self.peer = path, peer
        path.mkdir(mode=0o700, exist_ok=True)
        self.settings: dict[str, Any] = {"registries": {"hosts": {peer.authority: {"ca": str(peer.ca)}}}}
        self.credentials = {"DOCKER_CONFIG": str(path / "docker"), "NO_PROXY": "localhost"}
        self.write({"version": 1, **self.settings})

    def write(self, wanted: dict[str, Any]) -> None:
        (self.path / "mcpg.yaml").write_text(json.dumps(wanted))

    def mcpg(self, *arguments: str, code: int = 0, text: str = "") -> Any:
        command = [sys.executable, "-m", "mcpg", *arguments, "--json"]
        environment = {**self.credentials, "MCPG_KEY_PASSWORD": KEY_PASSWORD, "PATH": "", "HOME": str(self.path)}
        done = subprocess.run(
            command,
            cwd=self.path,
            env=environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return json.loads(done.stdout) if code == 0 else done.stderr

    def plugin(self, *arguments: str, code: int = 0) -> Any:
        return self.mcpg("plugin", *arguments, code=code)

    def log_in(self) -> None:
        self.mcpg("login", self.peer.authority, "--username", USER, "--password-stdin", text=PASSWORD)


@pytest.fixture
def maker(docker: Peer, tmp_path: Path) -> Folder:
    """A publisher with an encrypted key pair and a component."""
    folder = Folder(tmp_path / "maker", docker)
    key = PrivateKey.generate()
    (folder.path / "acme.key").write_text(key.pem(KEY_PASSWORD.encode()))
    (folder.path / "acme.pub").write_text(key.public.pem)
    (folder.path / "hello.wasm").write_bytes(component("backend-mock", id="acme/hello"))
    return folder


@pytest.fixture
def user(docker: Peer, maker: Folder, tmp_path: Path) -> Folder:
    """Whoever wants the plugin, with the publisher's public key."""
    folder = Folder(tmp_path / "user", docker)
    shutil.copy(maker.path / "acme.pub", folder.path)
    return folder


@pytest.fixture
def gateway(user: Folder, compiled: Path) -> Iterator[Gateway]:
    made = Gateway(user.path, compiled)
    yield made
    made.stop()


def test_without_log_in_or_authority_nothing_goes(docker: Peer, maker: Folder, user: Folder) -> None:
    place = f"{docker.authority}/acme/closed"
    assert "registry-denied" in maker.plugin("push", "hello.wasm", place, code=1)
    assert "mcpg login" in maker.plugin("push", "hello.wasm", place, code=1)
    maker.log_in()
    maker.plugin("push", "hello.wasm", place, "--sign-key", "acme.key")
    assert "registry-denied" in user.plugin("pull", f"{place}:1.0.0", "--key", "acme.pub", code=1)
    user.write({"version": 1})
    assert "registry-tls" in user.plugin("pull", f"{place}:1.0.0", "--key", "acme.pub", code=1)


def test_pushed_signed_pulled_locked_and_served(docker: Peer, maker: Folder, user: Folder, gateway: Gateway) -> None:
    place = f"{docker.authority}/acme/hello"
    maker.log_in()
    pushed = maker.plugin("push", "hello.wasm", place)
    signed = maker.plugin("sign", pushed["pinned"], "--key", "acme.key")
    assert (signed["made"], signed["digest"]) == (2, pushed["digest"])
    user.log_in()
    (pulled,) = user.plugin("pull", pushed["pinned"], "--key", "acme.pub")["plugins"]
    assert (pulled["digest"], pulled["id"]) == (pushed["digest"], "acme/hello")
    serve(user, gateway, pushed["pinned"])


def test_what_another_tool_pushed_is_signed_and_served(
    docker: Peer, maker: Folder, user: Folder, gateway: Gateway, tmp_path: Path
) -> None:
    place = f"{docker.authority}/acme/others"
    digest = _layout(tmp_path / "layout")
    program = debian("skopeo")
    name = f"oci:{tmp_path / 'layout'}:1.0.0"
    login = f"{USER}:{PASSWORD}"
    run(program, "copy", "--dest-creds", login, name, f"docker://{place}:1.0.0", cwd=tmp_path, **docker.environment)
    maker.log_in()
    assert maker.plugin("sign", f"{place}:1.0.0", "--key", "acme.key")["digest"] == digest
    user.log_in()
    user.plugin("pull", f"{place}@{digest}", "--key", "acme.pub")
    serve(user, gateway, f"{place}@{digest}")


def test_cosign_accepts_our_signature_there(docker: Peer, maker: Folder, cosign: Path) -> None:
    place = f"{docker.authority}/acme/cosigned"
    maker.log_in()
    pushed = maker.plugin("push", "hello.wasm", place, "--sign-key", "acme.key")
    arguments = ("verify", "--key", "acme.pub", "--insecure-ignore-tlog", pushed["pinned"])
    done = run(str(cosign), *arguments, cwd=maker.path, HOME=str(maker.path), **docker.environment)
    assert pushed["digest"] in done.stdout
    other = PrivateKey.generate()
    (maker.path / "other.pub").write_text(other.public.pem)
    refused = ("verify", "--key", "other.pub", "--insecure-ignore-tlog", pushed["pinned"])
    done = run(str(cosign), *refused, cwd=maker.path, check=None, HOME=str(maker.path), **docker.environment)
    assert done.returncode != 0


def serve(user: Folder, gateway: Gateway, reference: str) -> None:
    """Lock the reference, verify it, and let a gateway that loads nothing else answer with it."""
    rules = [{"prefix": user.peer.authority, "keys": ["acme.pub"]}]
    plugins = {"hello": {"from": reference}}
    tools = {"greet": tool("hello", mock={"text": "hello over TLS"})}
    gateway.write(document(trust={"rules": rules}, plugins=plugins, tools=tools, **user.settings))
    assert user.plugin("lock")["added"] == [reference]
    (walked,) = user.plugin("verify", "--all", "--lock", "--offline")
    assert walked["ok"]
    gateway.options = ("--locked", "--offline")
    gateway.start()
    assert text_of(gateway.call("greet", check=0)) == "hello over TLS"


def _layout(folder: Path) -> str:
    """Write a layout as another tool would: sorted keys, a config with nulls, no annotation of ours."""
    wasm = component("backend-mock", id="acme/hello")
    config = json.dumps({"created": "2026-11-21T00:16:32.254251809Z", "author": None, "architecture": "wasm",
                         "os": "wasip2", "layerDigests": [digest_bytes(wasm)],
                         "component": {"exports": [], "imports": [], "target": None}}).encode()  # fmt: skip
    manifest = {
        "config": {"digest": digest_bytes(config), "mediaType": media.CONFIG, "size": len(config)},
        "layers": [{"digest": digest_bytes(wasm), "mediaType": media.WASM, "size": len(wasm)}],
        "mediaType": media.MANIFEST,
        "schemaVersion": 2,
    }
    text = json.dumps(manifest).encode()
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for data in (wasm, config, text):
        (blobs / hex_of(digest_bytes(data))).write_bytes(data)
    entry = {"mediaType": media.MANIFEST, "digest": digest_bytes(text), "size": len(text),
             "annotations": {media.REF_NAME: "1.0.0"}}  # fmt: skip
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return digest_bytes(text)
