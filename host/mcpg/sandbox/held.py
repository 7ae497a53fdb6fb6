"""Functions of wasmtime that are called with the interpreter's lock held. It chooses none that runs a guest.

For each foreign call `ctypes` gives the lock away; while another thread waits for it (the ledger's, the ticker) that
thread then runs first, and a pass that ends in microseconds waits for it. What runs a guest must give the lock away,
else the epoch would never move; what only sets a number or frees memory need not.
"""

from __future__ import annotations

import ctypes
from typing import Any

from wasmtime._ffi import dll

__all__ = ["holding"]

_held = ctypes.PyDLL(None, handle=dll._handle)  # noqa: SLF001 - the library that the binding has loaded


def holding(function: Any) -> Any:
    """Return a function of the binding (`_bindings._wasmtime_...`) in a form that keeps the lock."""
    held = _held[function.__name__]
    held.restype, held.argtypes = function.restype, function.argtypes
    return held
