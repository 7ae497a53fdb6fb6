"""Every field of every grant has a test of what it allows and of what it denies; those that need a TLS peer, here."""

from __future__ import annotations

import ast
import asyncio
import importlib
import pkgutil
import pwd
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.effects.certificates import new_authority
from tests.effects.kit import Use, using
from tests.effects.peer import Handler, Names, Peer, Request, Writer, answers, reply, serve

import mcpg.effects
from mcpg.contract.problems import ConfigError
from mcpg.effects.command import CommandDriver
from mcpg.effects.connector import GuardedConnector
from mcpg.effects.desk import Desk
from mcpg.effects.grants import GrantFields
from mcpg.effects.http import HttpDriver

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

TABLE = "test_each_field_allows_and_denies"
PLACE = "test_http_grant.test_each_field_of_a_secrets_place"
TESTED: dict[str, dict[str, str]] = {
    "http_grant._Fields": {
        **dict.fromkeys(("hosts", "schemes", "ports", "methods", "paths"), f"test_http_grant.{TABLE}"),
        **dict.fromkeys(("max_request", "private"), f"test_http_grant.{TABLE}"),
        "max_response": "test_http.test_max_response_allows_and_denies",
        "timeout": "test_every_field.test_an_http_timeout_allows_and_denies",
        "ca": "test_every_field.test_ca_allows_and_denies",
        "certificate": "test_every_field.test_certificate_and_key_allow_and_deny",
        "key": "test_every_field.test_certificate_and_key_allow_and_deny",
        "redirects": "test_every_field.test_redirects_allow_and_deny_each_under_the_same_grant",
    },
    "secrets._PlaceFields": {
        "host": PLACE,
        "header": PLACE,
        "driver": "test_http_grant.test_a_secrets_place_names_its_driver",
    },
    "sql_grant._Fields": {
        "connections": "test_sql.test_connections_allow_and_deny",
        "read_only": "test_sql.test_read_only_is_kept_by_the_database",
        "statements": "test_sql.test_statements_allow_and_deny",
        "max_rows": "test_sql.test_max_rows_cuts_and_says_so",
        "max_size": "test_sql.test_max_size_allows_and_denies",
        "max_time": "test_sql.test_max_time_interrupts_the_statement_and_frees_the_connection",
    },
    "command_grant._Fields": {"programs": "test_command.test_path_allows_and_denies"},
    "command_grant._Program": {
        "path": "test_command.test_path_allows_and_denies",
        **dict.fromkeys(("arguments", "rest"), "test_command.test_arguments_and_rest_allow_and_deny"),
        "environment": "test_command.test_environment_is_the_granted_one_and_nothing_else",
        "cwd": "test_command.test_cwd_is_the_granted_one",
        "user": "test_every_field.test_only_root_grants_another_user",
        "limits": "test_command.test_limits_hold",
        "timeout": "test_command.test_timeout_ends_the_whole_group",
        "stdin": "test_command.test_stdin_allows_and_denies",
    },
    "command_grant._Limits": {
        **dict.fromkeys(("cpu", "memory", "files", "processes", "file_size"), "test_command.test_limits_hold"),
        "output": "test_command.test_output_is_bounded_while_it_is_read",
    },
    "mcp._Fields": {
        **dict.fromkeys(("upstreams", "methods", "names"), f"test_mcp_and_notify.{TABLE}"),
        "timeout": "test_mcp_and_notify.test_timeout_ends_a_call_and_says_what_is_known",
    },
    "log._Fields": {
        "level": "test_log.test_the_level_allows_and_denies",
        "per_second": "test_log.test_the_pace_of_a_use_is_bounded_over_all_its_runs_and_what_was_dropped_is_told",
    },
    "sign._Fields": {
        **dict.fromkeys(("keys", "algorithms", "derive", "max_bytes"), f"test_sign.{TABLE}"),
    },
    "notify._Fields": {"per_second": "test_mcp_and_notify.test_the_pace_of_one_run_is_bounded"},
}
"""The test of each field, by the model that has it."""


def _models(kind: type[GrantFields] = GrantFields) -> dict[str, type[GrantFields]]:
    for module in pkgutil.iter_modules(mcpg.effects.__path__):
        if module.name != "launcher":  # a program of its own
            importlib.import_module(f"mcpg.effects.{module.name}")
    own = (each for each in kind.__subclasses__() if each.__module__.startswith("mcpg.effects."))
    return {f"{each.__module__.removeprefix('mcpg.effects.')}.{each.__name__}": each for each in own}


def test_every_field_of_every_grant_has_its_test() -> None:
    fields = {name: set(model.__struct_fields__) for name, model in _models().items()}
    assert fields == {name: set(tests) for name, tests in TESTED.items()}


