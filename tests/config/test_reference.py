"""The schema of the file: closed, complete, and of the same mind as the models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import yaml

from mcpg.config.errors import model_in, nearest, step_into
from mcpg.config.reference import reference_page, schema_text
from mcpg.config.root import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

HERE = Path(__file__).parent
SCHEMA = json.loads(schema_text())


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        inner = model_in(field.annotation) or model_in(step_into(field.annotation, ""))
        if inner is not None:
            yield from _models(inner)


def test_every_key_is_described_and_documented() -> None:
    page = reference_page()
    for model in _models(Config):
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
            assert field.description.endswith("."), field.description
            assert f"| `{field.alias or name}` |" in page


def test_the_schema_takes_the_good_file() -> None:
    data = yaml.load((HERE / "good.yaml").read_text(), Loader=yaml.BaseLoader)  # every value is text
    schema_says = list(jsonschema_rs.Draft202012Validator(SCHEMA).iter_errors(data))
    wanted_other_than_text = {"version", "shadow", "max_in_flight"}
    assert {str(error.instance_path[-1]) for error in schema_says} <= wanted_other_than_text


@pytest.mark.parametrize("path", sorted((HERE / "bad").glob("unknown-key*.yaml")), ids=lambda path: path.stem)
def test_the_schema_refuses_unknown_keys(path: Path) -> None:
    assert not jsonschema_rs.is_valid(SCHEMA, yaml.safe_load(path.read_text()))


def test_every_section_is_closed_but_a_tools_binding() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    open_ones = [name for name, schema in SCHEMA["$defs"].items() if _is_open(schema)]
    assert open_ones == ["Tool"]


def _is_open(schema: dict[str, Any]) -> bool:
    parts = schema.get("anyOf", [schema])
    return any(part.get("additionalProperties") is not False for part in parts if part.get("type") == "object")


def test_the_nearest_key_is_named_or_none() -> None:
    assert nearest("lisen", ["listen", "limits"]) == "listen"
    assert nearest("zzz", ["listen", "limits"]) == ""
