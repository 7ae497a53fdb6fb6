"""A small file for a real gateway with the built-in bundle: a mock backend, a Cedar policy, a redaction."""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.gateway.killing import Authority

from mcpg.config import loads
from mcpg.contract.documents import Credentials, Peer
from mcpg.contract.ports import McpCall
from mcpg.gateway import rooms
from mcpg.gateway.gateway import Gateway
from mcpg.sandbox import SandboxSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

KEYS = {"ana": "mcpg_ana-" + "a" * 24, "bot": "mcpg_bot-" + "b" * 24}
RULES = """
permit(principal in Mcpg::Group::"analysts", action, resource);
permit(principal == Mcpg::Caller::"bot", action, resource) when { resource.name == "echo" };
"""


def document(**sections: Any) -> dict[str, Any]:
    """Return a file; mappings among the sections are merged in, None takes a section away."""
    keys = [
        {"id": name, "hash": "sha256:" + hashlib.sha256(key.encode()).hexdigest(), "groups": groups}
        for (name, key), groups in zip(KEYS.items(), (["analysts"], []), strict=True)
    ]
    base: dict[str, Any] = {
        "version": 1,
        "state": "state",
        "plugins": {
            "keys": {"from": "builtin:identity-api-key", "config": {"keys": keys}},
            "rules": {"from": "builtin:policy-cedar", "config": {"policies": "*.cedar"}},
            "fake": {"from": "builtin:backend-mock"},
        },
        "identity": {"chain": ["keys"]},
        "policy": {"engines": ["rules"]},
        "tools": {
            "echo": tool(mock={"echo": True}, input={"q": {"type": "string", "default": "hi"}}),
            "private": tool(),
        },
    }
    for name, section in sections.items():
        base[name] = {**base.get(name, {}), **section} if isinstance(section, dict) else section
    return {name: section for name, section in base.items() if section is not None}


def tool(backend: str = "fake", **more: Any) -> dict[str, Any]:
    return {"backend": backend, "description": "A tool.", "mock": {"text": "for analysts"}, **more}


class House:
    """One folder with a file and policies, and the gateways made of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.changed: list[str] = []
        self.policy(RULES)

    def _note(self, endpoint: str, kind: str) -> None:
        if endpoint == "mcp":
            self.changed.append(kind)

    def policy(self, text: str) -> None:
        (self.folder / "rules.cedar").write_text(text)

    def file(self, *, instead: dict[str, Any] | None = None, **sections: Any) -> Any:
        """Write the file and return it loaded; sections in `instead` are taken as they are."""
        path = self.folder / "mcpg.yaml"
        path.write_text(yaml.safe_dump(document(**sections) | (instead or {})))
        return loads(path.read_bytes(), path=path, environment={})

    def gateway(self, **sections: Any) -> Gateway:
        return Gateway(self.file(**sections), changed=self._note)


class Nobody:
    """A client that takes no notifications."""

    async def notify(self, method: str, params: dict[str, Any]) -> None: ...


async def identify(gateway: Gateway, who: str) -> Any:
    headers = {"authorization": f"Bearer {KEYS.get(who, who)}"}
    return await gateway.service.identify(
        Credentials(transport="http", peer=Peer(address="127.0.0.1", local=True), headers=headers)
    )


async def ask(gateway: Gateway, who: str, method: str, **params: Any) -> dict[str, Any]:
    call = McpCall(method=method, params=params, version="2025-11-25", request_id=1)
    return await gateway.service.respond(await identify(gateway, who), call, Nobody())


async def call(gateway: Gateway, who: str, name: str, **arguments: Any) -> str:
    result = await ask(gateway, who, "tools/call", name=name, arguments=arguments)
    return result["content"][0]["text"]


async def names(gateway: Gateway, who: str) -> list[str]:
    return [tool["name"] for tool in (await ask(gateway, who, "tools/list"))["tools"]]


@pytest.fixture(autouse=True)
def shared_cache(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "SandboxSettings", lambda *, cache: SandboxSettings(cache=compiled))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def authority(house: House) -> Authority:
    """Who publishes the lists that the gateways of the house believe."""
    return Authority(house.folder)


@pytest.fixture
def start(house: House, authority: Authority) -> Callable[..., AbstractAsyncContextManager[Gateway]]:
    """Run a gateway that believes the authority, or obeys another section on revocations."""

    @asynccontextmanager
    async def start(revocations: dict[str, Any] | None = None, **sections: Any) -> AsyncIterator[Gateway]:
        given = authority.section(on_dead="warn") if revocations is None else revocations
        gateway = house.gateway(revocations=given, **sections)
        await gateway.start()
        try:
            yield gateway
        finally:
            await gateway.stop()

    return start
