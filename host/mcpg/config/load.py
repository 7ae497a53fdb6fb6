"""From a path to a checked configuration, with every error at once. It reads that one file and no other."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from mcpg.config.check import check
from mcpg.config.errors import findings_of
from mcpg.config.findings import ConfigErrors, Finding
from mcpg.config.interpolate import interpolate
from mcpg.config.root import Config
from mcpg.config.source import MAX_BYTES, Source, read_source
from mcpg.config.trust import Trust
from mcpg.contract.canonical import digest_text
from mcpg.contract.problems import reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.config.findings import Place

__all__ = ["LOCK", "STORE", "Loaded", "find_state", "load", "load_trust", "loads"]

LOCK = "mcpg.lock"
STORE = "plugins"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be obeyed, and where it came from."""

    config: Config
    path: Path
    """The file, absolute."""
    digest: str
    """`sha256:<hex>` over the file's bytes as written."""
    source: Source
    warnings: tuple[Finding, ...] = ()

    @property
    def base(self) -> Path:
        """The folder that relative paths start from."""
        return self.path.parent

    @property
    def state(self) -> Path:
        """The folder for keys, caches and the ledger."""
        return self.resolve(self.config.state)

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.resolve(self.config.audit.ledger) if self.config.audit.ledger else self.state / "ledger.db"

    @property
    def lock(self) -> Path:
        """The lock's file, whether or not it is there."""
        return self.resolve(self.config.lock or LOCK)

    @property
    def store(self) -> Path:
        """The folder of pulled plugins."""
        return self.resolve(self.config.store) if self.config.store else self.state / STORE

    @property
    def credentials(self) -> Path | None:
        """The file of registries' credentials, if one is named."""
        named = self.config.registries.credentials
        return self.resolve(named) if named else None

    def resolve(self, path: str) -> Path:
        """Return `path` of the file as an absolute one."""
        return (self.base / path).absolute()

    def where(self, place: Place) -> str:
        """Return `file:line:column` of a place, for errors that are found later."""
        return self.source.finding(place, "").where


def load(path: Path | str, environment: Mapping[str, str] | None = None) -> Loaded:
    """Return the configuration in the file at `path`; raises `ConfigErrors`. It blocks: call it off the event loop."""
    return loads(_read(Path(path)), path=Path(path), environment=environment, name=str(path))


def find_state(path: Path | str) -> tuple[Path, Path]:
    """Return the state folder and the ledger of the file at `path`, whether or not the rest of it can be obeyed here.

    A reader of the ledger need not have the variables and secrets that the gateway was started with.
    """
    data, findings = interpolate(read_source(_read(Path(path)), str(path)), os.environ)
    data = data if isinstance(data, dict) else {}
    audit = data.get("audit")
    state, ledger = data.get("state", ".state"), audit.get("ledger") if isinstance(audit, dict) else None
    unset = any(finding.path in {"state", "audit.ledger"} for finding in findings)
    if unset or not isinstance(state, str) or not isinstance(ledger, str | None):
        loaded = load(path)
        return loaded.state, loaded.ledger
    base = Path(path).absolute().parent
    return base / state, base / (ledger or f"{state}/ledger.db")


def load_trust(path: Path | str, environment: Mapping[str, str] | None = None) -> tuple[Trust, Source]:
    """Return the trust policy in a file of its own, and where it stood; raises `ConfigErrors`. It blocks."""
    source = read_source(_read(Path(path)), str(path))
    data, findings = interpolate(source, os.environ if environment is None else environment)
    try:
        trust = Trust.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise ConfigErrors(findings + findings_of(error, source, Trust)) from None
    if trust.file is not None:
        findings.append(source.finding(("file",), "a trust policy names no other", "write the rules here"))
    if findings:
        raise ConfigErrors(findings)
    return trust, source


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = reason_of(error)
        remedy = "give the file with `--config`, or write one: see docs/reference/config.md"
        raise ConfigErrors([Finding(f"the file cannot be read: {reason}", remedy, file=str(path))]) from None


def loads(text: str | bytes, *, path: Path, environment: Mapping[str, str] | None = None, name: str = "") -> Loaded:
    """Return the configuration in `text`, with relative paths from the folder of `path`; raises `ConfigErrors`."""
    source = read_source(text, name or path.name)
    data, findings = interpolate(source, os.environ if environment is None else environment)
    try:
        config = Config.model_validate_json(json.dumps(data))
    except ValidationError as error:
        unset = {finding.path for finding in findings}
        wrong = [finding for finding in findings_of(error, source, Config) if finding.path not in unset]
        raise ConfigErrors(findings + wrong) from None
    checked = check(config, source)
    findings += [finding for finding in checked if finding.level == "error"]
    if findings:
        raise ConfigErrors(findings)
    warnings = tuple(finding for finding in checked if finding.level == "warning")
    return Loaded(config, path.absolute(), digest_text(text), source, warnings)
