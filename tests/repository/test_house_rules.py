"""What a machine can see of the house rules: sizes, paths of a machine, names, the shape of the repository."""

from __future__ import annotations

import ast
import re
import shutil
import statistics
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOP = {
    *(".ci", ".gitattributes", ".gitignore", "Makefile", "pyproject.toml"),
    *("ARCHITECTURE.md", "CHANGELOG.md", "LICENSE.md", "README.md", "SECURITY.md"),
    *("bench", "deploy", "docs", "host", "mirror", "plugins-src", "registry", "revocations", "tests", "wit"),
}
CODE = (".py", ".rs", ".go", ".js", ".ts")
CASES = re.compile(r"^plugins-src/.*/cases/")
MAX_LINES = 500
MAX_FUNCTION = 60
MEDIAN_LINES = 150
ABSOLUTE = re.compile(r"(?<![\w.:/$}\])])/(?:(?:home|Users|work|mnt|srv)/\w|root/\.)")
MIRRORS = re.compile(r"(?i)\b(?:artifactory|nexus|devpi|pypi-mirror|index-url|extra-index-url|find-links)\b")
STATEMENTS = (ast.stmt, ast.excepthandler, ast.match_case)
VAGUE = {"helper", "helpers", "manager", "misc", "util", "utils"}


@cache
def _files() -> tuple[Path, ...]:
    # A checkout may belong to somebody else, as in a container into which it is mounted.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    return tuple(path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file())


def _sources() -> list[Path]:
    # What cases give to a plugin is data, and some of it is wrong on purpose.
    return [path for path in _files() if path.suffix in CODE and not CASES.search(_shown(path))]


@cache
def _seen_in(path: Path) -> tuple[bool, list[tuple[str, int, int]]]:
    """Whether a module says what it is, and its functions: name, first line, number of lines."""
    tree = ast.parse(path.read_text())
    functions: list[tuple[str, int, int]] = []
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.append((node.name, node.lineno, (node.end_lineno or node.lineno) - node.lineno + 1))
        # No expression holds a function that is defined: passing over them is most of the time saved.
        waiting += [each for each in ast.iter_child_nodes(node) if isinstance(each, STATEMENTS)]
    return bool(ast.get_docstring(tree)), functions


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


pytestmark = pytest.mark.skipif(
    not (ROOT / ".git").exists() or shutil.which("git") is None, reason="without git there is no list of files"
)


def test_the_top_holds_only_what_belongs_there() -> None:
    assert {_shown(path).partition("/")[0] for path in _files()} <= TOP


def test_no_file_is_long_and_most_are_short() -> None:
    lines = {_shown(path): path.read_text().count("\n") for path in _sources()}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}
    assert statistics.median(lines.values()) <= MEDIAN_LINES


def test_every_function_fits_a_screen() -> None:
    long = [
        f"{_shown(path)}:{line} {name}: {count}"
        for path in _sources()
        if path.suffix == ".py"
        for name, line, count in _seen_in(path)[1]
        if count > MAX_FUNCTION
    ]
    assert long == []


def test_no_file_names_a_machine_or_a_mirror() -> None:
    found = []
    for path in _files():
        text = path.read_bytes()
        if b"\0" in text or path == Path(__file__):
            continue
        whole = text.decode(errors="replace")
        # Nearly no file has any, and lines cost more than files.
        lines = whole.splitlines() if ABSOLUTE.search(whole) or MIRRORS.search(whole) else []
        for number, line in enumerate(lines, 1):
            allowed = _shown(path) == ".ci/lock" and "find-links" in line
            if not allowed and (ABSOLUTE.search(line) or MIRRORS.search(line)):
                found.append(f"{_shown(path)}:{number}: {line.strip()[:100]}")
    assert found == []


def test_no_file_has_a_vague_name() -> None:
    assert [_shown(path) for path in _files() if set(path.stem.lower().split("_")) & VAGUE] == []


def test_every_module_says_what_it_is() -> None:
    sources = (path for path in _sources() if path.suffix == ".py" and not _shown(path).startswith("tests/"))
    silent = [_shown(path) for path in sources if not _seen_in(path)[0]]
    assert silent == []


def test_every_suppression_has_its_reason() -> None:
    bare = re.compile(r"# noqa(?!: [A-Z0-9, ]+ - \S)|# type: ignore(?!\[)|# pragma: no cover(?! - )")
    found = [
        f"{_shown(path)}:{number}"
        for path in _sources()
        if path.suffix == ".py" and path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bare.search(line)
    ]
    assert found == []


def test_the_locks_hold_hashes_and_no_address() -> None:
    for name in ("deploy/requirements.txt", ".ci/requirements.txt", ".ci/build.txt"):
        text = (ROOT / name).read_text()
        pinned = re.findall(r"(?m)^[a-z0-9][\w.\[\],-]*==\S+", text)
        assert len(pinned) > 3
        assert len(re.findall(r"(?m)^[a-z0-9]", text)) == len(pinned)
        assert text.count("--hash=sha256:") >= len(pinned)
        assert "://" not in text


def test_what_runs_is_locked_to_the_same_versions_everywhere() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"(?m)^([a-z0-9][\w.-]*)(?:\[\S+\])?==(\S+)", (ROOT / name).read_text()))  # type: ignore[arg-type]

    assert pins("deploy/requirements.txt") <= pins(".ci/requirements.txt")
