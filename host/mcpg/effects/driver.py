"""What a driver is: one lifecycle, one request document, one grant. It performs nothing itself.

Third parties implement `Driver` and return it from the hook `mcpg_drivers`. The desk decodes the request into `request`
(a msgspec struct that forbids unknown fields), calls `check` again right before `perform`, and turns every error that a
driver raises on purpose into a `failed` reply.

A driver whose peer may want input of the MCP client in the middle of an effect is also `Resumable`: its `perform` then
answers `suspended(requests, state)`, and `resume` goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    import msgspec

    from mcpg.contract.ports import EffectContext
    from mcpg.contract.verdicts import Case
    from mcpg.effects.secrets import Keyring

__all__ = ["Driver", "Resumable"]


class Driver(Protocol):
    """A kind of effect. `start` and `stop` run once in a process, `grant` once for each plugin use."""

    @property
    def name(self) -> str:
        """The name that effects and grants use, such as `http`."""
        ...

    @property
    def request(self) -> type[msgspec.Struct]:
        """The model of its request document."""
        ...

    async def start(self) -> None:
        """Make ready; raises `ConfigError` when the operator's settings cannot be used."""
        ...

    def grant(self, document: Mapping[str, Any], keyring: Keyring) -> Any:
        """Read what the operator grants to one use; raises `ConfigError` on a field that is unknown or bad."""
        ...

    def check(self, request: Any, grant: Any) -> None:
        """Return if `grant` covers `request`; raises `EffectDenied` that names the field. Does no I/O."""
        ...

    async def perform(self, request: Any, grant: Any, context: EffectContext) -> Case:
        """Perform a checked request before `context.deadline`; raises on cancellation, else `McpgError` at most."""
        ...

    async def stop(self) -> None:
        """Let go of everything; effects under way may fail."""
        ...


@runtime_checkable
class Resumable(Protocol):
    """What a driver has besides if its effects can be suspended."""

    async def resume(
        self, request: Any, grant: Any, context: EffectContext, state: str, responses: Mapping[str, Any]
    ) -> Case:
        """Go on with a checked request that was suspended; answers and raises as `perform` does.

        `responses` are `{"result": ...}` or `{"error": ...}` by the request's key; a key that has none is asked again.
        """
        ...

    def settled(self, request: Any, grant: Any, state: str) -> Awaitable[None]:
        """Return once nobody waits for the responses any more; raises nothing but cancellation."""
        ...

    def abandon(self, request: Any, grant: Any, state: str) -> None:
        """End what waits there, because nobody will answer; nothing where nothing waits any more."""
        ...
