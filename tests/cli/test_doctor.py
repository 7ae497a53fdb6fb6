"""`mcpg doctor`: each thing that can be wrong, made wrong, is found and has its remedy."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from mcpg.cli import checks_host, checks_service
from mcpg.cli.doctor import CHECKS, diagnose
from mcpg.cli.findings import Result, Subject
from mcpg.cli.group import cli
from mcpg.config import load

if TYPE_CHECKING:
    from tests.cli.conftest import Folder


def _subject(folder: Folder, extra: str = "", **environment: str) -> Subject:
    path = Path(folder.config)
    path.write_text(path.read_text() + extra)
    loaded = load(path, environment)
    return Subject(path, loaded.state, loaded.ledger, loaded)


def _states(results: Any) -> list[str]:
    found = list(results)
    assert all(result.remedy for result in found if result.state != "good"), found
    return [result.state for result in found]


def test_this_installation_is_sound(folder: Folder) -> None:
    subject = _subject(folder)
    for check in (
        checks_host.python,
        checks_host.packages,
        checks_host.files,
        checks_host.clock,
        checks_service.ledger,
    ):
        assert _states(check(subject)) == ["good"], check.__name__


def test_open_files_are_found(folder: Folder) -> None:
    subject = _subject(folder)
    key = subject.state / "ledger.key"
    key.chmod(key.stat().st_mode | stat.S_IROTH)
    subject.path.chmod(0o666)
    found = list(checks_host.files(subject))
    assert [result.state for result in found] == ["bad", "bad"]
    assert found[1].remedy == f"chmod 600 '{key}'"
    key.chmod(0o600)
    subject.path.chmod(0o664)
    assert [result.state for result in checks_host.files(subject)] == ["doubtful"]


def test_a_full_disk_is_found(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = _subject(folder)
    for free, state in ((2**20, "bad"), (2**29, "doubtful"), (2**40, "good")):
        usage = type("Usage", (), {"free": free})()
        monkeypatch.setattr(checks_host.shutil, "disk_usage", lambda _, usage=usage: usage)
        assert _states(checks_host.disk(subject)) == [state]


def test_a_clock_that_went_back_is_found(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = _subject(folder)
    os.utime(subject.ledger, (4e9, 4e9))
    assert _states(checks_host.clock(subject)) == ["bad"]
    monkeypatch.setattr(checks_host.time, "time", lambda: 1.0)
    assert _states(checks_host.clock(subject)) == ["bad"]


def test_secrets_without_a_value_are_found_and_never_shown(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCPG_TEST_SET", "hunter2")
    monkeypatch.delenv("MCPG_TEST_UNSET", raising=False)
    secrets = folder.path / "secrets"
    secrets.mkdir()
    (secrets / "there").write_text("hunter2")
    upstream = "{stdio: {command: [x], environment: {A: 'secret://env/MCPG_TEST_SET', B: 'secret://file/there', C: 'secret://file/gone'}}}"
    subject = _subject(
        folder,
        f"upstreams: {{u: {upstream}}}\nsecrets: {{file_directory: secrets}}\n"
        "connections: {c: {url: 'secret://env/MCPG_TEST_UNSET'}}\n",
    )
    found = {result.what.split("`")[1]: result.state for result in checks_service.secrets(subject)}
    assert found == {
        "secret://env/MCPG_TEST_SET": "good",
        "secret://env/MCPG_TEST_UNSET": "bad",
        "secret://file/gone": "bad",
        "secret://file/there": "good",
    }
    assert "hunter2" not in repr(list(checks_service.secrets(subject)))


def test_references_are_typed_nodes_and_grants_only() -> None:
    value = {"a": "secret://env/TEXT", "b": [{"$secret": "secret://env/NODE"}], "secret://env/GRANT": {"host": "x"}}
    value["sign"] = {"keys": ["secret://env/KEY"], "algorithms": ["hmac-sha256"]}
    assert sorted(checks_service._references(value)) == ["secret://env/GRANT", "secret://env/KEY", "secret://env/NODE"]


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("sqlite+aiosqlite:///there.db", "good"),
        ("sqlite+aiosqlite:///gone.db", "bad"),
        ("sqlite+aiosqlite:///mcpg.yaml", "bad"),
        ("sqlite+aiosqlite://", "doubtful"),
        ("nonsense", "bad"),
        ("postgresql+nothing://a/b", "bad"),
    ],
)
def test_connections(folder: Folder, url: str, state: str) -> None:
    with closing(sqlite3.connect(folder.path / "there.db")) as database:
        database.execute("create table t (a)")
    subject = _subject(folder, f"connections: {{c: {{url: '{url}'}}}}\n")
    assert _states(checks_service.connections(subject)) == [state]
    assert not (folder.path / "gone.db").exists()


def test_upstreams(folder: Folder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        subject = _subject(
            folder,
            "upstreams:\n  a: {stdio: {command: [sh]}}\n  b: {stdio: {command: [mcpg-test-gone]}}\n"
            f"  c: {{http: {{url: 'http://127.0.0.1:{port}/mcp'}}}}\n  d: {{http: {{url: 'http://127.0.0.1:9/mcp'}}}}\n",
        )
        assert _states(checks_service.upstreams(subject)) == ["good", "bad", "good", "bad"]


def test_listeners(folder: Folder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        taken.close()
        subject = _subject(folder, f"server: {{listen: '127.0.0.1:{port}', admin: 'unix:a.sock', admin_token: x}}\n")
    found = list(checks_service.listeners(subject))
    assert [result.state for result in found] == ["good", "good"]
    assert "is free" in found[0].what


def test_a_port_that_something_else_has_is_found(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_service, "SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        subject = _subject(folder, f"server: {{listen: '127.0.0.1:{silent.getsockname()[1]}'}}\n")
        (found,) = checks_service.listeners(subject)
    assert (found.state, "no healthy gateway" in found.what) == ("bad", True)


def test_tls_files(folder: Folder) -> None:
    subject = _subject(folder, "server: {tls: {certificate: gone.pem, key: gone.key}}\n")
    assert _states(checks_service.tls(subject)) == ["bad"]


def test_an_altered_ledger_is_found(folder: Folder) -> None:
    subject = _subject(folder)
    with closing(sqlite3.connect(subject.ledger)) as database, database:
        database.execute(
            "UPDATE records SET body = replace(body, 'hello', 'hullo') WHERE tenant = 'default' AND seq = 1"
        )
    assert _states(checks_service.ledger(subject)) == ["bad"]
    subject.ledger.write_bytes(b"not a database, but long enough to look at" * 100)
    assert _states(checks_service.ledger(subject)) == ["bad"]
    subject.ledger.unlink()
    assert _states(checks_service.ledger(subject)) == ["good"]


def test_a_bad_file_hides_nothing_else(folder: Folder) -> None:
    path = Path(folder.config)
    path.write_text(path.read_text() + "nonsense: 1\n")
    found = list(diagnose(path))
    assert found[0].what.endswith(":10:1: nonsense: unknown key `nonsense`")
    assert {"python", "disk", "ledger"} <= {result.check for result in found}


def test_a_check_that_breaks_is_a_finding(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Subject) -> list[Result]:
        raise RuntimeError("hunter2")

    monkeypatch.setattr("mcpg.cli.doctor.CHECKS", (broken,))
    last = list(diagnose(Path(folder.config)))[-1]
    assert (last.check, last.state, "hunter2" in last.what) == ("broken", "bad", False)


def test_the_verb_prints_and_ends_with_1_when_something_is_bad(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcpg.cli.doctor.CHECKS", (checks_host.python,))
    good = CliRunner().invoke(cli, ["doctor", "--config", folder.config])
    assert (good.exit_code, "nothing is wrong" in good.stdout) == (0, True)
    gone = CliRunner().invoke(cli, ["doctor", "--config", str(folder.path / "gone.yaml"), "--json"])
    assert (gone.exit_code, json.loads(gone.stdout)["ok"]) == (1, False)
    assert len(CHECKS) == 14
