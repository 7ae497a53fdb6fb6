"""Credentials: found where docker, podman and the environment keep them, for the one host that they are for."""

from __future__ import annotations

import base64
import json
import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mcpg.contract.problems import ConfigError
from mcpg_registry.credential_programs import ask_program, tell_program
from mcpg_registry.credentials import Credentials, KnownCredentials, NoCredentials, StoredCredentials

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter2-very-secret"


def auth(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def stored(tmp_path: Path, document: Any, **environment: str) -> StoredCredentials:
    folder = tmp_path / "docker"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(document if isinstance(document, str) else json.dumps(document))
    return StoredCredentials(environment={"HOME": str(tmp_path), "DOCKER_CONFIG": str(folder), **environment})


def program(tmp_path: Path, name: str, body: str) -> str:
    """Write a credential helper in Python and return the PATH that finds it."""
    path = tmp_path / "bin" / f"docker-credential-{name}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!{sys.executable} -S\nimport sys, json, time\nasked = sys.stdin.read().strip()\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path.parent)


GIVES = 'print(json.dumps({"ServerURL": asked, "Username": "u", "Secret": "for " + asked}))'


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("ghcr.io", True),
        ("https://ghcr.io", True),
        ("https://ghcr.io/v2/", True),
        ("ghcr.io/acme", True),
        ("ghcr.io/acme/redact", True),
        ("ghcr.io/acm", False),
        ("ghcr.io:443", False),
        ("evil.ghcr.io", False),
    ],
)
async def test_an_entry_counts_for_its_host_or_repository_alone(tmp_path: Path, name: str, *, found: bool) -> None:
    source = stored(tmp_path, {"auths": {name: auth("u", SECRET)}})
    assert (await source.find("ghcr.io", "acme/redact") == Credentials("u", SECRET)) is found
    assert await source.find("quay.io", "acme/redact") is None


async def test_the_most_special_entry_wins(tmp_path: Path) -> None:
    auths = {"ghcr.io": auth("host", "a"), "ghcr.io/acme": auth("team", "b"), "ghcr.io/acme/redact": auth("one", "c:d")}
    source = stored(tmp_path, {"auths": auths})
    assert await source.find("ghcr.io", "acme/redact") == Credentials("one", "c:d")
    assert await source.find("ghcr.io", "acme/other") == Credentials("team", "b")
    assert await source.find("ghcr.io", "x/y") == Credentials("host", "a")


async def test_docker_hub_has_its_old_name(tmp_path: Path) -> None:
    source = stored(tmp_path, {"auths": {"https://index.docker.io/v1/": auth("u", "p")}})
    assert await source.find("docker.io", "library/x") == Credentials("u", "p")
    assert await source.find("index.docker.io.evil.com", "x") is None


async def test_tokens_of_both_kinds_are_known(tmp_path: Path) -> None:
    auths = {"a.corp": {"identitytoken": "i", **auth("u", "p")}, "b.corp": {"registrytoken": "r"}, "c.corp": {}}
    source = stored(tmp_path, {"auths": auths})
    assert await source.find("a.corp", "x") == Credentials(identity_token="i")
    assert await source.find("b.corp", "x") == Credentials(token="r")
    assert await source.find("c.corp", "x") is None


async def test_podmans_file_is_read_after_dockers(tmp_path: Path) -> None:
    runtime = tmp_path / "run" / "containers"
    runtime.mkdir(parents=True)
    (runtime / "auth.json").write_text(json.dumps({"auths": {h: auth(h, "podman") for h in ("a.corp", "b.corp")}}))
    document = {"auths": {"a.corp": auth("a.corp", "docker")}}
    source = stored(tmp_path, document, XDG_RUNTIME_DIR=str(tmp_path / "run"))
    assert await source.find("a.corp", "x") == Credentials("a.corp", "docker")
    assert await source.find("b.corp", "x") == Credentials("b.corp", "podman")


async def test_a_named_file_is_the_only_one(tmp_path: Path) -> None:
    stored(tmp_path, {"auths": {"a.corp": auth("u", "other")}})
    named = tmp_path / "named.json"
    environment = {
        "DOCKER_CONFIG": str(tmp_path / "docker"),
        "MCPG_REGISTRY_HOST": "a.corp",
        "MCPG_REGISTRY_TOKEN": "t",
    }
    source = StoredCredentials(file=named, environment=environment)
    with pytest.raises(ConfigError, match="there is no"):
        await source.find("a.corp", "x")
    named.write_text("{}")
    assert await source.find("a.corp", "x") is None


class TestEnvironment:
    HOST = "ghcr.io"

    async def test_it_is_for_the_host_that_it_names(self, tmp_path: Path) -> None:
        given = {"MCPG_REGISTRY_HOST": "GHCR.io", "MCPG_REGISTRY_USER": "u", "MCPG_REGISTRY_PASSWORD": SECRET}
        source = stored(tmp_path, {}, **given)
        assert await source.find("ghcr.io", "x") == Credentials("u", SECRET)
        assert await source.find("quay.io", "x") is None

    async def test_without_a_host_it_is_for_nobody(self, tmp_path: Path) -> None:
        source = stored(tmp_path, {}, MCPG_REGISTRY_TOKEN=SECRET)
        assert await source.find("ghcr.io", "x") is None
        assert await source.find("", "x") is None

    async def test_a_token_goes_before_a_password(self, tmp_path: Path) -> None:
        given = {"MCPG_REGISTRY_HOST": "ghcr.io", "MCPG_REGISTRY_TOKEN": "t", "MCPG_REGISTRY_PASSWORD": "p"}
        assert await stored(tmp_path, {}, **given).find("ghcr.io", "x") == Credentials(token="t")


