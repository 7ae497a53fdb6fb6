"""The tests' own registry as others see it: what real clients do with a registry they do with this one.

It is the one registry here with the referrers API, so that this half of the signatures' way has witnesses too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.debian import debian
from tests.real.desk import Desk
from tests.real.peers import Peer, run
from tests.simulator.access import Basic, Bearer
from tests.simulator.registry import Registry, beside

from mcpg_registry.layout import fallback_tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.real

USERS = {"ann": "secret"}


@pytest.fixture
def registry() -> Iterator[Registry]:
    with beside() as running:
        yield running


@pytest.fixture
def desk(registry: Registry, tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk", Peer(registry.authority, tmp_path, environment={"NO_PROXY": "127.0.0.1"}))


@pytest.mark.parametrize("access", [Basic(USERS), Bearer(USERS)], ids=["basic", "bearer"])
def test_skopeo_pushes_lists_and_pulls(registry: Registry, desk: Desk, tmp_path: Path, access: Basic | Bearer) -> None:
    skopeo = debian("skopeo")
    place = f"layout:made#{registry.authority}/acme/tool"
    desk.mcpg("plugin", "push", "tool.wasm", place)
    registry.access = access
    name = f"docker://{registry.authority}/acme/tool:1.0.0"
    source = f"oci:made:{registry.authority}/acme/tool:1.0.0"
    run(skopeo, "copy", "--dest-tls-verify=false", "--dest-creds=ann:secret", source, name, cwd=desk.path)
    listed = run(
        skopeo, "list-tags", "--tls-verify=false", "--creds=ann:secret", name.rpartition(":")[0], cwd=desk.path
    )
    assert json.loads(listed.stdout)["Tags"] == ["1.0.0"]
    run(
        skopeo,
        "copy",
        "--src-tls-verify=false",
        "--src-creds=ann:secret",
        name,
        f"oci:{tmp_path / 'copy'}:x",
        cwd=desk.path,
    )
    blobs = {path.name for path in (tmp_path / "copy" / "blobs" / "sha256").iterdir()}
    held = registry.contents.repository("acme/tool")
    assert {f"sha256:{name}" for name in blobs} == {*held.blobs, *held.manifests}
    refused = run(
        skopeo, "copy", "--dest-tls-verify=false", "--dest-creds=ann:no", source, name, cwd=desk.path, check=None
    )
    assert refused.returncode != 0


def test_cosign_finds_our_signature_by_the_referrers_api(registry: Registry, desk: Desk, cosign: Path) -> None:
    reference = desk.pushed("tool", "--sign-key", "acme.key")
    held = registry.contents.repository("acme/tool")
    assert fallback_tag(reference.partition("@")[2]) not in held.tags
    verify = ("verify", "--insecure-ignore-tlog", "--allow-http-registry", reference, "--key")
    assert "signatures were verified" in desk.tool(cosign, *verify, "acme.pub")
    assert "signatures were verified" not in desk.tool(cosign, *verify, "stranger.pub", check=None)
    assert registry.asked("referrers", "GET")
    desk.mcpg("plugin", "pull", reference)


def test_cosigns_signature_by_the_referrers_api_is_called_by_its_name(
    registry: Registry, desk: Desk, cosign: Path
) -> None:
    reference = desk.pushed("tool")
    desk.tool(cosign, "import-key-pair", "--key", "acme.key", "--output-key-prefix", "theirs", "--yes")
    desk.tool(cosign, "signing-config", "create", "--out", "none.json")
    desk.tool(
        cosign,
        "sign",
        "--key",
        "theirs.key",
        "--signing-config",
        "none.json",
        "--yes",
        "--allow-http-registry",
        reference,
    )
    assert registry.contents.repository("acme/tool").referrers(reference.partition("@")[2])
    assert desk.mcpg("plugin", "pull", reference, check=3)["error"]["code"] == "ed25519ph"
