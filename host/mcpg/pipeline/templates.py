"""URI templates of resources, matched in time linear in the URI. It expands none and decodes nothing.

Variables are matched from the left, each as short as its next literal allows; `{+path}`, `{path*}` and the like take
slashes, plain ones do not. There is no backtracking, so an upstream's template cannot stall the event loop; a URI that
could only match by taking a longer first variable is unknown. Source: RFC 6570; MCP, "Resource templates".
"""

from __future__ import annotations

import re

__all__ = ["Template"]

_VARIABLE = re.compile(r"(\{[^{}]*\})")
_RESERVED = frozenset("/?#")


class Template:
    """A compiled template; adjacent variables count as one."""

    __slots__ = ("_head", "_steps")

    def __init__(self, text: str) -> None:
        parts = [part for part in _VARIABLE.split(text) if part]
        self._head = parts.pop(0) if parts and not _VARIABLE.fullmatch(parts[0]) else ""
        self._steps: list[tuple[bool, str]] = []
        """(whether the variable takes slashes, the literal after it)"""
        for part in parts:
            if _VARIABLE.fullmatch(part):
                wide = part[1:2] in set("+#*/") or part[-2:-1] == "*"
                if self._steps and not self._steps[-1][1]:
                    self._steps[-1] = (self._steps[-1][0] or wide, "")
                else:
                    self._steps.append((wide, ""))
            else:
                self._steps[-1] = (self._steps[-1][0], part)

    def matches(self, uri: str) -> bool:
        """Whether the URI is one of this template's."""
        if not uri.startswith(self._head):
            return False
        at = len(self._head)
        for number, (wide, literal) in enumerate(self._steps, 1):
            if not literal:
                end = len(uri)
            elif number == len(self._steps):
                end = len(uri) - len(literal) if uri.endswith(literal) else -1
            else:
                end = uri.find(literal, at + 1)
            if end <= at or not (wide or _RESERVED.isdisjoint(uri[at:end])):
                return False
            at = end + len(literal)
        return at == len(uri)
