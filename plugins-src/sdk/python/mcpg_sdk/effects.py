"""Effects as straight-line calls: `http(...)` returns the reply document. Nothing here performs anything.

A call whose reply is already there returns it; the first one whose reply is missing ends the pass, and the host asks
again with the reply. `all([...])` takes descriptions (`http.effect(...)`) and asks for several at once.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, Literal

from .problems import Failed
from .run import Effect, current, running
from .texts import dump, well_formed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .documents import Secret

__all__ = ["Driver", "all", "ask", "ask_client", "log", "secret"]

LONGEST_LINE = 4096
Level = Literal["debug", "info", "warning", "error"]


class Driver:
    """One driver by its name: call it to have the effect performed, `effect` only describes it for `all`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, **request: Any) -> Any:
        """Return the reply document; `Failed` when it did not work. `request` is that of the driver's schema."""
        return ask(self.name, request)

    def effect(self, **request: Any) -> Effect:
        """Return the description of the effect."""
        return _effect(self.name, request)


def _effect(driver: str, request: Mapping[str, Any]) -> Effect:
    return Effect(driver, dump(request, f"the request to `{driver}`"))


def ask(driver: str, request: Mapping[str, Any]) -> Any:
    """Ask any driver by its name and return the reply document; `Failed` when it did not work."""
    (reply,) = current().take([_effect(driver, request)])
    if isinstance(reply, Failed):
        raise reply
    return reply


def all(effects: Iterable[Effect], *, failures: bool = False) -> list[Any]:  # noqa: A001 - so in every language
    """Ask for several effects at once and return their reply documents in the same order.

    Raises the first `Failed`; with `failures` each stands in the list in the place of its reply instead.
    """
    wanted = list(effects)
    if not builtins.all(isinstance(each, Effect) for each in wanted):
        raise TypeError("`all` takes descriptions such as `http.effect(...)`; Python's own is `builtins.all`")
    replies = current().take(wanted)
    for reply in replies:
        if isinstance(reply, Failed) and not failures:
            raise reply
    return replies


def ask_client(requests: Mapping[str, Mapping[str, Any]], state: str = "") -> Any:
    """Ask the MCP client of this call (backends only) and return its answers by key.

    `requests` are MCP's `inputRequests`: `{"name": {"method": "elicitation/create", "params": {...}}}`.
    """
    return current().ask(dump({"requests": requests, "state": state}, "what the client is asked"))


def log(level: Level, message: str, data: Any = None) -> None:
    """Write a line of the gateway's log, for its operator. The pass goes on; outside a run nothing happens.

    The manifest has to list the driver `log` under `effects`. `data` is JSON; never put a secret into either.
    """
    run = running()
    if run is None:
        return
    request: dict[str, Any] = {"level": level, "message": well_formed(str(message))[:LONGEST_LINE]}
    if data is not None:
        request["data"] = data
    run.tell(_effect("log", request))


def secret(reference: str, prefix: str = "", suffix: str = "") -> Secret:
    """Return the node that the host replaces by a secret, such as `secret("secret://env/TOKEN", "Bearer ")`.

    It may stand only where a driver's request has a place for one. The plugin never sees the secret.
    """
    node: Secret = {"$secret": reference}
    if prefix:
        node["prefix"] = prefix
    if suffix:
        node["suffix"] = suffix
    return node
