"""The wasmtime engine with the settings that make guests deterministic, and the thread that ticks its epoch.

It does not compile or run anything.
"""

from __future__ import annotations

import os
import threading
import time
from importlib.metadata import version
from typing import Final

import wasmtime
from wasmtime import _bindings as c

__all__ = ["ENGINE_VERSION", "SETTINGS", "TICK", "Ticker", "new_engine", "ticks"]

ENGINE_VERSION: Final = f"wasmtime-{version('wasmtime')}"

TICK: Final = 0.001
"""Seconds between two ticks of the epoch."""

_IDLE_TICKS: Final = 64
_STACK: Final = 512 * 1024
_LINES: Final = "WASMTIME_BACKTRACE_DETAILS"

SETTINGS: Final[dict[str, bool | int]] = {
    # one answer for one question, on every machine
    "cranelift_nan_canonicalization": True,
    "wasm_relaxed_simd": False,
    "wasm_relaxed_simd_deterministic": True,
    "wasm_threads": False,
    "shared_memory": False,
    # a pass can be stopped, and its stack is bounded
    "epoch_interruption": True,
    "max_wasm_stack": _STACK,
    # what no toolchain of ours needs is no surface for an attack
    "wasm_memory64": False,
    "wasm_gc": False,
    "wasm_function_references": False,
    "wasm_stack_switching": False,
    "wasm_custom_page_sizes": False,
    "wasm_wide_arithmetic": False,
    "wasm_component_model": True,
    "wasm_component_model_async": False,
    "concurrency_support": False,
}
"""Names of `wasmtime_config_<name>_set`; they are part of a compiled form's key."""


def new_engine(*, lines: bool = False) -> wasmtime.Engine:
    """Return an engine under `SETTINGS`; with `lines` its traces name source lines where a component knows them."""
    config = _config(lines=lines)
    for name, value in SETTINGS.items():
        getattr(c, f"wasmtime_config_{name}_set")(config.ptr(), value)
    return wasmtime.Engine(config)


def _config(*, lines: bool) -> wasmtime.Config:
    """Return a new configuration; whether traces name lines is read off the environment, and by nothing else."""
    before = os.environ.get(_LINES)
    os.environ[_LINES] = "1" if lines else "0"
    try:
        return wasmtime.Config()
    finally:
        if before is None:
            del os.environ[_LINES]
        else:
            os.environ[_LINES] = before


def ticks(seconds: float) -> int:
    """Return the epoch deadline for `seconds`: one tick more, because the current one is already under way."""
    return max(1, round(seconds / TICK)) + 1


class Ticker:
    """One thread that moves the epoch every millisecond while passes run, and sleeps while none do.

    `passes` and `active` are written by the event loop's thread alone; the ticker only reads them.
    """

    def __init__(self, engine: wasmtime.Engine) -> None:
        self.passes = 0
        """Passes begun so far."""
        self.active = 0
        """Passes that run in other threads now."""
        self.asleep = False
        self._engine = engine
        self._bell = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; a second call does nothing."""
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="mcpg-epoch", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Let a sleeping ticker go on; call it after `passes` or `active` has grown and `asleep` is true."""
        self._bell.set()

    def stop(self) -> None:
        """End the thread and wait for it (a few milliseconds)."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping = True
            self._bell.set()
            thread.join()

    def _run(self) -> None:
        idle, seen = 0, self.passes
        while not self._stopping:
            time.sleep(TICK)
            self._engine.increment_epoch()
            if self.active or self.passes != seen:
                idle, seen = 0, self.passes
                continue
            idle += 1
            if idle >= _IDLE_TICKS:
                self._sleep(seen)
                idle, seen = 0, self.passes

    def _sleep(self, seen: int) -> None:
        """Wait for the bell. A pass counts itself before it looks at `asleep`, so looking again here misses none."""
        self._bell.clear()
        self.asleep = True
        if not self._stopping and not self.active and self.passes == seen:
            self._bell.wait()
        self.asleep = False
