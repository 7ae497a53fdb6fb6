"""Hostile components in the real sandbox under the real run loop: each is contained and the next call is served."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sandbox.world import GUESTS, manifest, pool_of
from wasmtime import wat2wasm

from mcpg.contract.ports import Refusal
from mcpg.contract.worlds import PluginKind
from mcpg.plugins.generation import Generation
from mcpg.plugins.handle import Handle
from mcpg.sandbox import Sandbox, SandboxSettings

OURS = Path(__file__).parent / "guests"
BACKEND = Path(__file__).parents[1] / "system" / "guests" / "backend.inc.wat"


@pytest.fixture
async def handle(tmp_path):
    """Give a function that makes the handle of a guest by its name, as the plugins room would."""
    box = Sandbox(SandboxSettings(cache=tmp_path))
    await box.start()

    async def make(name, kind=PluginKind.POLICY):
        text = next(path for path in (OURS / f"{name}.wat", GUESTS / f"{name}.wat") if path.exists()).read_text()
        included = {"common": GUESTS / "common.inc.wat", "policy": GUESTS / "policy.inc.wat", "backend": BACKEND}
        for include, path in included.items():
            text = text.replace(f";; include {include}\n", path.read_text())
        component = await box.load(bytes(wat2wasm(text)), label=name)
        return Handle(Generation(await pool_of(box, component, use=name, manifest=manifest(kind), isolation="call")))

    yield make
    await box.stop()


def traced(bench, stage):
    """Return what the ledger's last refusal says of a stage's runs."""
    return [entry["code"] for entry in bench.ledger.of("refusal")[-1]["stages"] if entry["stage"] == stage]


async def serves_on(bench, kit, handle):
    bench.plan(kit.route(), policy=[await handle("open_hand")], backends={"back": kit.backend()})
    assert (await bench.call())["content"][0]["text"] == "{}"


async def test_an_open_hand_permits_so_that_each_denial_here_means_something(bench, kit, handle):
    await serves_on(bench, kit, handle)


@pytest.mark.parametrize(
    ("name", "code", "performed"),
    [("restless", "too-many-passes", 64), ("changeling", "nondeterministic-plugin", 1), ("trap", "plugin-trapped", 0)],
)
async def test_a_policy_that_misbehaves_denies(  # noqa: PLR0917 - the table gives them
    bench, kit, handle, name, code, performed
):
    performer = kit.effects("http")
    back = kit.backend()
    bench.plan(kit.route(), policy=[(await handle(name), performer)], backends={"back": back})
    with pytest.raises(Refusal):
        await bench.call()
    assert traced(bench, "policy") == [code]
    assert [context.index for _, context in performer.performed][:performed] == list(range(performed))
    assert all(context.index < max(performed, 1) for _, context in performer.performed)
    assert back.asked == []
    await serves_on(bench, kit, handle)


@pytest.mark.parametrize("name", ["wrong_schema", "bad_json"])
async def test_an_obligation_outside_its_schema_denies(bench, kit, handle, name):
    back = kit.backend()
    bench.plan(kit.route(), policy=[await handle(name)], backends={"back": back})
    with pytest.raises(Refusal):
        await bench.call()
    assert back.asked == []
    await serves_on(bench, kit, handle)


@pytest.mark.parametrize("name", ["restless", "changeling", "wrong_schema", "bad_json"])
async def test_a_sight_that_fails_hides_everything(bench, kit, handle, name):
    bench.plan(kit.route(), policy=[(await handle(name), kit.effects("http"))], backends={"back": kit.backend()})
    assert (await bench.list())["tools"] == []
    await serves_on(bench, kit, handle)
    assert [tool["name"] for tool in (await bench.list())["tools"]] == ["echo"]
