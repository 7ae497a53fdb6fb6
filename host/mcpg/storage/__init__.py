"""State that is not the ledger: accounts of limits, bounded caches, paused runs. It decides nothing about calls.

Each has a port in `ports` and drivers: memory for all, SQLite where state must survive a restart.
"""

from mcpg.storage.accounts import MemoryAccounts
from mcpg.storage.cache import Lru
from mcpg.storage.parked import MemoryParked
from mcpg.storage.parked_sqlite import SqliteParked
from mcpg.storage.ports import Accounts, Charge, Parked, Reservation, Scope, StoreFull

__all__ = [
    "Accounts",
    "Charge",
    "Lru",
    "MemoryAccounts",
    "MemoryParked",
    "Parked",
    "Reservation",
    "Scope",
    "SqliteParked",
    "StoreFull",
]
