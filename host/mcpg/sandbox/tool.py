"""Runs a tool of ours that is a pure core module: bytes in, bytes out. It gives the module no import at all.

It is for programs that ship with MCPG, such as the one that makes components; plugins never come here. Source of the
calling convention: `plugins-src/tools/componentize/src/entry.rs`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import wasmtime

from mcpg.contract.problems import McpgError
from mcpg.sandbox.cache import CompileCache
from mcpg.sandbox.engine import Ticker, new_engine, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Tool", "ToolFailed"]

_LENGTH: Final = 4
_MEMORY: Final = 1 << 30
_SECONDS: Final = 120.0
_CACHE: Final = 256 * 1024 * 1024


class ToolFailed(McpgError):  # noqa: N818 - names state facts
    """The tool stopped: it trapped, ran out of memory or took too long."""

    code = "internal"


class Tool:
    """A compiled tool; every call has a new instance. All methods block: call them in a thread.

    `cache` is the folder of compiled forms, shared with the sandbox's own. Memory in bytes, time in seconds.
    """

    def __init__(self, wasm: bytes, cache: Path, *, memory: int = _MEMORY, seconds: float = _SECONDS) -> None:
        self._engine = new_engine()
        self._module = _module(self._engine, wasm, CompileCache(cache, _CACHE))
        self._memory = memory
        self._seconds = seconds

    def run(self, function: str, parts: Sequence[bytes]) -> bytes:
        """Return what the exported `function` makes of `parts`; raises `ToolFailed`."""
        ticker = Ticker(self._engine)
        ticker.active = 1
        ticker.start()
        try:
            return self._run(function, parts)
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            reason = " ".join(str(error).split())[-300:]
            raise ToolFailed(f"`{function}` stopped: {reason}", remedy="report this, with what it was given") from None
        finally:
            ticker.stop()

    def _run(self, function: str, parts: Sequence[bytes]) -> bytes:
        store = wasmtime.Store(self._engine)
        store.set_limits(memory_size=self._memory)
        store.set_epoch_deadline(ticks(self._seconds))
        exports = wasmtime.Instance(store, self._module, []).exports(store)
        memory, alloc, called = exports["memory"], exports["tool_alloc"], exports[function]
        if not isinstance(memory, wasmtime.Memory):
            raise TypeError("the tool exports no memory")
        if not (isinstance(alloc, wasmtime.Func) and isinstance(called, wasmtime.Func)):
            raise TypeError(f"the tool exports no function `{function}`")
        given = b"".join(len(part).to_bytes(_LENGTH, "little") + part for part in parts)
        at = alloc(store, len(given)) & 0xFFFF_FFFF
        memory.write(store, given, at)
        result = called(store, at, len(given)) & 0xFFFF_FFFF_FFFF_FFFF
        begin, size = result >> 32, result & 0xFFFF_FFFF
        return bytes(memory.read(store, begin, begin + size))


def _module(engine: wasmtime.Engine, wasm: bytes, cache: CompileCache) -> wasmtime.Module:
    digest = "sha256:" + hashlib.sha256(wasm).hexdigest()
    body = cache.read(digest)
    if body is not None:
        try:
            return wasmtime.Module.deserialize(engine, body)
        except wasmtime.WasmtimeError:
            cache.forget(digest)
    module = wasmtime.Module(engine, wasm)
    cache.write(digest, module.serialize())
    return module
