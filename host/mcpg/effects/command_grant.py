"""What an operator grants for driver `command`, and which program a request matches. It starts nothing.

    programs      a list; a request must match one entry whole
      path          absolute; resolved once, and refused later if it leads to another file than then
      arguments     a regular expression for each argument, matched whole; none unless listed
      rest          one more for any number of further arguments
      environment   all that the program sees; a value may be `{"$secret": ...}`
      cwd, user     `/` and the gateway's own unless said
      limits        cpu (10s), memory (512MiB), files (64), processes, file_size, output (1MiB)
      timeout       10s unless said
      stdin         64KiB at most unless said

An argument that begins with `-` is matched only by a pattern that begins with `-`: a value can never become an option.
"""

from __future__ import annotations

import os
import pwd
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from mcpg.contract.effects import Secret
from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.effects.grants import GrantFields, duration, read_grant, size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.effects.secrets import Keyring

__all__ = ["CommandGrant", "Program", "read_command_grant"]

_MAX_ARGUMENT = 4096
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_STEERING = re.compile(r"(LD_|DYLD_)", re.ASCII)


class _Limits(GrantFields, frozen=True):
    cpu: str | int | float = "10s"
    memory: str | int = "512MiB"
    files: Annotated[int, msgspec.Meta(ge=4, le=65536)] = 64
    processes: Annotated[int, msgspec.Meta(ge=0, le=65536)] = 0
    file_size: str | int = "64MiB"
    output: str | int = "1MiB"


class _Program(GrantFields, frozen=True):
    path: str
    arguments: tuple[str, ...] = ()
    rest: str | None = None
    environment: dict[str, str | Secret] = msgspec.field(default_factory=dict)
    cwd: str = "/"
    user: str | int | None = None
    limits: dict[str, Any] = msgspec.field(default_factory=dict)
    timeout: str | int | float = "10s"
    stdin: str | int = "64KiB"


