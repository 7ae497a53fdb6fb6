"""The typed documents of the SDKs are those of the schemas, and a schema that no writer knows is refused."""

from __future__ import annotations

import importlib
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.system.kit import ROOT

from mcpg.contract.schemas import DOCUMENTS

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

SDK = ROOT / "plugins-src" / "sdk"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    sys.path.insert(0, str(SDK))
    try:
        return importlib.import_module("generate")
    finally:
        sys.path.remove(str(SDK))


def test_what_is_generated_is_fresh(generate: ModuleType) -> None:
    current = generate.texts()
    stale = [str(path) for path, text in current.items() if not path.exists() or path.read_text() != text]
    assert stale == [], "run `python plugins-src/sdk/generate.py`"
    assert generate.gone(current) == []


def test_every_document_that_plugins_meet_has_its_type_in_every_language(generate: ModuleType) -> None:
    model = importlib.import_module("generating.model")
    names = {model.document_name(key) for key in DOCUMENTS if key != "manifest"}
    assert {"HttpRequest", "HttpReply", "Caller", "SignRequest", "Redact"} <= names
    texts = dict.fromkeys((".rs", ".go", ".ts", ".py"), "")
    for path, text in generate.texts().items():
        if path.suffix in texts:
            texts[path.suffix] += text
    go = importlib.import_module("generating.go")
    for name in names:
        assert texts[".rs"].count(f"pub struct {name} ") == 1
        assert texts[".go"].count(f"type {go.go_name(name)} struct") == 1
        assert texts[".ts"].count(f"export interface {name} ") == 1
        assert texts[".py"].count(f"class {name}(TypedDict)") + texts[".py"].count(f"\n{name} = TypedDict(") == 1


@pytest.mark.parametrize("member", [{"oneOf": [{"type": "string"}]}, {"const": 1}, {"type": "null"}])
def test_a_schema_that_no_writer_knows_is_refused(member: dict[str, Any], tmp_path: Path, generate: ModuleType) -> None:
    assert generate.WIT.is_dir()
    model = importlib.import_module("generating.model")
    (tmp_path / "odd.json").write_text(json.dumps({"type": "object", "properties": {"a": member}}))
    with pytest.raises(ValueError, match=r"`Odd\.a` has a schema that no writer knows"):
        model.read_model(tmp_path)
