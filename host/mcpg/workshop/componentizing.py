"""Makes components of core modules, and reads what stands in a core module. It compiles no language and runs no plugin.

The work is done by `componentize.wasm`, a core module without imports that stands beside this file: built of
`plugins-src/tools/componentize` by `plugins-src/build.py --tool`, and run in the sandbox. So nobody needs
`wasm-tools`, and every machine makes the same bytes.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpg.contract.problems import PluginRefused
from mcpg.sandbox.tool import Tool

if TYPE_CHECKING:
    from mcpg.contract.worlds import PluginKind

__all__ = ["TOOL", "componentize", "core_manifest", "forbidden_calls", "user_cache"]

TOOL: Final = Path(__file__).with_name("componentize.wasm")


def componentize(core: bytes, kind: PluginKind, manifest: bytes) -> bytes:
    """Return a component of the world of `kind` that imports nothing and carries `manifest` (JSON text).

    `core` is what the compiler wrote for `wasm32-unknown-unknown` or for `wasip1`; of the latter's imports only those
    of `wasi_snapshot_preview1` are met, in a fixed way (clock, randomness, dropped output) or by a trap (files,
    sockets, sleep). A section `mcpg:manifest` of the core is taken out. Blocks, for a second or so: call it in a
    thread. Raises `PluginRefused` with code `bad-component`, `bad-manifest`, `forbidden-import` or `wrong-world`.
    """
    return _ask("tool_componentize", core, kind.value.encode(), manifest)


def core_manifest(core: bytes) -> bytes | None:
    """Return the body of the core module's section `mcpg:manifest`, as `mcpg_sdk::manifest!` writes it, or `None`."""
    return _ask("tool_manifest", core) or None


def forbidden_calls(core: bytes) -> tuple[str, ...]:
    """Return the calls in a core module that trap when they are made, sorted: `path_open`, `fd_read`, `sock_send`, ...

    Of Go's library `time.Sleep` and `os.Exit` are found too, if the module still has its names (built without `-s`).
    Being there is no proof of being called, so this is for a warning.
    """
    return tuple(_ask("tool_forbidden_calls", core).decode().splitlines())


def _ask(function: str, *parts: bytes) -> bytes:
    answer = _tool(user_cache()).run(function, parts)
    if answer[:1] == b"\0":
        return answer[1:]
    code, cause, remedy = answer[1:].decode(errors="replace").split("\n", 2)
    raise PluginRefused(cause, code=code, remedy=remedy)


@lru_cache(maxsize=1)
def _tool(cache: Path) -> Tool:
    return Tool(TOOL.read_bytes(), cache)


def user_cache() -> Path:
    """Return this user's cache of compiled forms; they are bound to a key in it, so it may be removed at any time."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "mcpg" / "compiled"
