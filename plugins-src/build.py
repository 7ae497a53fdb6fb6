"""Build the components: `python3 plugins-src/build.py [--only NAME] [--out FOLDER]`. It packs and signs nothing.

With `--tool` it builds the tool instead that makes components of modules, `host/mcpg/workshop/componentize.wasm`.

Each component becomes `<out>/<name>.wasm`. The bytes of those in Rust depend on the sources, the lock file and the pinned
toolchain only: the paths of this machine are mapped away, and each component is built on its own so that no other's
features reach it. Those in other languages are projects, built as `mcpg plugin build` does.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "host"))

from sources import digest_of_tool  # noqa: E402 - the host is beside us, installed or not

from mcpg.contract.worlds import PluginKind  # noqa: E402 - likewise
from mcpg.workshop.building import build as build_project  # noqa: E402 - likewise
from mcpg.workshop.componentizing import TOOL, componentize  # noqa: E402 - likewise
from mcpg.workshop.project import open_project  # noqa: E402 - likewise

TARGET = "wasm32-unknown-unknown"
# Cedar decides on every call, so its time counts for more than its size.
PROFILES = {"policy-cedar": "speed"}


def components() -> list[str]:
    """Return the names of all components, sorted."""
    return sorted(path.parent.name for path in HERE.glob("components/*/manifest.json"))


def target_folder() -> Path:
    """Return where cargo puts what it builds."""
    return Path(os.environ.get("CARGO_TARGET_DIR", HERE / "target")).resolve()


def environment() -> dict[str, str]:
    """Return the environment of the wasm builds: flags of the caller are dropped, paths of the machine mapped away."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("CARGO_PROFILE_") and k != "CARGO_ENCODED_RUSTFLAGS"}
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")).resolve()
    mapped = {home: "/cargo", HERE.parent: "/mcpg", target_folder(): "/target"}
    env["RUSTFLAGS"] = " ".join(f"--remap-path-prefix={old}={new}" for old, new in mapped.items())
    # The registry's folder has the name of the mirror in use: its files are mapped one by one.
    sources = home / "registry" / "src"
    for folder in sorted(sources.iterdir()) if sources.is_dir() else ():
        env["RUSTFLAGS"] += f" --remap-path-prefix={folder}=/crates"
    return env


def cargo(*arguments: str, env: dict[str, str] | None = None, cwd: Path = HERE) -> None:
    """Run cargo in the workspace; `CalledProcessError` when it fails."""
    subprocess.run(["cargo", *arguments, "--locked"], cwd=cwd, env=env, check=True)


def build_tool() -> Path:
    """Build the tool that makes components of modules, put it where it is committed, and return its file."""
    folder = HERE / "tools" / "componentize"
    cargo("fetch", "--quiet", cwd=folder)
    env = environment() | {"CARGO_TARGET_DIR": str(target_folder())}
    cargo("build", "--quiet", "--lib", "--release", "--target", TARGET, env=env, cwd=folder)
    shutil.copyfile(target_folder() / TARGET / "release" / "componentize.wasm", TOOL)
    built = {"sources": digest_of_tool(), "wasm": f"sha256:{hashlib.sha256(TOOL.read_bytes()).hexdigest()}"}
    TOOL.with_suffix(".json").write_text(json.dumps(built, indent=2) + "\n", encoding="utf-8")
    return TOOL


def build(name: str, out: Path) -> Path:
    """Build one component and return its file."""
    folder, file = HERE / "components" / name, out / f"{name}.wasm"
    if not (folder / "Cargo.toml").exists():
        with tempfile.TemporaryDirectory() as work:
            built = asyncio.run(build_project(open_project(folder), out=Path(work) / file.name))
            shutil.copyfile(built.wasm, file)
        return file
    profile = PROFILES.get(name, "release")
    cargo("build", "--quiet", "--package", name, "--lib", "--profile", profile, "--target", TARGET, env=environment())
    core = target_folder() / TARGET / profile / f"{name.replace('-', '_')}.wasm"
    manifest = (folder / "manifest.json").read_bytes()
    file.write_bytes(componentize(core.read_bytes(), PluginKind(json.loads(manifest)["kind"]), manifest))
    return file


def main() -> int:
    """Build what was asked for."""
    parser = argparse.ArgumentParser(description="build the components")
    parser.add_argument("--only", action="append", choices=components(), help="build this one; may be repeated")
    parser.add_argument("--out", type=Path, default=HERE / "out", help="folder for the components")
    parser.add_argument("--tool", action="store_true", help="build the tool that makes components of modules instead")
    options = parser.parse_args()
    if options.tool:
        print(f"{build_tool().stat().st_size:>9}  {TOOL.relative_to(HERE.parent)}")
        return 0
    options.out.mkdir(parents=True, exist_ok=True)
    out = options.out.resolve()
    cargo("fetch", "--quiet")
    for name in options.only or components():
        file = build(name, out)
        print(f"{file.stat().st_size:>9}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
