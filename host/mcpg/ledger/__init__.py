"""The append-only audit ledger: records, chains, signed heads, verification. It decides nothing and sends nothing.

`SqliteLedger` is what a gateway writes with; `verify`, `tail`, `records_of` and `head` read a ledger, also while it is
being written. See docs/adr/0003-ledger.md.
"""

from mcpg.ledger.gate import Limits
from mcpg.ledger.heads import Head, parse_head
from mcpg.ledger.ledger import SqliteLedger
from mcpg.ledger.read import head, records_of, tail
from mcpg.ledger.records import SYSTEM, Entry
from mcpg.ledger.report import Finding, Report
from mcpg.ledger.verify import verify

__all__ = [
    "SYSTEM",
    "Entry",
    "Finding",
    "Head",
    "Limits",
    "Report",
    "SqliteLedger",
    "head",
    "parse_head",
    "records_of",
    "tail",
    "verify",
]