class TestPrograms:
    async def test_a_hosts_own_program_is_asked(self, tmp_path: Path) -> None:
        path = program(tmp_path, "one", GIVES)
        document = {"credHelpers": {"a.corp": "one"}, "credsStore": "missing", "auths": {"a.corp": auth("no", "no")}}
        source = stored(tmp_path, document, PATH=path)
        assert await source.find("a.corp", "x") == Credentials("u", "for a.corp")

    async def test_the_store_is_asked_for_what_has_no_entry(self, tmp_path: Path) -> None:
        path = program(tmp_path, "all", GIVES)
        document = {"credsStore": "all", "auths": {"a.corp": {}, "b.corp": auth("u", "inline")}}
        source = stored(tmp_path, document, PATH=path)
        assert await source.find("a.corp", "x") == Credentials("u", "for a.corp")
        assert await source.find("b.corp", "x") == Credentials("u", "inline")
        assert await source.find("docker.io", "x") == Credentials("u", "for https://index.docker.io/v1/")

    async def test_an_identity_token_has_a_user_of_its_own(self, tmp_path: Path) -> None:
        path = program(tmp_path, "t", 'print(json.dumps({"Username": "<token>", "Secret": "i"}))')
        source = stored(tmp_path, {"credsStore": "t"}, PATH=path)
        assert await source.find("a.corp", "x") == Credentials(identity_token="i")

    async def test_one_that_knows_nothing_is_no_error(self, tmp_path: Path) -> None:
        path = program(tmp_path, "n", 'print("credentials not found in native keychain"); sys.exit(1)')
        assert await stored(tmp_path, {"credsStore": "n"}, PATH=path).find("a.corp", "x") is None

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (f'print("{SECRET}"); sys.exit(7)', "it ended with 7"),
            (f'print("{SECRET}")', "its answer is no JSON object"),
            (f'print(json.dumps({{"Username": 1, "Secret": "{SECRET}"}}))', "its answer has no user and secret"),
            (f'sys.stdout.write("{SECRET}" * 9999)', "it printed more than 65536 bytes"),
        ],
    )
    async def test_what_it_prints_is_never_told(self, tmp_path: Path, body: str, reason: str) -> None:
        path = program(tmp_path, "bad", body)
        with pytest.raises(ConfigError, match=reason) as caught:
            await stored(tmp_path, {"credsStore": "bad"}, PATH=path).find("a.corp", "x")
        assert SECRET not in caught.value.diagnostics()
        assert caught.value.code == "registry-credentials"

    async def test_one_that_hangs_is_killed(self, tmp_path: Path) -> None:
        path = program(tmp_path, "slow", "time.sleep(60)")
        with pytest.raises(ConfigError, match=r"longer than 0\.3 s"):
            await ask_program("slow", "a.corp", {"PATH": path}, seconds=0.3)

    @pytest.mark.parametrize("name", ["../../bin/sh", "a b", "", "-x", "a/b", "x" * 65])
    async def test_a_malformed_name_is_never_run(self, name: str) -> None:
        with pytest.raises(ConfigError, match="malformed name"):
            await ask_program(name, "a.corp", {})

    async def test_a_missing_one_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="docker-credential-none` failed: no such file"):
            await ask_program("none", "a.corp", {"PATH": str(tmp_path)})

    async def test_it_stores_what_it_is_told(self, tmp_path: Path) -> None:
        path = program(tmp_path, "w", f'open({str(tmp_path / "w")!r}, "w").write(sys.argv[1] + asked)')
        await tell_program("w", "store", {"ServerURL": "a.corp", "Username": "u", "Secret": "s"}, {"PATH": path})
        assert (tmp_path / "w").read_text() == 'store{"ServerURL": "a.corp", "Username": "u", "Secret": "s"}'


@pytest.mark.parametrize("text", ["", "[]", "{", '{"auths": {}, "auths": {}}', "\0", "x" * 2**21])
async def test_a_broken_file_is_told_without_its_content(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read: it is no JSON object") as caught:
        await stored(tmp_path, text + SECRET).find("a.corp", "x")
    assert SECRET not in caught.value.diagnostics()


@pytest.mark.parametrize("pair", ["%%%", base64.b64encode(b"\xff\xfe:x").decode()])
async def test_a_broken_entry_is_told_without_its_content(tmp_path: Path, pair: str) -> None:
    with pytest.raises(ConfigError, match=r"stored credentials of `a\.corp` are malformed") as caught:
        await stored(tmp_path, {"auths": {"a.corp": {"auth": pair}}}).find("a.corp", "x")
    assert pair not in caught.value.diagnostics()


@pytest.mark.parametrize(
    "document", [{"auths": []}, {"auths": {"a.corp": "x"}}, {"credHelpers": [1]}, {"credsStore": 5}]
)
async def test_what_has_another_shape_is_not_there(tmp_path: Path, document: Any) -> None:
    assert await stored(tmp_path, document).find("a.corp", "x") is None


async def test_without_files_everybody_is_anonymous(tmp_path: Path) -> None:
    assert await StoredCredentials(environment={"HOME": str(tmp_path)}).find("a.corp", "x") is None
    assert await NoCredentials().find("a.corp", "x") is None


async def test_known_credentials_are_one_hosts() -> None:
    known = KnownCredentials("a.corp", Credentials("u", SECRET))
    assert await known.find("a.corp", "x") == Credentials("u", SECRET)
    assert await known.find("b.corp", "x") is None


def test_no_repr_holds_a_secret() -> None:
    credentials = Credentials("u", SECRET, SECRET, SECRET)
    assert SECRET not in repr(credentials) + str(credentials) + repr(KnownCredentials("a.corp", credentials))
