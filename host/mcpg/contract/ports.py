"""The ports between rooms. It holds no implementation; `gateway` wires them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from mcpg.contract.documents import Caller

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from mcpg.contract.documents import Credentials, RunFacts
    from mcpg.contract.manifest import Manifest
    from mcpg.contract.problems import McpgError
    from mcpg.contract.verdicts import Case, Effect

__all__ = [
    "GATEWAY",
    "Blobs",
    "CannotAsk",
    "Channel",
    "EffectContext",
    "Effects",
    "Guest",
    "GuestHandle",
    "Ledger",
    "McpCall",
    "Party",
    "Refusal",
    "RunSeen",
    "RunWatcher",
    "SecretSource",
    "Service",
    "UpstreamCalls",
    "Watching",
]


class Guest(Protocol):
    """A plugin use that is ready to be asked: a pooled, configured component.

    Raises `PluginTrapped` (trap, deadline, memory), `BadDocument` (not JSON, too large, unknown tag) and
    `PluginRefused` (fenced: revoked, replaced, quarantined).
    """

    @property
    def use(self) -> str:
        """The operator's name for this use."""
        ...

    @property
    def manifest(self) -> Manifest:
        """The component's manifest."""
        ...

    @property
    def digest(self) -> str:
        """The wasm digest of the component, `sha256:<hex>`."""
        ...

    @property
    def config_digest(self) -> str:
        """The digest of the configuration as the component got it, files included."""
        ...

    @property
    def memo(self) -> bool:
        """Whether verdicts of this use may be memoised (manifest and operator agree)."""
        ...

    async def ask(self, function: str, arguments: tuple[Any, ...], run: RunFacts, tenant: str) -> Case:
        """Make one pass: call the exported `function` with WIT-shaped `arguments` and return its tagged answer."""
        ...


class GuestHandle(Guest, Protocol):
    """A guest whose component or configuration may be exchanged under traffic."""

    def pinned(self) -> AbstractContextManager[Guest]:
        """Hold the current generation for one run: its digests and its answers belong together."""
        ...


class Blobs(Protocol):
    """Large bodies of one run, kept in the host; bounded in number and bytes."""

    def put(self, body: bytes, media: str) -> dict[str, Any]:
        """Keep `body` and return its `$ref` node."""
        ...

    def get(self, reference: str) -> bytes:
        """Return the body of a `$ref`; `KeyError` when this run has none of that name."""
        ...


@dataclass(frozen=True, slots=True)
class Party:
    """On whose behalf an upstream is asked, and what that client can be asked in turn; nobody: the gateway itself."""

    caller: tuple[str, ...] = ()
    """`Caller.identity`; empty for the gateway's own requests."""
    session: str = ""
    version: str = ""
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    """What the client declared (a ClientCapabilities object); upstreams are told what of it can be relayed."""
    log_level: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    """The client's own `_meta` without the protocol's members: relayed with the call that it came with."""


GATEWAY = Party()


class EffectContext(msgspec.Struct, frozen=True):
    """What one effect may know: its run, place, caller and deadline (event-loop seconds)."""

    run: str
    index: int
    caller: Caller
    deadline: float
    blobs: Blobs
    notify: Callable[[str, dict[str, Any]], Awaitable[None]]
    """Send an MCP notification (method, params) on the stream of the client's own request."""
    method: str = ""
    name: str = ""
    whole_bodies: bool = False
    """Whether bodies of any size stand in the reply itself, because the plugin's manifest asks for them."""
    party: Party = GATEWAY


