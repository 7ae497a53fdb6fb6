"""What oras carries, with its holes kept shut; log-ins that are checked, stored for us alone, and forgotten."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.access import Basic, Bearer
from tests.simulator.faults_places import redirects
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.registry import simulated

from mcpg.contract.problems import ConfigError, RegistryFailed
from mcpg_registry.carrier import Carrier, log_in, log_out
from mcpg_registry.client import RegistryClient
from mcpg_registry.credentials import Credentials, KnownCredentials, StoredCredentials
from mcpg_registry.hosts import Hosts, Timeouts
from mcpg_registry.layout import fallback_tag
from mcpg_registry.packing import pack_signature
from mcpg_registry.references import parse_reference
from mcpg_registry.uploads import Sent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.simulator.registry import Registry

NAME = "acme/echo"
USERS = {"u": "p"}
HOSTS = Hosts(plain_loopback=True, timeouts=Timeouts(connect=1, read=2, total=5))


@pytest.fixture(scope="module")
def plugin() -> Plugin:
    return Plugin.make(Chest()["acme"], size=600_000)


@asynccontextmanager
async def carrier_of(registry: Registry, *, seconds: float = 20.0, word: str = "p") -> AsyncIterator[Carrier]:
    known = KnownCredentials(registry.authority, Credentials("u", word))
    carrier = Carrier(hosts=HOSTS, credentials=known, seconds=seconds)
    try:
        yield carrier
    finally:
        await carrier.aclose()


def test_oras_is_not_loaded_before_it_is_used() -> None:
    program = "import sys, mcpg_registry.carrier; print(sorted({'oras', 'requests', 'urllib3'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


class TestPush:
    @pytest.mark.parametrize("access", [Basic(USERS), Bearer(USERS)])
    @pytest.mark.parametrize("api", [True, False])
    async def test_the_very_bytes_arrive_and_signatures_are_found(
        self, plugin: Plugin, access: Any, *, api: bool
    ) -> None:
        async with simulated(access=access) as registry, carrier_of(registry) as carrier:
            registry.contents.api = api
            repository = f"{registry.authority}/{NAME}"
            pushed = await carrier.push(repository, plugin.packed, tag="1.2.0")
            signatures = [pack_signature(bundle, plugin.packed.manifest) for bundle in plugin.signatures]
            listed = [(await carrier.push(repository, signature)).listed for signature in signatures]
            known = KnownCredentials(registry.authority, Credentials("u", "p"))
            async with RegistryClient(hosts=HOSTS, credentials=known) as client:
                claim = await client.claim(parse_reference(f"{repository}:1.2.0"))
            tagged = fallback_tag(plugin.packed.manifest.digest) in registry.contents.repository(NAME).tags
        assert set(pushed.sent.values()) == {Sent.UPLOADED}
        assert claim.manifest_bytes == plugin.manifest_bytes
        assert len(claim.referrers) == 2
        assert listed == [not api] * 2
        assert tagged is not api

    async def test_what_is_there_is_not_sent_again(self, plugin: Plugin) -> None:
        async with simulated() as registry, carrier_of(registry) as carrier:
            await carrier.push(f"{registry.authority}/{NAME}", plugin.packed)
            again = await carrier.push(f"{registry.authority}/{NAME}", plugin.packed)
        assert set(again.sent.values()) == {Sent.THERE}

    async def test_nothing_is_pulled(self, plugin: Plugin) -> None:
        async with simulated() as registry, carrier_of(registry) as carrier:
            await carrier.push(f"{registry.authority}/{NAME}", plugin.packed, tag="1")
            assert registry.asked("blob", "GET") == []

    async def test_a_manifest_that_is_lost_is_told(self, plugin: Plugin) -> None:
        async with simulated() as registry, carrier_of(registry) as carrier:
            registry.switch("manifest-lost")
            with pytest.raises(RegistryFailed):
                await carrier.push(f"{registry.authority}/{NAME}", plugin.packed)

    @pytest.mark.parametrize("name", ["echo", "a.b/echo", "a/b/c"])
    async def test_a_repository_is_never_taken_for_a_host(self, plugin: Plugin, name: str) -> None:
        async with simulated() as registry, carrier_of(registry) as carrier:
            await carrier.push(f"{registry.authority}/{name}", plugin.packed, tag="1")
            assert registry.contents.repository(name).tags == {"1": plugin.digest}

    async def test_a_malformed_tag_is_told(self, plugin: Plugin) -> None:
        async with simulated() as registry, carrier_of(registry) as carrier:
            with pytest.raises(RegistryFailed, match="the tag is malformed"):
                await carrier.push(f"{registry.authority}/{NAME}", plugin.packed, tag="../x")
            assert registry.asked("upload", "POST") == []


class TestTags:
    async def test_all_pages_are_listed(self) -> None:
        async with simulated(page=10) as registry, carrier_of(registry) as carrier:
            registry.contents.repository(NAME).tags |= {f"1.{n}.0": "sha256:" + "0" * 64 for n in range(25)}
            assert len(await carrier.tags(f"{registry.authority}/{NAME}")) == 25

    async def test_what_is_no_tag_is_refused(self) -> None:
        async with simulated() as registry, carrier_of(registry) as carrier:
            registry.contents.repository(NAME).tags["1"] = "sha256:" + "0" * 64
            registry.switch("replaced", kind="tags", data=b'{"tags": ["../../etc/passwd"]}')
            with pytest.raises(RegistryFailed, match="something else than tags"):
                await carrier.tags(f"{registry.authority}/{NAME}")


class TestHoles:
    """What the library does by itself, and may not do here."""

    async def test_a_link_or_redirect_elsewhere_gets_no_credentials(self) -> None:
        async with (
            simulated() as thief,
            simulated(access=Basic(USERS)) as registry,
            carrier_of(registry) as carrier,
        ):
            for held in (thief, registry):
                held.contents.repository(NAME).tags["1"] = "sha256:" + "0" * 64
            registry.faults.append(redirects(thief.origin + "{target}", "tags"))
            await carrier.tags(f"{registry.authority}/{NAME}")
            assert [request.authorization for request in thief.requests] == [""]

    async def test_an_upload_elsewhere_gets_no_credentials(self, plugin: Plugin) -> None:
        async with (
            simulated() as thief,
            simulated(access=Basic(USERS)) as registry,
            carrier_of(registry) as carrier,
        ):
            registry.switch("located", location=f"{thief.origin}/up")
            with pytest.raises(RegistryFailed):
                await carrier.push(f"{registry.authority}/{NAME}", plugin.packed)
            assert thief.requests
            assert {request.authorization for request in thief.requests} == {""}

    async def test_credentials_of_one_host_never_reach_another(self) -> None:
        async with simulated(access=Basic(USERS)) as one, simulated(access=Basic(USERS)) as two:
            for held in (one, two):
                held.contents.repository(NAME).tags["1"] = "sha256:" + "0" * 64
            async with carrier_of(one) as carrier:
                await carrier.tags(f"{one.authority}/{NAME}")
                with pytest.raises(RegistryFailed, match=r"mcpg login|none are known here"):
                    await carrier.tags(f"{two.authority}/{NAME}")
            assert not any(request.authorization for request in two.requests)

    async def test_neither_netrc_nor_dockers_file_is_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login evil password evil\n")
        (tmp_path / ".docker").mkdir()
        async with simulated() as registry, carrier_of(registry) as carrier:
            registry.contents.repository(NAME).tags["1"] = "sha256:" + "0" * 64
            entry = {"auth": base64.b64encode(b"evil:evil").decode()}
            (tmp_path / ".docker" / "config.json").write_text(json.dumps({"auths": {registry.authority: entry}}))
            await carrier.tags(f"{registry.authority}/{NAME}")
            assert not any(request.authorization for request in registry.requests)

    @pytest.mark.parametrize("code", [401, 403, 429, 500, 503])
    async def test_an_error_is_not_tried_for_two_minutes(self, code: int) -> None:
        async with simulated() as registry, carrier_of(registry) as carrier:
            registry.switch("status", code=code)
            registry.faults[-1] = _only("tags", registry.faults[-1])
            started = time.monotonic()
            with pytest.raises(RegistryFailed):
                await carrier.tags(f"{registry.authority}/{NAME}")
            assert len(registry.asked("tags")) == 1
        assert time.monotonic() - started < 60

    @pytest.mark.parametrize("fault", ["tags-mute", "tags-stalled"])
    async def test_silence_ends(self, fault: str) -> None:
        async with simulated() as registry, carrier_of(registry, seconds=1.0) as carrier:
            registry.contents.repository(NAME).tags["1"] = "sha256:" + "0" * 64
            registry.switch(fault)
            with pytest.raises(RegistryFailed) as caught:
                await carrier.tags(f"{registry.authority}/{NAME}")
        assert caught.value.code == "registry-timeout"

    @pytest.mark.parametrize("fault", ["tags-endless", "tags-huge"])
    async def test_an_endless_answer_ends(self, fault: str) -> None:
        async with simulated() as registry, carrier_of(registry) as carrier:
            registry.contents.repository(NAME).tags["1"] = "sha256:" + "0" * 64
            registry.switch(fault)
            with pytest.raises(RegistryFailed, match="its answer has more than"):
                await carrier.tags(f"{registry.authority}/{NAME}")

    async def test_pages_without_end_do(self) -> None:
        async with simulated() as registry, carrier_of(registry) as carrier:
            registry.contents.repository(NAME).tags["1"] = "sha256:" + "0" * 64
            registry.switch("links", kind="tags", link=f"/v2/{NAME}/tags/list?n={{number}}")
            with pytest.raises(RegistryFailed, match="more than 256 requests"):
                await carrier.tags(f"{registry.authority}/{NAME}")

    async def test_a_bomb_is_not_unpacked(self) -> None:
        async with simulated() as registry, carrier_of(registry) as carrier:
            registry.contents.repository(NAME).tags["1"] = "sha256:" + "0" * 64
            registry.switch("tags-bomb")
            with pytest.raises(RegistryFailed):
                await carrier.tags(f"{registry.authority}/{NAME}")


def _only(kind: str, fault: Any) -> Any:
    async def wrapped(exchange: Any) -> Any:
        return await (fault(exchange) if exchange.route.kind == kind else exchange.proceed())

    return wrapped


class TestLogin:
    async def enter(self, registry: Registry, file: Path, word: str = "p", **environment: str) -> Any:
        credentials = Credentials("u", word)
        return await log_in(registry.authority, credentials, file=file, hosts=HOSTS, environment=environment)

    @pytest.mark.parametrize("access", [Basic(USERS), Bearer(USERS)])
    async def test_what_was_taken_is_stored_for_us_alone(self, tmp_path: Path, access: Any) -> None:
        file = tmp_path / "new" / "config.json"
        async with simulated(access=access) as registry:
            assert await self.enter(registry, file) == (True, None)
            found = await StoredCredentials(file=file, environment={}).find(registry.authority, NAME)
        assert found == Credentials("u", "p")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [each.name for each in file.parent.iterdir()] == ["config.json"]

    @pytest.mark.parametrize("access", [Basic(USERS), Bearer(USERS)])
    async def test_what_was_refused_is_not_stored(self, tmp_path: Path, access: Any) -> None:
        file = tmp_path / "config.json"
        async with simulated(access=access) as registry:
            with pytest.raises(RegistryFailed) as caught:
                await self.enter(registry, file, "wrong-secret")
        assert "wrong-secret" not in caught.value.diagnostics()
        assert caught.value.code == "registry-denied"
        assert not file.exists()

    async def test_what_else_the_file_holds_stays_and_nobody_may_read_it_afterwards(self, tmp_path: Path) -> None:
        file = tmp_path / "config.json"
        before = {"auths": {"ghcr.io": {"auth": "eDp5"}}, "HttpHeaders": {"A": "b"}}
        file.write_text(json.dumps(before))
        file.chmod(0o644)
        async with simulated(access=Basic(USERS)) as registry:
            await self.enter(registry, file)
            after = json.loads(file.read_text())
            assert after.pop("auths").pop(registry.authority) == {"auth": base64.b64encode(b"u:p").decode()}
        assert after == {"HttpHeaders": {"A": "b"}}
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    async def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real.json").write_text("{}")
        (tmp_path / "config.json").symlink_to("real.json")
        async with simulated(access=Basic(USERS)) as registry:
            await self.enter(registry, tmp_path / "config.json")
        assert (tmp_path / "config.json").is_symlink()
        assert json.loads((tmp_path / "real.json").read_text())["auths"]

    async def test_a_broken_file_is_left_as_it_is(self, tmp_path: Path) -> None:
        file = tmp_path / "config.json"
        file.write_text("{ not json")
        async with simulated(access=Basic(USERS)) as registry:
            with pytest.raises(ConfigError, match="cannot be read"):
                await self.enter(registry, file)
        assert file.read_text() == "{ not json"

    async def test_a_helper_keeps_the_secret_and_forgets_it(self, tmp_path: Path) -> None:
        kept = tmp_path / "kept"
        helper = tmp_path / "docker-credential-safe"
        body = f"import sys\nopen({str(kept)!r}, 'a').write(sys.argv[1] + ' ' + sys.stdin.read())\n"
        helper.write_text(f"#!{sys.executable} -S\n{body}")
        helper.chmod(0o755)
        file = tmp_path / "config.json"
        file.write_text('{"credsStore": "safe"}')
        async with simulated(access=Basic(USERS)) as registry:
            assert await self.enter(registry, file, PATH=str(tmp_path)) == (True, "safe")
            assert file.read_text() == '{"credsStore": "safe"}'
            assert await log_out(registry.authority, file=file, environment={"PATH": str(tmp_path)})
        lines = kept.read_text().splitlines()
        assert lines[0].startswith("store ")
        assert json.loads(lines[0][6:])["Secret"] == "p"
        assert lines[1] == f"erase {registry.authority}"

    @pytest.mark.parametrize(("user", "word"), [("", "p"), ("u", ""), ("a:b", "p")])
    async def test_what_cannot_be_a_log_in_is_not_sent(self, tmp_path: Path, user: str, word: str) -> None:
        async with simulated(access=Basic(USERS)) as registry:
            with pytest.raises(ConfigError):
                await log_in(
                    registry.authority, Credentials(user, word), file=tmp_path / "c", hosts=HOSTS, environment={}
                )
            assert registry.requests == []

    async def test_logging_out_takes_every_name_of_the_host_and_no_other(self, tmp_path: Path) -> None:
        file = tmp_path / "config.json"
        auths = {name: {"auth": "eDp5"} for name in ("a.corp", "https://a.corp", "https://a.corp/v2/", "b.corp")}
        file.write_text(json.dumps({"auths": auths}))
        assert await log_out("a.corp", file=file, environment={}) is True
        assert list(json.loads(file.read_text())["auths"]) == ["b.corp"]
        assert await log_out("a.corp", file=file, environment={}) is False

    async def test_logging_out_without_a_file_makes_none(self, tmp_path: Path) -> None:
        assert await log_out("a.corp", file=tmp_path / "config.json", environment={}) is False
        assert os.listdir(tmp_path) == []  # noqa: PTH208 - a look, off no path
