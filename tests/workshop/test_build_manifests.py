"""What an author gets wrong in a manifest: each error names the file, the line and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.workshop.projects import edited, made

from mcpg.contract.manifest import decode_manifest
from mcpg.workshop.advice import DRIVERS, about_manifest
from mcpg.workshop.manifests import find_manifest, judge, with_built
from mcpg.workshop.problems import ManifestWrong

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BUILT = {"sources": f"sha256:{'0' * 64}", "sdk": "mcpg-sdk-go 1.0.0", "tool": "go1.26.0"}


def refusal(folder: Path, change: Callable[[dict[str, Any]], object], kind: str = "policy") -> ManifestWrong:
    project = made(folder / "it", "go", kind)
    edited(project, change)
    with pytest.raises(ManifestWrong) as refused:
        judge(find_manifest(project))
    return refused.value


def line_of(folder: Path, sign: str) -> str:
    lines = (folder / "it" / "manifest.json").read_text().splitlines()
    return f"manifest.json:{1 + next(number for number, line in enumerate(lines) if sign in line)}"


@pytest.mark.parametrize(
    ("change", "says", "sign"),
    [
        (lambda m: m.update(kind="polcy"), "`/kind`", '"kind"'),
        (lambda m: m.update(world="mcpg:plugin/sink-plugin@1.0.0"), "is not the world of kind `policy`", '"world"'),
        (lambda m: m.update(id="Acme/X"), "`/id`", '"id"'),
        (lambda m: m.update(version="1"), "`/version`", '"version"'),
        (lambda m: m.pop("summary"), "`summary`", "{"),
        (lambda m: m.update(colour="red"), "`colour`", '"colour"'),
        (lambda m: m.update(reads=["/action/name", "/nothing"]), "`/reads/1`", '"/nothing"'),
        (lambda m: m.update(effects=[{"driver": "http"}]), "`why`", None),
        (lambda m: m.update(effects=[{"driver": "http", "why": " "}]), "`/effects/0/why`", '"why"'),
        (lambda m: m.update(effects=[{"driver": "http", "why": "a"}] * 2), "stands there twice", None),
        (lambda m: m.update(limits={"memory": "lots"}), "`/limits/memory`", '"memory"'),
        (lambda m: m["config"].update(type="objekt"), "cannot be used", '"config"'),
        (lambda m: m["config"].update({"$ref": "https://x.test/s.json"}), "cannot be used", '"config"'),
        (
            lambda m: m["config"].update(properties={"rules": {"type": "string", "format": "mcpg-flie"}}),
            "there is no format `mcpg-flie`",
            '"format"',
        ),
        (
            lambda m: m["config"].update(properties={"rules": {"type": "object", "format": "mcpg-file"}}),
            "its type is `string`",
            '"rules"',
        ),
        (lambda m: m.update(reads=["/run/now"]), "cannot be remembered", '"memo"'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(
    change: Callable[[dict[str, Any]], object], says: str, sign: str | None, tmp_path: Path
) -> None:
    error = refusal(tmp_path, change)
    assert says in error.message
    assert error.remedy
    if sign is not None:
        assert error.where == line_of(tmp_path, sign)


def test_a_plugin_that_gets_no_replies_cannot_ask(tmp_path: Path) -> None:
    error = refusal(tmp_path, lambda m: m.update(effects=[{"driver": "http", "why": "look"}]), "limit")
    assert "a plugin of kind `limit` cannot ask" in error.message


def test_what_is_no_json_is_named_with_line_and_column(tmp_path: Path) -> None:
    project = made(tmp_path / "it")
    project.manifest.write_text('{\n  "schema": 1,\n  "id" "acme/x"\n}')
    with pytest.raises(ManifestWrong) as refused:
        judge(find_manifest(project))
    assert refused.value.where == "manifest.json:3:8"
    project.manifest.write_text('{"schema": 1, "schema": 1}')
    with pytest.raises(ManifestWrong, match="twice"):
        judge(find_manifest(project))


def test_a_missing_manifest_says_what_to_write(tmp_path: Path) -> None:
    project = made(tmp_path / "it")
    project.manifest.unlink()
    with pytest.raises(ManifestWrong, match="no manifest") as refused:
        find_manifest(project)
    assert refused.value.where == "manifest.json"
    rust = made(tmp_path / "rust", "rust")
    rust.entry.write_text("fn nothing() {}")
    with pytest.raises(ManifestWrong, match="no manifest") as refused:
        find_manifest(rust)
    assert "mcpg_sdk::manifest!" in refused.value.remedy


def test_the_manifest_in_rust_code_is_judged_where_it_stands(tmp_path: Path) -> None:
    project = made(tmp_path / "it", "rust")
    text = project.entry.read_text().replace('"kind": "policy"', '"kind": "sink"')
    project.entry.write_text(text)
    with pytest.raises(ManifestWrong) as refused:
        judge(find_manifest(project))
    line = 1 + text.splitlines().index(next(line for line in text.splitlines() if '"world"' in line))
    assert refused.value.where == f"src/lib.rs:{line}"


def test_what_was_built_goes_into_the_text(tmp_path: Path) -> None:
    plain, _ = judge(find_manifest(made(tmp_path / "it")))
    manifest = decode_manifest(with_built({**plain, "built": {"sources": "somebody's own"}}, BUILT))
    assert manifest.built is not None
    assert manifest.built.tool == "go1.26.0"
    with pytest.raises(ManifestWrong, match="at most 65536"):
        with_built({**plain, "summary": "x" * 65536}, BUILT)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m.update(effects=[{"driver": "htpp", "why": "look"}]), "did you mean `http`?"),
        (lambda m: m.update(reads=["/call/arguments"]), "is given no `/call`, only `/caller`, `/action`, `/run`"),
        (lambda m: m.update(reads=["/caller/gruops"]), "did you mean `/caller/groups`?"),
        (lambda m: m.update(limits={"memory": "512MiB"}), "`/limits/memory`: operators allow less"),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(
    change: Callable[[dict[str, Any]], object], says: str, tmp_path: Path
) -> None:
    project = made(tmp_path / "it")
    assert not list(about_manifest(find_manifest(project), judge(find_manifest(project))[1]))
    edited(project, change)
    written = find_manifest(project)
    [warning] = about_manifest(written, judge(written)[1])
    assert says in warning
    assert warning.startswith("manifest.json:")


def test_the_drivers_are_those_of_the_contract() -> None:
    assert {"command", "http", "log", "mcp", "notify", "sign", "sql"} <= DRIVERS
