"""What this room needs of the sandbox, as protocols, so that it can be tested without one. It holds no behaviour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mcpg.contract.ports import Guest

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.manifest import Manifest
    from mcpg.sandbox.settings import Isolation, PassLimits

__all__ = ["GuestPool", "Sandboxing"]


class GuestPool(Guest, Protocol):
    """A configured component with its instances."""

    def fence(self, reason: str) -> None:
        """Refuse every pass from now on, and the verdicts of those under way."""
        ...

    async def close(self) -> None:
        """Let go of all instances."""
        ...


class Sandboxing(Protocol):
    """Compiles components and makes pools of guests. Raises `PluginRefused`."""

    async def load(self, wasm: bytes, *, label: str, progress: Callable[[str], None] | None = None) -> Any:
        """Check imports and exports of a component and return its compiled form."""
        ...

    async def guest(
        self,
        component: Any,
        *,
        use: str,
        manifest: Manifest,
        config: str,
        config_digest: str,
        isolation: Isolation,
        memo: bool,
        limits: PassLimits,
        on_quarantine: Callable[[str, str], None] | None = None,
    ) -> GuestPool:
        """Return a pool whose first instance has accepted the configuration."""
        ...
