"""Build the Rust components: `python3 plugins-src/build.py [--only NAME] [--out FOLDER]`. It packs and signs nothing.

Each component becomes `<out>/<name>.wasm`. The bytes depend on the sources, the lock file and the pinned toolchain
only: the paths of this machine are mapped away, and each component is built on its own so that no other's features
reach it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
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


def cargo(*arguments: str, env: dict[str, str] | None = None) -> None:
    """Run cargo in the workspace; `CalledProcessError` when it fails."""
    subprocess.run(["cargo", *arguments, "--locked"], cwd=HERE, env=env, check=True)


def build_tool() -> Path:
    """Build the tool that makes components of modules and return its path."""
    cargo("build", "--quiet", "--package", "componentize")
    return target_folder() / "debug" / ("componentize.exe" if os.name == "nt" else "componentize")


def build(name: str, tool: Path, out: Path) -> Path:
    """Build one component and return its file."""
    profile = PROFILES.get(name, "release")
    cargo("build", "--quiet", "--package", name, "--lib", "--profile", profile, "--target", TARGET, env=environment())
    core = target_folder() / TARGET / profile / f"{name.replace('-', '_')}.wasm"
    file = out / f"{name}.wasm"
    subprocess.run([tool, core, HERE / "components" / name / "manifest.json", file], check=True)
    return file


def main() -> int:
    """Build what was asked for."""
    parser = argparse.ArgumentParser(description="build the Rust components")
    parser.add_argument("--only", action="append", choices=components(), help="build this one; may be repeated")
    parser.add_argument("--out", type=Path, default=HERE / "out", help="folder for the components")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    out = options.out.resolve()
    cargo("fetch", "--quiet")
    tool = build_tool()
    for name in options.only or components():
        file = build(name, tool, out)
        print(f"{file.stat().st_size:>9}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
