from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.plugins.kitchen import CONFIG
from tests.registry.artifacts import manifest_of

from mcpg.contract.canonical import digest_text
from mcpg.contract.manifest import decode_manifest
from mcpg.contract.problems import ConfigError
from mcpg.plugins import files
from mcpg.plugins.configuration import check_binding, configure
from mcpg.plugins.files import Budget, read_many, read_one

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = decode_manifest(json.dumps(manifest_of(config=CONFIG)).encode())


@pytest.fixture
def base(tmp_path: Path) -> Path:
    place = tmp_path / "site"
    (place / "rules" / "more").mkdir(parents=True)
    (place / "page.html").write_text("<p>")
    for name in ("b.cedar", "a.cedar", "c.txt", ".hidden.cedar", "more/d.cedar"):
        (place / "rules" / name).write_text(f"// {name}")
    (tmp_path / "secret.txt").write_text("secret")
    return place


def text_of(config: dict[str, Any], base: Path) -> Any:
    return json.loads(configure(MANIFEST, config, base, use="x").text)


def refused(config: Any, base: Path, told: str) -> ConfigError:
    with pytest.raises(ConfigError, match=told) as caught:
        configure(MANIFEST, config, base, use="x")
    assert caught.value.where == "plugins.x.config"
    assert caught.value.remedy
    assert "\n" not in caught.value.message
    return caught.value


def test_the_text_is_sorted_and_its_digest_is_over_that_text(base: Path) -> None:
    one = configure(MANIFEST, {"level": 2, "greeting": "grüezi"}, base, use="x")
    two = configure(MANIFEST, {"greeting": "grüezi", "level": 2}, base, use="y")
    assert one == two
    assert one.text == '{"greeting":"grüezi","level":2}'
    assert one.digest == digest_text(one.text)


def test_files_are_read_where_the_schema_marks_them(base: Path) -> None:
    found = text_of({"page": "page.html", "rules": "rules/*.cedar", "greeting": "page.html"}, base)
    assert found["page"] == {"name": "page.html", "text": "<p>"}
    assert [each["name"] for each in found["rules"]] == ["rules/a.cedar", "rules/b.cedar"]
    assert found["greeting"] == "page.html"


def test_files_are_read_behind_references_lists_and_branches(base: Path) -> None:
    found = text_of({"many": ["rules/a.*", "rules/*/d.cedar"], "either": "page.html"}, base)
    assert [[each["name"] for each in some] for some in found["many"]] == [["rules/a.cedar"], ["rules/more/d.cedar"]]
    assert found["either"]["text"] == "<p>"
    assert text_of({"either": 3}, base) == {"either": 3}


def test_the_digest_counts_what_stands_in_the_files(base: Path) -> None:
    before = configure(MANIFEST, {"page": "page.html"}, base, use="x")
    assert configure(MANIFEST, {"page": "page.html"}, base, use="x") == before
    (base / "page.html").write_text("<p>!")
    assert configure(MANIFEST, {"page": "page.html"}, base, use="x").digest != before.digest


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"level": "high"}, r"`/level`: the value is not of type \"integer\""),
        ({"level": 0}, r"`/level`: the value is less than the minimum of 1"),
        ({"many": ["a", 3]}, "`/many/1`: "),
        ({"unknown": 1}, "'unknown' was unexpected"),
        ({"page": ""}, "`/page`"),
        ({"level": float("nan")}, "`/level`: found a float"),
        ({"greeting": dt.date(2026, 1, 1)}, "`/greeting`: found a date"),
        ({"many": [{1: 2}]}, "`/many/0`: found a dict"),
        ({"greeting": "\ud800"}, "`/greeting`: found a str"),
        ({"page": "missing.html"}, "`/page`: file `missing.html` is missing"),
        ({"page": "../secret.txt"}, "`/page`: `../secret.txt` leaves the directory"),
        ({"rules": "../*.txt"}, "leaves the directory"),
        ({"rules": "rules/../../*.txt"}, "leaves the directory"),
        ({"rules": "/etc/pass*"}, "leaves the directory"),
        ({"page": "/etc/passwd"}, "leaves the directory"),
        ({"page": "rules"}, "file `rules`"),
        ({"page": "a\\b"}, "backslash"),
        ({"page": "a\x00b"}, "unprintable"),
        ({"rules": "rules/*.rego"}, "no file matches"),
        ({"rules": "**/*.cedar"}, "is not understood"),
    ],
)
def test_what_is_refused_names_the_place(base: Path, config: dict[str, Any], told: str) -> None:
    refused(config, base, told)


