"""What a plugin costs in each language: the template `transform`, new, built cold and warm, and measured.

    python bench/plugins.py [--json FILE] [--seconds 1] [--languages rust,go,javascript,python]

`cold` is the first build: nothing compiled before (an empty Go cache, an empty target folder), but what package
managers keep of downloads is there. `warm` is the next one, after a comment was added. All else is `mcpg plugin bench`
on the case that cuts a long text. A language whose tools are not here is named and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
KIND = "transform"
CASE = "a long text is cut"
SOURCES = {"rust": "src/lib.rs", "go": "plugin.go", "javascript": "plugin.js", "python": "plugin.py"}
COMMENTS = {"rust": "//", "go": "//", "javascript": "//", "python": "#"}
MIB = 1 << 20
COLUMNS = (
    ("wasm MB", "size", 1e6, 2),
    ("cold s", "cold_s", 1, 1),
    ("warm s", "warm_s", 1, 1),
    ("compile s", "compile_us", 1e6, 2),
    ("cwasm MB", "compiled_size", 1e6, 2),
    ("load ms", "load_us", 1e3, 1),
    ("instantiate us", "instantiate_us", 1, 0),
    ("configure us", "configure_us", 1, 0),
    ("pass us", "pass_us", 1, 1),
    ("p99", "pass_p99_us", 1, 1),
    ("values", "values_percent", 1, 0),
    ("fresh us", "fresh_us", 1, 0),
    ("p99", "fresh_p99_us", 1, 0),
    ("memory MiB", "memory", MIB, 2),
    ("resident MiB", "resident", MIB, 2),
)


class VerbError(RuntimeError):
    """A verb ended with an error; its text says why."""


def mcpg(*words: str, folder: Path, environment: dict[str, str]) -> str:
    """Run a verb and return what it printed."""
    command = [sys.executable, "-m", "mcpg", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise VerbError(" ".join(done.stderr.split()[:60]))
    return done.stdout


def surroundings(folder: Path) -> dict[str, str]:
    """Return an environment in which nothing has been compiled yet."""
    tools = ROOT / "build" / "tools" / "componentize-py" / "bin"
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(tools), os.environ["PATH"]]),
        "GOCACHE": str(folder / "go-cache"),
        "CARGO_TARGET_DIR": str(folder / "target"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }


def one_language(language: str, folder: Path, seconds: float) -> dict[str, Any]:
    """Make, build and measure the plugin of one language."""
    environment = surroundings(folder)
    name = "measured"
    mcpg("plugin", "new", name, "--kind", KIND, "--lang", language, folder=folder, environment=environment)
    project = folder / name
    (folder / "cache").mkdir()
    begin = time.perf_counter()
    mcpg("plugin", "build", folder=project, environment=environment)
    cold = time.perf_counter() - begin
    with (project / SOURCES[language]).open("a", encoding="utf-8") as source:
        source.write(f"\n{COMMENTS[language]} changed\n")
    begin = time.perf_counter()
    mcpg("plugin", "build", folder=project, environment=environment)
    warm = time.perf_counter() - begin
    words = ("plugin", "bench", "--no-build", "--case", CASE, "--seconds", str(seconds), "--json")
    found = json.loads(mcpg(*words, folder=project, environment=environment))
    case = found["cases"][0]
    return {
        **found,
        "cold_s": cold,
        "warm_s": warm,
        "instantiate_us": found["instantiate"]["p50_us"],
        "configure_us": found["configure"]["p50_us"],
        "pass_us": case["pass"]["p50_us"],
        "pass_p99_us": case["pass"]["p99_us"],
        "values_percent": case["values_share"] * 100,
        "fresh_us": case["fresh"]["p50_us"],
        "fresh_p99_us": case["fresh"]["p99_us"],
        "memory": case["memory"],
    }


def show(found: dict[str, dict[str, Any]]) -> None:
    """Print the table, a row for each figure."""
    print(f"{'':<16}" + "".join(f"{language:>12}" for language in found))
    for title, key, unit, digits in COLUMNS:
        cells = [each[key] for each in found.values()]
        shown = ["-" if cell is None else f"{cell / unit:,.{digits}f}" for cell in cells]
        print(f"{title:<16}" + "".join(f"{cell:>12}" for cell in shown))


def main() -> None:
    """Measure every language and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, help="keep all figures in this file")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--languages", default=",".join(SOURCES))
    arguments = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    found: dict[str, dict[str, Any]] = {}
    for language in arguments.languages.split(","):
        with tempfile.TemporaryDirectory(prefix="mcpg-bench-") as folder:
            try:
                found[language] = one_language(language, Path(folder), arguments.seconds)
            except VerbError as failed:
                print(f"{language} is left out: {failed}")
    if found:
        show(found)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
