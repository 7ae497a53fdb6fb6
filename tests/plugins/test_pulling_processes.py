"""Several programs that pull into one store at once, and one that is killed in the middle of it."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.simulator.plugins import Chest, Plugin
from tests.simulator.registry import Registry, beside

from mcpg_registry import media
from mcpg_registry.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = Chest()
PLUGIN = Plugin.make(KEYS["acme"], size=6_000_000)

PROGRAM = """
import asyncio, json, sys, time
from pathlib import Path
from mcpg.plugins.pulling import Puller, Wish
from mcpg.plugins.supply import Supply
from mcpg_registry.hosts import Hosts
from mcpg_registry.keyfiles import read_public_keys
from mcpg_registry.store import Store
from mcpg_registry.trust.policy import Rule, TrustedKey, TrustPolicy
from mcpg_revocations.index import index_of
from mcpg_revocations.shipped import load_list

class Sandbox:
    async def load(self, *_, **__): pass

class Lists:
    def for_loading(self, now, **_): return index_of(load_list(now=now))

async def main(folder, reference):
    rule = Rule(reference.partition("/")[0], tuple(TrustedKey(key) for key in read_public_keys(folder / "acme.pub")))
    supply = Supply(Store(folder / "store"), TrustPolicy((rule,)), hosts=Hosts(plain_loopback=True))
    async with supply.client() as client:
        puller = Puller(supply.store, supply.trust, Lists(), Sandbox(), client)
        done = await puller.pull(Wish(reference, folder))
    print(json.dumps({"fetched": done.fetched, "digest": done.receipt.digest}))

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.fixture
def registry() -> Iterator[Registry]:
    with beside() as registry:
        PLUGIN.put(registry.contents, "acme/echo", "1.2.0")
        yield registry


def program(folder: Path, registry: Registry) -> subprocess.Popen[str]:
    (folder / "acme.pub").write_text(KEYS["acme"].public.pem)
    reference = f"{registry.authority}/acme/echo@{PLUGIN.digest}"
    command = [sys.executable, "-c", PROGRAM, str(folder), reference]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> str:
    told, wrong = process.communicate(timeout=60)
    assert process.returncode == 0, wrong
    assert PLUGIN.digest in told
    return told


def test_programs_that_pull_the_same_at_once_both_end_well(tmp_path: Path, registry: Registry) -> None:
    told = [ended(process) for process in [program(tmp_path, registry) for _ in range(2)]]
    assert sum('"fetched": 0' in each for each in told) == 1
    store = Store(tmp_path / "store")
    (receipt,) = store.receipts()
    assert store.read(receipt.layer.descriptor(), media.MAX_LAYER) == PLUGIN.wasm
    assert store.sizes().partials == 0


def test_a_program_killed_in_the_middle_is_gone_on_with_by_the_next(tmp_path: Path, registry: Registry) -> None:
    registry.switch("blob-stalled", digest=PLUGIN.wasm_digest)
    store = Store(tmp_path / "store")
    first = program(tmp_path, registry)
    deadline = time.monotonic() + 60
    while store.sizes().partial_bytes < 500_000:
        assert first.poll() is None, first.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    first.kill()
    first.communicate()
    (partial,) = store.partials.glob("*.partial")
    begun = partial.stat().st_size
    assert store.receipts() == ()
    assert store.sizes().blobs == 0
    registry.faults.clear()
    fetched = f'"fetched": {len(PLUGIN.wasm) - begun}'
    assert fetched in ended(program(tmp_path, registry))
    assert not list(store.partials.glob("*.partial"))
    assert store.collect(older=-1) is not None
    assert store.sizes().partials == 0
    assert registry.asked("blob")[-1].headers["range"] == f"bytes={begun}-"
