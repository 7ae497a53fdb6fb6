"""Stage 10: the response cache, the breaker and the backend's run. It does not retry: drivers do, where it is safe."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mcpg.contract.problems import BadDocument, McpgError, RunFailed
from mcpg.pipeline.reading import parse
from mcpg.pipeline.runs import History, Question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.verdicts import Case
    from mcpg.pipeline.routes import Route
    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.stages import Stage
    from mcpg.pipeline.work import Work
    from mcpg.storage import Lru

__all__ = ["Asked", "Backends", "Breaker", "MayHaveHappened"]

UNKNOWN = frozenset({"outcome-unknown", "upstream-unknown"})
"""Problems after which the effect may have happened."""

_decode = msgspec.json.decode
_encode = msgspec.json.encode


class Asked(NamedTuple):
    """The backend wants input that only the client can give: the ask document and the run so far."""

    ask: dict[str, Any]
    history: History
    component: str
    config: str


class MayHaveHappened(RunFailed):
    """The run failed after an effect was begun: nobody knows what came of it."""


class _SaidFailed(RunFailed):
    """The plugin itself answered `failed`."""


class Breaker:
    """Opens after `most` failures in a row and lets one call try again after `cooldown` seconds."""

    __slots__ = ("_cooldown", "_failures", "_most", "_opened", "_probing")

    def __init__(self, most: int = 5, cooldown: float = 5.0) -> None:
        self._most = most
        self._cooldown = cooldown
        self._failures = 0
        self._opened = 0.0
        self._probing = False

    def admit(self, now: float) -> bool:
        """Whether a call may go through at `now` (event-loop seconds)."""
        if self._failures < self._most:
            return True
        if self._probing or now - self._opened < self._cooldown:
            return False
        self._probing = True
        return True

    def note(self, *, good: bool, now: float) -> None:
        """Remember how a call ended."""
        self._probing = False
        self._failures = 0 if good else self._failures + 1
        if self._failures >= self._most:
            self._opened = now

    def release(self) -> None:
        """Forget a call that was given up: it says nothing of the backend, and the next one may try."""
        self._probing = False


class Backends:
    """Calls backends, one breaker for each use."""

    TRANSPORT = frozenset(
        {
            "unreachable",
            "unresolved",
            "broken",
            "tls",
            "timeout",
            "outcome-unknown",
            "plugin-trapped",
            "plugin-deadline",
        }
    )

    def __init__(self, runner: Runner, cache: Lru[bytes]) -> None:
        self._runner = runner
        self._cache = cache
        self._breakers: dict[str, Breaker] = {}

    def cache_key(self, route: Route, stage: Stage, call: Mapping[str, Any], work: Work) -> str | None:
        """Return the key under which this call's result may be cached, if its tool says so."""
        if route.cache_ttl <= 0:
            return None
        known, guest = work.known, stage.guest
        parts = [*known.caller.identity, guest.digest, guest.config_digest, known.text(stage.reads)]
        return _encode([*parts, stage.reads.text("call", call)]).decode()

    def cached(self, key: str | None) -> dict[str, Any] | None:
        """Return the cached result, if there is one."""
        found = self._cache.get(key) if key is not None else None
        return _decode(found) if found is not None else None

    def keep(self, key: str | None, result: dict[str, Any], ttl: float, owner: str) -> None:
        """Cache a result for `ttl` seconds under its use's name."""
        if key is not None:
            text = _encode(result)
            self._cache.put(key, text, size=len(text) + len(key), ttl=ttl, owner=owner)

    async def call(
        self, stage: Stage, call: Mapping[str, Any], work: Work, history: History | None = None
    ) -> dict[str, Any] | Asked:
        """Return the MCP result, or what the backend asks of the client; raises `RunFailed` and `PluginRefused`."""
        loop = asyncio.get_running_loop()
        breaker = self._breakers.setdefault(stage.use, Breaker())
        if not breaker.admit(loop.time()):
            raise RunFailed(
                f"backend `{stage.use}` has failed repeatedly and is not tried for a while", code="breaker-open"
            )
        history = history or History()
        good: bool | None = None  # not known yet: a call that is given up says nothing of the backend
        try:
            answer = await self._run(stage, call, work, history)
            good = True
            return self._result(stage, call, answer, history, work)
        except McpgError as error:
            if good is None:
                good = error.code not in self.TRANSPORT
            if _may_have_happened(error, history):
                raise MayHaveHappened(error.message, code=error.code) from error
            raise
        finally:
            if good is None:
                breaker.release()
            else:
                breaker.note(good=good, now=loop.time())

    async def _run(self, stage: Stage, call: Mapping[str, Any], work: Work, history: History) -> Case:
        documents = (work.known.text(stage.reads), stage.reads.text("call", call, work.request_facts))
        answer = await self._runner.run(Question(stage, "backend", "call", documents, work), history)
        if answer.tag == "failed":
            raise _SaidFailed(answer.value.message, code=answer.value.code)
        return answer

    def _result(
        self, stage: Stage, call: Mapping[str, Any], answer: Case, history: History, work: Work
    ) -> dict[str, Any] | Asked:
        value = work.blobs.restore(parse(answer.value, stage.use))
        if isinstance(value, str):  # the whole result was a large body
            value = parse(value, stage.use)
        if not isinstance(value, dict):
            raise BadDocument(f"`{stage.use}` answered with something that is not an object")
        if answer.tag == "ask":
            return Asked(value, history, stage.guest.digest, stage.guest.config_digest)
        result: dict[str, Any] = value
        if result.get("resultType", "complete") != "complete":
            raise BadDocument(f"`{stage.use}` called a result done that is not complete")
        if not isinstance(result.get("_meta", {}), dict):
            raise BadDocument(f"`{stage.use}` answered with a `_meta` that is not an object")
        _check_shape(stage.use, str(call["method"]), result)
        return result


_LISTS = {"tools/call": "content", "prompts/get": "messages", "resources/read": "contents"}


def _check_shape(use: str, method: str, result: dict[str, Any]) -> None:
    """Raise `BadDocument` unless the result has the list of objects that its method is about.

    A tool that answers with `structuredContent` may leave `content` out; then it gets the empty list that MCP wants.
    """
    field = _LISTS[method]
    if field == "content" and "structuredContent" in result:
        result.setdefault("content", [])
    items = result.get(field)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadDocument(f"`{use}` answered {method} without a list of objects in `{field}`")
    if field == "content" and not all(isinstance(item.get("type"), str) for item in items):
        raise BadDocument(f"`{use}` answered with a content block that has no `type`")
    if not isinstance(result.get("isError", False), bool):
        raise BadDocument(f"`{use}` answered with an `isError` that is neither true nor false")


def _may_have_happened(error: McpgError, history: History) -> bool:
    """Whether an effect may have been performed: after one, only the plugin itself can say that nothing came of it."""
    if isinstance(error, _SaidFailed):
        return any(reply.tag == "failed" and reply.value.code in UNKNOWN for reply in history.replies)
    return error.code in UNKNOWN or bool(history.replies)
