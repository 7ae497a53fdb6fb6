"""Links a component's WASI imports to the virtual ones, and only those that it declares. It grants nothing else.

Arguments are read and results written by the types that the component itself declared, which wasmtime has checked
its values against; a declaration that differs from WASI's ends in an error for the guest, never in a misread address.
A host function must not raise into the engine: every failure becomes a C error, and the guest traps with it.
"""

from __future__ import annotations

import ctypes
import itertools
import weakref
from typing import TYPE_CHECKING, Any, Final

from wasmtime import _bindings as c
from wasmtime import component as wc

from mcpg.contract.problems import McpgError, PluginRefused
from mcpg.sandbox.layout import VALUE
from mcpg.sandbox.lift import AnswerTooLarge, Lift, lifting
from mcpg.sandbox.lower import Arena, ArenaFull, Lower, lowering
from mcpg.sandbox.shapes import FunctionShape, function_shape
from mcpg.sandbox.wasi import FUNCTIONS, RESOURCES, Handle, NotHere, VirtualWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wasmtime import Engine

__all__ = ["enter", "leave", "linker_for"]

_ARGUMENT_BYTES: Final = 1 << 16
_ARENA: Final = 4096

_numbers = itertools.count(1)
_served: Final[dict[int, _HostFunction]] = {}
_worlds: Final[weakref.WeakValueDictionary[int, VirtualWorld]] = weakref.WeakValueDictionary()


def linker_for(engine: Engine, imports: Mapping[str, Mapping[str, Any]]) -> wc.Linker:
    """Return a linker that defines `imports`: for each instance name (with version) its members' wasmtime types."""
    linker = wc.Linker(engine)
    with linker.root() as root:
        for instance, members in imports.items():
            with root.add_instance(instance) as target:
                for name, ty in members.items():
                    _define(target, instance, name, ty)
    return linker


def enter(context: Any, world: VirtualWorld) -> int:
    """Let host functions called from this store find `world` while its owner keeps it; returns the key for `leave`."""
    key = _address(context)
    _worlds[key] = world
    return key


def leave(key: int) -> None:
    """Forget the world of a store that is about to be closed."""
    _worlds.pop(key, None)


def _define(target: wc.LinkerInstance, instance: str, name: str, ty: Any) -> None:
    raw = name.encode()
    if isinstance(ty, wc.ResourceType):
        number = RESOURCES[name]
        kind = wc.ResourceType.host(number)
        error: Any = c.wasmtime_component_linker_instance_add_resource(
            target.ptr(), ctypes.create_string_buffer(raw), len(raw), kind.ptr(), _dropped, number, _no_finalizer
        )
    elif isinstance(ty, wc.FuncType):
        number = next(_numbers)
        _served[number] = _HostFunction(f"{instance}#{name}", function_shape(ty), _implementation(instance, name))
        error = c.wasmtime_component_linker_instance_add_func(
            target.ptr(), ctypes.create_string_buffer(raw), len(raw), _serve, number, _finalize
        )
    else:
        return
    if error:
        c.wasmtime_error_delete(error)
        raise PluginRefused(f"the import `{instance}#{name}` cannot be linked", code="bad-import")


def _implementation(instance: str, name: str) -> Callable[..., Any] | None:
    functions = FUNCTIONS.get(instance.partition("@")[0])
    return None if functions is None else functions.get(name)


class _HostFunction:
    """One import of one component, ready to be called."""

    __slots__ = ("count", "implementation", "lifts", "lower", "name")

    def __init__(self, name: str, shape: FunctionShape, implementation: Callable[..., Any] | None) -> None:
        self.name = name
        self.implementation = implementation
        self.count = len(shape.parameters)
        self.lifts: list[tuple[Lift, int]] = []
        self.lower: Lower | None = None
        if implementation is not None:
            self.lifts = [(lifting(part), i * VALUE) for i, (_, part) in enumerate(shape.parameters)]
            self.lower = None if shape.result is None else lowering(shape.result)

    def call(self, context: Any, arguments: Any, results: Any) -> None:
        if self.implementation is None:
            raise NotHere("it has no virtual form")
        base, room = _address(arguments), _Room(context)
        values = [lift(base + at, room) for lift, at in self.lifts]
        world = _worlds[_address(context)]
        answer = self.implementation(world, *values)
        if type(answer) is Handle:
            world.give()
        if self.lower is not None:
            _give(context, self.lower, answer, results)


