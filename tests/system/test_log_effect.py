"""A plugin that logs: what stands in the gateway's log, what in its ledger, and that it needs manifest and grant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.registry.artifacts import component
from tests.sandbox import world
from tests.system.kit import Gateway, document, text_of, tool
from wasmtime import wat2wasm

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.real

GUESTS = Path(__file__).parent / "guests"
LOG = [{"driver": "log", "why": "to be seen"}]


@pytest.fixture(scope="module")
def gateway(new_gateway: Callable[[str], Gateway]) -> Gateway:
    gateway = new_gateway("chatty")
    text = (GUESTS / "chatty.wat").read_text()
    for include, folder in (("common", world.GUESTS), ("backend", GUESTS)):
        text = text.replace(f";; include {include}\n", (folder / f"{include}.inc.wat").read_text())
    for name, effects in (("chatty", LOG), ("sly", [])):
        (gateway.folder / f"{name}.wasm").write_bytes(
            component(bytes(wat2wasm(text)), id=f"test/{name}", effects=effects)
        )
    uses = {
        "granted": {"from": "file:chatty.wasm", "grants": {"log": {}}},
        "bare": {"from": "file:chatty.wasm"},
        "sly": {"from": "file:sly.wasm"},
    }
    logs = {"logs": {"format": "json", "level": "info"}}
    gateway.write(document(development=True, plugins=uses, tools={name: tool(name) for name in uses}, telemetry=logs))
    return gateway.start()


def lines(gateway: Gateway) -> list[dict[str, object]]:
    told = [json.loads(line) for line in gateway.log().splitlines() if line.startswith("{")]
    return [line for line in told if str(line["logger"]).startswith("mcpg.plugins")]


def test_a_line_is_in_the_log_and_only_its_digest_in_the_ledger(gateway: Gateway) -> None:
    before = len(lines(gateway))
    gateway.call("granted")  # fails in the end, for it asks for nothing new; the line was written
    (line,) = lines(gateway)[before:]
    record = next(each for each in reversed(gateway.records()) if each["kind"] == "intent")
    assert (line["logger"], line["level"]) == ("mcpg.plugins.granted", "info")
    assert (line["message"], line["data"]) == ("two\ufffdlines", {"n": 1})
    assert line["call"] == record["call"]
    assert "lines" not in json.dumps(gateway.records())


def test_without_a_grant_there_is_no_line(gateway: Gateway) -> None:
    before = len(lines(gateway))
    assert "no grant for driver `log`" in text_of(gateway.call("bare"))
    assert len(lines(gateway)) == before


def test_without_its_manifest_there_is_no_line_whatever_is_granted(gateway: Gateway) -> None:
    assert "which its manifest does not list" in text_of(gateway.call("sly"))
    wanted = json.loads(gateway.config.read_text())
    wanted["plugins"]["sly"]["grants"] = {"log": {}}
    path = gateway.folder / "other.yaml"
    path.write_text(json.dumps(wanted))
    refused = gateway.run("config", "check", "--config", str(path), check=None)
    assert refused.returncode == 1
    assert "`sly` grants `log`, which its plugin `test/sly` does not ask for" in refused.stderr
