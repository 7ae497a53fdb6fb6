"""One server of a client's file as an upstream of ours. It starts nothing and asks nobody.

Values that may be secret become references; the client's variables (`${VAR}`, `${env:VAR}`, `${input:id}`) become ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mcpg.cli.clients.values import (
    Imported,
    escaped,
    is_secret,
    is_secret_segment,
    name_of,
    secret_argument,
    variable_of,
)
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from mcpg.cli.clients.values import Needs

__all__ = ["Inputs", "imported"]

_VARIABLE = re.compile(r"\$\{(?:(env|input):)?([A-Za-z_][A-Za-z0-9_.-]*)(?::-([^}]*))?\}")
_PLAIN_URL = re.compile(r"https?://[^@\s{}]+")
_WORD = re.compile(r"([A-Za-z]{1,10} )?")
_ADDRESSES = ("url", "serverUrl", "httpUrl")
_KNOWN = frozenset(
    {
        "type",
        "transport",
        "command",
        "args",
        "env",
        "cwd",
        "headers",
        "disabled",
        "enabled",
        "description",
        "name",
        *_ADDRESSES,
    }
)
_SHELL = frozenset({"sh", "bash", "zsh", "cmd", "cmd.exe", "powershell", "pwsh"})


class Inputs:
    """What a client asks its user for, by id (VS Code)."""

    def __init__(self, inputs: list[Any]) -> None:
        self._known = {str(each["id"]): each for each in inputs if isinstance(each, dict) and "id" in each}

    def purpose(self, name: str) -> str:
        """Return what an input is for, in the client's words."""
        said = self._known.get(name, {}).get("description")
        return said if isinstance(said, str) else f"input `{name}`"


def imported(name: str, entry: Any, inputs: Inputs, needs: Needs, where: str) -> Imported | None:
    """Return a server as an upstream, None for one that is switched off; raises `ConfigError` for what is none."""
    if not isinstance(entry, dict):
        raise ConfigError(f"`{name}` is no object", where=where, remedy="mend the file")
    if entry.get("disabled") is True or entry.get("enabled") is False:
        return None
    made = _Entry(name, inputs, needs)
    address = next((entry[key] for key in _ADDRESSES if isinstance(entry.get(key), str)), None)
    command = entry.get("command")
    if isinstance(command, str) and command and address is None:
        made.child(command, entry)
    elif address is not None and command is None:
        made.remote(address, entry)
    else:
        remedy = "it wants either `command` or `url`"
        raise ConfigError(f"`{name}` does not say how it is reached", where=where, remedy=remedy)
    left = sorted(str(key) for key in entry.keys() - _KNOWN)
    if left:
        made.notes.append(f"not taken over: {', '.join(f'`{key}`' for key in left)}")
    return Imported(name_of(name), made.section, made.notes)


