"""What the ledger keeps, as sinks are given it.

Generated from `wit/schemas/` by `plugins-src/sdk/generate.py`; do not edit.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

__all__ = [
    "AskTold",
    "Record",
    "RecordKind",
    "RecordedCaller",
    "StageRun",
]

RecordKind: TypeAlias = Literal["answered", "asked", "event", "intent", "outcome", "refusal"]


class AskTold(TypedDict):
    """One request of a server to the client of a call: its asker's key, and what became of it.

    `verdict` is `asked` or `refused` (by policy, under `code`) in an `asked` record; `answered`, `error`, `invalid` or
    `timeout` in an `answered` one. `digest` is that of the request as it was shown, or of the response as it counts.
    """

    key: str
    """the asker's key for it"""
    method: str
    """the MCP method that was asked"""
    verdict: str
    """what became of it"""
    code: str
    """why, where it was refused"""
    digest: str
    """digest under the tenant's key (`hmac-sha256:HEX`), or empty"""


class Record(TypedDict):
    """A record of the ledger: `intent` and `outcome` of a call, a `refusal`, or an `event` of the gateway.

    Between intent and outcome there are `asked` and `answered` where a server asks the call's client: `round` counts,
    `how` is `live`, `sealed` or `impossible`, `resumes` names the call that asked, where the client came back with
    another. `notices` counts the notifications of a call: `progress`, `messages`, `withheld`.

    `now` is the call's time in ms since 1970. `name` is what the client of the `endpoint` said, `canonical` what
    policies know it as, if that is another. Refusals of a flood are one record with `counted`, their codes and how many
    peers there were.
    """

    kind: RecordKind
    """what is recorded"""
    tenant: str
    """whose chain it stands in"""
    seq: int
    """its number in that chain"""
    call: str
    """the id of the call, for `mcpg explain`"""
    caller: NotRequired[RecordedCaller | None]
    """who called"""
    method: str
    """the MCP method"""
    name: str
    """what the client said"""
    endpoint: str
    """the endpoint that was asked"""
    canonical: str
    """the name that policies know, if another"""
    backend: str
    """the operator's name for the backend"""
    target: str
    """the backend's own name"""
    version: str
    """the revision of MCP that the client speaks"""
    arguments: str
    """digest under the tenant's key (`hmac-sha256:HEX`), or empty"""
    result: str
    """digest under the tenant's key (`hmac-sha256:HEX`), or empty"""
    now: int
    """the call's time in ms since 1970"""
    seed: str
    """the call's seed"""
    stages: list[StageRun]
    """every run of every stage, in order"""
    status: str
    """how the call ended, as `status` of an outcome"""
    stage: str
    """the stage that ended it"""
    code: str
    """the error's code"""
    message: str
    """the error in one line"""
    peer: str
    """the address of who was refused"""
    counted: int
    """how many refusals this one record stands for"""
    codes: dict[str, int]
    """how many there were of each code"""
    peers: int
    """how many peers there were"""
    event: str
    """the name of an event of the gateway"""
    round: int
    """how often the call's client had been asked"""
    how: str
    """how the client was asked"""
    asks: list[AskTold]
    """what it was asked, or answered"""
    resumes: str
    """the call that this one goes on with"""
    notices: dict[str, int]
    """how many notifications there were, by what became of them"""


class RecordedCaller(TypedDict):
    """The caller of a record: no attributes, no credential, only what kind of credential it was."""

    id: str
    """his id"""
    kind: str
    """what kind of caller"""
    trust: str
    """how far the id is proven"""
    groups: list[str]
    """his groups"""
    identity: str
    """the identity plugin's name"""
    credential: str
    """the kind of credential"""


class StageRun(TypedDict):
    """One run of a stage: which component under which configuration said what. `us` is microseconds."""

    stage: str
    """the stage"""
    use: str
    """the operator's name for the plugin"""
    verdict: str
    """what it said"""
    function: str
    """what it was asked"""
    component: str
    """the digest of the component"""
    config: str
    """the digest of its configuration"""
    input: str
    """digest under the tenant's key (`hmac-sha256:HEX`), or empty"""
    us: int
    """how long it took, in microseconds"""
    code: str
    """the code of a denial or failure"""
    message: str
    """the same in one line"""
    answer: str
    """digest under the tenant's key (`hmac-sha256:HEX`), or empty"""
    effects: list[str]
    """the drivers that it asked, in order"""
    replies: str
    """digest under the tenant's key (`hmac-sha256:HEX`), or empty"""
    memo: bool
    """whether the verdict was remembered from before"""
    shadow: bool
    """whether the verdict did not count"""
    skipped: bool
    """whether it failed and was passed over"""