class Effects(Protocol):
    """The effects of one plugin use under its grants."""

    def check(self, effect: Effect) -> None:
        """Return if the operator has granted `effect`; raise `EffectDenied` otherwise. Does no I/O."""
        ...

    async def perform(self, effect: Effect, context: EffectContext) -> Case:
        """Perform a checked effect: `ok(json text)` or `failed(problem)`; raises only on cancellation.

        A driver whose peer wants input of the MCP client first answers `suspended(Suspension)`.
        """
        ...

    async def resume(self, effect: Effect, state: str, responses: Mapping[str, Any], context: EffectContext) -> Case:
        """Go on with a suspended effect: `responses` are `{"result": ...}` or `{"error": ...}` by the request's key.

        Answers as `perform` does; keys without a response are asked for again.
        """
        ...

    def settled(self, effect: Effect, state: str) -> Awaitable[None]:
        """Return once the suspended effect waits for nobody any more: its peer has gone on, or is gone."""
        ...

    def abandon(self, effect: Effect, state: str) -> None:
        """End a suspended effect whose client will not answer: its peer is told that it is over."""
        ...


@dataclass(frozen=True, slots=True)
class RunSeen:
    """One finished run, with all that went into the plugin and came out of it: it may hold what people wrote.

    Finished is also a run that failed, or that waits for the client (`answer` is then `suspended`). Times in seconds.
    """

    call: str
    """The id of the request that the run belongs to, as the ledger has it."""
    use: str
    digest: str
    """The wasm digest of the component."""
    config_digest: str
    place: str
    """Where in the pipeline: `identity`, `policy`, `transform-in`, `backend`, ..."""
    function: str
    documents: tuple[str, ...]
    """The JSON texts as the plugin got them, in the order of the function's parameters, without the replies."""
    facts: RunFacts | None
    """None for an answer from the memo, which no plugin was asked for."""
    effects: tuple[Effect, ...]
    """All effects that the last pass which asked for any named; `replies` has those of the ones performed."""
    replies: tuple[Case, ...]
    answer: Case | None
    problem: McpgError | None
    """Why there is no answer."""
    passes: int
    guest_seconds: float
    """Time of all passes, waiting for a thread included."""
    seconds: float


class RunWatcher(Protocol):
    """Who is told of every run of a gateway: for who develops a plugin, never for production.

    Given in code by who makes the gateway; no configuration file can name one.
    """

    def seen(self, run: RunSeen) -> None:
        """Take one finished run; must not block. What it raises is logged and changes no run."""
        ...


class SecretSource(Protocol):
    """Where secrets come from: one scheme each (`env`, `file`)."""

    async def read(self, name: str) -> str:
        """Return the secret of that name; `KeyError` when there is none."""
        ...


class Ledger(Protocol):
    """Append-only records; `append` returns when the record is durable and chained."""

    async def append(self, tenant: str, record: Mapping[str, Any]) -> int:
        """Write one record and return its sequence in the tenant's chain; raises `LedgerUnavailable`."""
        ...

    def keyed_digest(self, tenant: str, text: str | bytes) -> str:
        """Return `hmac-sha256:<hex>` under the tenant's key, for values that are secret or guessable."""
        ...


class Watching(Protocol):
    """Something that is watched until it is closed."""

    def close(self) -> None:
        """Watch no more; may be called twice."""
        ...


class UpstreamCalls(Protocol):
    """Calls to MCP servers behind us, by the operator's name for them."""

    async def request(
        self,
        upstream: str,
        method: str,
        params: dict[str, Any],
        *,
        deadline: float,
        notify: Callable[[str, dict[str, Any]], Awaitable[None]] | None = None,
        party: Party = GATEWAY,
    ) -> dict[str, Any]:
        """Return `{"result": ...}` or `{"error": ...}`; raises `UpstreamFailed` when no answer could be had.

        Where the upstream wants input of the party's client first:
        `{"asking": {"requests": {key: {"method", "params"}}, "state": text}}`, the same for servers that ask in the
        middle of a call and for `input_required` results.
        """
        ...

    async def resume(
        self,
        upstream: str,
        method: str,
        params: dict[str, Any],
        *,
        state: str,
        responses: Mapping[str, Any],
        deadline: float,
        notify: Callable[[str, dict[str, Any]], Awaitable[None]] | None = None,
        party: Party = GATEWAY,
    ) -> dict[str, Any]:
        """Go on with a request that asked, same parameters; `responses` are `{"result"}` or `{"error"}` by key.

        Returns as `request` does. `UpstreamFailed` with code `upstream-unknown` when what was parked is gone.
        """
        ...

    def settled(self, upstream: str, state: str) -> Awaitable[None]:
        """Return once nobody waits for these responses any more: the upstream has answered, withdrawn, or is gone."""
        ...

    def abandon(self, state: str) -> None:
        """End what waits there, because its client will not answer; nothing where nothing waits any more."""
        ...

    async def watch(
        self, upstream: str, uri: str, updated: Callable[[dict[str, Any]], None], party: Party = GATEWAY
    ) -> Watching:
        """Tell of `notifications/resources/updated` (its params) for one resource; raises `UpstreamFailed`.

        Where a party has a server process of its own, the resource is watched there.
        """
        ...

    async def note(self, method: str, params: dict[str, Any], party: Party) -> None:
        """Pass a client's notification (`notifications/roots/list_changed`) to the party's own links."""
        ...

    async def release(self, party: Party) -> None:
        """End what was opened for this party's session only: its processes and upstream sessions."""
        ...


