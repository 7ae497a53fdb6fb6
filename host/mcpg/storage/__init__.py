"""State that is not the ledger: accounts of limits, bounded caches, paused runs, sessions. It judges no call.

Each has a port in `ports` and drivers: memory for all, SQLite where state must survive a restart.
"""

from mcpg.storage.accounts import MemoryAccounts, check_charges
from mcpg.storage.cache import Lru
from mcpg.storage.parked import MemoryParked
from mcpg.storage.parked_sqlite import SqliteParked
from mcpg.storage.ports import Accounts, Charge, Parked, Reservation, Scope, StoreFull
from mcpg.storage.sessions import KeptSession, MemorySessions, SessionStore
from mcpg.storage.sessions_sqlite import SqliteSessions

__all__ = [
    "Accounts",
    "Charge",
    "KeptSession",
    "Lru",
    "MemoryAccounts",
    "MemoryParked",
    "MemorySessions",
    "Parked",
    "Reservation",
    "Scope",
    "SessionStore",
    "SqliteParked",
    "SqliteSessions",
    "StoreFull",
    "check_charges",
]
