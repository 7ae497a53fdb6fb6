"""A compiled component that may be run: its digest, what it shows, its linker and call plans. It holds no instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.contract.problems import PluginRefused
from mcpg.sandbox.calls import Plan
from mcpg.sandbox.linkage import linker_for

if TYPE_CHECKING:
    from wasmtime import Engine
    from wasmtime import component as wc

    from mcpg.contract.worlds import PluginKind
    from mcpg.sandbox.inspection import Inspection, Survey

__all__ = ["Component"]


class Component:
    """What `Sandbox.load` gives. `digest` is `sha256:<hex>` of the wasm; `inspection` what was read off it."""

    def __init__(self, engine: Engine, native: wc.Component, survey: Survey, label: str) -> None:
        self.label = label
        self.inspection: Inspection = survey.inspection
        self.virtual = not survey.inspection.pure
        """Whether it imports WASI, which is then a virtual one."""
        self.native = native
        self.engine = engine
        self.linker = linker_for(engine, survey.virtual)
        self.plans = {name: Plan(shape) for name, (_, shape) in survey.functions.items()}
        self.exports = {name: self._export(interface, name) for name, (interface, _) in survey.functions.items()}

    @property
    def digest(self) -> str:
        """The wasm digest, `sha256:<hex>`."""
        return self.inspection.digest

    @property
    def kind(self) -> PluginKind:
        """The kind whose world it fills; loading has made sure that there is one."""
        kind = self.inspection.kind
        if kind is None:
            raise PluginRefused(f"`{self.label}` fills no world", code="wrong-world")
        return kind

    def _export(self, interface: str, name: str) -> wc.ExportIndex:
        outer = self.native.get_export_index(interface)
        inner = None if outer is None else self.native.get_export_index(name, outer)
        if inner is None:
            raise PluginRefused(f"`{self.label}` lacks the function `{name}` of `{interface}`", code="wrong-world")
        return inner
