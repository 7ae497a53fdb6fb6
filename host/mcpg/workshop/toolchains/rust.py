"""Rust: cargo, and the target `wasm32-unknown-unknown`. It makes no component; `componentizing` does.

The bytes depend on the sources, the lock file and the toolchain. Flags of the caller are dropped, and what of this
machine's folders would stand in the code (cargo's own, and the target folder) is mapped away; the project's own files
have relative names. Line tables are always made, and taken out of what is shipped, so both variants are the same code.
Source: the Cargo book, "Environment variables"; rustc, `--remap-path-prefix`.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpg.workshop.modules import without_debugging
from mcpg.workshop.problems import BuildFailed, ToolMissing
from mcpg.workshop.processes import found, run
from mcpg.workshop.toolchains.shape import Compiled, compiler_failed, environment

if TYPE_CHECKING:
    from mcpg.workshop.project import Project
    from mcpg.workshop.toolchains.shape import Job

__all__ = ["Rust"]

TARGET: Final = "wasm32-unknown-unknown"
_DROPPED: Final = (
    "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUST*", "CARGO_BUILD_TARGET", "CARGO_PROFILE_*", "RUSTC",
    "CARGO_TARGET_WASM32_*", "RUSTC_BOOTSTRAP", "RUSTC_WORKSPACE_WRAPPER", "RUSTDOCFLAGS",
)  # fmt: skip
_GET_RUST: Final = "install Rust: https://rustup.rs"
_ADVICE: Final = {
    "--locked": "Cargo.toml has changed since Cargo.lock was written: run `cargo fetch`, and commit both",
    "no method named `unwrap` found for enum `Doc`": "read the document with `.value()?`",
    "unresolved import `mcpg_sdk": "see what the SDK has: `cargo doc --open`, or sdk/README.md",
}


class Rust:
    """The toolchain of Rust."""

    async def ready(self, job: Job) -> str:
        """Find cargo and the target, and fetch what the lock file names."""
        root = job.project.root
        cargo = found("cargo")
        if not cargo or not found("rustc"):
            raise ToolMissing("`cargo` is not in PATH, and Rust is built with it", remedy=_GET_RUST)
        version = await run(["rustc", "--version"], cwd=root)
        libraries = await run(["rustc", "--print", "target-libdir", "--target", TARGET], cwd=root)
        if version.status or libraries.status:
            said = (version.err or libraries.err).strip()
            raise ToolMissing("`rustc` does not run here", remedy="see what it says above", output=said)
        if not await asyncio.to_thread(Path(libraries.out.strip()).is_dir):
            message = f"Rust's target `{TARGET}` is not installed"
            raise ToolMissing(message, remedy=f"rustup target add {TARGET}")
        locked = ["--locked"] if _lock_of(root) else []
        fetched = await run([cargo, "fetch", "--quiet", *locked, "--target", TARGET], cwd=root, env=_environment(root))
        if fetched.status:
            raise compiler_failed("cargo", fetched, root=root, also=_ADVICE)
        return " ".join(version.out.split()[:2])

    async def compile(self, job: Job) -> Compiled:
        """Compile the library of the project's crate."""
        root = job.project.root
        command = ["cargo", "build", "--quiet", "--locked", "--lib", "--release", "--target", TARGET]
        form = ["--message-format", "json-render-diagnostics"]
        built = await run([*command, *form], cwd=root, env=_environment(root), seconds=1800)
        if built.status:
            raise compiler_failed("rustc", built, root=root, also=_ADVICE)
        traced = await asyncio.to_thread(_artifact(built.out, job.project).read_bytes)
        return Compiled(without_debugging(traced), component=False, traced=traced, notes=_warnings(built.err))


def _environment(root: Path) -> dict[str, str]:
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")).resolve()
    top = _lock_of(root) or root
    target = Path(os.environ.get("CARGO_TARGET_DIR", top / "target")).resolve()
    # Line tables name folders, but they are taken out; what is mapped is alike for all projects of one machine, so
    # that they can share what they build. The registry's folder has the name of the mirror in use.
    sources = home / "registry" / "src"
    crates = sorted(sources.iterdir()) if sources.is_dir() else []
    mapped = [(home, "/cargo"), (target, "/target"), *((folder, "/crates") for folder in crates)]
    return environment(
        _DROPPED,
        CARGO_ENCODED_RUSTFLAGS="\x1f".join(f"--remap-path-prefix={old}={new}" for old, new in mapped),
        CARGO_PROFILE_RELEASE_DEBUG="line-tables-only",
        CARGO_PROFILE_RELEASE_STRIP="none",
        CARGO_TERM_COLOR="never",
    )


def _lock_of(root: Path) -> Path | None:
    """Return the folder of the lock file: the project's, or that of a workspace above it."""
    if (root / "Cargo.lock").is_file():
        return root
    above = (folder for folder in root.parents if (folder / "Cargo.lock").is_file())
    return next((folder for folder in above if "[workspace]" in _text(folder / "Cargo.toml")), None)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _artifact(messages: str, project: Project) -> Path:
    """Return the module that cargo says it made; `BuildFailed` when the crate makes none."""
    for line in reversed(messages.splitlines()):
        message = json.loads(line) if line.startswith("{") and line.endswith("}") else {}
        if message.get("reason") == "compiler-artifact" and "cdylib" in message["target"]["kind"]:
            files = [Path(name) for name in message["filenames"] if name.endswith(".wasm")]
            if files:
                return files[0]
    where = f"{project.root.name}/Cargo.toml"
    raise BuildFailed("the crate makes no module", where=where, remedy='write `crate-type = ["cdylib"]` under `[lib]`')


def _warnings(said: str) -> tuple[str, ...]:
    return (said.strip().removeprefix("warning: ")[:4000],) if "warning" in said else ()
