"""Secrets by reference: where they come from and which use may put which one where. It keeps none in any text or repr.

`secret://env/NAME` and `secret://file/NAME` are read from a `SecretSource`; `cred://issuer/target` is asked of a vault
for the caller of the run. A use may name only the references that its `secrets` grant lists, only at the places there.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.effects.echo import MIN_SECRET
from mcpg.effects.grants import GrantFields, read_grant

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.contract.documents import Caller, Credential
    from mcpg.contract.effects import Secret
    from mcpg.contract.ports import SecretSource

__all__ = ["EnvironmentSecrets", "FileSecrets", "Keyring", "Place", "Vault", "keyring_for"]

Vault = Callable[[str, str, "Caller"], Awaitable["Credential"]]
"""Answers (issuer, target, caller) with a credential; raises `McpgError` when there is none for that caller."""

_REFERENCE = re.compile(r"secret://(?P<source>[a-z][a-z0-9-]{0,31})/(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})")
_CREDENTIAL = re.compile(r"cred://(?P<issuer>[a-z0-9][a-z0-9-]{0,63})/(?P<target>[A-Za-z0-9_][A-Za-z0-9_./-]{0,127})")
_MAX_SECRET = 16 * 1024
_FILE_AGE = 10.0
_FILES = 256


class EnvironmentSecrets:
    """Secrets from the gateway's own environment variables."""

    async def read(self, name: str) -> str:
        """Return the variable; `KeyError` when it is not set."""
        return os.environ[name]


class FileSecrets:
    """Secrets from the files of one folder, as containers mount them; a change is seen within 10 s."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def read(self, name: str) -> str:
        """Return the file's text without its final newline; `KeyError` when there is none or it is not fit."""
        known = self._known.get(name)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        value = await asyncio.to_thread(self._load, name)
        self._known[name] = (time.monotonic() + _FILE_AGE, value)
        self._known.move_to_end(name)
        if len(self._known) > _FILES:
            self._known.popitem(last=False)
        return value

    def _load(self, name: str) -> str:
        if "/" in name or "\\" in name or name.startswith("."):
            raise KeyError(name)
        try:
            # Kubernetes mounts secrets as links inside the folder, so links are followed but may not lead out of it.
            path = (self._folder / name).resolve(strict=True)
            if not path.is_file() or not path.is_relative_to(self._folder.resolve(strict=True)):
                raise KeyError(name)
            with path.open("rb") as file:
                text = file.read(_MAX_SECRET + 1)
            if len(text) > _MAX_SECRET:
                raise KeyError(name)
            return text.decode().removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError):
            raise KeyError(name) from None


class _PlaceFields(GrantFields, frozen=True):
    host: str
    header: str
    driver: str = "http"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one secret may be put: a driver, a host and a header, all in lower case."""

    driver: str
    host: str
    header: str


class Keyring:
    """The secrets of one plugin use: which it may put where, and the way to them."""

    __slots__ = ("_places", "_sources", "_use", "_vault")

    def __init__(
        self,
        use: str,
        places: Mapping[str, tuple[Place, ...]],
        sources: Mapping[str, SecretSource],
        vault: Vault | None,
    ) -> None:
        self._use = use
        self._places = dict(places)
        self._sources = sources
        self._vault = vault

    def __repr__(self) -> str:
        return f"Keyring({self._use!r}, {sorted(self._places)!r})"

    @property
    def use(self) -> str:
        """The operator's name for the plugin use."""
        return self._use

    def check(self, secret: Secret, place: Place) -> None:
        """Return if the operator lets this use put `secret` there; raises `EffectDenied` otherwise."""
        places = self._places.get(secret.reference)
        if places is None:
            raise EffectDenied(f"`{secret.reference}` is not granted to `{self._use}` (`secrets`)")
        if place not in places:
            raise EffectDenied(
                f"`{secret.reference}` is not granted for {place.driver}, host `{place.host}`, header `{place.header}`"
            )
        if secret.reference.startswith("cred://") and self._vault is None:
            raise EffectDenied(f"`{secret.reference}` cannot be had: no credential plugin is configured")

    def known(self, reference: str) -> bool:
        """Whether `reference` is well formed and its source or vault is there; says nothing about grants."""
        found = _REFERENCE.fullmatch(reference)
        return found["source"] in self._sources if found else bool(_CREDENTIAL.fullmatch(reference) and self._vault)

    async def open(self, secret: Secret, caller: Caller) -> tuple[str, str]:
        """Return (the secret, the text with prefix and suffix); raises `EffectDenied` when there is none."""
        reference = secret.reference
        if found := _CREDENTIAL.fullmatch(reference):
            if self._vault is None:
                raise EffectDenied(f"`{reference}` cannot be had: no credential plugin is configured")
            credential = await self._vault(found["issuer"], found["target"], caller)
            value = credential.value
            prefix = secret.prefix or (f"{credential.scheme} " if credential.scheme else "")
        else:
            value, prefix = await self._read(reference), secret.prefix
        if len(value) < MIN_SECRET:
            raise EffectDenied(f"`{reference}` is shorter than {MIN_SECRET} characters and cannot be guarded")
        return value, prefix + value + secret.suffix

    async def _read(self, reference: str) -> str:
        found = _REFERENCE.fullmatch(reference)
        source = self._sources.get(found["source"]) if found else None
        if found is None or source is None:
            raise EffectDenied(f"`{reference}` names no source of secrets")
        try:
            return await source.read(found["name"])
        except KeyError:
            raise EffectDenied(f"`{reference}` has no value") from None


def keyring_for(
    use: str, document: Any, sources: Mapping[str, SecretSource], vault: Vault | None, drivers: tuple[str, ...]
) -> Keyring:
    """Read the `secrets` grant of one use: a reference to one place or a list of them; raises `ConfigError`."""
    where = f"{use}.grants.secrets"
    if not isinstance(document, Mapping):
        raise ConfigError(f"`{where}` must map references to places", where=where)
    places: dict[str, tuple[Place, ...]] = {}
    for reference, written in document.items():
        found = _REFERENCE.fullmatch(str(reference))
        if found is None and not _CREDENTIAL.fullmatch(str(reference)):
            raise ConfigError(
                f"`{where}`: `{reference}` is not secret://source/name or cred://issuer/target", where=where
            )
        if found is not None and found["source"] not in sources:
            raise ConfigError(f"`{where}`: `{reference}` names an unknown source of secrets", where=where)
        listed = written if isinstance(written, list | tuple) else [written]
        read = [read_grant(_PlaceFields, one, f"{where}.{reference}") for one in listed]
        for one in read:
            if one.driver not in drivers:
                raise ConfigError(f"`{where}.{reference}`: no driver `{one.driver}` takes secrets", where=where)
        places[reference] = tuple(Place(one.driver, one.host.lower(), one.header.lower()) for one in read)
    return Keyring(use, places, sources, vault)
