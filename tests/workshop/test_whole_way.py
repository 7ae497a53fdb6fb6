"""From idea to a running gateway, for each language and kind, with real toolchains and a registry that others wrote."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from tests.edge.kit import modern
from tests.real.peers import Peer, docker_registry
from tests.system.kit import Gateway, http_use, text_of
from tests.workshop.author import KINDS, LANGUAGES, Author
from tests.workshop.services import CLIENT, Services, services

from mcpg.workshop.componentizing import user_cache

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.real

HEADER = "x-user-token"
PASSWORD = "a password of the tests"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as peer:
        yield peer


@pytest.fixture
def author(toolchains: dict[str, str], registry: Peer, tmp_path: Path) -> Author:
    (tmp_path / ".state").mkdir(mode=0o700)
    (tmp_path / ".state" / "compiled").symlink_to(user_cache(), target_is_directory=True)
    return Author(tmp_path, {**toolchains, **registry.environment})


@pytest.fixture
def world() -> Iterator[Services]:
    with services() as running:
        yield running


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that keeps compiled forms where builds do: each component is compiled once on this way."""
    (tmp_path / "gateway").mkdir()
    made = Gateway(tmp_path / "gateway", user_cache())
    yield made
    made.stop()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_from_idea_to_a_running_gateway(
    lang: str, author: Author, registry: Peer, world: Services, gateway: Gateway
) -> None:
    (author.folder / "password").write_text(PASSWORD)
    author.mcpg("keys", "generate", "acme", "--password-file", "password")
    pinned = {kind: _published(author, registry, lang, kind) for kind in KINDS[lang]}
    gateway.variables = {"CLIENT": CLIENT, **registry.environment}
    gateway.write(_configuration(pinned, registry, world, author.folder / "acme.pub"))
    for reference in pinned.values():
        gateway.run("plugin", "pull", reference, "--config", "mcpg.yaml")
    gateway.start()
    _used(gateway, world, set(pinned))


def _published(author: Author, registry: Peer, lang: str, kind: str) -> str:
    """Write, build, test, push and sign a plugin; returns its name by digest."""
    name = f"demo-{kind}"
    project = author.new(name, kind, lang)
    built = author.told("plugin", "build", cwd=project)
    assert built["kind"] == kind
    tested = author.told("plugin", "test", "--coverage", "--properties", "20", cwd=project)
    assert tested["failed"] == 0, tested
    assert tested["passed"] >= 3, tested
    if kind == "policy":  # for one of them, because it is all built again
        author.mcpg("plugin", "build", "--check", cwd=project)
        inspected = author.told("plugin", "inspect", f"file:{project / 'out' / f'{name}.wasm'}")
        assert [each for each in inspected["imports"] if each["kind"] != "types"] == []
    repository = f"{registry.authority}/{lang}/{name}"
    pushed = author.told("plugin", "push", str(project / "out" / f"{name}.wasm"), repository)
    assert pushed["id"] == f"acme/{name}"
    author.mcpg("plugin", "sign", pushed["pinned"], "--key", "acme.key", "--password-file", "password")
    return str(pushed["pinned"])


