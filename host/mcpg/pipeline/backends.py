"""Stage 10: the response cache, the breaker and the backend's run. It does not retry: drivers do, where it is safe."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.problems import BadDocument, McpgError, RunFailed
from mcpg.pipeline.completing import COMPLETION, completed
from mcpg.pipeline.reading import parse
from mcpg.pipeline.rounds import asked_by_peers, asked_by_plugin
from mcpg.pipeline.runs import History, Question
from mcpg.pipeline.told import OURS
from mcpg.protocol.methods import EXTENDED
from mcpg.protocol.tasks import declares_tasks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.verdicts import Case
    from mcpg.pipeline.rounds import Round
    from mcpg.pipeline.routes import Route
    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.stages import Stage
    from mcpg.pipeline.work import Work
    from mcpg.storage import Lru

__all__ = ["Backends", "Breaker", "Lacking", "MayHaveHappened", "check_result", "names_of"]

UNKNOWN = frozenset({"outcome-unknown", "upstream-unknown"})
"""Problems after which the effect may have happened."""
LACKS = "mcp-missing-capability"
"""What `backend-mcp` answers for an upstream's -32021."""
CLIENT = frozenset({"elicitation", "sampling", "roots", "extensions", "experimental"})
PROTOCOL = "io.modelcontextprotocol/serverInfo"

_decode = msgspec.json.decode
_encode = msgspec.json.encode


class MayHaveHappened(RunFailed):
    """The run failed after an effect was begun: nobody knows what came of it."""


class Lacking(RunFailed):
    """The upstream wants a client that can do more; `required` is a ClientCapabilities object."""

    def __init__(self, message: str, required: dict[str, Any]) -> None:
        super().__init__(message, code=LACKS)
        self.required = required


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
        self.runner = runner
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
    ) -> dict[str, Any] | Round:
        """Return the MCP result, or what the client is asked first; raises `RunFailed` and `PluginRefused`."""
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
            if error.code == LACKS and (required := _required(history)):
                raise Lacking(error.message, required) from error
            if _may_have_happened(error, history):
                raise MayHaveHappened(error.message, code=error.code) from error
            raise
        finally:
            if good is None:
                breaker.release()
            else:
                breaker.note(good=good, now=loop.time())

    async def _run(self, stage: Stage, call: Mapping[str, Any], work: Work, history: History) -> Case:
        history.request = history.request or work.request_facts
        documents = (work.known.text(stage.reads), stage.reads.text("call", call, history.request))
        answer = await self.runner.run(Question(stage, "backend", "call", documents, work), history)
        if answer.tag == "failed":
            raise _SaidFailed(answer.value.message, code=answer.value.code)
        return answer

    def _result(
        self, stage: Stage, call: Mapping[str, Any], answer: Case, history: History, work: Work
    ) -> dict[str, Any] | Round:
        if answer.tag == "suspended":
            return asked_by_peers(history)
        value = work.blobs.restore(parse(answer.value, stage.use))
        if isinstance(value, str):  # the whole result was a large body
            value = parse(value, stage.use)
        if not isinstance(value, dict):
            raise BadDocument(f"`{stage.use}` answered with something that is not an object")
        if answer.tag == "ask":
            return asked_by_plugin(value, history, stage.use)
        result: dict[str, Any] = value
        if (kind := result.get("resultType", "complete")) != "complete":
            is_task = kind == EXTENDED and call["method"] == "tools/call"
            if is_task and declares_tasks(work.party.version, work.party.capabilities):
                return result
            raise BadDocument(f"`{stage.use}` called a result done that is not complete")
        meta = result.get("_meta")
        if meta is not None:
            result["_meta"] = _foreign(meta, stage.use)
        check_result(stage.use, str(call["method"]), result)
        return result


def _foreign(meta: Any, use: str) -> dict[str, Any]:
    """Return an upstream's `_meta` without what only the gateway may say there."""
    if not isinstance(meta, dict):
        raise BadDocument(f"`{use}` answered with a `_meta` that is not an object")
    return {name: value for name, value in meta.items() if not name.startswith((OURS, PROTOCOL))}


_LISTS = {"tools/call": "content", "prompts/get": "messages", "resources/read": "contents"}


def check_result(use: str, method: str, result: dict[str, Any]) -> None:
    """Raise `BadDocument` unless the result has the list of objects that its method is about.

    A tool that answers with `structuredContent` may leave `content` out; then it gets the empty list that MCP wants.
    """
    if method == COMPLETION:
        completed(use, result)
        return
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


def _required(history: History) -> dict[str, Any]:
    """Return the capabilities that the last reply's error names."""
    try:
        return names_of(_decode(history.replies[-1].value)["error"]["data"])
    except (IndexError, KeyError, TypeError, msgspec.DecodeError):
        return {}


def names_of(data: Any) -> dict[str, Any]:
    """Return the capabilities in the data of an error -32021: names only, as deep as MCP has them."""
    required = data.get("requiredCapabilities") if isinstance(data, dict) else None
    if not isinstance(required, dict):
        return {}
    return {name: _names(inner) for name, inner in required.items() if name in CLIENT}


def _names(inner: Any) -> dict[str, Any]:
    known = inner if isinstance(inner, dict) else {}
    return {str(name)[:64]: {} for name in list(known)[:16]}


def _may_have_happened(error: McpgError, history: History) -> bool:
    """Whether an effect may have been performed: after one, only the plugin itself can say that nothing came of it."""
    if isinstance(error, _SaidFailed):
        return any(reply.tag == "failed" and reply.value.code in UNKNOWN for reply in history.replies)
    return error.code in UNKNOWN or bool(history.replies)
