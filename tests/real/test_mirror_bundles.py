"""Bundles as others read them: skopeo, cosign, a registry by others; and ours in a namespace without any network."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.debian import debian
from tests.mirror.folders import CONFIG, Folder, shop_of
from tests.mirror.workshop import ECHO
from tests.real.peers import docker_registry, run
from tests.registry.artifacts import component

from mcpg_registry.digests import digest_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.real

REFERENCE = "ghcr.io/acme/echo:1.2.0"
PATIENCE = 30.0


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    for program in ("skopeo", "strace"):
        debian(program)


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("outside") / "near")
    folder.stock(shop_of())
    for out in ("m.tar", "m"):
        folder.run("create", "--out", out, "--sign-key", "operator.key")
    return folder


def copied_layer(folder: Path) -> str:
    """The layer of the one image that skopeo has copied into a layout."""
    entry = json.loads((folder / "index.json").read_text())["manifests"][0]
    manifest = json.loads((folder / "blobs" / "sha256" / entry["digest"][7:]).read_text())
    return str(manifest["layers"][0]["digest"])


@pytest.mark.parametrize("source", ["oci:m", "oci-archive:m.tar"])
def test_skopeo_copies_a_plugin_out_of_a_bundle(near: Folder, tmp_path: Path, source: str) -> None:
    run("skopeo", "copy", f"{source}:{REFERENCE}", f"oci:{tmp_path / 'copy'}:it", cwd=near.path)
    assert copied_layer(tmp_path / "copy") == digest_bytes(ECHO)


@contextmanager
def served(folder: Folder, bundle: str, *before: str) -> Iterator[str]:
    """Run `mirror serve` as a program; yields its address."""
    command = [*before, sys.executable, "-m", "mcpg", "plugin", "mirror", "serve", bundle, "--listen", "127.0.0.1:0"]
    program = subprocess.Popen([*command, "--json"], cwd=folder.path, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    try:
        address = json.loads(program.stdout.readline())["listening"]
        host, _, port = address.rpartition(":")
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection((host, int(port)), 1).close()
                break
            except OSError:
                assert time.monotonic() < ends
                time.sleep(0.05)
        yield address
    finally:
        program.terminate()
        assert program.wait(PATIENCE) == 0
        program.stdout.close()


@pytest.mark.parametrize("bundle", ["m", "m.tar"])
def test_skopeo_pulls_from_a_served_bundle(near: Folder, tmp_path: Path, bundle: str) -> None:
    with served(near, bundle) as address:
        for name in (REFERENCE, "acme/echo:1.2.0"):
            place = tmp_path / name.partition("/")[0]
            run(
                "skopeo", "copy", "--src-tls-verify=false", f"docker://{address}/{name}", f"oci:{place}:it",
                cwd=near.path,
            )  # fmt: skip
            assert copied_layer(place) == digest_bytes(ECHO)
        shown = run("skopeo", "list-tags", "--tls-verify=false", f"docker://{address}/acme/echo", cwd=near.path)
        assert "1.2.0" in json.loads(shown.stdout)["Tags"]


def test_cosign_verifies_a_served_plugin(near: Folder, cosign: Path) -> None:
    with served(near, "m.tar") as address:
        command = [str(cosign), "verify", "--key", "acme.pub", "--insecure-ignore-tlog", "--allow-http-registry"]
        done = run(*command, f"{address}/{REFERENCE}", cwd=near.path)
        assert "signatures were verified" in done.stderr
        run(*command[:3], "stranger.pub", *command[4:], f"{address}/{REFERENCE}", cwd=near.path, check=1)


def test_a_bundle_goes_into_a_registry_of_others(near: Folder, tmp_path: Path) -> None:
    with docker_registry(tmp_path) as peer:
        config = CONFIG + f'registries: {{hosts: {{"{peer.authority}": {{ca: "{peer.ca}"}}}}}}\n'
        far = Folder(tmp_path / "far", config)
        command = [sys.executable, "-m", "mcpg", "plugin", "mirror", "import", str(near.path / "m.tar"), "--json"]
        for _ in range(2):
            done = run(*command, "--to", f"{peer.authority}/mirror", cwd=far.path, **peer.environment)
            assert json.loads(done.stdout)["installed"][-1] == f"{peer.authority}/mirror/{REFERENCE}"
        place = tmp_path / "copy"
        user = ":".join(peer.login or ())
        run(
            "skopeo", "copy", f"--src-creds={user}", "--src-cert-dir", str(_certificates(tmp_path, peer.ca)),
            f"docker://{peer.authority}/mirror/{REFERENCE}", f"oci:{place}:it", cwd=tmp_path,
        )  # fmt: skip
        assert copied_layer(place) == digest_bytes(ECHO)


def _certificates(folder: Path, ca: Path | None) -> Path:
    place = folder / "certificates"
    place.mkdir()
    assert ca is not None
    shutil.copy(ca, place / "ca.crt")
    return place


def test_everything_at_the_far_side_works_in_a_namespace_without_interfaces(near: Folder, tmp_path: Path) -> None:
    far = Folder(tmp_path / "far")
    bundle = str(near.path / "m.tar")

    def alone(*arguments: str, check: int = 0) -> str:
        command = ["unshare", "-rn", sys.executable, "-m", "mcpg", "plugin", "mirror", *arguments]
        return run(*command, cwd=far.path, check=check).stdout

    assert json.loads(alone("verify", bundle, "--operator-key", "operator.pub", "--json"))["outcome"] == "good"
    assert len(json.loads(alone("import", bundle, "--json"))["installed"]) == 2
    (far.path / "mcpg.lock").write_bytes((near.path / "mcpg.lock").read_bytes())
    alone("have", "--out", "have.json")
    alone("create", "--out", "again.tar")
    assert json.loads(alone("diff", bundle, "again.tar", "--json"))["new_blobs"] == 0
    alone("prune", "--keep-locked")
    alone("--offline", "short.tar")
    assert (far.path / "short.tar").read_bytes() == (far.path / "again.tar").read_bytes()
    increment = shop_of(component(version="1.3.0"))
    near_again = Folder(tmp_path / "near")
    near_again.stock(increment)
    near_again.run("create", "--out", "2.tar", "--have", str(far.path / "have.json"))
    assert json.loads(alone("import", str(near_again.path / "2.tar"), "--json"))["installed"] == [
        "ghcr.io/acme/echo:1.3.0"
    ]


def test_a_traced_process_opens_no_socket(near: Folder, tmp_path: Path) -> None:
    far = Folder(tmp_path / "far")
    for arguments in (["verify", str(near.path / "m.tar")], ["import", str(near.path / "m.tar")], ["have"]):
        log = tmp_path / f"{arguments[0]}.strace"
        command = ["strace", "-f", "-e", "trace=socket,connect", "-o", str(log)]
        run(*command, sys.executable, "-m", "mcpg", "plugin", "mirror", *arguments, cwd=far.path)
        opened = [line for line in log.read_text().splitlines() if "socket(" in line and "AF_UNIX" not in line]
        assert opened == []
