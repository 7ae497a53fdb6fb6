"""A whole good file: every value lands where the gateway looks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from mcpg.config import ConfigErrors, load, loads
from mcpg.config.load import find_state
from mcpg.config.values import Address, SecretValue

HERE = Path(__file__).parent
GOOD = HERE / "good.yaml"
MINIMAL = "version: 1\n"


def test_a_good_file_is_read() -> None:
    loaded = load(GOOD, {"HASH": "sha256:00"})
    server = loaded.config.server
    assert server.listen == Address("::1", 8787)
    assert (server.admin, server.admin_token) == (
        Address(path="admin.sock"),
        SecretValue(reference="secret://env/ADMIN"),
    )
    assert (server.limits.max_body, server.limits.max_in_flight, server.limits.session_idle) == (2**20, 100, 300.0)
    assert server.stdio is not None
    assert server.stdio.caller.attributes == {"team": "on"}
    assert loaded.config.plugins["keys"].config == {"keys": [{"id": "ana", "hash": "sha256:00"}]}
    assert loaded.config.plugins["pretty"].limits.time == pytest.approx(0.02)
    assert loaded.config.limits.chain == ("fair",)
    top = loaded.config.tools["top"]
    assert top.binding == {"query": {"sql": "select :limit, '${env.X}'"}}
    assert top.schema_of_arguments() == {
        "type": "object",
        "properties": {"limit": {"type": "integer", "default": 10}, "city": {"type": "string"}},
        "additionalProperties": False,
        "required": ["city"],
    }
    docs = loaded.config.upstreams["docs"].http
    assert docs is not None
    assert docs.headers["authorization"] == SecretValue(reference="secret://env/T", prefix="Bearer ")
    assert loaded.warnings == ()


def test_paths_start_at_the_file() -> None:
    loaded = load(GOOD, {"HASH": ""})
    assert (loaded.base, loaded.state, loaded.ledger) == (HERE, HERE / "state", HERE / "ledger" / "l.db")
    assert loads(MINIMAL, path=GOOD).ledger == HERE / ".state" / "ledger.db"
    assert loaded.resolve("/elsewhere/x") == Path("/elsewhere/x")
    assert loaded.where(("tools", "top", "nothing", "there")) == f"{GOOD}:30:3"


def test_the_digest_is_over_the_text() -> None:
    first, again = (loads(MINIMAL, path=GOOD).digest for _ in range(2))
    assert first == again != loads(MINIMAL + "# more\n", path=GOOD).digest


def test_nothing_is_on_that_the_file_does_not_show() -> None:
    loaded = loads(MINIMAL, path=GOOD)
    config = loaded.config
    assert (config.plugins, config.tools, config.upstreams, config.server.admin) == ({}, {}, {}, None)
    assert config.server.listen.loopback
    assert [finding.path for finding in loaded.warnings] == ["identity"]


def test_a_configuration_is_frozen() -> None:
    config = load(GOOD, {"HASH": ""}).config
    with pytest.raises(ValidationError, match="frozen"):
        config.server.path = "/other"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("tools: {t: {backend: b, description: x}}\nplugins: {b: {from: 'builtin:backend-mock'}}", "policy"),
        ("server: {listen: '0.0.0.0:1'}", "server.listen"),
        ("plugins: {x: {from: 'builtin:policy-cedar'}}", "plugins.x"),
        ("policy: {engines: [p]}\nplugins: {p: {from: 'builtin:p', shadow: true}}\nupstreams: {u: {http: {url: 'http://a'}}}",
         "policy"),
    ],
)  # fmt: skip
def test_doubts_are_warnings(text: str, path: str) -> None:
    warnings = loads(f"{MINIMAL}{text}\nidentity: {{chain: []}}", path=GOOD).warnings
    assert path in [finding.path for finding in warnings]
    assert all(finding.level == "warning" and finding.remedy for finding in warnings)


def test_a_file_that_is_not_there_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors, match="no such file") as caught:
        load(tmp_path / "none.yaml")
    assert "--config" in caught.value.diagnostics()


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(ConfigErrors, match="at most 1048576"):
        load(path)


def test_the_state_is_found_without_the_gateways_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HASH", raising=False)
    assert find_state(GOOD) == (HERE / "state", HERE / "ledger" / "l.db")
    path = tmp_path / "mcpg.yaml"
    path.write_text("version: 1\nstate: ${env.MCPG_TEST_STATE:-there}\n")
    assert find_state(path) == (tmp_path / "there", tmp_path / "there" / "ledger.db")
    path.write_text("version: 1\n")
    assert find_state(path) == (tmp_path / ".state", tmp_path / ".state" / "ledger.db")
    path.write_text('version: 1\nstate: "${env.NO_SUCH_PLACE:-here}"\nserver: {admin_token: "${env.NO_SUCH_TOKEN}"}\n')
    assert find_state(path) == (tmp_path / "here", tmp_path / "here" / "ledger.db")
    path.write_text('version: 1\nstate: "${env.NO_SUCH_PLACE}"\n')
    with pytest.raises(ConfigErrors, match="NO_SUCH_PLACE"):
        find_state(path)


def test_errors_never_show_what_a_variable_held() -> None:
    server = "{admin_token: {$secret: '${env.S}'}, path: '${env.S}'}"
    text = f"version: 1\nserver: {server}\ntelemetry: {{logs: {{level: '${{env.S}}'}}}}\n"
    with pytest.raises(ConfigErrors) as caught:
        loads(text, path=GOOD, environment={"S": "hunter2"})
    assert len(caught.value.findings) == 3
    assert "hunter2" not in caught.value.diagnostics() + str(caught.value)
