"""The JavaScript SDK: its own tests and types under Node, its engine, and what plugins come to do in the engine."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.system.kit import ROOT
from tests.workshop.author import Author

from mcpg.contract.problems import PluginTrapped
from mcpg.contract.verdicts import Case, Problem, ok
from mcpg.sandbox import PassLimits
from mcpg.workshop.stand import stand

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcpg.workshop.stand import Stand

pytestmark = pytest.mark.real

SDK = ROOT / "plugins-src" / "sdk" / "js"
HERE = ROOT / "tests" / "workshop" / "js"
READS = ["/call/name", "/call/arguments", "/run/now", "/run/seed"]


@pytest.fixture(scope="module")
def tools(with_node: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of the lock file, a copy of the SDK beside them, and its templates on it."""
    folder = tmp_path_factory.mktemp("js")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    _run(with_node, folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    shutil.copytree(SDK, folder / "sdk", ignore=shutil.ignore_patterns("node_modules"))
    (folder / "node_modules" / "@mcpg").mkdir()
    (folder / "node_modules" / "@mcpg" / "sdk").symlink_to(folder / "sdk", target_is_directory=True)
    return folder


def _run(environment: dict[str, str], folder: Path, *command: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, (done.stdout[-6000:], done.stderr[-2000:])
    return done.stdout


def test_its_own_tests_pass(with_node: dict[str, str], tools: Path) -> None:
    files = sorted(str(path) for path in (tools / "sdk" / "test").glob("*.test.js"))
    said = _run(with_node, tools, "node", "--test", "--test-reporter=tap", *files)
    assert "\n# fail 0\n" in said
    assert "\n# skipped 0\n" in said


def test_its_types_hold_for_itself_and_for_the_templates(with_node: dict[str, str], tools: Path) -> None:
    _run(with_node, tools, "npx", "tsc", "--project", "sdk")
    template = tools / "sdk" / "template"
    project = tools / "templates"
    (project / "src").mkdir(parents=True)
    shutil.copy(template / "common" / "jsconfig.json", project)
    for path in template.glob("*/plugin.js"):
        shutil.copy(path, project / "src" / f"{path.parent.name}.js")
    _run(with_node, tools, "npx", "tsc", "--project", "templates/jsconfig.json")
    (project / "plugin.js").write_text("// @ts-check\nimport { http } from '@mcpg/sdk';\nhttp({ url: 5 });\n")
    wrong = subprocess.run(
        ["npx", "tsc", "--project", "templates/jsconfig.json"], cwd=tools, env=with_node,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert "templates/plugin.js(3,8)" in wrong.stdout, wrong.stdout


def test_the_engine_is_what_the_package_makes_of_it(with_node: dict[str, str], tools: Path) -> None:
    (binding,) = (tools / "node_modules" / "@andreiltd").glob("*/*.node")
    committed = (SDK / "engine" / "engine.wasm").read_bytes()
    (tools / "sdk" / "engine" / "engine.wasm").unlink()
    _run(with_node, tools, "node", "sdk/engine/make.js", str(binding))
    assert (tools / "sdk" / "engine" / "engine.wasm").read_bytes() == committed


@pytest.fixture(scope="module")
def behaviours(toolchains: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The component of `behaviours.js`."""
    author = Author(tmp_path_factory.mktemp("behaviours"), toolchains)
    project = author.new("behaviours", "backend", "javascript")
    (project / "src").mkdir()
    shutil.copy(HERE / "behaviours.js", project / "plugin.js")
    shutil.copy(HERE / "broken.js", project / "src" / "broken.js")
    manifest = json.loads((project / "manifest.json").read_text())
    manifest |= {"reads": READS, "config": {"type": "object"}}
    (project / "manifest.json").write_text(json.dumps(manifest))
    author.mcpg("plugin", "build", cwd=project)
    return project / "out" / "behaviours.wasm"


@asynccontextmanager
async def _stood(wasm: Path) -> AsyncIterator[Stand]:
    async with stand(wasm, {}, limits=PassLimits(time=0.5), cache=wasm.parent / "compiled") as made:
        yield made


async def _call(made: Stand, name: str, *replies: Case, **arguments: Any) -> Case:
    return await made.ask("call", {"call": {"name": name, "arguments": arguments}}, replies)


async def _value(made: Stand, name: str, *replies: Case, **arguments: Any) -> Any:
    answer = await _call(made, name, *replies, **arguments)
    assert answer.tag == "done", answer
    return json.loads(answer.value)["structuredContent"]


async def test_clock_and_randomness_are_those_of_the_run(behaviours: Path) -> None:
    async with _stood(behaviours) as made:
        clock = await _value(made, "clock")
        assert clock["now"] > 0
        assert clock["fixed"] == 0
        first, again = await _value(made, "random"), await _value(made, "random")
        assert first == again
        assert 0 <= first["numbers"][0] != first["numbers"][1] < 1


async def test_lines_for_the_log_stop_nothing(behaviours: Path) -> None:
    async with _stood(behaviours) as made:
        said = await _call(made, "said")
        assert said.tag == "perform"
        assert json.loads(said.value[0].request) == {"level": "warning", "message": 'said {"n":1} Error: why'}
        assert (await _call(made, "said", ok("{}"))).tag == "done"
        first = await _call(made, "logged")
        assert [effect.driver for effect in first.value] == ["log", "http"]
        assert await _value(made, "logged", ok("{}"), ok('{"status": 204}')) == {"status": 204}


async def test_several_at_once(behaviours: Path) -> None:
    async with _stood(behaviours) as made:
        assert len((await _call(made, "both")).value) == 2
        both = await _value(made, "both", ok('{"body": "a"}'), ok('{"body": "b"}'))
        assert both == {"bodies": ["a", "b"]}


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("fetched", "not-in-plugins", "ask for it with http"),
        ("later", "not-in-plugins", "nothing runs after a function has returned"),
        ("required", "not-in-plugins", "write `import`"),
        ("promised", "plugin-error", "leave async out"),
        ("forgotten", "plugin-error", "returned undefined: return a result such as"),
        ("bug", "plugin-error", "(src/broken.js:4)"),
    ],
)
async def test_what_goes_wrong_is_told(behaviours: Path, name: str, code: str, said: str) -> None:
    async with _stood(behaviours) as made:
        answer = await _call(made, name)
        assert answer.tag == "failed"
        assert isinstance(answer.value, Problem)
        assert answer.value.code == code
        assert said in answer.value.message


async def test_what_passes_through_stays_what_it_was(behaviours: Path) -> None:
    async with _stood(behaviours) as made:
        document = {"id": 2**63 + 1, "list": [1.5, -0.25, 1e21], "text": "ä🙂\u2028", "__proto__": {"a": 1}}
        assert await _value(made, "echo", **document) == document
        assert await _value(made, "left") == {"half": "\ufffd", "text": "a\0b"}
        assert await _value(made, "globals") == {"names": []}


@pytest.mark.parametrize(("name", "said"), [("deep", "stack"), ("endless", "longer")])
async def test_what_never_ends_ends_the_pass_and_not_the_stand(behaviours: Path, name: str, said: str) -> None:
    async with _stood(behaviours) as made:
        with pytest.raises(PluginTrapped, match=said):
            await _call(made, name)
        assert await _value(made, "echo", a=1) == {"a": 1}
