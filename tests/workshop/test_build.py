"""What a build takes for sources, how it runs other people's programs, and what it says when one is not here."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tests.workshop.projects import made

from mcpg.cli.plugin import plugin
from mcpg.contract.manifest import SECTION
from mcpg.sandbox import manifest_section
from mcpg.sandbox.sections import PREAMBLE
from mcpg.workshop import processes
from mcpg.workshop.building import build, sources_file
from mcpg.workshop.checking import Stale, check
from mcpg.workshop.componentizing import TOOL
from mcpg.workshop.modules import with_manifest, without_debugging
from mcpg.workshop.problems import BuildFailed, ToolMissing
from mcpg.workshop.processes import run
from mcpg.workshop.project import LANGUAGES, Language, Project
from mcpg.workshop.sdks import place_sdk, sdk_of
from mcpg.workshop.sources import differences, digest_of, sources_of

if TYPE_CHECKING:
    from collections.abc import Callable

BUILTIN = Path(processes.__file__).parents[1] / "plugins" / "builtin"


def builtin() -> bytes:
    """Return a component that ships."""
    blobs = (path.read_bytes() for path in sorted((BUILTIN / "blobs").rglob("*")) if path.is_file())
    return next(blob for blob in blobs if blob.startswith(PREAMBLE))


def sources(project: Project) -> dict[str, str]:
    return sources_of(project, project.root / "sdk")


def ended(stat: Path) -> bool:
    """Whether a process is gone, or waits for its parent to notice."""
    try:
        return stat.read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


async def until(true: Callable[[], bool]) -> None:
    """Return when `true` is; the test fails after half a minute."""
    for _ in range(3000):
        if true():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never came true")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_digest_is_of_the_sources_and_not_of_the_folder(language: Language, tmp_path: Path) -> None:
    one, two = made(tmp_path / "one", language), made(tmp_path / "two", language)
    digest = digest_of(sources(one))
    assert digest == digest_of(sources(two))
    for aside in ("README.md", "cases/more.yaml", "out/my-plugin.wasm", "node_modules/x.js", ".venv/x.py", "Makefile"):
        (one.root / aside).parent.mkdir(exist_ok=True)
        (one.root / aside).write_text("anything")
    assert digest_of(sources(one)) == digest
    for counted in ("src/build/tests.go", "words.md", "data/model.wasm", ".cargo/config.toml"):
        before = digest_of(sources(one))
        (one.root / counted).parent.mkdir(parents=True, exist_ok=True)
        (one.root / counted).write_text("anything")
        assert digest_of(sources(one)) != before, counted
    before = sources(one)
    one.entry.write_text(one.entry.read_text() + "\n")
    assert differences(before, sources(one)) == [f"`{one.entry.relative_to(one.root)}` has changed"]
    next((one.root / "sdk").rglob("*effects.*")).unlink()
    assert any(line.startswith("`sdk/") and line.endswith("is gone") for line in differences(before, sources(one)))


def test_an_sdk_outside_counts_as_the_one_inside(tmp_path: Path) -> None:
    inside = made(tmp_path / "x", "go")
    shutil.copytree(inside.root, tmp_path / "components" / "my-plugin")
    (tmp_path / "components" / "my-plugin" / "sdk").rename(tmp_path / "elsewhere")
    (tmp_path / "sdk").mkdir()
    (tmp_path / "elsewhere").rename(tmp_path / "sdk" / "go")
    outside = Project(tmp_path / "components" / "my-plugin", "my-plugin", "go")
    sdk = place_sdk(outside, lambda _: None)
    assert sdk.folder == tmp_path / "sdk" / "go"
    assert not (outside.root / "sdk").exists()
    assert sources_of(outside, sdk.folder) == sources(inside)


def test_a_missing_sdk_is_put_there_and_told(tmp_path: Path) -> None:
    project, said = made(tmp_path / "it"), list[str]()
    wanted = sources(project)
    shutil.rmtree(project.root / "sdk")
    assert place_sdk(project, said.append).label == sdk_of("go").label
    assert sources(project) == wanted
    assert "into `sdk/`" in said[0]
    assert not [path for path in project.root.iterdir() if path.name.startswith(".sdk")]


def test_a_manifest_is_put_into_a_component_once() -> None:
    component = builtin()
    once = with_manifest(component, b'{"a": 1}')
    assert manifest_section(once) == b'{"a": 1}'
    assert once.count(SECTION.encode()) == 1
    assert with_manifest(once, b"{}") == with_manifest(component, b"{}")


def test_debugging_goes_and_code_stays() -> None:
    module = TOOL.read_bytes()
    name = b"\x04name" + b"x" * 300
    extra = b"\0" + bytes([len(name) & 0x7F | 0x80, len(name) >> 7]) + name
    assert without_debugging(module + extra) == without_debugging(module)
    with pytest.raises(BuildFailed, match="cut short"):
        without_debugging(module[:-1])


async def test_a_program_is_run_without_a_shell_and_its_words_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "ROOM", 1000)
    code = "import sys; print('$HOME;' * 10_000); print('late', file=sys.stderr); sys.exit(7)"
    ran = await run([sys.executable, "-c", code], cwd=tmp_path)
    assert (ran.status, len(ran.out), ran.err) == (7, 1000, "late\n")
    assert ran.out.startswith("$HOME;")
    with pytest.raises(BuildFailed, match="cannot be started"):
        await run([tmp_path / "nothing"], cwd=tmp_path)


async def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match=r"took longer than 0\.2 s"):
        await run([sys.executable, "-c", "import time; time.sleep(600)"], cwd=tmp_path, seconds=0.2)


async def test_who_gives_up_leaves_no_process_behind(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open('half', 'w').write(f'{os.getpid()} {child.pid}')\n"
        "os.rename('half', 'pids')\n"
        "time.sleep(600)"
    )
    task = asyncio.create_task(run([sys.executable, "-c", code], cwd=tmp_path))
    await until(lambda: (tmp_path / "pids").exists() or task.done())
    task.cancel()
    await asyncio.wait([task])
    for pid in (tmp_path / "pids").read_text().split():
        await until(lambda pid=pid: ended(Path(f"/proc/{pid}/stat")))


@pytest.mark.parametrize(
    ("language", "tool", "remedy"),
    [
        ("rust", "`cargo`", "https://rustup.rs"),
        ("go", "`go`", "https://go.dev/dl"),
        ("javascript", "`node`", "https://nodejs.org"),
        ("python", "`componentize-py`", "pip install"),
    ],
)
async def test_a_missing_tool_is_named_with_the_way_to_get_it(
    language: Language, tool: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "empty" / "python"))
    with pytest.raises(ToolMissing) as missing:
        await build(made(tmp_path / "it", language))
    assert tool in missing.value.message
    assert remedy in missing.value.remedy
    assert "\n" not in missing.value.message + missing.value.remedy


@pytest.mark.parametrize(
    ("language", "says", "wanted"),
    [
        ("go", "go1.22.1", "is too old"),
        ("javascript", "v18.20.0", "is too old"),
        ("rust", "/nowhere", "`wasm32-unknown-unknown` is not installed"),
    ],
)
async def test_a_tool_that_will_not_do_is_named(
    language: Language, says: str, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("go", "node", "rustc", "cargo"):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\necho {says}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ToolMissing, match=wanted) as missing:
        await build(made(tmp_path / "it", language))
    assert missing.value.remedy


async def test_what_was_not_built_from_these_sources_is_told(tmp_path: Path) -> None:
    project = made(tmp_path / "it", "python")
    with pytest.raises(Stale, match="cannot be read"):
        await check(project, project.wasm, print)
    project.wasm.parent.mkdir()
    component = builtin()
    plain = json.loads(manifest_section(component))
    plain.pop("built", None)
    project.wasm.write_bytes(with_manifest(component, json.dumps(plain).encode()))
    with pytest.raises(Stale, match="does not say"):
        await check(project, project.wasm, print)
    now = sources(project)
    built = {"sources": digest_of(now), "sdk": "mcpg-sdk-python 1.0.0", "tool": "componentize-py 0.25.1"}
    project.wasm.write_bytes(with_manifest(component, json.dumps({**plain, "built": built}).encode()))
    assert not (await check(project, project.wasm, print)).again
    project.entry.write_text("changed")
    with pytest.raises(Stale, match="list beside it is gone"):
        await check(project, project.wasm, print)
    sources_file(project.wasm).write_text(json.dumps(now))
    with pytest.raises(Stale, match=r"`plugin\.py` has changed"):
        await check(project, project.wasm, print)


def test_the_command_line_tells_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = made(tmp_path / "it", "go")
    monkeypatch.setenv("PATH", os.fspath(tmp_path / "empty"))
    told: Any = CliRunner().invoke(plugin, ["build", str(project.root)])
    assert told.exit_code == 1
    assert "install Go" in told.stderr
    told = CliRunner().invoke(plugin, ["build", str(tmp_path), "--json"])
    assert told.exit_code == 1
    assert json.loads(told.stderr)["error"]["code"] == "bad-project"
