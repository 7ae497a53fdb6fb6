"""What crosses the boundary as types: effects, replies, problems and tagged answers. It holds no documents."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Case", "Charge", "Effect", "Obligation", "Problem", "Reply", "Suspension", "failed", "ok", "suspended"]


class Case(NamedTuple):
    """One case of a WIT variant or result: its name and what it carries."""

    tag: str
    value: Any = None


class Effect(NamedTuple):
    """Something that only the host can do: the driver's name and its request as JSON text."""

    driver: str
    request: str


class Problem(NamedTuple):
    """Why something did not work: a stable code and one line for a person, never a secret."""

    code: str
    message: str


class Obligation(NamedTuple):
    """Something that must be done if the action goes ahead: its kind and its detail as JSON text."""

    kind: str
    detail: str


class Charge(NamedTuple):
    """What to take from one account, in millionths (`window` in seconds); no number is above 2^53-1."""

    account: list[str]
    cost: int
    capacity: int
    refill: int
    window: int


class Suspension(NamedTuple):
    """What a driver's peer wants of the MCP client: requests by key (`{"method", "params"}`), and where to go on."""

    requests: dict[str, dict[str, Any]]
    state: str


Reply = Case
"""What the world answered to one effect: `Case("ok", json_text)` or `Case("failed", Problem)`."""


def ok(text: str) -> Case:
    """Return the reply for an effect that was performed; `text` is the driver's reply document."""
    return Case("ok", text)


def failed(code: str, message: str) -> Case:
    """Return the reply for an effect that did not work."""
    return Case("failed", Problem(code, message))


def suspended(requests: dict[str, dict[str, Any]], state: str) -> Case:
    """Return the answer of a driver that cannot go on before the MCP client has answered; no plugin ever sees it."""
    return Case("suspended", Suspension(requests, state))
