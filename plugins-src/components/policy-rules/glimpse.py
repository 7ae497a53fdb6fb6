"""Arguments that are not there yet: it remembers whether anybody looked at them. It holds nothing."""

from __future__ import annotations

from typing import Any

__all__ = ["Glimpse"]


class _Looked(Exception):
    """Somebody looked: the rules cannot be asked further without arguments."""


class Glimpse(dict[str, Any]):
    """A dictionary whose members nobody sees. `looked` is true once anybody tried, even if they caught the error."""

    def __init__(self) -> None:
        # Not empty: what looks at no member still sees a size.
        super().__init__({"": None})
        self.looked = False

    def _look(self, *_arguments: Any, **_named: Any) -> Any:
        self.looked = True
        raise _Looked("there are no arguments yet")

    __getitem__ = get = __contains__ = __iter__ = __len__ = keys = values = items = _look
    __eq__ = __ne__ = __or__ = __ror__ = __repr__ = __reversed__ = copy = pop = popitem = setdefault = _look
    __hash__ = None  # type: ignore[assignment] - as that of any dictionary
