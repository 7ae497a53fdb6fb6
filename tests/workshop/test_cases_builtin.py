"""The shipped plugins hold their own cases, and what the contract wants of every plugin, in the bundle that is shipped.

`MCPG_TEST_COMPONENTS=built` takes the components that were built beside their sources, for who works on one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mcpg.contract.manifest import decode_manifest
from mcpg.contract.worlds import WORLDS
from mcpg.plugins.builtin import Bundle
from mcpg.sandbox import manifest_section
from mcpg.workshop.cases import load_cases, run_cases
from mcpg.workshop.cases.properties import run_properties
from mcpg.workshop.stand import open_workbench
from mcpg_revocations.rules import RevocationList

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "plugins-src"
LEAST = 4


def bundled() -> dict[str, bytes]:
    if os.environ.get("MCPG_TEST_COMPONENTS") == "built":
        built = [*(SOURCES / "out").glob("*.wasm"), *SOURCES.glob("components/*/out/*.wasm")]
        return {path.stem: path.read_bytes() for path in sorted(built) if ".traced" not in path.name}
    bundle = Bundle.open()
    nothing = RevocationList(schema=1, version=1)
    return {name: bundle.verify(name, nothing, 0).wasm for name in bundle.names()}


COMPONENTS = bundled()


def files(name: str) -> list[Path]:
    return sorted((SOURCES / "components" / name / "cases").glob("*.yaml"))


@pytest.mark.parametrize("name", COMPONENTS)
async def test_a_shipped_plugin_holds_its_cases(name: str, compiled: Path) -> None:
    cases = load_cases(files(name))
    async with open_workbench(COMPONENTS[name], cache=compiled) as bench:
        report = await run_cases(bench, cases)
        tried = await run_properties(bench, cases, count=25, seed=7)
    assert ["\n".join(ran.fault.lines()) for ran in report.ran if ran.fault is not None] == []
    assert report.coverage.missing() == ()
    assert tried.broken is None, tried.broken.yaml
    assert (tried.tried, tried.bug) == (25, "")


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_shipped_plugin_has_cases_for_what_goes_wrong(name: str) -> None:
    cases = load_cases(files(name))
    assert len(cases) >= LEAST, f"write cases of `{name}`"
    manifest = decode_manifest(manifest_section(COMPONENTS[name]))
    assert {case.ask for case in cases if case.refuses is None} == {each.name for each in WORLDS[manifest.kind]}
    failing = {effect.driver for case in cases for effect in case.effects if effect.reply.tag == "failed"}
    assert failing == {each.driver for each in manifest.effects} - {"log"}


def test_every_source_has_cases() -> None:
    for folder in sorted((SOURCES / "components").iterdir()):
        if (folder / "manifest.json").is_file():
            assert files(folder.name), f"write cases of `{folder.name}`"
