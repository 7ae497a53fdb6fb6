"""A registry's `server.json` as an upstream of ours. It installs and starts nothing: what it names is run by us later.

Of what the document offers, one way is taken: a remote over Streamable HTTP, one over SSE, then packages for npx, uvx
and docker, or what the operator picks. Source: server.schema.json of 2025-12-11 (modelcontextprotocol/registry).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mcpg.cli.clients.values import REFERENCE, Imported, escaped, name_of, variable_of
from mcpg.contract.problems import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcpg.cli.clients.values import Needs

__all__ = ["PICKS", "registered"]

PICKS = ("remote", "npm", "pypi", "oci", "nuget")
_RUNNERS = {"npm": "npx", "pypi": "uvx", "oci": "docker", "nuget": "dnx"}
_TRANSPORTS = ("streamable-http", "sse")
_VALUED = frozenset({"value", "default", "valueHint", "choices", "variables", "format", "isRequired", "isSecret"})
_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*)\}")


def registered(document: dict[str, Any], needs: Needs, where: str, *, pick: str = "") -> Imported:
    """Return the server as an upstream; raises `ConfigError` when there is no way to it that we have."""
    name = str(document["name"])
    if any({"registry_type", "transport_type"} & each.keys() for key in ("packages", "remotes")
           for each in _objects(document.get(key))):  # fmt: skip
        remedy = f"take the registry's own: `mcpg import registry:{name}`"
        raise ConfigError(f"`{name}` is described in an older form", where=where, remedy=remedy)
    ways = dict(_ways(document))
    way = pick or next((each for each in PICKS if each in ways), "")
    if way not in ways:
        offered = ", ".join(f"`{each}`" for each in ways) or "none that can be used here"
        raise ConfigError(f"`{name}` offers {offered}", where=where, remedy="pick one of these with `--pick`")
    made = _Made(name, needs)
    section = made.remote(ways[way]) if way == "remote" else made.package(way, ways[way])
    if others := [each for each in ways if each != way]:
        made.notes.append(f"taken: {way}; offered too, with `--pick`: {', '.join(others)}")
    return Imported(name_of(name), section, made.notes)


def _ways(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each way that can be gone, the first of its kind."""
    remotes = [each for each in _objects(document.get("remotes")) if isinstance(each.get("url"), str)]
    remote = next((each for kind in _TRANSPORTS for each in remotes if each.get("type") == kind), None)
    if remote is not None:
        yield "remote", remote
    seen: set[str] = set()
    for package in _objects(document.get("packages")):
        kind, transport = str(package.get("registryType")), package.get("transport")
        if not isinstance(transport, dict) or transport.get("type", "stdio") != "stdio":
            continue
        if kind in _RUNNERS and kind not in seen and isinstance(package.get("identifier"), str):
            seen.add(kind)
            yield kind, package


