"""What a plugin is given in a dev session: configuration, grants, tools. It grants nothing that nobody wrote down.

From `dev.yaml` in the project, else from its first file of cases. Effects that cases name are granted where they stay
on this machine; what would leave it has to be written into `dev.yaml` or given with `--grant`.
"""

from __future__ import annotations

import difflib
import ipaddress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import yaml

from mcpg.contract.problems import ConfigError, reason_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from mcpg.contract.manifest import Manifest

__all__ = ["FILE", "Given", "read_given"]

FILE: Final = "dev.yaml"
MAX_FILE: Final = 1024 * 1024
KEYS: Final = ("config", "grants", "tools")
HARMLESS: Final = frozenset({"log", "notify"})
"""Drivers that reach nothing but this gateway and its client."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the plugin gets, and from where; `withheld` are effects that the cases name and nobody has granted."""

    config: Mapping[str, Any] = field(default_factory=dict)
    grants: Mapping[str, Any] = field(default_factory=dict)
    tools: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    withheld: tuple[str, ...] = ()


def read_given(
    manifest: Manifest,
    root: Path | None,
    cases: Sequence[Path],
    *,
    config_of: Path | None = None,
    grant: Mapping[str, Any] | None = None,
) -> Given:
    """Return what a plugin gets; it reads files, and so blocks. `ConfigError` for one that cannot be read.

    `config_of` stands in for both files; `grant` is put over what is granted otherwise, driver by driver.
    """
    own = None if root is None else root / FILE
    named = config_of or (own if own is not None and own.is_file() else None)
    given = _written(named) if named is not None else _of_cases(cases)
    if named is None or "grants" not in _read(named):
        derived, withheld = _grants(manifest, [named] if config_of is not None and named else cases)
        given = replace(given, grants=derived, withheld=withheld)
    if grant:
        withheld = tuple(line for line in given.withheld if line.partition(" ")[0] not in grant)
        given = replace(given, grants={**given.grants, **grant}, withheld=withheld)
    return given


def _written(path: Path) -> Given:
    """Read `dev.yaml`, or any file with `config:`, such as one of cases."""
    document = _read(path)
    for key in document:
        if key not in (*KEYS, "cases"):
            near = difflib.get_close_matches(str(key), KEYS, 1)
            remedy = f"write `{near[0]}`" if near else f"it may have {', '.join(f'`{name}`' for name in KEYS)}"
            raise ConfigError(f"there is no key `{key}`", where=str(path), remedy=remedy)
    config, grants, tools = (_mapping(document, key, path) for key in KEYS)
    return Given(config, grants, tools, path.name)


def _of_cases(cases: Sequence[Path]) -> Given:
    """Take the configuration that the first file of cases has for all of them."""
    for path in cases:
        document = _read(path)
        if "config" in document:
            return Given(config=_mapping(document, "config", path), source=f"{path.parent.name}/{path.name}")
    return Given(source="nothing: the plugin has neither `dev.yaml` nor cases with a `config`")


def _mapping(document: Mapping[str, Any], key: str, path: Path) -> dict[str, Any]:
    value = document.get(key) or {}
    if not isinstance(value, dict):
        raise ConfigError(f"`{key}` is not a mapping", where=str(path), remedy=f"write `{key}: {{...}}`")
    return value


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE + 1)
        if len(text) > MAX_FILE:
            raise ConfigError(f"is larger than {MAX_FILE} bytes", where=str(path), remedy="keep it short")
        document = yaml.safe_load(text)
    except (OSError, yaml.YAMLError) as error:
        reason = " ".join(reason_of(error).split())
        raise ConfigError(f"cannot be read: {reason}", where=str(path), remedy="write it as YAML") from None
    return document if isinstance(document, dict) else {}


def _grants(manifest: Manifest, files: Sequence[Path]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return grants for what the cases' effects name on this machine, and a line for each that is left out."""
    declared = {wish.driver for wish in manifest.effects}
    requests = [(driver, request) for driver, request in _effects(files) if driver in declared]
    grants: dict[str, Any] = {driver: {} for driver in sorted(declared & HARMLESS)}
    http = [request for driver, request in requests if driver == "http"]
    near = [request for request in http if _is_near(str(request.get("url", "")))]
    if near:
        grants["http"] = _http_grant(near)
    far = {_place(str(request.get("url", ""))) for request in http if request.get("url")}
    far -= {_place(str(request["url"])) for request in near}
    withheld = [f"http {place}" for place in sorted(far)]
    if "http" in declared and "http" not in grants and not far:
        withheld.append("http")
    withheld += sorted(declared - HARMLESS - {"http"})
    return grants, tuple(withheld)


def _effects(files: Iterable[Path]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for path in files:
        for case in _read(path).get("cases") or ():
            effects = case.get("effects") if isinstance(case, dict) else None
            for effect in effects if isinstance(effects, list) else ():
                for driver, request in effect.items() if isinstance(effect, dict) else ():
                    if driver not in {"reply", "failed"} and isinstance(request, dict):
                        yield str(driver), request


def _http_grant(requests: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    targets = [(urlsplit(str(request["url"])), str(request.get("method", "GET"))) for request in requests]
    return {
        "hosts": sorted({url.hostname or "" for url, _ in targets}),
        "schemes": sorted({url.scheme for url, _ in targets}),
        "ports": sorted({url.port or (443 if url.scheme == "https" else 80) for url, _ in targets}),
        "methods": sorted({"GET", *(method for _, method in targets)}),
        "private": ["127.0.0.0/8", "::1/128"],
    }


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _is_near(url: str) -> bool:
    """Whether a URL stays on this machine: by its name or address, which the grant's networks enforce again."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"}:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
