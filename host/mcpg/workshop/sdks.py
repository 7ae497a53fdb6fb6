"""The SDKs that ship with the program: where they stand, what each is called, and a copy of one in a project.

Nothing of them is in a public registry that a build would need: a project has its SDK in its own folder `sdk`. They are
found beside the package when it was installed (`mcpg/sdk`), or in the checkout (`plugins-src/sdk`).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import mcpg
from mcpg.contract.problems import McpgError, reason_of
from mcpg.contract.worlds import PluginKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.workshop.project import Language, Project

__all__ = ["FOLDERS", "Sdk", "SdkMissing", "kinds_folder", "place_sdk", "project_folder", "sdk_of", "vendor"]

FOLDERS: Final[dict[Language, str]] = {"rust": "rust", "go": "go", "javascript": "js", "python": "python"}
_ASIDE: Final = frozenset({"template", "tests", "test", "examples", "target", "node_modules", "__pycache__", "out"})
_VERSION: Final = "1.0.0"


class SdkMissing(McpgError):  # noqa: N818 - names state facts
    """This installation lacks the SDKs."""

    code = "no-sdk"


@dataclass(frozen=True, slots=True)
class Sdk:
    """One language's SDK: `folder` is where it stands, in the program or in a project."""

    language: Language
    folder: Path

    @property
    def label(self) -> str:
        """Name and version, such as `mcpg-sdk-js 1.0.0`."""
        return f"mcpg-sdk-{FOLDERS[self.language]} {_version(self.folder)}"

    @property
    def template(self) -> Path:
        """The language's part of new projects."""
        return self.folder / "template"

    @property
    def kinds(self) -> tuple[PluginKind, ...]:
        """The kinds that it has templates for."""
        return tuple(kind for kind in PluginKind if (self.template / kind.value).is_dir())


def sdk_of(language: Language) -> Sdk:
    """Return the program's own SDK for `language`; raises `SdkMissing`."""
    return Sdk(language, _root() / FOLDERS[language])


def kinds_folder() -> Path:
    """Return the folder of what new projects of a kind have in every language; raises `SdkMissing`."""
    return _root() / "kinds"


def vendor(sdk: Sdk, into: Path) -> None:
    """Copy an SDK into a project's folder `sdk`, without its templates, tests and examples; all of it or nothing."""
    half = into.with_name(f".{into.name}.{os.getpid()}")
    try:
        shutil.copytree(sdk.folder, half, ignore=_left_out)
        half.replace(into)
    except OSError as error:
        shutil.rmtree(half, ignore_errors=True)
        message = f"the SDK cannot be put there: {reason_of(error)}"
        raise SdkMissing(message, where=str(into), remedy="look at room and rights") from error


def project_folder() -> Path:
    """Return the folder of what new projects have whatever they are; raises `SdkMissing`."""
    return _root() / "project"


def place_sdk(project: Project, say: Callable[[str], None]) -> Sdk:
    """Return the SDK that a project is built with, and put it into the project's folder `sdk` if none is there.

    Projects in a folder `components` that stands beside `sdk`, as those that ship do, use that one. It blocks.
    """
    beside = project.root.parent.parent / "sdk" / FOLDERS[project.language]
    if project.root.parent.name == "components" and beside.is_dir():
        return Sdk(project.language, beside)
    inside = Sdk(project.language, project.root / "sdk")
    if not inside.folder.is_dir():
        own = sdk_of(project.language)
        vendor(own, inside.folder)
        say(f"put `{own.label}` into `sdk/`, where the project has none")
    return inside


def _left_out(_folder: str, names: list[str]) -> set[str]:
    return {
        name
        for name in names
        if name in _ASIDE or name.startswith("test_") or name.endswith(("_test.go", ".test.js", ".test.mjs", ".pyc"))
    }


def _root() -> Path:
    package = _package()
    return _first((package / "sdk", package.parents[1] / "plugins-src" / "sdk"), "kinds")


def _package() -> Path:
    return Path(mcpg.__file__).resolve().parent


def _first(places: tuple[Path, ...], member: str) -> Path:
    for place in places:
        if (place / member).exists():
            return place
    raise SdkMissing("this installation has no SDKs", remedy="install mcpg again, or run it from its checkout")


def _version(folder: Path) -> str:
    """Return the version that an SDK's own metadata has; Go's has none, there it is the contract's."""
    try:
        for name, table in (("Cargo.toml", "package"), ("pyproject.toml", "project")):
            if (folder / name).is_file():
                found = tomllib.loads((folder / name).read_text(encoding="utf-8")).get(table, {}).get("version")
                return found if isinstance(found, str) and re.fullmatch(r"[0-9A-Za-z.+-]+", found) else _VERSION
        if (folder / "package.json").is_file():
            return str(json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        pass
    return _VERSION