class _Made:
    """A section under way; every input of the document becomes text, or a variable that the operator sets."""

    def __init__(self, name: str, needs: Needs) -> None:
        self._name = name_of(name)
        self._needs = needs
        self.notes: list[str] = []

    def remote(self, remote: dict[str, Any]) -> dict[str, Any]:
        """Return the section of a server at a URL."""
        variables = remote.get("variables")
        http: dict[str, Any] = {"url": self._filled(str(remote["url"]), variables)}
        if remote["type"] == "sse":
            http["transport"] = "sse"
        headers = {str(each["name"]): value for each, value in self._inputs(remote.get("headers"))}
        return {"http": {**http, "headers": headers} if headers else http}

    def package(self, kind: str, package: dict[str, Any]) -> dict[str, Any]:
        """Return the section of a program that its package manager fetches and runs."""
        identifier, version = str(package["identifier"]), package.get("version")
        if not re.fullmatch(r"[A-Za-z0-9@][A-Za-z0-9@._/:+-]{0,255}", identifier):
            raise ConfigError(f"`{self._name}` names no package", where="identifier", remedy="tell its publisher")
        runner = str(package.get("runtimeHint") or _RUNNERS[kind])
        if runner not in _RUNNERS.values():
            self.notes.append(f"it wants the program `{runner}`: see that it is the one you mean")
        environment = {str(each["name"]): value for each, value in self._inputs(package.get("environmentVariables"))}
        given = self._arguments(package.get("runtimeArguments"))
        usual = {"npx": ["-y"], "docker": ["run", "-i", "--rm"], "dnx": ["--yes"]}.get(runner, [])
        words = [runner, *usual, *(word for word in given if word not in usual)]
        if runner == "docker":
            words += [part for name in environment for part in ("-e", name)]
        own = self._arguments(package.get("packageArguments"))
        words += [_pinned(kind, identifier, version), *(["--"] if runner == "dnx" and own else []), *own]
        if not version and kind != "oci":
            self.notes.append("its version is not fixed: whatever is newest will run")
        stdio: dict[str, Any] = {"command": words}
        return {"stdio": {**stdio, "environment": environment} if environment else stdio}

    def _arguments(self, arguments: Any) -> list[str]:
        words: list[str] = []
        for argument in _objects(arguments):
            flag = str(argument.get("name") or "")
            if argument.get("type") == "named" and flag and not argument.keys() & _VALUED:
                words.append(flag)
                continue
            value = self._value(argument, flag or str(argument.get("valueHint") or "argument"))
            if value is not None:
                words += [flag, value] if argument.get("type") == "named" and flag else [value]
        return words

    def _inputs(self, inputs: Any) -> Iterator[tuple[dict[str, Any], Any]]:
        """Yield headers or variables that have a value, or want one."""
        for each in _objects(inputs):
            if not isinstance(each.get("name"), str):
                continue
            if each.get("isSecret") is True or _template_is_secret(each):
                yield each, self._reference(each)
                continue
            value = self._value(each, each["name"])
            if value:
                yield each, self._reference(each) if value.startswith(REFERENCE) else value

    def _reference(self, each: dict[str, Any]) -> Any:
        """Return the reference for a secret; what its template has before the one variable is kept."""
        template = str(each.get("value") or "")
        match = _VARIABLE.search(template)
        before = template[: match.start()] if match is not None and template.endswith("}") else ""
        name = variable_of(self._name, each["name"])
        reference = f"secret://env/{self._needs.add(name, self._purpose(each, each['name']))}"
        return {"$secret": reference, "prefix": before} if before else reference

    def _value(self, each: dict[str, Any], name: str) -> str | None:
        """Return the value of an input: what the document fixes, else its default, else a variable if one is wanted."""
        if each.get("isSecret") is True:
            return self._variable(each, name)
        if isinstance(each.get("value"), str):
            return self._filled(each["value"], each.get("variables"))
        default = each.get("default")
        if isinstance(default, str | int | float):
            return escaped(str(default))
        return self._variable(each, name) if each.get("isRequired") is True else None

    def _filled(self, template: str, variables: Any) -> str:
        """Return a template with its variables filled in; braces that are none stay."""
        known = variables if isinstance(variables, dict) else {}

        def fill(match: re.Match[str]) -> str:
            each = known.get(match[1])
            if not isinstance(each, dict):
                return match[0]
            return self._value({"isRequired": True, **each}, match[1]) or ""

        return "".join(
            fill(match) if (match := _VARIABLE.fullmatch(part)) else escaped(part)
            for part in re.split(r"(\{[A-Za-z_][A-Za-z0-9_-]*\})", template)
        )

    def _variable(self, each: dict[str, Any], name: str) -> str:
        return f"${{env.{self._needs.add(variable_of(self._name, name), self._purpose(each, name))}}}"

    def _purpose(self, each: dict[str, Any], name: str) -> str:
        said = each.get("description")
        choices = each.get("choices")
        one = f" (one of {', '.join(map(str, choices))})" if isinstance(choices, list) and choices else ""
        return f"`{self._name}`: {said if isinstance(said, str) else name}{one}"


def _template_is_secret(each: dict[str, Any]) -> bool:
    variables = each.get("variables")
    return isinstance(variables, dict) and any(
        isinstance(one, dict) and one.get("isSecret") is True for one in variables.values()
    )


def _pinned(kind: str, identifier: str, version: Any) -> str:
    if not isinstance(version, str) or not version:
        return identifier
    if kind == "oci":
        return identifier if ":" in identifier.rpartition("/")[2] or "@" in identifier else f"{identifier}:{version}"
    return f"{identifier}@{version}"


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
