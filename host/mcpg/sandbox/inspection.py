"""What a component imports and exports, read from its type without running it. It links nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from wasmtime import component as wc

from mcpg.contract.problems import PluginRefused
from mcpg.contract.worlds import PluginKind
from mcpg.sandbox.shapes import FunctionShape, function_shape
from mcpg.sandbox.wasi import INTERFACES, RESOURCES
from mcpg.sandbox.worlds import CONFIGURE, LIFECYCLE, SIGNATURES

if TYPE_CHECKING:
    from wasmtime import Engine
    from wasmtime.component._types import ComponentExtern

__all__ = ["Import", "Inspection", "survey"]

ImportKind = Literal["types", "virtual", "forbidden"]

_WASI_VERSION: Final = re.compile(r"0\.2\.\d{1,9}")
_MAX_NAMES: Final = 4096


@dataclass(frozen=True, slots=True)
class Import:
    """One import of the outermost component: only types, a virtual WASI interface, or forbidden; and its members."""

    name: str
    kind: ImportKind
    members: tuple[str, ...] = ()

    @property
    def wasi(self) -> bool:
        """Whether it is one of WASI's, allowed or not."""
        return self.name.startswith("wasi:")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What can be read off a component: digest, size, imports, exported names, the kind whose world it fills.

    `faults` says what keeps it from being loaded, each as a sentence; none means that it may be loaded.
    """

    digest: str
    size: int
    imports: tuple[Import, ...]
    exports: tuple[str, ...]
    kind: PluginKind | None
    faults: tuple[str, ...]

    @property
    def world(self) -> str:
        """The full name of the world that it fills, or nothing."""
        return "" if self.kind is None else self.kind.world

    @property
    def pure(self) -> bool:
        """Whether it imports no function at all."""
        return all(each.kind == "types" for each in self.imports)


@dataclass(frozen=True, slots=True)
class Survey:
    """An inspection with the wasmtime types that linking and calling need."""

    inspection: Inspection
    virtual: dict[str, dict[str, Any]]
    functions: dict[str, tuple[str, FunctionShape]]
    """By exported function: its interface's full name and its type."""


def survey(native: wc.Component, engine: Engine, *, digest: str, size: int) -> Survey:
    """Read imports and exports of a compiled component; never raises for what they are, but lists it in `faults`."""
    ty = native.type
    imports, virtual = _imports(ty, engine)
    faults = [_forbidden(each) for each in imports if each.kind == "forbidden"]
    exports = ty.exports(engine)
    try:
        kind, functions, wrong = _world(exports, engine)
    except PluginRefused as error:
        kind, functions, wrong = None, {}, [error.message]
    inspection = Inspection(
        digest=digest,
        size=size,
        imports=tuple(imports),
        exports=tuple(list(exports)[:_MAX_NAMES]),
        kind=kind,
        faults=tuple(faults + wrong),
    )
    return Survey(inspection, virtual, functions)


def _forbidden(found: Import) -> str:
    members = f" ({', '.join(f'`{name}`' for name in found.members[:8])})" if found.members else ""
    return f"the component imports `{found.name}`{members}, which the sandbox does not give"


def _imports(ty: wc.ComponentType, engine: Engine) -> tuple[list[Import], dict[str, dict[str, Any]]]:
    found: list[Import] = []
    virtual: dict[str, dict[str, Any]] = {}
    for name, extern in ty.imports(engine).items():
        item = extern.ty
        if not isinstance(item, wc.ComponentInstanceType):
            kind: ImportKind = "types" if isinstance(item, wc.ValType) else "forbidden"
            found.append(Import(name, kind))
            continue
        members = {key: member.ty for key, member in item.exports(engine).items()}
        active = tuple(key for key, member in members.items() if not isinstance(member, wc.ValType))
        kind = "types" if not active else "virtual" if _virtual(name, members) else "forbidden"
        if kind == "virtual":
            virtual[name] = members
        found.append(Import(name, kind, active))
    return found, virtual


def _virtual(name: str, members: dict[str, Any]) -> bool:
    interface, _, version = name.partition("@")
    return (
        interface in INTERFACES
        and _WASI_VERSION.fullmatch(version) is not None
        and all(
            isinstance(member, wc.FuncType | wc.ValType) or (isinstance(member, wc.ResourceType) and key in RESOURCES)
            for key, member in members.items()
        )
    )


def _world(
    exports: dict[str, ComponentExtern], engine: Engine
) -> tuple[PluginKind | None, dict[str, tuple[str, FunctionShape]], list[str]]:
    """Find the one world that the exports fill; say what is wrong otherwise. Other exports are left alone."""
    kinds = [kind for kind in PluginKind if kind.interface in exports]
    if len(kinds) != 1:
        several = ", ".join(f"`{kind.interface}`" for kind in kinds)
        fault = f"the component exports {several}: only one is allowed" if kinds else "the component fills no world"
        return None, {}, [f"{fault}; a plugin exports `{LIFECYCLE}` and one interface of its kind"]
    kind = kinds[0]
    functions: dict[str, tuple[str, FunctionShape]] = {}
    faults: list[str] = []
    for interface, wanted in ((LIFECYCLE, {"configure": CONFIGURE}), (kind.interface, SIGNATURES[kind])):
        members = _members(exports.get(interface), engine)
        for name, signature in wanted.items():
            ty = members.get(name)
            if not isinstance(ty, wc.FuncType):
                faults.append(f"the component lacks the function `{name}` of `{interface}`")
                continue
            shape = function_shape(ty)
            functions[name] = (interface, shape)
            if str(shape) != signature:
                faults.append(f"the function `{name}` of `{interface}` is `{shape}`, not `{signature}`"[:1000])
    return kind, functions, faults


def _members(extern: ComponentExtern | None, engine: Engine) -> dict[str, Any]:
    item = None if extern is None else extern.ty
    if not isinstance(item, wc.ComponentInstanceType):
        return {}
    return {name: member.ty for name, member in item.exports(engine).items()}
