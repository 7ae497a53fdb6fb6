"""What every server of these peers offers, whatever its revision: tools, resources, prompts, completion.

It knows no transport. Tools that ask their client do so through `Call.ask`, which each revision does in its own way.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Protocol

from tests.peers.record import PeerError

if TYPE_CHECKING:
    from tests.peers.server import Server

__all__ = ["ELICIT", "ROOTS", "SAMPLE", "Call", "Features"]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SOUND = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
ELICIT: dict[str, Any] = {
    "message": "What is your name?",
    "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
}
SAMPLE: dict[str, Any] = {
    "messages": [{"role": "user", "content": {"type": "text", "text": "Say something."}}],
    "maxTokens": 20,
}
ROOTS: dict[str, Any] = {}
URL: dict[str, Any] = {"mode": "url", "message": "Please sign in.", "url": "https://peer.test/sign-in?x=1"}
PAGE = 10
CAPABILITY = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}


class Call(Protocol):
    """One request while it is worked on."""

    server: Server
    id: str | int
    params: dict[str, Any]
    capabilities: dict[str, Any]

    async def tell(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification that belongs to this request."""
        ...

    async def log(self, level: str, data: Any) -> None:
        """Send a log message if its client wants that level."""
        ...

    async def ask(self, requests: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, Any]:
        """Ask the client, all at once; returns results by key, raises `PeerError` where one failed."""
        ...


def text(value: str, *, error: bool = False) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": value}]} | ({"isError": True} if error else {})


def wants(capabilities: dict[str, Any], method: str, params: dict[str, Any]) -> bool:
    """Whether a client with these capabilities may be asked this."""
    declared = capabilities.get(CAPABILITY[method])
    if not isinstance(declared, dict):
        return False
    return params.get("mode") != "url" or "url" in declared


