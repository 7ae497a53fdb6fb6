"""The reference of drivers says what the drivers do: grants that are read, every field, every code."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any, cast

import pytest

import mcpg.effects
from mcpg.contract.schemas import DOCUMENTS
from mcpg.effects import builtin
from mcpg.effects.desk import Desk
from mcpg.effects.reference import CODES, GRANTS, effects_page, grant_rows
from mcpg.effects.secrets import EnvironmentSecrets
from mcpg.hooks.hookspecs import Wiring

MODELS = {"http": "http_grant", "sql": "sql_grant", "command": "command_grant"}
DRIVERS = sorted(GRANTS)


def _desk() -> Desk:
    wiring = Wiring(None, upstreams=cast("Any", object()), connections={"sales": "sqlite+aiosqlite://"})
    return Desk(builtin.mcpg_drivers(wiring), {"env": EnvironmentSecrets()})


def test_every_built_in_driver_is_told_of() -> None:
    wiring = Wiring(None, upstreams=cast("Any", object()), connections={"sales": "sqlite+aiosqlite://"})
    names = {driver.name for driver in builtin.mcpg_drivers(wiring)}
    assert names == set(GRANTS) == set(CODES)
    assert names == {name.partition("/")[2] for name in DOCUMENTS if re.fullmatch(r"effects/[a-z]+", name)}


@pytest.mark.parametrize("name", DRIVERS)
def test_the_example_of_each_grant_is_read(name: str, tmp_path: Path) -> None:
    grant = GRANTS[name]
    if name == "command":  # the program of the example need not be on this machine
        program = tmp_path / "pandoc"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        grant = {"programs": [{**grant["programs"][0], "path": str(program)}]}
    _desk().granted("use", {name: grant})


@pytest.mark.parametrize("name", DRIVERS)
def test_every_field_of_a_grant_is_told_of(name: str) -> None:
    module = importlib.import_module(f"mcpg.effects.{MODELS.get(name, name)}")
    fields = {
        field for model in ("_Fields", "_Program") for field in getattr(module, model, _Nothing).__struct_fields__
    }
    assert {each for names, _ in grant_rows(name) for each in names.split(", ")} == fields


class _Nothing:
    __struct_fields__ = ()


def test_every_code_of_a_driver_is_told_of() -> None:
    told = {code for codes in CODES.values() for code, _ in codes} | {"effect-denied"}
    folder = Path(mcpg.effects.__file__).parent
    found = {
        code
        for path in folder.glob("*.py")
        for code in re.findall(r'(?:HttpFailed|failed|_fail)\(\s*"([a-z-]+)"', path.read_text())
    }
    assert len(found) > 10
    assert found <= told
    assert all(f"`{code}`" in effects_page() for code in told)
