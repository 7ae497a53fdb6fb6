"""Write MCPG plugins as straight-line Python: `@policy`, `@transform` or `@backend` before a class.

A plugin can do nothing; it can only ask: `http(url=...)` and the like return the reply document. The same inputs and
replies must give the same answer, so nothing here reads a clock, a file or a random number.
"""

from __future__ import annotations

from .answers import (
    Obligation,
    abstain,
    annotate,
    changed,
    deny,
    error_result,
    json_result,
    obligation,
    permit,
    redact,
    text_result,
    unchanged,
)
from .documents import Action, Call, Caller, Catalog, Outcome, RunFacts, Secret
from .drivers import command, http, mcp, notify, sign, sql
from .effects import all, ask, ask_client, log, secret  # noqa: A004 - so in every language
from .kinds import backend, policy, transform
from .problems import Failed, Problem
from .run import Answer, Effect

__all__ = [
    "Action",
    "Answer",
    "Call",
    "Caller",
    "Catalog",
    "Effect",
    "Failed",
    "Obligation",
    "Outcome",
    "Problem",
    "RunFacts",
    "Secret",
    "abstain",
    "all",
    "annotate",
    "ask",
    "ask_client",
    "backend",
    "changed",
    "command",
    "deny",
    "error_result",
    "http",
    "json_result",
    "log",
    "mcp",
    "notify",
    "obligation",
    "permit",
    "policy",
    "redact",
    "secret",
    "sign",
    "sql",
    "text_result",
    "transform",
    "unchanged",
]
__version__ = "1.0.0"
