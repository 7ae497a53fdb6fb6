"""The WIT types of every exported function of the eight worlds, as the sandbox sees them. A test compares it to `wit/`.

A component that exports the right names with other types is refused here, before any of its code runs.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from mcpg.contract.worlds import PACKAGE, VERSION, PluginKind

__all__ = ["CONFIGURE", "LIFECYCLE", "SIGNATURES"]

LIFECYCLE: Final = f"{PACKAGE}/lifecycle@{VERSION}"

_PROBLEM: Final = "record{code: string, message: string}"
_EFFECTS: Final = "list<record{driver: string, request: string}>"
_REPLIES: Final = f"list<variant{{ok(string), failed({_PROBLEM})}}>"
_CHARGES: Final = "list<record{account: list<string>, cost: u64, capacity: u64, refill: u64, window: u64}>"
_OBLIGATIONS: Final = "list<record{kind: string, detail: string}>"
_FAILED: Final = f"failed({_PROBLEM})"
_PERFORM: Final = f"perform({_EFFECTS})"
_DENY: Final = f"deny({_PROBLEM})"

CONFIGURE: Final = f"func(config: string) -> result<_, {_PROBLEM}>"


def _asks(parameters: str, *cases: str) -> str:
    """Return the type of a function that takes replies and may answer `failed` or `perform`."""
    given = f"{parameters}, replies: {_REPLIES}" if parameters else f"replies: {_REPLIES}"
    return f"func({given}) -> variant{{{', '.join(cases)}}}"


_CHANGE: Final = ("unchanged", "changed(string)", _DENY, _FAILED, _PERFORM)

SIGNATURES: Final[MappingProxyType[PluginKind, MappingProxyType[str, str]]] = MappingProxyType(
    {
        kind: MappingProxyType(functions)
        for kind, functions in {
            PluginKind.IDENTITY: {
                "identify": _asks(
                    "request: string", "caller(string)", "abstain", f"reject({_PROBLEM})", _FAILED, _PERFORM
                ),
            },
            PluginKind.POLICY: {
                "decide": _asks(
                    "caller: string, action: string", f"permit({_OBLIGATIONS})", _DENY, "abstain", _FAILED, _PERFORM
                ),
                "see": _asks("caller: string, actions: string", "seen(string)", _FAILED, _PERFORM),
            },
            PluginKind.LIMIT: {
                "reserve": f"func(caller: string, action: string) -> variant{{charge({_CHARGES}), {_DENY}, {_FAILED}}}",
                "settle": f"func(caller: string, action: string, outcome: string) -> result<{_CHARGES}, {_PROBLEM}>",
            },
            PluginKind.TRANSFORM: {
                "before": _asks("caller: string, call: string", *_CHANGE),
                "after": _asks("caller: string, call: string, outcome: string", *_CHANGE),
            },
            PluginKind.BACKEND: {
                "describe": _asks("", "catalog(string)", _FAILED, _PERFORM),
                "call": _asks("caller: string, call: string", "done(string)", _FAILED, _PERFORM, "ask(string)"),
            },
            PluginKind.CATALOG: {"shape": f"func(caller: string, catalog: string) -> result<string, {_PROBLEM}>"},
            PluginKind.CREDENTIAL: {
                "issue-for": _asks("caller: string, target: string", "issued(string)", _DENY, _FAILED, _PERFORM),
            },
            PluginKind.SINK: {
                "deliver": _asks("batch: string", "delivered", f"retry({_PROBLEM})", _FAILED, _PERFORM),
            },
        }.items()
    }
)
"""Every function's type for each kind, spelled as `FunctionShape` spells it."""