class Features:
    """The features of one server, with what a test may change while it runs."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.grown: list[str] = []
        self.note = "first"
        self.signed_in = False
        self.forget()

    def forget(self) -> None:
        """Forget the slow calls of earlier tests."""
        self.release = asyncio.Event()
        self.slow: list[str | int] = []
        """Ids of slow calls that have begun."""
        self.cancelled: list[str | int] = []
        """Ids of slow calls that were cancelled."""
        self.finished: list[str | int] = []

    def uri(self, name: str) -> str:
        return f"peer://{self._server.name}/{name}"

    async def answer(self, method: str, call: Call) -> dict[str, Any]:
        """Return the result of one request; raises `PeerError`."""
        known = {
            "tools/list": self._tools,
            "prompts/list": self._prompts,
            "resources/list": self._resources,
            "resources/templates/list": self._templates,
        }
        if method in known:
            return self._page(known[method](), call.params.get("cursor"))
        if method == "tools/call":
            return await self._tool(call)
        if method == "prompts/get":
            return await self._prompt(call)
        if method == "resources/read":
            return await self._read(call)
        if method == "completion/complete":
            return self._complete(call)
        raise PeerError(-32601, f"no method {method}")

    def _since(self, name: str) -> bool:
        return self._server.revision.since(name)

    def _page(self, whole: dict[str, Any], cursor: Any) -> dict[str, Any]:
        """Return a part of a list; the cursor of the second page is empty, which is one like any other."""
        ((kind, entries),) = whole.items()
        cursors = [None, *("" if page == 1 else f"page {page}" for page in range(1, len(entries) // PAGE + 1))]
        if cursor not in cursors:
            self._server.problem(f"a list with cursor {cursor!r}, which was never given")
            raise PeerError(-32602, "unknown cursor")
        page = cursors.index(cursor)
        more = {"nextCursor": cursors[page + 1]} if (page + 1) * PAGE < len(entries) else {}
        return {kind: entries[page * PAGE : (page + 1) * PAGE], **more}

    def _tools(self) -> dict[str, Any]:
        tools = [self._definition(name) for name in (*_TOOLS, *self.grown)]
        return {"tools": tools}

    def _definition(self, name: str) -> dict[str, Any]:
        properties = _TOOLS.get(name, {})
        tool: dict[str, Any] = {
            "name": name,
            "description": f"The tool {name}.",
            "inputSchema": {"type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()}},
        }
        if self._since("2025-03-26"):
            tool["annotations"] = {"readOnlyHint": name == "echo"}
        if self._since("2025-06-18"):
            tool["title"] = name.title()
            if name == "add":
                output = {"type": "object", "properties": {"sum": {"type": "number"}}, "required": ["sum"]}
                tool["outputSchema"] = output
        if self._since("2025-11-25"):
            tool["icons"] = [{"src": "https://peer.test/icon.png", "mimeType": "image/png", "sizes": ["48x48"]}]
        if self._since("2026-07-28") and name == "listed":
            tool["outputSchema"] = {"type": "array", "items": {"type": "integer"}}
        return tool

    def _prompts(self) -> dict[str, Any]:
        arguments = [{"name": "who", "description": "Who is greeted.", "required": True}]
        return {"prompts": [{"name": "greet", "description": "Greets.", "arguments": arguments}]}

    def _resources(self) -> dict[str, Any]:
        return {
            "resources": [
                {"uri": self.uri("note"), "name": "note", "mimeType": "text/plain"},
                {"uri": self.uri("blob"), "name": "blob", "mimeType": "image/png"},
            ]
        }

    def _templates(self) -> dict[str, Any]:
        return {"resourceTemplates": [{"uriTemplate": self.uri("items/{id}"), "name": "items"}]}

    async def _prompt(self, call: Call) -> dict[str, Any]:
        if call.params.get("name") != "greet":
            raise PeerError(-32602, "unknown prompt")
        words = f"Hello {call.params.get('arguments', {}).get('who')}."
        return {"description": "Greets.", "messages": [{"role": "user", "content": {"type": "text", "text": words}}]}

    async def _read(self, call: Call) -> dict[str, Any]:
        uri = call.params.get("uri", "")
        if uri == self.uri("note"):
            contents = {"uri": uri, "mimeType": "text/plain", "text": self.note}
        elif uri == self.uri("blob"):
            contents = {"uri": uri, "mimeType": "image/png", "blob": PIXEL}
        elif uri.startswith(self.uri("items/")):
            contents = {"uri": uri, "mimeType": "text/plain", "text": f"item {uri.rpartition('/')[2]}"}
        elif self._server.revision.modern:
            raise PeerError(-32602, "resource not found", {"uri": uri})
        else:
            raise PeerError(-32002, "resource not found", {"uri": uri})
        return {"contents": [contents]}

    def _complete(self, call: Call) -> dict[str, Any]:
        reference, argument = call.params.get("ref", {}), call.params.get("argument", {})
        if reference not in ({"type": "ref/prompt", "name": "greet"}, self._template_ref()):
            raise PeerError(-32602, f"unknown reference {reference}")
        if "context" in call.params and not self._since("2025-06-18"):
            self._server.problem("completion/complete with a context, which this revision does not know")
        known = ["ana", "anton", "bea"] if reference["type"] == "ref/prompt" else ["1", "2"]
        values = [value for value in known if value.startswith(argument.get("value", ""))]
        return {"completion": {"values": values, "total": len(values), "hasMore": False}}

    def _template_ref(self) -> dict[str, Any]:
        return {"type": "ref/resource", "uri": self.uri("items/{id}")}

    async def _tool(self, call: Call) -> dict[str, Any]:
        name = call.params.get("name", "")
        if name in self.grown:
            return text(f"I am {name}")
        if name not in _TOOLS:
            raise PeerError(-32602, f"unknown tool: {name}")
        return await getattr(self, f"do_{name}")(call, call.params.get("arguments") or {})

    async def do_echo(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        return text(str(arguments.get("text", "")))

    async def do_add(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        total = arguments["a"] + arguments["b"]
        structured = {"structuredContent": {"sum": total}} if self._since("2025-06-18") else {}
        return text(str(total)) | structured

    async def do_listed(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        """Structured content that is no object, where the revision has such."""
        return text("[1, 2]") | ({"structuredContent": [1, 2]} if self._since("2026-07-28") else {})

    async def do_fail(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        return text("it went wrong", error=True)

    async def do_mixed(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        """Every kind of content that the revision knows."""
        content: list[dict[str, Any]] = [
            {"type": "text", "text": "words"},
            {"type": "image", "data": PIXEL, "mimeType": "image/png"},
            {"type": "resource", "resource": {"uri": self.uri("note"), "mimeType": "text/plain", "text": self.note}},
        ]
        if self._since("2025-03-26"):
            content.append({"type": "audio", "data": SOUND, "mimeType": "audio/wav"})
        if self._since("2025-06-18"):
            content.append({"type": "resource_link", "uri": self.uri("note"), "name": "note"})
        return {"content": content}

    async def do_progress(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        token = call.params.get("_meta", {}).get("progressToken")
        for step in range(1, arguments.get("steps", 3) + 1):
            if token is not None:
                words = {"message": f"step {step}"} if self._since("2025-03-26") else {}
                await call.tell(
                    "notifications/progress", {"progressToken": token, "progress": step, "total": 3} | words
                )
        return text("done")

    async def do_slow(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        self.slow.append(call.id)
        self._server.wake()
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled.append(call.id)
            self._server.wake()
            raise
        self.finished.append(call.id)
        self._server.wake()
        return text("released")

    async def do_steady(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        """One sign of progress, then the answer once the test lets it go."""
        token = call.params.get("_meta", {}).get("progressToken")
        await call.tell("notifications/progress", {"progressToken": token, "progress": 1})
        return await self.do_slow(call, arguments)

    async def do_log(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        for level in ("debug", "info", "error"):
            await call.log(level, f"a line at {level}")
        return text("logged")

    async def do_elicit(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        return await self._asked(call, {"name": ("elicitation/create", dict(ELICIT))})

    async def do_url(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        more = {} if self._server.revision.modern else {"elicitationId": "sign-in-1"}
        return await self._asked(call, {"sign-in": ("elicitation/create", URL | more)})

    async def do_url_error(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        """The error -32042 until the second time, as a 2025-11-25 server may answer."""
        if not self.signed_in:
            self.signed_in = True
            raise PeerError(-32042, "sign in first", {"elicitations": [URL | {"elicitationId": "sign-in-2"}]})
        return text("signed in")

    async def do_sample(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        return await self._asked(call, {"words": ("sampling/createMessage", dict(SAMPLE))})

    async def do_roots(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        return await self._asked(call, {"roots": ("roots/list", dict(ROOTS))})

    async def do_both(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        """Two questions at once."""
        asked = {"words": ("sampling/createMessage", dict(SAMPLE)), "roots": ("roots/list", dict(ROOTS))}
        return await self._asked(call, asked)

    async def do_twice(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        """Two rounds: the second question depends on the first answer."""
        first = await call.ask({"first": ("sampling/createMessage", dict(SAMPLE))})
        said = first["first"]["content"]["text"]
        again = SAMPLE | {"messages": [{"role": "user", "content": {"type": "text", "text": f"After {said}?"}}]}
        return await self._asked(call, {"second": ("sampling/createMessage", again)})

    async def do_grow(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        await self._server.grow()
        return text(self.grown[-1])

    async def do_touch(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        await self._server.touch()
        return text(self.note)

    async def do_report(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        """What a test cannot look at where the peer is another process."""
        known = {"slow": len(self.slow), "cancelled": len(self.cancelled), "subscribed": self._server.subscribed}
        return text(json.dumps({**known, "capabilities": call.capabilities, "problems": self._server.problems}))

    async def _asked(self, call: Call, requests: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, Any]:
        lacking = [CAPABILITY[m] for m, p in requests.values() if not wants(call.capabilities, m, p)]
        unknown = [method for method, _ in requests.values() if method not in self._server.revision.asks]
        if lacking and not unknown:
            return self._server.lacks(lacking)
        try:
            results = await call.ask(requests)
        except PeerError as error:
            return text(f"asking failed: {error.code} {error.message}", error=True)
        return text("; ".join(said(results[key]) for key in requests))


def said(result: dict[str, Any]) -> str:
    """Return an answer of a client as text: `accept ana`, `assistant hello`, `file:///home`."""
    if "action" in result:
        return " ".join([result["action"], *map(str, result.get("content", {}).values())])
    if "roots" in result:
        return ", ".join(root["uri"] for root in result["roots"])
    content = result["content"]
    return f"{result['role']} {(content[0] if isinstance(content, list) else content)['text']}"


_TOOLS: dict[str, dict[str, str]] = {
    "echo": {"text": "string"},
    "add": {"a": "number", "b": "number"},
    "progress": {"steps": "integer"},
    **{name: {} for name in ("listed", "fail", "mixed", "slow", "steady", "log", "elicit", "url", "url_error")},
    **{name: {} for name in ("sample", "roots", "both", "twice", "grow", "touch", "report")},
}
