"""The text that names where a request which asked goes on. It keeps nothing, and is no secret from this process.

Whoever hands it to a client must seal it: it holds a modern server's `requestState` as it came.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["State", "digest_of", "read_state", "write_state"]

_REPEATED = frozenset({"_meta", "inputResponses", "requestState"})


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where to go on.

    parked    the exchange is still open in this process, under `place`
    input     a modern server answered `input_required`: send again with the answers and its `request`
    again     a legacy server wants URLs opened first: send again
    """

    kind: Literal["parked", "input", "again"]
    digest: str
    """Of upstream, method and parameters: an answer belongs to one request."""
    place: str = ""
    request: str | None = None
    keys: dict[str, str] = {}
    """The method of each request that was asked, by its key."""


def digest_of(upstream: str, method: str, params: Mapping[str, Any]) -> str:
    """Return what tells one request from every other, but not from its own repetition."""
    whole = [upstream, method, {key: value for key, value in params.items() if key not in _REPEATED}]
    return hashlib.sha256(msgspec.json.encode(whole, order="sorted")).hexdigest()


def write_state(state: State) -> str:
    """Return a state as text."""
    return msgspec.json.encode(state).decode()


def read_state(text: str) -> State | None:
    """Return the state in `text`, None if there is none."""
    try:
        return msgspec.json.decode(text, type=State)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
