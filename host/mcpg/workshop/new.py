"""A new project: the kind's manifest and cases, the language's code, the SDK, and what leads to a published plugin.

Everything is rendered in memory first, so that a name or a kind that will not do leaves nothing behind. Templates are
plain files with placeholders in double braces; what is in double braces and no placeholder of ours stays as it is.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mcpg.contract.problems import reason_of
from mcpg.workshop.fixed import fixed_files, language_values
from mcpg.workshop.project import Project, ProjectUnusable
from mcpg.workshop.sdks import kinds_folder, sdk_of, vendor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mcpg.contract.worlds import PluginKind
    from mcpg.workshop.project import Language

__all__ = ["Wish", "new_project", "render"]

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PUBLISHER: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(/[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LICENCE: Final = re.compile(r"[A-Za-z0-9.+ ()-]{1,100}")
_LONGEST: Final = 64
_NEVER_COMMITTED: Final = "/*.key\n/password\n/token\n"
"""What README and Makefile have in a project's folder and nobody should commit."""
_TAKEN: Final = frozenset(
    {"sdk", "test", "main", "plugin", "core", "std", "alloc", "crate", "self", "super",
     "fn", "impl", "mod", "type", "use", "serde", "serde-json", "mcpg-sdk", "mcpg", "node-modules",
     "json", "os", "sys", "go", "func", "package", "import", "class", "def", "lambda",
     "async", "await", "static", "struct", "trait", "match", "loop", "move", "ref"}
)  # fmt: skip
"""Names that are a keyword, or a package that every project has, in one of the languages."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new project should be; its folder is `name`."""

    name: str
    kind: PluginKind
    language: Language
    publisher: str = "acme"
    licence: str = "Apache-2.0"

    @property
    def values(self) -> dict[str, str]:
        """What stands for each placeholder."""
        ident = "".join(part.capitalize() for part in self.name.split("-"))
        return {
            "name": self.name,
            "id": f"{self.publisher}/{self.name}",
            "kind": self.kind.value,
            "ident": ident,
            "publisher": self.publisher,
            "licence": self.licence,
            "lang": self.language,
        }


def new_project(wish: Wish, into: Path) -> Project:
    """Write a project into the folder `into`, which is made; it blocks.

    Raises `ProjectUnusable` for a name, a kind or a folder that will not do; then nothing was written.
    """
    files = render(wish)
    root = into.resolve()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ProjectUnusable("something is there already", where=str(into), remedy="name another folder with --into")
    fresh = not root.exists()
    try:
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8", newline="\n")
        vendor(sdk_of(wish.language), root / "sdk")
    except OSError as error:
        if fresh:
            shutil.rmtree(root, ignore_errors=True)
        remedy = "look at room and rights"
        raise ProjectUnusable(f"cannot be written: {reason_of(error)}", where=str(into), remedy=remedy) from error
    return Project(root, wish.name, wish.language)


def render(wish: Wish) -> dict[str, str]:
    """Return the text of every file of a project but its SDK, by path; `ProjectUnusable` for what will not do."""
    _check(wish)
    sdk = sdk_of(wish.language)
    if wish.kind not in sdk.kinds:
        known = ", ".join(kind.value for kind in sdk.kinds)
        message = f"there are no {wish.kind.value} plugins in {wish.language}"
        raise ProjectUnusable(message, where="--kind", remedy=f"it has {known}; Rust, Go and JavaScript have all kinds")
    files = {**_templates(sdk.template / "common"), **_templates(sdk.template / wish.kind.value)}
    shared = _templates(kinds_folder() / wish.kind.value)
    about, manifest = shared.pop("about.md"), _filled(shared.pop("manifest.json"), wish.values)
    values = {**wish.values, "manifest": manifest.strip(), "about": _filled(about, wish.values).strip()}
    values |= language_values(wish.language)
    if any(re.search(rf"\b{values['ident']}\b", text) for text in files.values()):  # `policy` would be two things
        values["ident"] += "Plugin"
    in_code = any("{{manifest}}" in text for text in files.values())
    files |= {path: text for path, text in shared.items() if path.startswith("cases/")}
    files |= {} if in_code else {"manifest.json": manifest}
    files |= fixed_files()
    files[".gitignore"] = f"{files.get('.gitignore', '/out').rstrip()}\n{_NEVER_COMMITTED}"
    return {path: _filled(text, values) for path, text in sorted(files.items())}


def _check(wish: Wish) -> None:
    if not _NAME.fullmatch(wish.name) or len(wish.name) > _LONGEST:
        message = f"`{wish.name[:80]}` is no name for a plugin"
        remedy = "write lower-case letters and digits with single `-` between them, beginning with a letter"
        raise ProjectUnusable(message, where="NAME", remedy=remedy)
    if wish.name in _TAKEN:
        message = f"`{wish.name}` means something else to one of the languages"
        raise ProjectUnusable(message, where="NAME", remedy="choose another name")
    if not _PUBLISHER.fullmatch(wish.publisher) or len(wish.values["id"]) > 2 * _LONGEST:
        message = f"`{wish.publisher[:80]}` is no publisher"
        remedy = "write lower-case letters and digits with `-` between them, such as `acme`"
        raise ProjectUnusable(message, where="--publisher", remedy=remedy)
    if wish.publisher.split("/")[0] == "mcpg":
        message = "plugins of `mcpg` ship with the program"
        raise ProjectUnusable(message, where="--publisher", remedy="take your own name")
    if not _LICENCE.fullmatch(wish.licence):
        message = f"`{wish.licence[:80]}` is no SPDX expression"
        raise ProjectUnusable(message, where="--licence", remedy="such as `Apache-2.0` or `MIT OR Apache-2.0`")


def _templates(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with our placeholders filled in, once: what is put in is not looked at again."""
    return re.sub(r"\{\{([a-z]+)\}\}", lambda found: values.get(found[1], found[0]), text)
