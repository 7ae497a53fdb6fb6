"""Host-side extension points: `hookspecs` says what there is, `registry` finds who answers."""

from mcpg.hooks.hookspecs import hookimpl
from mcpg.hooks.registry import Extensions

__all__ = ["Extensions", "hookimpl"]