class _Room:
    """How much of the guest's arguments is read, and the store that its handles belong to."""

    __slots__ = ("context", "left")

    def __init__(self, context: Any) -> None:
        self.left = _ARGUMENT_BYTES
        self.context = context


class _HostArena(Arena):
    """An arena that can make handles; they are deleted once the result is cloned."""

    __slots__ = ("context", "made")

    def __init__(self, size: int, context: Any) -> None:
        super().__init__(size)
        self.context = context
        self.made: list[Any] = []

    def own(self, handle: Any) -> int:
        if not isinstance(handle, Handle):
            raise TypeError("a handle is wanted")
        host = c.wasmtime_component_resource_host_new(True, handle.number, RESOURCES[handle.resource])
        made = ctypes.POINTER(c.wasmtime_component_resource_any_t)()
        error: Any = c.wasmtime_component_resource_host_to_any(self.context, host, ctypes.byref(made))
        c.wasmtime_component_resource_host_delete(host)
        if error:
            c.wasmtime_error_delete(error)
            raise TypeError("the handle cannot be made")
        self.made.append(made)
        return ctypes.addressof(made.contents)

    def clear(self) -> None:
        """Delete our own copies of the handles."""
        for handle in self.made:
            c.wasmtime_component_resource_any_delete(handle)
        self.made.clear()


def _give(context: Any, lower: Lower, answer: Any, results: Any) -> None:
    """Write `answer` where wasmtime expects the result, in memory that wasmtime owns."""
    size = _ARENA
    while True:
        arena = _HostArena(size, context)
        try:
            lower(arena, answer, 0, VALUE)
            source = ctypes.cast(arena.base, ctypes.POINTER(c.wasmtime_component_val_t))
            c.wasmtime_component_val_clone(source, results)
        except ArenaFull:
            size *= 4
        else:
            return
        finally:
            arena.clear()


def _address(pointer: Any) -> int:
    return ctypes.cast(pointer, ctypes.c_void_p).value or 0


def _failure(name: str, reason: str) -> int:
    text = f"`{name}` is not available in the sandbox: {reason}".encode(errors="replace").replace(b"\0", b"?")
    error = c.wasmtime_error_new(ctypes.create_string_buffer(text))
    return ctypes.cast(error, ctypes.c_void_p).value or 0


@c.wasmtime_component_func_callback_t  # type: ignore[untyped-decorator]  # ctypes has no type for it
def _serve(  # noqa: PLR0917 - the C API calls it
    number: int | None, context: Any, _type: Any, arguments: Any, count: int, results: Any, result_count: int
) -> int:
    function = _served.get(number or 0)
    name = "?" if function is None else function.name
    try:
        if function is None or count != function.count or result_count != (function.lower is not None):
            return _failure(name, "it has no virtual form of this type")
        function.call(context, arguments, results)
    except (NotHere, McpgError) as error:
        return _failure(name, str(error))
    except AnswerTooLarge:
        return _failure(name, "the arguments are too large")
    except BaseException as error:  # noqa: BLE001 - an exception must not pass through the engine's frames
        return _failure(name, f"its types are not WASI's ({type(error).__name__})")
    return 0


@c.wasmtime_component_resource_destructor_t  # type: ignore[untyped-decorator]  # likewise
def _dropped(resource: int | None, context: Any, number: int) -> int:
    world = _worlds.get(_address(context))
    if world is not None:
        world.take_back(number if resource == RESOURCES["pollable"] else 0)
    return 0


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)  # type: ignore[untyped-decorator]  # likewise
def _finalize(number: int | None) -> None:
    if _served:  # gone when the interpreter ends first
        _served.pop(number or 0, None)


_no_finalizer = ctypes.cast(0, ctypes.CFUNCTYPE(None, ctypes.c_void_p))
