"""Instances of a component: made with their limits, configured once, called, closed. It keeps none; `pool` does."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final

import wasmtime
from wasmtime import _bindings as c

from mcpg.contract.problems import PluginRefused
from mcpg.sandbox.calls import Bound, GuestStopped, Scratch, bind, stopped
from mcpg.sandbox.linkage import enter, leave
from mcpg.sandbox.wasi import VirtualWorld

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.documents import RunFacts
    from mcpg.sandbox.component import Component
    from mcpg.sandbox.settings import PassLimits

__all__ = ["Instance", "Maker"]

_TABLE_ELEMENTS: Final = 100_000
_INSTANCES: Final = 100
_TABLES: Final = 100
_MEMORIES: Final = 1
_LINE: Final = 500

_set_deadline = c._wasmtime_context_set_epoch_deadline  # noqa: SLF001 - the typed wrapper costs as much as the call


class Instance:
    """One store with one configured instance in it. Never for two threads or tasks at once."""

    __slots__ = ("_context", "_key", "_store", "_world", "functions")

    def __init__(self, store: wasmtime.Store, context: Any, world: VirtualWorld | None) -> None:
        self._store = store
        self._context = context
        self._world = world
        self._key = 0 if world is None else enter(context, world)
        self.functions: dict[str, Bound] = {}

    def call(  # noqa: PLR0917 - it is called for every pass, where keywords cost
        self, function: str, arguments: tuple[Any, ...], ticks: int, room: int, scratch: Scratch, run: RunFacts | None
    ) -> Any:
        """Make one call within `ticks` of the epoch and `room` bytes of answer; raises `GuestStopped`."""
        _set_deadline(self._context, ticks)
        if self._world is not None:
            self._world.begin(run)
        return self.functions[function](scratch, arguments, room)

    def close(self) -> None:
        """Give its memory back; a second call does nothing."""
        if self._key:
            leave(self._key)
            self._key = 0
        self.functions.clear()
        self._store.close()


class Maker:
    """Makes instances of one component for one plugin use: limits, configuration and log are always the same."""

    def __init__(
        self,
        component: Component,
        limits: PassLimits,
        config: str,
        log: Callable[[str, bytes], None],
        log_room: int = 0,
    ) -> None:
        self._component = component
        self._limits = limits
        self._config = config
        self._log = log
        self._log_room = log_room

    def make(self, ticks: int, scratch: Scratch) -> Instance:
        """Return a new configured instance within `ticks` of the epoch.

        Raises `GuestStopped`, or `PluginRefused` when the component does not like its configuration.
        """
        component = self._component
        store = wasmtime.Store(component.engine)
        store.set_limits(
            memory_size=self._limits.memory,
            table_elements=_TABLE_ELEMENTS,
            instances=_INSTANCES,
            tables=_TABLES,
            memories=_MEMORIES,
        )
        context = c.wasmtime_store_context(store.ptr())
        instance = Instance(store, context, VirtualWorld(self._log, self._log_room) if component.virtual else None)
        try:
            self._begin(instance, context, ticks)
            answer = instance.call("configure", (self._config,), ticks, self._limits.output, scratch, None)
        except BaseException:
            instance.close()
            raise
        if answer.tag != "ok":
            instance.close()
            code, message = (" ".join(text.split())[:_LINE] for text in answer.value)
            raise PluginRefused(
                f"`{component.label}` refuses its configuration: {message} ({code})",
                code="bad-plugin-config",
                remedy="change the plugin's `config`",
            )
        return instance

    def _begin(self, instance: Instance, context: Any, ticks: int) -> None:
        component = self._component
        _set_deadline(context, ticks)
        raw = c.wasmtime_component_instance_t()
        error: Any = c.wasmtime_component_linker_instantiate(
            component.linker.ptr(), context, component.native.ptr(), ctypes.byref(raw)
        )
        if error:
            raise stopped(error)
        for name, plan in component.plans.items():
            function = c.wasmtime_component_func_t()
            index = component.exports[name]
            if not c.wasmtime_component_instance_get_func(
                ctypes.byref(raw), context, index.ptr(), ctypes.byref(function)
            ):
                raise GuestStopped("trap", f"the function `{name}` is not there")
            instance.functions[name] = bind(context, function, plan)
