"""Instances of a component: made with their limits, configured once, called, closed. It keeps none; `pool` does."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final

import wasmtime
from wasmtime import _bindings as c

from mcpg.contract.problems import ConfigurationRefused
from mcpg.sandbox.calls import Bound, GuestStopped, Scratch, bind, stopped
from mcpg.sandbox.held import holding
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

_set_deadline = holding(c._wasmtime_context_set_epoch_deadline)  # noqa: SLF001 - the binding wraps it in a slower one


class Instance:
    """One store with one configured instance in it. Never for two threads or tasks at once."""

    __slots__ = ("_component", "_context", "_functions", "_key", "_raw", "_store", "_world")

    def __init__(self, component: Component, store: wasmtime.Store, context: Any, world: VirtualWorld | None) -> None:
        self._component = component
        self._raw = c.wasmtime_component_instance_t()
        self._store = store
        self._context = context
        self._world = world
        self._key = 0 if world is None else enter(context, world)
        self._functions: dict[str, Bound] = {}

    def call(  # noqa: PLR0917 - it is called for every pass, where keywords cost
        self, function: str, arguments: tuple[Any, ...], ticks: int, room: int, scratch: Scratch, run: RunFacts | None
    ) -> Any:
        """Make one call within `ticks` of the epoch and `room` bytes of answer; raises `GuestStopped`."""
        _set_deadline(self._context, ticks)
        world = self._world
        if world is not None:
            world.begin(run)
        try:
            bound = self._functions[function]
        except KeyError:
            bound = self._functions[function] = self._bind(function)
        if world is None:
            return bound(scratch, arguments, room)
        try:
            answer = bound(scratch, arguments, room)
        except GuestStopped as stop:
            if stop.why != "deadline":  # then it may be made again with more time
                world.tell()
            raise
        world.tell()
        return answer

    def begin(self, ticks: int) -> None:
        """Instantiate within `ticks` of the epoch; start functions run here. Raises `GuestStopped`."""
        _set_deadline(self._context, ticks)
        component = self._component
        error: Any = c.wasmtime_component_linker_instantiate(
            component.linker.ptr(), self._context, component.native.ptr(), ctypes.byref(self._raw)
        )
        if error:
            raise stopped(error)

    def _bind(self, name: str) -> Bound:
        """Bind a function when it is first called: most instances that serve one call need two of them."""
        function, index = c.wasmtime_component_func_t(), self._component.exports[name].ptr()
        raw = ctypes.byref(self._raw)
        if not c.wasmtime_component_instance_get_func(raw, self._context, index, ctypes.byref(function)):
            raise GuestStopped("trap", f"the function `{name}` is not there")
        return bind(self._context, function, self._component.plans[name])

    def close(self) -> None:
        """Give its memory back; a second call does nothing."""
        if self._key:
            leave(self._key)
            self._key = 0
        self._functions.clear()
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

    def make(self, ticks: int, scratch: Scratch, *, silent: bool = False) -> Instance:
        """Return a new configured instance within `ticks` of the epoch; what a `silent` one prints goes nowhere.

        Raises `GuestStopped`, or `ConfigurationRefused` when the component does not like its configuration.
        """
        instance = self.begin(silent=silent)
        try:
            instance.begin(ticks)
            self.configure(instance, ticks, scratch)
        except BaseException:
            instance.close()
            raise
        return instance

    def begin(self, *, silent: bool = False) -> Instance:
        """Return a store with its limits, in which nothing has been instantiated yet."""
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
        world = VirtualWorld(self._log, 0 if silent else self._log_room) if component.virtual else None
        return Instance(component, store, context, world)

    def configure(self, instance: Instance, ticks: int, scratch: Scratch) -> None:
        """Give an instance its configuration, once; raises as `make` does."""
        answer = instance.call("configure", (self._config,), ticks, self._limits.output, scratch, None)
        if answer.tag != "ok":
            code, message = (" ".join(text.split())[:_LINE] for text in answer.value)
            raise ConfigurationRefused(
                f"`{self._component.label}` refuses its configuration: {message} ({code})",
                reason=code,
                said=message,
                remedy="change the plugin's `config`",
            )
