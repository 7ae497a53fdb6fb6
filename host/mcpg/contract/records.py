"""The copies of ledger records that sinks are given. It writes none, and is not what `mcpg audit verify` reads.

The ledger itself keeps a record as canonical JSON under its envelope; a copy has the record's own fields, its tenant
and its sequence. Arguments, results and inputs are digests under the tenant's key (`hmac-sha256:<hex>`), or left out.
"""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["AskTold", "Record", "RecordedCaller", "StageRun"]


class _Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Open: a later version may tell more, and events have facts of their own."""


class RecordedCaller(_Told, frozen=True, kw_only=True):
    """The caller of a record: no attributes, no credential, only what kind of credential it was."""

    id: str
    kind: str
    trust: str
    groups: tuple[str, ...] = ()
    identity: str = ""
    credential: str = ""


class StageRun(_Told, frozen=True, kw_only=True):
    """One run of a stage: which component under which configuration said what. `us` is microseconds."""

    stage: str
    use: str
    verdict: str
    function: str = ""
    component: str = ""
    config: str = ""
    input: str = ""
    us: int = 0
    code: str = ""
    message: str = ""
    answer: str = ""
    effects: tuple[str, ...] = ()
    replies: str = ""
    memo: bool = False
    shadow: bool = False
    skipped: bool = False


class AskTold(_Told, frozen=True, kw_only=True):
    """One request of a server to the client of a call: its asker's key, and what became of it.

    `verdict` is `asked` or `refused` (by policy, under `code`) in an `asked` record; `answered`, `error`, `invalid` or
    `timeout` in an `answered` one. `digest` is that of the request as it was shown, or of the response as it counts.
    """

    key: str
    method: str
    verdict: str
    code: str = ""
    digest: str = ""


class Record(_Told, frozen=True, kw_only=True):
    """A record of the ledger: `intent` and `outcome` of a call, a `refusal`, or an `event` of the gateway.

    Between intent and outcome there are `asked` and `answered` where a server asks the call's client: `round` counts,
    `how` is `live`, `sealed` or `impossible`, `resumes` names the call that asked, where the client came back with
    another. `notices` counts the notifications of a call: `progress`, `messages`, `withheld`.

    `now` is the call's time in ms since 1970. `name` is what the client of the `endpoint` said, `canonical` what
    policies know it as, if that is another. Refusals of a flood are one record with `counted`, their codes and how many
    peers there were.
    """

    kind: Literal["intent", "outcome", "refusal", "event", "asked", "answered"]
    tenant: str
    seq: int
    call: str = ""
    caller: RecordedCaller | None = None
    method: str = ""
    name: str = ""
    endpoint: str = ""
    canonical: str = ""
    backend: str = ""
    target: str = ""
    version: str = ""
    arguments: str = ""
    result: str = ""
    now: int = 0
    seed: str = ""
    stages: tuple[StageRun, ...] = ()
    status: str = ""
    stage: str = ""
    code: str = ""
    message: str = ""
    peer: str = ""
    counted: int = 0
    codes: dict[str, int] = {}
    peers: int = 0
    event: str = ""
    round: int = 0
    how: str = ""
    asks: tuple[AskTold, ...] = ()
    resumes: str = ""
    notices: dict[str, int] = {}
