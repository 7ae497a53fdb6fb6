"""Where plugins' wishes are granted or refused, and handed to drivers. It records nothing; the pipeline does.

One desk serves the process. `granted` reads what the operator grants to one plugin use and gives the pipeline the
`Effects` of that use: decode, check, perform. A driver's own failure never escapes as an exception: it becomes a
`failed` reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.problems import ConfigError, EffectDenied, McpgError
from mcpg.contract.verdicts import failed
from mcpg.effects.driver import Resumable
from mcpg.effects.grants import nearest
from mcpg.effects.secrets import Keyring, Vault, keyring_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from mcpg.contract.ports import EffectContext, Effects, SecretSource
    from mcpg.contract.verdicts import Case, Effect
    from mcpg.effects.driver import Driver

__all__ = ["Desk"]

_log = logging.getLogger(__name__)
_GRACE = 2.0
"""Seconds past an effect's deadline after which a driver that does not keep it is cancelled."""


class Desk:
    """All drivers of the process, started and stopped together."""

    def __init__(
        self, drivers: Sequence[Driver], secrets: Mapping[str, SecretSource], *, vault: Vault | None = None
    ) -> None:
        self._drivers: dict[str, Driver] = {}
        for driver in drivers:
            if driver.name in self._drivers or driver.name == "secrets":
                raise ConfigError(f"two drivers are named `{driver.name}`")
            self._drivers[driver.name] = driver
        self._secrets = dict(secrets)
        self._vault = vault
        self._started: list[Driver] = []

    async def start(self) -> None:
        """Start every driver; when one cannot start, those that did are stopped and its error is raised."""
        for driver in self._drivers.values():
            try:
                await driver.start()
            except BaseException:
                await self.stop()
                raise
            self._started.append(driver)

    async def stop(self) -> None:
        """Stop every driver, the last one first; one that fails to stop does not keep the others."""
        while self._started:
            driver = self._started.pop()
            try:
                await driver.stop()
            except Exception as error:  # noqa: BLE001 - the others must stop too
                _log.warning("driver `%s` did not stop cleanly: %s", driver.name, type(error).__name__)

    def granted(self, use: str, grants: Mapping[str, Any]) -> Effects:
        """Read the operator's `grants` of one plugin use; raises `ConfigError` naming field and nearest known one.

        `grants` maps a driver's name to its fields, and `secrets` to references with their places.
        """
        names = tuple(self._drivers)
        keyring = keyring_for(use, grants.get("secrets", {}), self._secrets, self._vault, names)
        held: dict[str, _Held] = {}
        for name, document in grants.items():
            if name == "secrets":
                continue
            driver = self._drivers.get(name)
            where = f"{use}.grants"
            if driver is None:
                raise ConfigError(f"`{where}` names no driver `{name}`{nearest(name, names)}", where=where)
            held[name] = _Held(driver, _grant(driver, document, keyring, where), msgspec.json.Decoder(driver.request))
        return _Granted(use, held)


def _grant(driver: Driver, document: Any, keyring: Keyring, where: str) -> Any:
    try:
        return driver.grant(document if document is not None else {}, keyring)
    except ConfigError as error:
        message = error.message
        raise ConfigError(message, where=f"{where}.{driver.name}", remedy=error.remedy) from None


@dataclass(frozen=True, slots=True)
class _Held:
    driver: Driver
    grant: Any
    decoder: msgspec.json.Decoder[Any]


class _Granted:
    """The effects of one plugin use; see `mcpg.contract.ports.Effects`."""

    __slots__ = ("_held", "_use")

    def __init__(self, use: str, held: dict[str, _Held]) -> None:
        self._use = use
        self._held = held

    def check(self, effect: Effect) -> None:
        """Return if the operator has granted `effect`; raises `EffectDenied`. Does no I/O."""
        self._admit(effect)

    async def perform(self, effect: Effect, context: EffectContext) -> Case:
        """Check and perform `effect`: `ok(json text)`, `failed(problem)`, `suspended`; raises only on cancellation."""

        def begin(held: _Held, request: Any) -> Awaitable[Case]:
            return held.driver.perform(request, held.grant, context)

        return await self._ended(effect, context, begin)

    async def resume(self, effect: Effect, state: str, responses: Mapping[str, Any], context: EffectContext) -> Case:
        """Go on with a suspended `effect`, its grant checked again; answers and raises as `perform` does."""

        def begin(held: _Held, request: Any) -> Awaitable[Case]:
            if not isinstance(held.driver, Resumable):
                raise EffectDenied(f"driver `{effect.driver}` cannot be resumed")
            return held.driver.resume(request, held.grant, context, state, responses)

        return await self._ended(effect, context, begin)

    async def settled(self, effect: Effect, state: str) -> None:
        """Return once the suspended `effect` waits for nobody any more; at once when it can no longer be resumed."""
        try:
            held, request = self._admit(effect)
        except EffectDenied:
            return
        if isinstance(held.driver, Resumable):
            await held.driver.settled(request, held.grant, state)

    def abandon(self, effect: Effect, state: str) -> None:
        """End a suspended `effect` that will not be resumed; nothing is asked of its grant any more."""
        with contextlib.suppress(EffectDenied):
            held, request = self._decode(effect)
            if isinstance(held.driver, Resumable):
                held.driver.abandon(request, held.grant, state)

    async def _ended(
        self, effect: Effect, context: EffectContext, begin: Callable[[_Held, Any], Awaitable[Case]]
    ) -> Case:
        try:
            held, request = self._admit(effect)
            async with asyncio.timeout_at(context.deadline + _GRACE):
                return await begin(held, request)
        except McpgError as error:
            return failed(error.code, error.message)
        except TimeoutError:
            return failed("outcome-unknown", f"driver `{effect.driver}` did not keep its deadline")
        except Exception as error:  # noqa: BLE001 - a driver's bug fails one effect; its text may hold anything
            _log.warning("driver `%s` failed with %s", effect.driver, type(error).__name__)
            return failed("outcome-unknown", f"driver `{effect.driver}` failed")

    def _admit(self, effect: Effect) -> tuple[_Held, Any]:
        held, request = self._decode(effect)
        held.driver.check(request, held.grant)
        return held, request

    def _decode(self, effect: Effect) -> tuple[_Held, Any]:
        held = self._held.get(effect.driver)
        if held is None:
            raise EffectDenied(f"`{self._use}` has no grant for driver `{effect.driver}`")
        try:
            return held, held.decoder.decode(effect.request)
        except (msgspec.DecodeError, RecursionError) as error:
            text = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise EffectDenied(f"the request of driver `{effect.driver}` cannot be read: {text}") from None
