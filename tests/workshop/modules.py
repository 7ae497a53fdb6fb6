"""Core modules in text for tests of the componentizer: a plugin of the smallest kind, and what it may import."""

from __future__ import annotations

import re
from pathlib import Path

from wasmtime import wat2wasm

__all__ = ["FUNCTIONS", "MANIFEST", "catalog", "imports_of", "signature"]

ROOT = Path(__file__).resolve().parents[2]
ADAPTER = ROOT / "plugins-src" / "tools" / "componentize" / "preview1.wat"

MANIFEST = (
    b'{"schema": 1, "id": "t/t", "version": "1.0.0", "kind": "catalog", "world": "mcpg:plugin/catalog-plugin@1.0.0",'
    b' "summary": "s", "licence": "x", "config": {"type": "object"}}'
)
"""A manifest of the kind `catalog`."""


def _exported() -> dict[str, str]:
    """Return the functions of the adapter: name to parameters and result, as WAT has them in an import."""
    text = re.sub(r";;[^\n]*", "", ADAPTER.read_text())
    shared = dict(re.findall(r"\(func (\$\w+)((?: \((?:param|result)[^)]*\))+)", text))
    found = dict(re.findall(r'\(func \(export "(\w+)"\)((?: \((?:param|result)[^)]*\))*)', text))
    found |= {name: shared[func] for name, func in re.findall(r'\(export "(\w+)" \(func (\$\w+)\)\)', text)}
    return {name: re.sub(r"\$\w+ ", "", types).strip() for name, types in found.items()}


FUNCTIONS = _exported()


def signature(name: str) -> str:
    """Return the parameters and the result of a function of preview1."""
    return FUNCTIONS[name]


def imports_of(*names: str, module: str = "wasi_snapshot_preview1") -> str:
    """Return imports in WAT of functions of preview1, each called `$NAME` inside."""
    return "\n".join(f'(import "{module}" "{name}" (func ${name} {signature(name)}))' for name in names)


def call_of(name: str) -> str:
    """Return WAT that calls a function with zeros, but for addresses that are written to."""
    kinds = re.findall(r"i32|i64", signature(name).split("(result")[0])
    dropped = "(drop (call ${name} {args}))" if "result" in signature(name) else "(call ${name} {args})"
    return dropped.format(name=name, args=" ".join(f"({kind}.const {8 if kind == 'i32' else 0})" for kind in kinds))


def catalog(imports: str = "", configure: str = "", *, exports: str = "", kind: str = "catalog") -> bytes:
    """Return a core module that fills the world of `catalog`: `configure` runs in that function, `shape` gives `{}`."""
    return bytes(
        wat2wasm(f"""(module {imports}
          (memory (export "memory") 1)
          (data (i32.const 64) "{{}}")
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
          (func (export "mcpg:plugin/lifecycle@1.0.0#configure") (param i32 i32) (result i32)
            {configure} (i32.store (i32.const 128) (i32.const 0)) (i32.const 128))
          (func (export "mcpg:plugin/{kind}@1.0.0#shape") (param i32 i32 i32 i32) (result i32)
            (i32.store (i32.const 160) (i32.const 0))
            (i32.store (i32.const 164) (i32.const 64))
            (i32.store (i32.const 168) (i32.const 2))
            (i32.const 160))
          {exports})""")
    )
