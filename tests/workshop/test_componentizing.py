"""Core modules become components that import nothing, and those that cannot are told why."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from typing import TYPE_CHECKING

import pytest
from tests.workshop.modules import FUNCTIONS, MANIFEST, ROOT, call_of, catalog, imports_of
from wasmtime import wat2wasm

from mcpg.contract.problems import PluginRefused
from mcpg.contract.worlds import PluginKind
from mcpg.sandbox import manifest_section
from mcpg.sandbox.tool import Tool, ToolFailed
from mcpg.workshop.componentizing import TOOL, componentize, core_manifest, forbidden_calls
from mcpg.workshop.stand import open_workbench

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

KIND = PluginKind.CATALOG
# In every program of Go, so they are only told of where Go did not make the module.
ANSWERED = {
    "args_get", "args_sizes_get", "clock_res_get", "clock_time_get", "environ_get", "environ_sizes_get", "fd_close",
    "fd_fdstat_get", "fd_fdstat_set_flags", "fd_filestat_get", "fd_prestat_dir_name", "fd_prestat_get", "fd_write",
    "random_get", "sched_yield",
}  # fmt: skip
# wasi_snapshot_preview1 as witx has it: nothing of it may be missing, or a program that links it could not be built
PREVIEW1 = 46


def section(name: str, body: bytes) -> bytes:
    """Return a custom section whose parts are shorter than 128 bytes."""
    text = bytes([len(name)]) + name.encode() + body
    return bytes([0, len(text)]) + text


@pytest.fixture
def sources() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plugin_sources", ROOT / "plugins-src" / "sources.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_tool_is_built_from_these_sources(sources: ModuleType) -> None:
    built = json.loads(TOOL.with_suffix(".json").read_text())
    assert built["wasm"] == "sha256:" + hashlib.sha256(TOOL.read_bytes()).hexdigest()
    assert built["sources"] == sources.digest_of_tool(), "run `python3 plugins-src/build.py --tool`"


async def test_a_module_without_imports_becomes_a_component_with_its_manifest(tmp_path: Path) -> None:
    component = componentize(catalog(), KIND, MANIFEST)
    assert component == componentize(catalog(), KIND, MANIFEST)
    assert json.loads(manifest_section(component)) == json.loads(MANIFEST)
    async with open_workbench(component, cache=tmp_path) as bench:
        assert bench.inspection.pure
        assert bench.inspection.kind is KIND
        stand = await bench.stand({})
        assert (await stand.ask("shape", {})).value == "{}"


async def test_every_function_of_preview1_is_stood_in_for(tmp_path: Path) -> None:
    assert len(FUNCTIONS) == PREVIEW1
    component = componentize(catalog(imports_of(*FUNCTIONS)), KIND, MANIFEST)
    async with open_workbench(component, cache=tmp_path) as bench:
        assert bench.inspection.pure
        await bench.stand({})


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
async def test_what_a_plugin_must_not_do_traps_and_is_told_of(name: str, tmp_path: Path) -> None:
    core = catalog(imports_of(name), call_of(name))
    async with open_workbench(componentize(core, KIND, MANIFEST), cache=tmp_path) as bench:
        if name in ANSWERED:
            assert forbidden_calls(core) == ()
            await bench.stand({})
        else:
            assert forbidden_calls(core) == (name,)
            with pytest.raises(PluginRefused, match="unreachable"):
                await bench.stand({})


def test_what_go_links_into_every_program_is_not_told_of() -> None:
    core = catalog(imports_of("poll_oneoff", "proc_exit", "fd_read"))
    made = b"\x01\x0cprocessed-by\x01\x0eGo cmd/compile\x08go1.26.8"
    assert forbidden_calls(core) == ("fd_read", "poll_oneoff", "proc_exit")
    assert forbidden_calls(core + section("producers", made)) == ("fd_read",)


def test_a_core_module_carries_its_manifest_and_gives_it_up() -> None:
    core = catalog() + section("mcpg:manifest", b'{"a": 1}')
    assert core_manifest(core) == b'{"a": 1}'
    assert core_manifest(catalog()) is None
    assert core_manifest(b"nonsense") is None
    assert componentize(core, KIND, MANIFEST) == componentize(catalog(), KIND, MANIFEST)


@pytest.mark.parametrize(
    ("core", "manifest", "code", "message"),
    [
        (catalog('(import "env" "now" (func))'), MANIFEST, "forbidden-import", "imports `now` of `env`"),
        (catalog('(import "wasi:cli/stdout@0.2.0" "get" (func))'), MANIFEST, "forbidden-import", "`wasi:cli/stdout"),
        (catalog(imports_of("fd_read", module="wasi_unstable")), MANIFEST, "forbidden-import", "`wasi_unstable`"),
        (catalog('(import "wasi_snapshot_preview1" "new" (func))'), MANIFEST, "bad-component", "`new`"),
        (catalog(kind="sink"), MANIFEST, "wrong-world", "exports the kind `sink`, the manifest says `catalog`"),
        (
            catalog(exports='(func (export "mcpg:plugin/sink@1.0.0#deliver"))'),
            MANIFEST,
            "wrong-world",
            "`catalog`, `sink`",
        ),
        (bytes(wat2wasm("(module)")), MANIFEST, "wrong-world", "exports no interface of `mcpg:plugin@1.0.0`"),
        (bytes(wat2wasm("(component)")), MANIFEST, "bad-component", "no core module"),
        (b"", MANIFEST, "bad-component", "no core module"),
        (catalog()[:-40], MANIFEST, "bad-component", "no component can be made"),
        (catalog(), b"{", "bad-manifest", "not JSON"),
        (catalog(), b'"' + b"a" * 65536 + b'"', "bad-manifest", "at most 65536"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_component_is_told_why(core: bytes, manifest: bytes, code: str, message: str) -> None:
    with pytest.raises(PluginRefused) as caught:
        componentize(core, KIND, manifest)
    assert caught.value.code == code
    assert message in caught.value.message
    assert caught.value.remedy


def tool(body: str) -> bytes:
    return bytes(
        wat2wasm(f"""(module (memory (export "memory") 1)
          (func (export "tool_alloc") (param i32) (result i32) (i32.const 0))
          (func (export "run") (param i32 i32) (result i64) {body}))""")
    )


def test_a_tool_reads_and_writes_bytes_and_its_compiled_form_is_kept(tmp_path: Path) -> None:
    echo = "(i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32)) (i64.extend_i32_u (local.get 1)))"
    assert Tool(tool(echo), tmp_path).run("run", [b"ab", b""]) == b"\2\0\0\0ab\0\0\0\0"
    kept = {path.name for path in tmp_path.glob("*.cwasm")}
    assert len(kept) == 1
    assert Tool(tool(echo), tmp_path).run("run", []) == b""
    assert {path.name for path in tmp_path.glob("*.cwasm")} == kept


TOO_MUCH = "(if (i32.lt_s (memory.grow (i32.const 99)) (i32.const 0)) (then unreachable)) (i64.const 0)"


@pytest.mark.parametrize(
    "body", ["unreachable", "(loop (br 0)) (i64.const 0)", TOO_MUCH], ids=["trap", "endless", "memory"]
)
def test_a_tool_that_does_not_end_well_is_stopped(body: str, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="`run` stopped"):
        Tool(tool(body), tmp_path, memory=1 << 20, seconds=0.05).run("run", [])


def test_a_tool_gets_no_imports(tmp_path: Path) -> None:
    wasm = bytes(wat2wasm('(module (import "wasi_snapshot_preview1" "fd_write" (func)) (memory (export "memory") 1))'))
    with pytest.raises(ToolFailed):
        Tool(wasm, tmp_path).run("run", [])
