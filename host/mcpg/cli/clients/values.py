"""Values of other programs' files as ours: which are secret, what stands in their place, names. It reads no file.

A value that may be a secret is never taken over: a reference stands in its place, and the operator is told what to set.
Whatever is not surely harmless counts as secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "REFERENCE",
    "Imported",
    "Needs",
    "escaped",
    "is_secret",
    "is_secret_segment",
    "name_of",
    "secret_argument",
    "variable_of",
]

REFERENCE = "secret://"
"""What a file of ours reads a secret of the operator's by: no text of anybody else may begin so."""
_SECRET_NAME = re.compile(
    r"(?i)(token|key|secret|passw|pwd|credential|auth|cookie|session|private|bearer|signature|dsn|(^|[^a-z])pat([^a-z]|$))"
)
_HARMLESS = re.compile(
    r"true|false|[0-9]{1,6}|[A-Za-z][A-Za-z_.-]{0,15}|[0-9]{1,3}(\.[0-9]{1,3}){1,3}(:[0-9]{1,5})?"
    r"|(~|\.{1,2})?(/[A-Za-z0-9._ -]{1,64}){1,16}/?|[A-Za-z]:\\[A-Za-z0-9._ \\-]{1,256}"
    r"|https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[A-Za-z0-9._~-]{0,32}){0,8}"
)
_HARMLESS_HEADERS = frozenset({"accept", "accept-language", "content-type", "user-agent", "mcp-protocol-version"})
_LOOKS_SECRET = re.compile(
    r"(sk|pk|rk|gh[a-z]|github_pat|glpat|xox[a-z]|mcpg|hf|npm|pypi)[-_]"
    r"|(AKIA|ASIA|AIza|eyJ|Bearer |Basic )[-_A-Za-z0-9]"
    r"|[a-z][a-z0-9+.-]*://[^/\s@]+:[^/\s@]+@"
)
_LONG = re.compile(r"(?=[^\s]*[0-9])(?=[^\s]*[a-z])(?=[^\s]*[A-Z])[A-Za-z0-9+/=_-]{24,}\Z|[0-9a-f]{32,}\Z")
_PATH = re.compile(r"(~|@|\.{0,2}/|[A-Za-z]:\\)")
_FLAG = re.compile(r"--?([A-Za-z][\w.-]*)(?:=(.*))?\Z", re.DOTALL)
_HEADER_FLAGS = frozenset({"header", "headers", "H"})
_SHORT_FLAGS = frozenset("aAkKpPsStTuUwW")
"""Letters that programs take passwords, keys, tokens and users by, and much else."""
_SETTING = re.compile(r"([A-Z_][A-Z0-9_]*)=(.+)\Z", re.DOTALL)
_PAIR = re.compile(r"([\w.-]{1,64})(?:[\"']?\s*=|[\"']\s*:|:\s)\s*[\"']?[^\s\"']|(--?[A-Za-z][\w-]{1,63})\s+[^\s-]")
_WORDS = re.compile(r"([A-Za-z]+|[vV]?[0-9]{1,4})([-_.]([A-Za-z]+|[vV]?[0-9]{1,4}))*")
_SEGMENT = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+=%_~.-]{16,}")


@dataclass(slots=True)
class Needs:
    """What the operator has to set: the name of each variable, and what it is for."""

    variables: dict[str, str] = field(default_factory=dict)
    """Variables of the environment by name, those too that are read as secrets."""

    def add(self, name: str, purpose: str, *, owner: str = "") -> str:
        """Note a variable and return its name; one that is taken for something else gets its owner's name before it."""
        free, number = name, 2
        if self.variables.get(free, purpose) != purpose and owner:
            free = name = variable_of(owner, name)
        while self.variables.get(free, purpose) != purpose:
            free, number = f"{name}_{number}", number + 1
        self.variables[free] = purpose
        return free

    def use(self, name: str) -> str:
        """Note a variable that the client's file names itself, and return its name."""
        self.variables.setdefault(name, f"the variable `{name}`")
        return name


@dataclass(slots=True)
class Imported:
    """One server as an upstream of ours: its name, its section, and what there is to say of it."""

    name: str
    section: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def name_of(text: str) -> str:
    """Return a name of ours for what others call `text`."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", text.rpartition("/")[2] or text).strip("-._")[:64]
    return name if name and name[0].isalnum() else "server"


def variable_of(*parts: str) -> str:
    """Return the name of a variable of the environment out of words."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", "_".join(part for part in parts if part)).strip("_").upper()
    return words if words and not words[0].isdigit() else f"V_{words}"


def is_secret(name: str, value: str, *, header: bool = False) -> bool:
    """Whether the value of a variable or header of that name must not stand in a file."""
    if value.startswith(REFERENCE):
        return True
    if header:
        return name.lower() not in _HARMLESS_HEADERS
    return bool(_SECRET_NAME.search(name)) or not _HARMLESS.fullmatch(value) or _looks(value)


def secret_argument(argument: str, before: str) -> str | None:
    """Return the part of a program's argument that may be a secret, None if there is none."""
    flag = _FLAG.match(argument)
    if flag:
        named = flag[2] and (flag[1] in _HEADER_FLAGS or _SECRET_NAME.search(flag[1]))
        return flag[2] if named else _secret_part(flag[2] or "")
    earlier = _FLAG.match(before)
    if earlier is not None and not earlier[2]:
        if earlier[1] in _HEADER_FLAGS or _SECRET_NAME.search(earlier[1]):
            return argument
        if earlier[1] in _SHORT_FLAGS and not _HARMLESS.fullmatch(argument) and not _PATH.match(argument):
            return argument
    return _secret_part(argument)


def is_secret_segment(segment: str) -> bool:
    """Whether a part of a URL's path may be a key, as some services give each user an address of his own."""
    return _looks(segment) or (bool(_SEGMENT.fullmatch(segment)) and not _WORDS.fullmatch(segment))


def _secret_part(text: str) -> str | None:
    """Return the end of a text from where it may be secret: a setting's value, else all of it."""
    setting = _SETTING.match(text)
    if setting is not None:
        return setting[2] if is_secret(setting[1], setting[2]) else None
    named = any(_SECRET_NAME.search(pair[1] or pair[2]) for pair in _PAIR.finditer(text))
    return text if named or _looks(text) else None


def escaped(text: str) -> str:
    """Return text in which our file finds no variable."""
    return text.replace("${env", "$${env")


def _looks(value: str) -> bool:
    return bool(_LOOKS_SECRET.match(value)) or (bool(_LONG.match(value)) and not _PATH.match(value))