class _Entry:
    """A section under way."""

    def __init__(self, name: str, inputs: Inputs, needs: Needs) -> None:
        self.name = name
        self.section: dict[str, Any] = {}
        self.notes: list[str] = []
        self._inputs = inputs
        self._needs = needs

    def child(self, command: str, entry: dict[str, Any]) -> None:
        """Take over a program with its arguments and environment."""
        arguments = [str(item) for item in entry.get("args") or () if isinstance(item, str | int | float)]
        stdio: dict[str, Any] = {"command": self._arguments([command, *arguments])}
        environment = {
            key: self._secret(key, value, f"`{self.name}`: variable `{key}`")
            for key, value in self._pairs(entry, "env").items()
        }
        if environment:
            stdio["environment"] = environment
        if isinstance(entry.get("cwd"), str):
            stdio["cwd"] = self._text(entry["cwd"])
        if command.rpartition("/")[2].lower() in _SHELL:
            self.notes.append("it runs a shell: look at what it does before you serve it")
        self.section = {"stdio": stdio}

    def remote(self, address: str, entry: dict[str, Any]) -> None:
        """Take over an address with its headers."""
        http: dict[str, Any] = {"url": self._address(address)}
        if str(entry.get("type") or entry.get("transport") or "").lower() == "sse":
            http["transport"] = "sse"
        headers = {
            key: self._secret(key, value, f"`{self.name}`: header `{key}`", header=True)
            for key, value in self._pairs(entry, "headers").items()
        }
        if headers:
            http["headers"] = headers
        if re.match(r"https?://(localhost|127\.|\[::1\]|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)", http["url"]):
            http["private"] = True
        self.section = {"http": http}

    def _pairs(self, entry: dict[str, Any], place: str) -> dict[str, str]:
        """Return what stands under a name each, as text; what is empty is left out and said."""
        given = entry.get(place)
        pairs = {str(key): str(value) for key, value in given.items()} if isinstance(given, dict) else {}
        self.notes += [f"`{key}` is empty and left out" for key, value in pairs.items() if not value]
        return {key: value for key, value in pairs.items() if value}

    def _arguments(self, arguments: list[str]) -> list[str]:
        """Return arguments with a variable in the place of what may be a secret."""
        shown = []
        for number, argument in enumerate(arguments):
            before = arguments[number - 1] if number else ""
            if _PLAIN_URL.fullmatch(argument):
                shown.append(self._address(argument, f"argument {number}"))
                continue
            part = secret_argument(argument, before)
            if part is None or _VARIABLE.search(part):
                shown.append(self._text(argument))
                continue
            flag = argument[: len(argument) - len(part)].strip("=") or before
            purpose = f"`{self.name}`: argument {number}{f', `{flag}`' if flag else ''}"
            variable = self._needs.add(variable_of(self.name, flag), purpose)
            shown.append(self._text(argument[: len(argument) - len(part)]) + f"${{env.{variable}}}")
        return shown

    def _text(self, text: str) -> str:
        """Return text for our file, the client's variables as ours."""
        out, place = "", 0
        for match in _VARIABLE.finditer(text):
            out += escaped(text[place : match.start()]) + self._variable(match)
            place = match.end()
        return out + escaped(text[place:])

    def _variable(self, match: re.Match[str]) -> str:
        kind, name, default = match.groups()
        if kind is None and not name.isupper():  # a place of the client's, such as `${workspaceFolder}`
            self.notes.append(f"`{match[0]}` is for the client to fill in: write what you mean")
            return escaped(match[0])
        variable = self._named(kind, name)
        if default and is_secret(name, default):
            self.notes.append(f"the default of `{name}` is left out: it may be a secret")
            default = None
        return f"${{env.{variable}}}" if default is None else f"${{env.{variable}:-{default}}}"

    def _named(self, kind: str | None, name: str) -> str:
        if kind == "input":
            return self._needs.add(variable_of(name), self._inputs.purpose(name))
        return self._needs.use(re.sub(r"[^A-Za-z0-9_]", "_", name))

    def _secret(self, key: str, value: str, purpose: str, *, header: bool = False) -> Any:
        """Return a value for a place that takes secrets: itself where it is harmless, else a reference."""
        match = _VARIABLE.search(value)
        if match is not None and (match[1] or match[2].isupper()):
            before, default, after = value[: match.start()], match[3], value[match.end() :]
            whole = _VARIABLE.sub(lambda each: each[3] or "", value)
            if default and not is_secret(key, whole, header=header):
                return self._text(value)
            if default:
                self.notes.append(f"the default of `{key}` is left out: it may be a secret")
            if _WORD.fullmatch(before) and not after:
                return _reference(self._named(match[1], match[2]), before)
        elif not is_secret(key, value, header=header):
            return escaped(value)
        before = next((word for word in ("Bearer ", "Basic ", "token ") if value.startswith(word)), "")
        name = variable_of(self.name, key) if header else variable_of(key)
        return _reference(self._needs.add(name, purpose, owner="" if header else self.name), before)

    def _address(self, address: str, where: str = "the URL") -> str:
        """Return a URL without credentials: those in it become variables."""
        address, mark, _ = re.sub(r"^([a-z]+://)[^/@\s]+@", self._dropped, address).partition("#")
        if mark:
            self.notes.append(f"what follows `#` in {where} is left out: no server gets it")
        base, mark, query = address.partition("?")
        parts = base.split("/")
        path = [self._segment(part, f"part {number} of {where}") for number, part in enumerate(parts[3:], 1)]
        shown = "/".join([self._text("/".join(parts[:3])), *path])
        return shown + mark + "&".join(self._parameter(part, where) for part in query.split("&"))

    def _segment(self, part: str, where: str) -> str:
        if _VARIABLE.search(part) or not is_secret_segment(part):
            return self._text(part)
        self.notes.append(f"{where} may be a secret and is left out")
        return f"${{env.{self._needs.add(variable_of(self.name, 'path'), f'`{self.name}`: {where}')}}}"

    def _parameter(self, part: str, where: str) -> str:
        key, _, value = part.partition("=")
        if not value or _VARIABLE.search(value) or not is_secret(key, value):
            return self._text(part)
        variable = self._needs.add(variable_of(self.name, key), f"`{self.name}`: `{key}` in {where}")
        return f"{escaped(key)}=${{env.{variable}}}"

    def _dropped(self, match: re.Match[str]) -> str:
        self.notes.append("the URL had a user and password: give them as a header `authorization`")
        return match[1]


def _reference(variable: str, before: str) -> Any:
    reference = f"secret://env/{variable}"
    return {"$secret": reference, "prefix": before} if before else reference
