"""A small gateway folder with a real ledger of three calls: one answered, one refused, one still open."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.cli.goods import Desk, stock
from tests.simulator.registry import Registry, beside

from mcpg.cli.kit import engine, puller
from mcpg.ledger import SqliteLedger
from mcpg_registry import exchanges, pushing

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = """\
version: 1
plugins:
  keys: {from: "builtin:identity-api-key", config: {keys: []}}
  rules: {from: "builtin:policy-cedar"}
  mock: {from: "builtin:backend-mock"}
identity: {chain: [keys]}
policy: {engines: [rules]}
tools:
  hello: {backend: mock, description: Says hello., result: {content: []}}
"""
ANA = {
    "id": "ana",
    "kind": "user",
    "trust": "verified",
    "groups": ["analysts"],
    "identity": "keys",
    "credential": "api-key",
}


def _stage(stage: str, use: str, verdict: str, **more: Any) -> dict[str, Any]:
    return {"stage": stage, "use": use, "verdict": verdict, "component": "sha256:" + "ab" * 32, "us": 12, **more}


def _records() -> list[dict[str, Any]]:
    asked = {"caller": ANA, "method": "tools/call", "backend": "mock"}
    permitted = [_stage("identity", "keys", "caller", memo=True), _stage("policy", "rules", "permit")]
    denied = _stage("policy", "rules", "deny", code="forbidden", message="more than five rows\x1b[2J")
    return [
        {"kind": "intent", "call": "a1", "name": "hello", **asked, "stages": permitted},
        {"kind": "outcome", "call": "a1", "status": "ok", "stages": [_stage("backend", "mock", "done")]},
        {"kind": "refusal", "call": "b2", "name": "hello", **asked, "stage": "policy", "code": "-32602",
         "message": "denied by rules",
         "stages": [permitted[0], denied, _stage("policy", "trial", "permit", shadow=True)]},
        {"kind": "intent", "call": "c3", "name": "hello", **asked, "stages": []},
    ]  # fmt: skip


@dataclass
class Folder:
    path: Path

    @property
    def config(self) -> str:
        return str(self.path / "mcpg.yaml")

    @property
    def ledger(self) -> Path:
        return self.path / ".state" / "ledger.db"


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Folder(tmp_path_factory.mktemp("gateway"))
    Path(folder.config).write_text(CONFIG)
    folder.ledger.parent.mkdir(mode=0o700)

    async def write() -> None:
        ledger = await SqliteLedger.open(folder.ledger, state=folder.ledger.parent)
        for record in _records():
            await ledger.append("default", record)
        await ledger.close()

    asyncio.run(write())
    return folder.path


@pytest.fixture
def folder(_template: Path, tmp_path: Path) -> Folder:
    shutil.copytree(_template, tmp_path / "gateway")
    return Folder(tmp_path / "gateway")


@pytest.fixture
def desk(tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Somebody who sits in a folder without a configuration."""
    monkeypatch.setattr(engine, "scratch", lambda: nullcontext(compiled))
    for module in (puller, engine):
        monkeypatch.setattr(module, "compiled_cache", lambda *_: compiled)
    monkeypatch.setattr(exchanges, "_PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(pushing, "SETTLED", 0.0)
    monkeypatch.chdir(tmp_path)
    for name in ("MCPG_CONFIG", "SOURCE_DATE_EPOCH", "MCPG_KEY_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return Desk(tmp_path)


@pytest.fixture
def registry() -> Iterator[Registry]:
    with beside() as running:
        yield running


@pytest.fixture
def place(desk: Desk, registry: Registry) -> str:
    """Where `acme/anon` 1.0.0 stands, signed by `k.key`."""
    stock(registry, "acme/anon", desk.key)
    return f"{registry.authority}/acme/anon"
