"""Driver `mcp`: one request to an MCP server behind us, by the operator's name for it. It speaks no MCP itself.

upstreams     the operator's names
methods       `tools/call`, `prompts/get`, `resources/read` and the three lists unless listed
names         globs for the tool, prompt or resource that a request is about; all unless listed
timeout       30s unless said
"""

from __future__ import annotations

import asyncio
import fnmatch
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from mcpg.contract.effects import McpReply, McpRequest
from mcpg.contract.problems import EffectDenied, UpstreamFailed
from mcpg.contract.verdicts import Case, failed, ok, suspended
from mcpg.effects.grants import GrantFields, duration, read_grant
from mcpg.effects.http_reply import LARGE, keep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mcpg.contract.ports import EffectContext, UpstreamCalls
    from mcpg.effects.secrets import Keyring

__all__ = ["McpDriver", "McpGrant"]

_USUAL = (
    "tools/list", "tools/call", "prompts/list", "prompts/get", "resources/list", "resources/read",
    "resources/templates/list",
)  # fmt: skip
_READING = frozenset({"tools/list", "prompts/list", "prompts/get", "resources/list", "resources/read",
                      "resources/templates/list", "ping", "completion/complete"})  # fmt: skip
_CALLS = frozenset({"tools/call", "prompts/get", "resources/read"})


class _Fields(GrantFields, frozen=True):
    upstreams: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    methods: tuple[str, ...] = _USUAL
    names: tuple[str, ...] = ("*",)
    timeout: str | int | float = "30s"


@dataclass(frozen=True, slots=True)
class McpGrant:
    """A grant as it is used; `timeout` in seconds."""

    upstreams: frozenset[str]
    methods: frozenset[str]
    names: re.Pattern[str]
    timeout: float


class McpDriver:
    """Passes requests to the upstreams room through its port."""

    name = "mcp"
    request = McpRequest

    def __init__(self, upstreams: UpstreamCalls) -> None:
        self._upstreams = upstreams

    async def start(self) -> None:
        """Nothing to do: the upstreams room has its own life."""

    async def stop(self) -> None:
        """Nothing to do."""

    def grant(self, document: Mapping[str, Any], keyring: Keyring) -> McpGrant:  # noqa: ARG002 - the protocol's
        """Read the fields above; raises `ConfigError`."""
        fields = read_grant(_Fields, document, "mcp")
        names = re.compile("|".join(fnmatch.translate(glob) for glob in fields.names) or r"(?!)")
        seconds = duration(fields.timeout, "mcp.timeout")
        return McpGrant(frozenset(fields.upstreams), frozenset(fields.methods), names, seconds)

    def check(self, request: McpRequest, grant: McpGrant) -> None:
        """Return if upstream, method and every name in the parameters are granted; raises `EffectDenied`."""
        if request.upstream not in grant.upstreams:
            raise EffectDenied(f"upstream `{request.upstream}` is not granted (`upstreams`)")
        if request.method not in grant.methods:
            raise EffectDenied(f"method `{request.method}` is not granted (`methods`)")
        reference = request.params.get("ref")
        for holder in (request.params, reference if isinstance(reference, dict) else {}):
            for key in ("name", "uri"):
                name = holder.get(key)
                if name is not None and not (isinstance(name, str) and grant.names.match(name)):
                    raise EffectDenied(f"`{str(name)[:128]}` is not granted (`names`)")

    async def perform(self, request: McpRequest, grant: McpGrant, context: EffectContext) -> Case:
        """Answer `ok(McpReply)`, `suspended` or `failed`, which is `outcome-unknown` unless the method only reads."""

        def send(deadline: float) -> Awaitable[dict[str, Any]]:
            return self._upstreams.request(
                request.upstream,
                request.method,
                _passed(request),
                deadline=deadline,
                notify=context.notify,
                party=context.party,
            )

        return await _ended(request, grant, context, send)

    async def resume(
        self, request: McpRequest, grant: McpGrant, context: EffectContext, state: str, responses: Mapping[str, Any]
    ) -> Case:
        """Go on with a request whose upstream asked; answers as `perform` does."""

        def send(deadline: float) -> Awaitable[dict[str, Any]]:
            return self._upstreams.resume(
                request.upstream,
                request.method,
                _passed(request),
                state=state,
                responses=responses,
                deadline=deadline,
                notify=context.notify,
                party=context.party,
            )

        return await _ended(request, grant, context, send)

    def settled(self, request: McpRequest, grant: McpGrant, state: str) -> Awaitable[None]:  # noqa: ARG002 - the protocol's
        """Return once the upstream waits for no response any more."""
        return self._upstreams.settled(request.upstream, state)

    def abandon(self, request: McpRequest, grant: McpGrant, state: str) -> None:  # noqa: ARG002 - the protocol's
        """End what the upstream waits for there."""
        self._upstreams.abandon(state)


async def _ended(
    request: McpRequest, grant: McpGrant, context: EffectContext, send: Callable[[float], Awaitable[dict[str, Any]]]
) -> Case:
    now = asyncio.get_running_loop().time()
    deadline = min(context.deadline, now + min(request.timeout / 1000, grant.timeout))
    try:
        async with asyncio.timeout_at(deadline):
            answer = await send(deadline)
    except TimeoutError:
        code = "timeout" if request.method in _READING else "outcome-unknown"
        return failed(code, f"upstream `{request.upstream}` gave no answer in time")
    except UpstreamFailed as error:
        return failed(error.code, error.message)
    asking = answer.get("asking")
    if asking is not None:
        return suspended(asking["requests"], asking["state"])
    return ok(_reply(answer, context))


def _passed(request: McpRequest) -> dict[str, Any]:
    return _with_token(request.params) if request.method in _CALLS else request.params


def _with_token(params: dict[str, Any]) -> dict[str, Any]:
    """Return `params` that ask for progress: the upstreams room puts its own token there, the client's is put in later.

    A plugin passes a call on and does not know whether its client wants progress; what nobody wants is dropped.
    """
    given = params.get("_meta")
    return {**params, "_meta": {**(given if isinstance(given, dict) else {}), "progressToken": 0}}


def _reply(answer: dict[str, Any], context: EffectContext) -> str:
    reply = McpReply(result=answer.get("result"), error=answer.get("error"))
    text = msgspec.json.encode(reply)
    if len(text) > LARGE and reply.error is None and not context.whole_bodies:
        body = keep(context.blobs, msgspec.json.encode(reply.result), "application/json")
        text = msgspec.json.encode(McpReply(result=msgspec.to_builtins(body)))
    return text.decode()
