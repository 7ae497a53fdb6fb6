"""WIT, `contract/worlds.py` and the schemas say the same."""

from __future__ import annotations

import re

import pytest
from tests.contract import wit_reader
from tests.contract.wit_reader import WIT, Wit, read_wit

from mcpg.contract import obligations, schemas, verdicts
from mcpg.contract.worlds import PACKAGE, VERSION, WORLDS, PluginKind


@pytest.fixture(scope="module")
def wit() -> Wit:
    return read_wit()


def test_every_file_is_of_our_package(wit: Wit) -> None:
    assert wit.packages == {f"{PACKAGE}@{VERSION}"}


def test_there_is_one_world_for_each_kind(wit: Wit) -> None:
    assert wit.worlds == {f"{kind.value}-plugin": ["lifecycle", kind.value] for kind in PluginKind}
    assert set(wit.interfaces) == {kind.value for kind in PluginKind} | {"types", "lifecycle"}
    assert set(WORLDS) == set(PluginKind)


@pytest.mark.parametrize("kind", list(PluginKind))
def test_functions_parameters_and_tags(wit: Wit, kind: PluginKind) -> None:
    interface = wit.interfaces[kind.value]
    for function in WORLDS[kind]:
        parameters, answer = interface.functions[function.name]
        tags = ["ok", "err"] if answer.startswith("result<") else interface.variants[answer]
        assert parameters == list(function.parameters)
        assert sorted(tags) == sorted(function.tags)
        assert function.replies == ("perform" in tags)
    assert [function.name for function in WORLDS[kind]] == list(interface.functions)


def test_lifecycle_configures_once(wit: Wit) -> None:
    assert wit.interfaces["lifecycle"].functions == {"configure": (["config"], "result<_,problem>")}


def test_records_have_our_fields(wit: Wit) -> None:
    types = wit.interfaces["types"]
    assert types.records["effect"] == list(verdicts.Effect._fields)
    assert types.records["problem"] == list(verdicts.Problem._fields)
    assert sorted(types.variants["reply"]) == [verdicts.failed("a", "b").tag, verdicts.ok("{}").tag]
    assert wit.interfaces["policy"].records["obligation"] == ["kind", "detail"]
    assert wit.interfaces["limit"].records["charge"] == ["account", "cost", "capacity", "refill", "window"]


def test_every_schema_that_wit_names_exists() -> None:
    text = "\n".join(path.read_text() for path in WIT.glob("*.wit"))
    named = set(re.findall(r"[Ss]chema\s+(?:///\s+)?`([^`]+)`", text))
    assert named >= {"caller", "action", "catalog", "record"}
    for name in named:
        start = name.replace("<kind>", "").replace("<driver>", "")
        assert any(known.startswith(start) for known in schemas.DOCUMENTS), name


def test_each_request_of_a_driver_has_its_reply() -> None:
    drivers = {name for name in schemas.DOCUMENTS if name.startswith("effects/") and not name.endswith(".reply")}
    assert [name for name in sorted(drivers) if f"{name}.reply" not in schemas.DOCUMENTS] == []


def test_each_obligation_model_has_its_schema() -> None:
    models = {schemas.DOCUMENTS[name] for name in schemas.DOCUMENTS if name.startswith("obligations/")}
    assert models == {getattr(obligations, name) for name in obligations.__all__}


def test_the_schema_files_are_the_models() -> None:
    folder = WIT / "schemas"
    committed = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.json")}
    assert committed == schemas.schema_texts(), "run `make docs`"


def test_the_reader_would_notice() -> None:
    tokens = wit_reader._TOKEN.findall("interface x { variant v { a, b(list<u8>), } f: func(p: a, q: list<b>) -> v; }")
    found = wit_reader.Wit()
    wit_reader._file(tokens, found)
    assert found.interfaces["x"].variants == {"v": ["a", "b"]}
    assert found.interfaces["x"].functions == {"f": (["p", "q"], "v")}
