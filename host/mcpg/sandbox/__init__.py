"""The only room that runs guests, and the only importer of wasmtime. It decides nothing and reaches nothing real."""

from __future__ import annotations

from mcpg.sandbox.component import Component
from mcpg.sandbox.inspection import Import, Inspection
from mcpg.sandbox.pool import Pool, PoolStats
from mcpg.sandbox.sandbox import Sandbox
from mcpg.sandbox.sections import manifest_section
from mcpg.sandbox.settings import Isolation, PassLimits, SandboxSettings

__all__ = [
    "Component",
    "Import",
    "Inspection",
    "Isolation",
    "PassLimits",
    "Pool",
    "PoolStats",
    "Sandbox",
    "SandboxSettings",
    "manifest_section",
]