class CannotAsk(Exception):  # noqa: N818 - it says what the client lacks
    """The client cannot be asked now: its version has no such request, or it can no longer be reached."""


class Channel(Protocol):
    """The client's side of one request while it runs."""

    async def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification that belongs to this request; dropped when the client cannot take it."""
        ...

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send a request that belongs to this request; return `{"result": ...}` or `{"error": ...}`.

        For versions with a handshake only; raises `CannotAsk` otherwise. Cancelling it tells the client (which gets
        `notifications/cancelled`). The caller of `ask` sets its time limit.
        """
        ...


@dataclass(frozen=True, slots=True)
class McpCall:
    """One MCP request after the protocol room has checked it."""

    method: str
    params: dict[str, Any]
    version: str
    """The protocol version that governs this request, such as `2025-11-25`."""
    request_id: str | int
    session: str = ""
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    """What the client declared (for this request, or for its session)."""
    progress_token: str | int | None = None
    log_level: str = ""
    mirrored: Mapping[str, str] | None = None
    """Headers `mcp-param-*` of a modern HTTP request, for the stage that knows the tool's schema
    (`protocol.mirrors.check_mirrors`); none where the transport has no headers."""


class Refusal(Exception):  # noqa: N818 - a refusal is an answer
    """A JSON-RPC error for the client: `code`, `message`, `data`, and the HTTP status of its carrier."""

    def __init__(
        self, code: int, message: str, *, data: Any = None, status: int = 200, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        self.status = status
        self.headers = tuple(headers)


class Service(Protocol):
    """The pipeline as the edges see it."""

    async def identify(self, credentials: Credentials) -> Caller:
        """Run the identity chain; raises `Refusal` with status 401 for a bad or missing credential, 503 on failure."""
        ...

    async def respond(self, caller: Caller, call: McpCall, channel: Channel) -> dict[str, Any]:
        """Answer one MCP request with its result; raises `Refusal`."""
        ...

    async def watch(
        self, caller: Caller, call: McpCall, uri: str, updated: Callable[[dict[str, Any]], None]
    ) -> Watching:
        """Watch one resource for a caller, judged and recorded as `resources/subscribe`; raises `Refusal`.

        `call` is the request that asks for it (resources/subscribe or subscriptions/listen). `updated` gets the params
        of each `notifications/resources/updated` that the caller may see, in this endpoint's URIs.
        """
        ...

    async def fingerprint(self, caller: Caller, kind: str, *, version: str, session: str) -> str:
        """Return what changes when the caller's list of `tools`, `prompts` or `resources` does; raises `Refusal`."""
        ...

    async def note(self, caller: Caller, method: str, params: dict[str, Any], *, version: str, session: str) -> None:
        """Take a notification of a client that is not about one request (`notifications/roots/list_changed`)."""
        ...

    async def release(self, caller: Caller, *, session: str) -> None:
        """Let go of what is held for a session that has ended."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return `{"serverInfo", "capabilities", "instructions"?}` for initialize and server/discover."""
        ...
