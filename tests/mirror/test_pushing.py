"""Imports into a registry: whole and with signatures, whatever the registry lacks and whenever it breaks off."""

from __future__ import annotations

import asyncio
import base64
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tests.mirror.folders import Folder, shop_of
from tests.mirror.workshop import ECHO, NOW, POLICY
from tests.registry.artifacts import packed_of
from tests.simulator.access import Basic
from tests.simulator.registry import Registry, beside

from mcpg.cli.mirror_import import _client
from mcpg.contract.problems import RegistryFailed
from mcpg_registry import media
from mcpg_registry.client import RegistryClient
from mcpg_registry.hosts import Hosts, Mirror
from mcpg_registry.layout import fallback_tag
from mcpg_registry.proving import Judgement, prove
from mcpg_registry.references import RegistryReference, parse_reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ECHO_THERE = "mirror/ghcr.io/acme/echo"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    near = Folder(tmp_path_factory.mktemp("push") / "near")
    near.stock(shop_of())
    near.run("create", "--out", "m.tar", "--sign-key", "operator.key")
    return (near.path / "m.tar").read_bytes()


@pytest.fixture
def far(tmp_path: Path, bundle: bytes) -> Folder:
    (tmp_path / "m.tar").write_bytes(bundle)
    return Folder(tmp_path / "far")


@pytest.fixture(params=[True, False], ids=["with the referrers API", "without it"])
def registry(request: pytest.FixtureRequest) -> Iterator[Registry]:
    with beside() as running:
        running.contents.api = request.param
        yield running


def push(far: Folder, registry: Registry, *more: str, code: int = 0) -> Any:
    return far.json(*_pushed(registry), *more, code=code)


def test_it_is_pushed_with_the_credentials_that_the_file_names(far: Folder, registry: Registry) -> None:
    registry.access = Basic({"site": "p"})
    auths = {registry.authority: {"auth": base64.b64encode(b"site:p").decode()}}
    (far.path / "credentials.json").write_text(json.dumps({"auths": auths}))
    file = far.path / "mcpg.yaml"
    assert "mcpg login" in far.error(*_pushed(registry), code=1)["remedy"]
    file.write_text(file.read_text() + "registries: {credentials: credentials.json}\n")
    assert len(far.json(*_pushed(registry))["installed"]) == 2


def _pushed(registry: Registry) -> tuple[str, ...]:
    return ("import", "../m.tar", "--to", f"{registry.authority}/mirror", "--plain-http", "--offline")


def state(registry: Registry) -> dict[str, Any]:
    return {
        name: (dict(each.blobs), dict(each.manifests), dict(each.tags))
        for name, each in registry.contents.repositories.items()
    }


def test_a_bundle_is_pushed_with_signatures_and_list(far: Folder, registry: Registry) -> None:
    done = push(far, registry)
    assert done["installed"] == [
        f"{registry.authority}/mirror/ghcr.io/acme/asks:3.0.0",
        f"{registry.authority}/{ECHO_THERE}:1.2.0",
    ]
    assert registry.contents.repositories["mirror/mcpg/revocations"].tags.keys() == {"latest"}
    there = registry.contents.repositories[ECHO_THERE]
    assert ECHO in there.blobs.values()
    subject = there.tags["1.2.0"]
    assert len(there.referrers(subject)) == 2
    assert (fallback_tag(subject) in there.tags) is not registry.contents.api  # type: ignore[arg-type]
    before = state(registry)
    push(far, registry)
    assert state(registry) == before
    assert far.store.receipts() == ()


async def test_what_was_pushed_is_pulled_by_its_original_name_and_proven(far: Folder, registry: Registry) -> None:
    await asyncio.to_thread(push, far, registry)
    mirror = Mirror("ghcr.io", (f"{registry.authority}/mirror/ghcr.io",), only=True)
    async with RegistryClient(hosts=Hosts(mirrors=(mirror,), plain_loopback=True)) as client:
        reference = parse_reference("ghcr.io/acme/echo:1.2.0")
        assert isinstance(reference, RegistryReference)
        claim = await client.claim(reference)
        rule = POLICY.rule_for(claim.repository)
        assert prove(claim, Judgement(rule, NOW), where="here").signed.release.id == "acme/echo"
        assert await client.read(
            "ghcr.io/acme/echo", prove(claim, Judgement(rule, NOW), where="").layer, media.MAX_LAYER
        )


def test_nothing_of_a_refused_bundle_is_pushed(far: Folder, registry: Registry) -> None:
    path = far.path.parent / "m.tar"
    path.write_bytes(path.read_bytes().replace(ECHO, b"?" * len(ECHO)))
    assert push(far, registry, code=3)["error"]["code"] == "bad-digest"
    assert state(registry) == {}


@pytest.mark.parametrize("after", [0, 2, 5])
def test_a_push_that_breaks_off_is_finished_by_the_next(
    far: Folder, registry: Registry, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = RegistryClient.push, [after]

    async def failing(self: RegistryClient, *arguments: Any, **more: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise RegistryFailed("the cable was pulled", where="here", remedy="put it back")
        return await real(self, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(RegistryClient, "push", failing)
        assert push(far, registry, code=1)["error"]["code"] == "registry-failed"
    push(far, registry)
    whole = state(registry)
    push(far, registry)
    assert state(registry) == whole
    assert len(whole) == 3


async def test_offline_speaks_to_no_host_but_the_one_that_was_told() -> None:
    site: Any = SimpleNamespace(offline=True, credentials=None, hosts=Hosts(plain_loopback=True))
    packed = packed_of(ECHO)
    async with _client(site, "registry.corp:5000/mirror") as client:
        with pytest.raises(RegistryFailed) as caught:
            await client.push("elsewhere.corp/mirror/acme/echo", packed)
    assert caught.value.code == "offline"


def test_a_target_that_is_none_is_refused(far: Folder) -> None:
    assert far.error("import", "../m.tar", "--to", "nonsense", code=3)["code"] == "bad-reference"
