"""`mcpg plugin new`: every project that it writes is whole, and what cannot be written leaves nothing behind."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from mcpg.cli.plugin import plugin
from mcpg.config.load import loads
from mcpg.contract.worlds import PluginKind
from mcpg.plugins.configuration import configure
from mcpg.workshop.manifests import find_manifest, judge
from mcpg.workshop.new import Wish, new_project, render
from mcpg.workshop.project import LANGUAGES, ProjectUnusable, open_project
from mcpg.workshop.sdks import sdk_of

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.workshop.project import Language

ALL = [(language, kind) for language in LANGUAGES for kind in sdk_of(language).kinds]
SIX = ("mcpg plugin build", "mcpg plugin test", "mcpg plugin bench", "mcpg dev", "mcpg plugin push", "mcpg plugin sign")


def wish(name: str = "my-plugin", kind: str = "policy", language: Language = "go", **more: str) -> Wish:
    return Wish(name, PluginKind(kind), language, **more)


def test_every_language_has_the_kinds_that_it_should_have() -> None:
    assert len(ALL) == 3 * len(PluginKind) + 3
    assert {kind.value for language, kind in ALL if language == "python"} == {"policy", "transform", "backend"}


@pytest.mark.parametrize(("language", "kind"), ALL, ids=str)
def test_a_new_project_is_whole(language: Language, kind: PluginKind, tmp_path: Path) -> None:
    made = new_project(wish("my-plugin", kind.value, language, publisher="initech", licence="MIT"), tmp_path / "there")
    assert open_project(made.root) == made
    _, manifest = judge(find_manifest(made))
    assert (manifest.id, manifest.kind, manifest.licence) == ("initech/my-plugin", kind, "MIT")
    assert made.cases
    for path in made.cases:
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["cases"]
    for path in made.root.rglob("*"):
        if path.is_file() and path.parts[-2] != "engine" and "sdk" not in path.relative_to(made.root).parts:
            assert not re.search(r"\{\{[a-z]+\}\}", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize(("language", "kind"), ALL, ids=str)
def test_a_new_project_explains_itself(language: Language, kind: PluginKind) -> None:
    files = render(wish("my-plugin", kind.value, language))
    for command in SIX:
        assert command in files["README.md"]
    asks = any(each in files["README.md"] for each in ("http: {", "needs no grants"))
    assert asks
    [snippet] = re.findall(r"```yaml\n(.*?)```", files["README.md"], re.DOTALL)
    assert yaml.safe_load(snippet)["plugins"]["my-plugin"]["from"] == "file:out/my-plugin.wasm"
    jobs: dict[str, Any] = yaml.safe_load(files[".github/workflows/plugin.yml"])["jobs"]
    steps = " ".join(str(step) for step in jobs["plugin"]["steps"])
    assert "mcpg plugin test" in steps
    assert "--sign-key" in steps
    for target in ("build", "test", "bench", "dev", "push", "sign"):
        assert re.search(rf"^{target}:.*\n\t\$\(MCPG\)", files["Makefile"], re.MULTILINE), target


def test_the_sdk_in_a_project_is_without_what_only_we_need(tmp_path: Path) -> None:
    for language in LANGUAGES:
        made = new_project(wish(language=language), tmp_path / language)
        found = {path.name for path in (made.root / "sdk").iterdir()}
        assert not found & {"template", "tests", "test", "examples", "target", "node_modules"}, language
        assert list((made.root / "sdk").rglob("*documents*")), language


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": "My-Plugin"}, "is no name for a plugin"),
        ({"name": "../there"}, "is no name for a plugin"),
        ({"name": "a--b"}, "is no name for a plugin"),
        ({"name": "x" * 65}, "is no name for a plugin"),
        ({"name": "9lives"}, "is no name for a plugin"),
        ({"name": "sdk"}, "means something else"),
        ({"publisher": "ACME"}, "is no publisher"),
        ({"publisher": "mcpg"}, "ship with the program"),
        ({"licence": 'MIT"}'}, "is no SPDX expression"),
        ({"kind": "identity", "language": "python"}, "there are no identity plugins in python"),
    ],
)
def test_what_will_not_do_is_refused_and_leaves_nothing(wrong: dict[str, Any], says: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectUnusable, match=says) as refused:
        new_project(wish(**wrong), tmp_path / "there")
    assert refused.value.remedy
    assert not list(tmp_path.iterdir())


def test_python_says_which_kinds_it_has() -> None:
    with pytest.raises(ProjectUnusable) as refused:
        render(wish(kind="limit", language="python"))
    assert "policy, transform, backend" in refused.value.remedy


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(ProjectUnusable, match="already"):
        new_project(wish(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    assert new_project(wish(), tmp_path).entry.is_file()


def test_the_command_line_makes_one_and_says_what_is_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(plugin, ["new", "my-plugin", "--kind", "sink", "--lang", "js", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["id"], told["language"]) == ("acme/my-plugin", "javascript")
    assert told["entry"] == str(tmp_path / "my-plugin" / "plugin.js")
    assert "mcpg plugin build" in told["next"]
    assert CliRunner().invoke(plugin, ["new", "my-plugin", "--kind", "sink", "--lang", "js"]).exit_code == 1
    assert CliRunner().invoke(plugin, ["new", "other", "--kind", "sink"]).exit_code == 2


def test_a_folder_without_a_plugin_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectUnusable, match=r"plugin\.go"):
        open_project(tmp_path)
    (tmp_path / "plugin.go").touch()
    (tmp_path / "plugin.py").touch()
    with pytest.raises(ProjectUnusable, match="one plugin has one of them"):
        open_project(tmp_path)


def test_a_project_is_called_after_its_id_wherever_it_lies(tmp_path: Path) -> None:
    for language in LANGUAGES:
        made = new_project(wish("my-plugin", language=language), tmp_path / f"checkout-{language}")
        assert open_project(made.root).wasm == made.root / "out" / "my-plugin.wasm"


@pytest.mark.parametrize("kind", list(PluginKind))
def test_the_configuration_in_the_readme_is_one(kind: PluginKind, tmp_path: Path) -> None:
    files = render(wish("my-plugin", kind.value, "rust"))
    [snippet] = re.findall(r"```yaml\n(.*?)```", files["README.md"], re.DOTALL)
    use = loads(snippet, path=tmp_path / "mcpg.yaml", environment={}).config.plugins["my-plugin"]
    manifest = judge(find_manifest(new_project(wish("my-plugin", kind.value, "rust"), tmp_path / "it")))[1]
    configure(manifest, use.config, tmp_path, use="my-plugin")
    drivers = {each.driver for each in manifest.effects}
    assert set(use.grants) - {"secrets"} == drivers