@pytest.mark.parametrize(
    ("field", "place"), [(field, place) for tests in TESTED.values() for field, place in tests.items()]
)
def test_the_tests_are_there_and_speak_of_the_field(field: str, place: str) -> None:
    module, _, name = place.partition(".")
    text = (Path(__file__).parent / f"{module}.py").read_text()
    functions = [each for each in ast.parse(text).body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    (found,) = (each for each in functions if each.name == name)
    assert not [each for each in found.decorator_list if "skip" in ast.dump(each)]
    assert f'"{field}"' in text or f"{field}=" in text


@asynccontextmanager
async def api(handler: Handler, tls: ssl.SSLContext | None = None, **grant: Any) -> AsyncIterator[tuple[Use, Peer]]:
    connector = GuardedConnector(Names())
    async with serve(handler, tls) as peer:
        http = {"hosts": ["peer.example"], "schemes": ["http", "https"], "ports": [peer.port], "private": True}
        async with using(HttpDriver(connector), {"http": {**http, **grant}}) as use:
            yield use, peer
    await connector.stop()


async def test_an_http_timeout_allows_and_denies() -> None:
    async def first_slow(request: Request, writer: Writer) -> None:
        if request.path == "/hang":
            await asyncio.Event().wait()
        writer.write(reply(200, b"soon"))

    async with api(first_slow, timeout="200ms") as (use, peer):
        assert (await use.failed(url=peer.url("/hang"), timeout=60_000))[0] == "timeout"
    async with api(first_slow, timeout="60s") as (use, peer):
        assert (await use.ok(url=peer.url("/"), timeout=60_000))["body"] == "soon"


async def test_ca_allows_and_denies(tmp_path: Path) -> None:
    authority, other = new_authority(), new_authority("another")
    for ca, allowed in ((authority.file(tmp_path), True), (other.file(tmp_path), False), ("", False)):
        async with api(answers(200, b"safe"), authority.server("peer.example", tmp_path), ca=ca) as (use, peer):
            url = peer.url(scheme="https")
            if allowed:
                assert (await use.ok(url=url))["body"] == "safe"
            else:
                assert "certificate" in (await use.failed(url=url))[1]
            assert len(peer.requests) == allowed


async def test_certificate_and_key_allow_and_deny(tmp_path: Path) -> None:
    authority = new_authority()
    both = authority.issue("gateway", client=True)
    start = both.index(b"-----BEGIN PRIVATE KEY")
    certificate, key = tmp_path / "gateway.crt", tmp_path / "gateway.key"
    certificate.write_bytes(both[:start])
    key.write_bytes(both[start:])
    given = {"certificate": str(certificate), "key": str(key)}
    ca = authority.file(tmp_path)
    for grant, allowed in ((given, True), ({}, False)):
        server = authority.server("peer.example", tmp_path, wants_client=True)
        async with api(answers(200, b"known"), server, ca=ca, **grant) as (use, peer):
            case = await use.perform(url=peer.url(scheme="https"))
            assert (case.tag == "ok", len(peer.requests)) == (allowed, int(allowed))
    with pytest.raises(ConfigError, match="cannot be read as PEM"):
        async with api(answers(), ca=ca, certificate=str(certificate)):
            pass


async def test_redirects_allow_and_deny_each_under_the_same_grant() -> None:
    async def handler(request: Request, writer: Writer) -> None:
        inside = reply(200, b"there") if request.path == "/v1/to" else reply(302, b"", "location: /v1/to")
        writer.write(reply(302, b"", "location: /v2/to") if request.path == "/v1/out" else inside)

    async with api(handler) as (use, peer):
        assert (await use.ok(url=peer.url("/v1/from")))["status"] == 302
    async with api(handler, redirects=1, paths=["/v1"]) as (use, peer):
        assert (await use.ok(url=peer.url("/v1/from")))["body"] == "there"
        asked = len(peer.requests)
        assert (await use.failed(url=peer.url("/v1/out"))) == ("effect-denied", "the path is not granted (`paths`)")
        assert len(peer.requests) == asked + 1


def test_only_root_grants_another_user(monkeypatch: pytest.MonkeyPatch) -> None:
    def grant(user: int) -> None:
        programs = [{"path": str(Path("/bin/sh")), "user": user}]
        Desk([CommandDriver()], {}).granted("use", {"command": {"programs": programs}})

    somebody = next(each.pw_uid for each in pwd.getpwall() if each.pw_uid)
    monkeypatch.setattr("mcpg.effects.command_grant.os.geteuid", lambda: somebody)
    grant(somebody)
    with pytest.raises(ConfigError, match="only a gateway that runs as root"):
        grant(0)