def test_values_never_show_in_an_error(base: Path) -> None:
    error = refused(
        {"greeting": "s3cr3t-s3cr3t-s3cr3t-s3cr3t", "level": "s3cr3t"}, base, "/greeting.*/level|/level.*/greeting"
    )
    assert "s3cr3t" not in error.diagnostics()


def test_many_faults_are_cut_short(base: Path) -> None:
    assert refused({"many": list(range(20))}, base, "and more").message.count("`/many/") == 5


def test_a_configuration_nested_without_end_is_refused(base: Path) -> None:
    deep: dict[str, Any] = {}
    for _ in range(100):
        deep = {"a": deep}
    refused(deep, base, "64 levels at most")


def test_links_may_not_lead_out(base: Path, tmp_path: Path) -> None:
    (base / "out.html").symlink_to(tmp_path / "secret.txt")
    (base / "way").symlink_to(tmp_path)
    (base / "inside.html").symlink_to(base / "page.html")
    (base / "circle.html").symlink_to(base / "circle.html")
    refused({"page": "out.html"}, base, "leads out")
    refused({"page": "way/secret.txt"}, base, "leads out")
    refused({"rules": "way/*.txt"}, base, "leads out")
    refused({"rules": "*.html"}, base, "leads out")
    refused({"page": "circle.html"}, base, "circle|symbolic|links")
    assert text_of({"page": "inside.html"}, base)["page"] == {"name": "inside.html", "text": "<p>"}


def test_files_are_text_and_bounded(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (base / "page.html").write_bytes(b"\xff")
    refused({"page": "page.html"}, base, "no UTF-8 text")
    monkeypatch.setattr(files, "MAX_FILE", 10)
    (base / "page.html").write_bytes(b"x" * 11)
    refused({"page": "page.html"}, base, "more than 10 bytes")


def test_the_budget_is_for_all_files_together(base: Path) -> None:
    with pytest.raises(ValueError, match="in all"):
        read_many(base, "rules/*.cedar", Budget(files=1))
    with pytest.raises(ValueError, match=r"more than \d+ bytes"):
        read_many(base, "rules/*.cedar", Budget(bytes=15))
    with pytest.raises(ValueError, match="directory entries"):
        read_many(base, "rules/*.cedar", Budget(entries=2))
    budget = Budget()
    read_one(base, "page.html", budget)
    assert (budget.bytes, budget.files) == (files.MAX_TOTAL - 3, files.MAX_FILES - 1)


def test_a_binding_is_checked_against_its_schema() -> None:
    binding = {"type": "object", "additionalProperties": False, "properties": {"path": {"type": "string"}}}
    manifest = decode_manifest(json.dumps(manifest_of(binding=binding)).encode())
    check_binding(manifest, {"path": "/x"}, use="x")
    with pytest.raises(ConfigError, match="`/path`: the value is not of type") as caught:
        check_binding(manifest, {"path": 1}, use="x")
    assert "plugin `x`" in caught.value.where
    with pytest.raises(ConfigError, match="'query' was unexpected"):
        check_binding(manifest, {"query": "select"}, use="x")
    with pytest.raises(ConfigError, match="takes nothing under a tool, found `request`"):
        check_binding(MANIFEST, {"request": {}}, use="x")
    check_binding(MANIFEST, {}, use="x")