def _configuration(pinned: Mapping[str, str], registry: Peer, world: Services, key: Path) -> dict[str, Any]:
    http = http_use(world.port, methods=["GET", "POST"])["grants"]["http"]
    asks = {"http": http}
    uses: dict[str, dict[str, Any]] = {
        "identity": {"config": {"header": HEADER, "url": f"{world.url}/introspect"}, "grants": asks},
        "policy": {"config": {"allow": ["greet", "guarded"]}},
        "limit": {"config": {"per_minute": 6}},
        "transform": {"config": {"max_chars": 12}},
        "backend": {"config": {"base_url": world.url}, "grants": {**asks, "log": {}}},
        "catalog": {"config": {"hide": ["secret-"], "note": " (of acme)"}},
        "credential": {
            "config": {"token_url": f"{world.url}/token", "client": "secret://env/CLIENT"},
            "grants": {**asks, "secrets": {"secret://env/CLIENT": {"host": "127.0.0.1", "header": "authorization"}}},
        },
        "sink": {"config": {"url": f"{world.url}/records"}, "grants": asks},
    }
    plugins = {f"my-{kind}": {"from": reference, **uses[kind]} for kind, reference in pinned.items()}
    plugins["fake"] = {"from": "builtin:backend-mock"}
    plugins["site"] = http_use(
        world.port, secrets={"cred://issuer/site": {"host": "127.0.0.1", "header": "authorization"}}
    )
    if "identity" not in pinned:
        plugins["anybody"] = {"from": "builtin:identity-anonymous"}
    tool = {"backend": "fake", "description": "A tool", "input": {}}
    read = {"annotations": {"readOnlyHint": True}, **tool}
    document: dict[str, Any] = {
        "version": 1,
        "server": {"listen": "127.0.0.1:0"},
        "trust": {"rules": [{"prefix": registry.authority, "keys": [str(key)]}]},
        "registries": {"hosts": {registry.authority: {"ca": str(registry.ca)}}},
        "plugins": plugins,
        "identity": {"chain": ["my-identity" if "identity" in pinned else "anybody"]},
        "policy": {"engines": ["my-policy"]},
        "transforms": ["my-transform"],
        "tools": {
            "look": {**read, "mock": {"text": "something long to look at"}},
            "change": {**tool, "mock": {"text": "changed"}},
            "secret-one": {**read, "mock": {"text": "hidden"}},
        },
    }
    if "limit" in pinned:
        document["limits"] = ["my-limit"]
    if "catalog" in pinned:
        document["catalog"] = ["my-catalog"]
    if "sink" in pinned:
        document["sinks"] = ["my-sink"]
    if "credential" in pinned:
        document["credentials"] = {"issuer": "my-credential"}
        guarded = {"headers": {"authorization": {"$secret": "cred://issuer/site"}}, "path": "/guarded"}
        document["tools"]["guarded"] = {**tool, "backend": "site", "request": guarded}
    return document


def _used(gateway: Gateway, world: Services, kinds: set[str]) -> None:
    """Call tools so that each plugin shows what it does."""
    said = _call(gateway, "greet", name="ana")
    assert text_of(said) == "Good morning [cut]", said
    assert "nobody is ca" in text_of(_call(gateway, "greet", name="nobody"))
    assert "unknown tool" in _call(gateway, "change")["message"]  # whom a policy shows nothing, it does not exist for
    if "identity" in kinds:
        assert gateway.records()[-1]["caller"]["id"] == "ana"
        assert "bad credential" in _call(gateway, "look", token="old-token")["message"]
    if "catalog" in kinds:
        shown = {tool["name"]: tool["description"] for tool in _tools(gateway)}
        assert shown["look"] == "A tool (of acme)"
        assert "secret-one" not in shown
    if "credential" in kinds:
        assert _call(gateway, "guarded")["structuredContent"] == {"seen": "inside"}
        assert world.targets == ["site"]
    if "limit" in kinds:
        answers = [json.dumps(_call(gateway, "look")) for _ in range(7)]
        assert "something lo [cut]" in answers[0]
        assert "limit" in answers[-1]
    gateway.stop()
    if "sink" in kinds:
        assert "greet" in {record.get("name") for record in world.records}


def _call(gateway: Gateway, name: str, /, *, token: str = "ana-token", **arguments: Any) -> Any:
    return _ask(gateway, "tools/call", {"name": name, "arguments": arguments}, token)


def _tools(gateway: Gateway) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = _ask(gateway, "tools/list", {}, "ana-token")["tools"]
    return listed


def _ask(gateway: Gateway, method: str, params: dict[str, Any], token: str) -> Any:
    message, headers = modern(method, params)
    headers |= {"accept": "application/json, text/event-stream", "content-type": "application/json", HEADER: token}
    request = urllib.request.Request(gateway.url, json.dumps(message).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as refused:
        answer = json.load(refused)
    return answer.get("result") or answer["error"]