class _Fields(GrantFields, frozen=True):
    programs: Annotated[tuple[dict[str, Any], ...], msgspec.Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class Program:
    """One program as it may be run. Times in seconds, sizes in bytes; `settings` as the launcher reads them."""

    path: str
    file: str
    identity: tuple[int, int]
    arguments: tuple[re.Pattern[str], ...]
    rest: re.Pattern[str] | None
    environment: Mapping[str, str | Secret] = field(repr=False)
    cwd: str
    settings: str
    output: int
    timeout: float
    stdin: int

    def accepts(self, argv: tuple[str, ...]) -> bool:
        """Whether path and every argument match."""
        given = argv[1:]
        if argv[0] != self.path or len(given) < len(self.arguments):
            return False
        if len(given) > len(self.arguments) and self.rest is None:
            return False
        patterns = (*self.arguments, *([self.rest] * (len(given) - len(self.arguments)) if self.rest else ()))
        return all(_matches(pattern, text) for pattern, text in zip(patterns, given, strict=True))

    def unchanged(self) -> bool:
        """Whether the path still leads to the very file that was granted."""
        try:
            file = Path(self.path).resolve(strict=True)
            return str(file) == self.file and _identity(file.stat()) == self.identity
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class CommandGrant:
    """The programs of one plugin use, and its keyring for their environments."""

    programs: tuple[Program, ...]
    keyring: Keyring

    def program(self, argv: tuple[str, ...]) -> Program:
        """Return the program that `argv` matches; raises `EffectDenied`."""
        if any(len(text) > _MAX_ARGUMENT or "\0" in text for text in argv):
            raise EffectDenied(f"an argument has at most {_MAX_ARGUMENT} characters and no NUL (`programs`)")
        found = next((program for program in self.programs if program.accepts(argv)), None)
        if found is not None:
            return found
        if any(program.path == argv[0] for program in self.programs):
            raise EffectDenied(f"the arguments of `{argv[0]}` are not granted (`arguments`)")
        raise EffectDenied(f"program `{argv[0][:256]}` is not granted (`programs`)")


def _matches(pattern: re.Pattern[str], text: str) -> bool:
    if text.startswith("-") and not pattern.pattern.startswith(("-", r"\-")):
        return False
    return pattern.fullmatch(text) is not None


def read_command_grant(document: Mapping[str, Any], keyring: Keyring) -> CommandGrant:
    """Return the grant; raises `ConfigError`. It looks at the programs' files."""
    fields = read_grant(_Fields, document, "command")
    return CommandGrant(
        tuple(_program(one, f"command.programs[{n}]", keyring) for n, one in enumerate(fields.programs)), keyring
    )


def _program(document: dict[str, Any], where: str, keyring: Keyring) -> Program:
    fields = read_grant(_Program, document, where)
    limits = read_grant(_Limits, fields.limits, f"{where}.limits")
    file, identity = _executable(fields.path, where)
    for name, value in fields.environment.items():
        if not _VARIABLE.fullmatch(name) or _STEERING.match(name):
            raise ConfigError(f"`{where}.environment`: `{name}` cannot be set", where=where)
        if isinstance(value, Secret) and not keyring.known(value.reference):
            raise ConfigError(f"`{where}.environment.{name}` names no source of secrets", where=where)
        if isinstance(value, str) and "\0" in value:
            raise ConfigError(f"`{where}.environment.{name}` holds a NUL", where=where)
    if not Path(fields.cwd).is_absolute() or not Path(fields.cwd).is_dir():
        raise ConfigError(f"`{where}.cwd` is not an absolute path of a folder", where=where)
    return Program(
        path=fields.path,
        file=file,
        identity=identity,
        arguments=tuple(_pattern(text, f"{where}.arguments") for text in fields.arguments),
        rest=None if fields.rest is None else _pattern(fields.rest, f"{where}.rest"),
        environment=fields.environment,
        cwd=fields.cwd,
        settings=_settings(limits, fields, where),
        output=size(limits.output, f"{where}.limits.output"),
        timeout=duration(fields.timeout, f"{where}.timeout"),
        stdin=size(fields.stdin, f"{where}.stdin"),
    )


def _settings(limits: _Limits, fields: _Program, where: str) -> str:
    wanted = {
        "cpu": max(1, round(duration(limits.cpu, f"{where}.limits.cpu"))),
        "as": size(limits.memory, f"{where}.limits.memory"),
        "nofile": limits.files,
        "fsize": size(limits.file_size, f"{where}.limits.file_size"),
        "core": 0,
    }
    if limits.processes:
        wanted["nproc"] = limits.processes
    if "LC_CTYPE" in fields.environment:
        wanted["locale"] = 1
    if fields.user is not None:
        wanted["uid"], wanted["gid"] = _user(fields.user, where)
    return ",".join(f"{name}={value}" for name, value in wanted.items())


def _user(user: str | int, where: str) -> tuple[int, int]:
    try:
        found = pwd.getpwuid(user) if isinstance(user, int) else pwd.getpwnam(user)
    except (KeyError, OverflowError):
        raise ConfigError(f"`{where}.user`: there is no user `{user}`", where=where) from None
    if os.geteuid() not in {0, found.pw_uid}:
        raise ConfigError(f"`{where}.user`: only a gateway that runs as root can run programs as `{user}`", where=where)
    return found.pw_uid, found.pw_gid


def _pattern(text: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error:
        raise ConfigError(f"`{where}`: `{text}` is not a regular expression", where=where) from None


def _executable(path: str, where: str) -> tuple[str, tuple[int, int]]:
    if not Path(path).is_absolute():
        raise ConfigError(f"`{where}.path` is not absolute", where=where)
    try:
        file = Path(path).resolve(strict=True)
        found = file.stat()
    except OSError:
        raise ConfigError(f"`{where}.path`: there is no `{path}`", where=where) from None
    if not stat.S_ISREG(found.st_mode) or not os.access(file, os.X_OK):
        raise ConfigError(f"`{where}.path`: `{path}` is not a program", where=where)
    if found.st_mode & stat.S_IWOTH:
        raise ConfigError(f"`{where}.path`: everyone may change `{path}`", where=where)
    return str(file), _identity(found)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return (found.st_dev, found.st_ino)
