"""Where idle instances stand: by tenant or not, how many, and who must go first. It makes none and calls none."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcpg.sandbox.instances import Instance
    from mcpg.sandbox.settings import Isolation, SandboxSettings

__all__ = ["Shelves"]


class Shelves:
    """Idle instances of one pool: new ones that nobody has used, and used ones for those who may use them again."""

    def __init__(self, settings: SandboxSettings, isolation: Isolation) -> None:
        self._once = isolation == "call"
        self._by_tenant = isolation == "tenant"
        self._each = settings.shared_instances
        self._ready = settings.ready_instances if isolation == "call" else 1
        self._tenants = settings.tenants
        self._new: list[Instance] = []
        self._used: OrderedDict[str, list[Instance]] = OrderedDict()

    @property
    def count(self) -> int:
        """Idle instances of now."""
        return len(self._new) + sum(map(len, self._used.values()))

    @property
    def hungry(self) -> bool:
        """Whether instances should be made ahead of time."""
        return self._once and len(self._new) < self._ready

    def take(self, tenant: str) -> Instance | None:
        """Take an instance that this tenant may use; a tenant never gets what another one has used, by isolation."""
        used = self._used.get(tenant if self._by_tenant else "")
        if used:
            return used.pop()
        return self._new.pop() if self._new else None

    def give_new(self, instance: Instance) -> None:
        """Put up an instance that nobody has used yet; one too many is closed."""
        if len(self._new) < self._ready:
            self._new.append(instance)
        else:
            instance.close()

    def give_back(self, tenant: str, instance: Instance) -> None:
        """Put back an instance after a pass of `tenant`; with isolation `call`, or when there are enough, close it."""
        if self._once:
            instance.close()
            return
        key = tenant if self._by_tenant else ""
        shelf = self._used.get(key)
        if shelf is None:
            shelf = self._used[key] = []
            if len(self._used) > self._tenants:
                _close(self._used.popitem(last=False)[1])
        if len(shelf) < self._each:
            shelf.append(instance)
        else:
            instance.close()
        if self._by_tenant:
            self._used.move_to_end(key)

    def clear(self) -> None:
        """Close every idle instance."""
        _close(self._new)
        for shelf in self._used.values():
            _close(shelf)
        self._used.clear()


def _close(shelf: list[Instance]) -> None:
    while shelf:
        shelf.pop().close()
