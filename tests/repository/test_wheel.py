"""The wheel holds what the program needs at run time, and works where no checkout stands beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    "mcpg": ROOT / "host" / "mcpg",
    "mcpg_registry": ROOT / "registry" / "mcpg_registry",
    "mcpg_mirror": ROOT / "mirror" / "mcpg_mirror",
    "mcpg_revocations": ROOT / "revocations" / "mcpg_revocations",
    "mcpg/wit": ROOT / "wit",
    "mcpg/sdk": ROOT / "plugins-src" / "sdk",
}
LEFT = {"__pycache__", "target", "node_modules", "out", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
"""Folders that tools leave behind."""
LARGEST = 24 * 1024 * 1024


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--no-build-isolation", "--wheel-dir", folder, ROOT], cwd=folder, check=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    folder = wheel.parent / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def mcpg(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program from the unpacked wheel, in a folder where there is nothing else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MCPG_")}
    homes = {name: str(installed.parent / name) for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    environment = {**kept, **homes, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=installed.parent, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_wheel_holds_every_file_of_the_packages_and_of_the_contract(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for package, folder in SOURCES.items():
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        wanted = {f"{package}/{name}" for name in files if not LEFT & set(name.split("/"))}
        assert wanted - names == set()
    for needed in (
        "plugins/builtin/anchor.pem",
        "plugins/builtin/index.json",
        "wit/types.wit",
        "wit/schemas/caller.json",
    ):
        assert f"mcpg/{needed}" in names
    assert {"mcpg_revocations/list.json", "mcpg_revocations/anchor.pem"} <= names
    assert not [
        name for name in names if name.startswith(("tests", "docs", "plugins-src")) or LEFT & set(name.split("/"))
    ]
    assert wheel.stat().st_size < LARGEST


def test_the_program_runs_from_the_wheel_alone(installed: Path) -> None:
    where = mcpg(installed, "-c", "import mcpg, mcpg_registry, mcpg_revocations as r; print(mcpg.__file__, r.__file__)")
    assert all(Path(name).is_relative_to(installed) for name in where.stdout.split()), where
    listed = mcpg(installed, "-m", "mcpg", "plugin", "list", "--json")
    assert (listed.returncode, "policy-cedar" in listed.stdout) == (0, True), listed
    (installed.parent / "mcpg.yaml").write_text(
        "version: 1\nstate: state\nplugins: {anyone: {from: builtin:identity-anonymous}}\nidentity: {chain: [anyone]}\n"
    )
    checked = mcpg(installed, "-m", "mcpg", "config", "check")
    assert checked.returncode == 0, checked
    doctor = mcpg(installed, "-m", "mcpg", "doctor")
    assert "built-in plugins verify" in doctor.stdout, doctor


@pytest.mark.parametrize("lang", ["rust", "go", "javascript", "python"])
def test_plugins_are_begun_from_the_wheel_alone(installed: Path, lang: str) -> None:
    made = mcpg(installed, "-m", "mcpg", "plugin", "new", f"my-{lang}", "--kind", "policy", "--lang", lang)
    assert made.returncode == 0, made
    project, sdk = installed.parent / f"my-{lang}", installed / "mcpg" / "sdk"
    assert not [name for name in ("node_modules", "target") if list(sdk.rglob(name))]
    assert (project / ".gitignore").is_file()
    assert any((project / "sdk").iterdir())
    assert (project / "cases" / "policy.yaml").read_bytes() == (sdk / "kinds/policy/cases/policy.yaml").read_bytes()
