"""A thin MCP client for the terminal: Streamable HTTP, both eras, one request at a time. It answers no elicitation.

`auto` asks `server/discover` first (2026-07-28) and shakes hands (2025-11-25) with a server that does not know it.
"""

from __future__ import annotations

import base64
import json
import ssl
from typing import TYPE_CHECKING, Any, Self

import httpx2

from mcpg import __version__
from mcpg.contract.problems import McpgError
from mcpg.protocol.sse import EventDecoder, EventTooLarge
from mcpg.protocol.versions import LATEST_HANDSHAKE, LATEST_MODERN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

__all__ = ["CallFailed", "Client"]

MAX_BODY = 16 * 2**20
MAX_PAGES = 1000
UNAUTHORIZED = 401
_META = "io.modelcontextprotocol/"
_INFO = {"name": "mcpg-cli", "version": __version__}


class CallFailed(McpgError):  # noqa: N818 - names state facts
    """The gateway gave no result: an error, or no answer at all; `error` is the JSON-RPC error if there is one."""

    code = "call-failed"

    def __init__(self, message: str, *, where: str = "", remedy: str = "", error: dict[str, Any] | None = None) -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.error = error or {}


class Client:
    """One gateway at `url`. `era` is `auto`, `modern` or `legacy`; `timeout` in seconds; `tell` gets notices.

    `ca` is the path of an authority to trust beside the system's, `certificate` of our own with its key, both PEM;
    none for none. No proxy of the environment is used.
    """

    def __init__(
        self,
        url: str,
        *,
        tell: Callable[[str], None],
        key: str = "",
        era: str = "auto",
        timeout: float = 60.0,
        ca: str | None = None,
        certificate: str | None = None,
    ) -> None:
        agent = {"user-agent": f"mcpg-cli/{__version__}"}
        self._http = httpx2.Client(verify=_tls(ca, certificate), timeout=timeout, headers=agent, trust_env=False)
        self.url = url
        self._key = key
        self._tell = tell
        self._id = 0
        self._session = ""
        self.version = LATEST_MODERN
        self._connect = {"auto": self._probe, "modern": lambda: None, "legacy": self._initialize}[era]

    def __enter__(self) -> Self:
        self._connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            self._end_session()
        self._http.close()

    def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the result; raises `CallFailed`. Progress and log messages are told on the way."""
        self._id += 1
        if self.version == LATEST_MODERN:
            meta = {
                _META + "protocolVersion": self.version,
                _META + "clientCapabilities": {},
                _META + "clientInfo": _INFO,
            }
            params = {**params, "_meta": {**meta, "progressToken": self._id}}
        elif method != "initialize":
            params = {**params, "_meta": {"progressToken": self._id}}
        message = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        answer = self._exchange(message, method, str(params.get("name") or params.get("uri") or ""))
        if "error" in answer:
            error = answer["error"]
            call = (error.get("data") or {}).get("call") if isinstance(error.get("data"), dict | None) else None
            remedy = f"`mcpg explain {call}` beside the gateway says why" if call else ""
            said = f"{error.get('message')} (code {error.get('code')})"
            raise CallFailed(said, where=self.url, remedy=remedy, error=error)
        result: dict[str, Any] = answer.get("result", {})
        return result

    def listed(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield every entry of `tools`, `prompts` or `resources`, page by page."""
        cursor: dict[str, Any] = {}
        for _ in range(MAX_PAGES):
            page = self.request(f"{kind}/list", cursor)
            yield from page.get(kind, ())
            if not page.get("nextCursor"):
                return
            cursor = {"cursor": page["nextCursor"]}
        raise CallFailed(f"the list of {kind} has more than {MAX_PAGES} pages", where=self.url)

    def _probe(self) -> None:
        try:
            self.request("server/discover", {})
        except CallFailed as failed:
            if not failed.error:
                raise
            self._initialize()

    def _initialize(self) -> None:
        self.version = LATEST_HANDSHAKE
        asked = {"protocolVersion": self.version, "capabilities": {}, "clientInfo": _INFO}
        self.version = self.request("initialize", asked).get("protocolVersion", self.version)
        self._exchange({"jsonrpc": "2.0", "method": "notifications/initialized"}, "notifications/initialized", "")

    def _end_session(self) -> None:
        try:
            self._http.delete(self.url, headers=self._headers("", ""))
        except httpx2.HTTPError:
            self._tell("the session could not be ended; the gateway ends it later")

    def _headers(self, method: str, name: str) -> dict[str, str]:
        headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
        if self._session:
            headers["mcp-session-id"] = self._session
        if method != "initialize":
            headers["mcp-protocol-version"] = self.version
        if self.version == LATEST_MODERN:
            headers["mcp-method"] = method
            if name:
                headers["mcp-name"] = _header_text(name)
        return headers

    def _exchange(self, message: dict[str, Any], method: str, name: str) -> dict[str, Any]:
        headers, text = self._headers(method, name), json.dumps(message)
        try:
            with self._http.stream("POST", self.url, headers=headers, content=text) as response:
                self._session = response.headers.get("mcp-session-id") or self._session
                return self._answer(response, message.get("id"))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            reason = str(error).lower() or type(error).__name__
            remedy = "start the gateway with `mcpg serve`, or give its address with `--url`"
            if "certificate" in reason:
                remedy = "name its authority with `--ca`; if it asks for a certificate of ours, give `--certificate`"
            raise CallFailed(f"no answer: {reason}", where=self.url, remedy=remedy) from error
        except (ValueError, EventTooLarge) as error:
            raise CallFailed(f"the answer is not MCP: {error}", where=self.url) from error

    def _answer(self, response: httpx2.Response, wanted: int | None) -> dict[str, Any]:
        if response.status_code == UNAUTHORIZED:
            remedy = "give a key with `--key` or in MCPG_KEY"
            raise CallFailed("the gateway does not know this caller", where=self.url, remedy=remedy)
        media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media == "text/event-stream":
            return self._streamed(response, wanted)
        body = b""
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_BODY:
                raise ValueError(f"it has more than {MAX_BODY} bytes")
        if wanted is None:
            return {}
        answer = json.loads(body) if media == "application/json" else None
        if not isinstance(answer, dict):
            raise CallFailed(f"the gateway answered {response.status_code} without JSON", where=self.url)
        return answer

    def _streamed(self, response: httpx2.Response, wanted: int | None) -> dict[str, Any]:
        decoder = EventDecoder()
        for chunk in response.iter_bytes():
            for event in decoder.feed(chunk):
                message = json.loads(event.data) if event.data else {}
                if message.get("id") == wanted and "method" not in message:
                    return dict(message)
                self._note(message)
        raise CallFailed("the stream ended without an answer", where=self.url)

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        if message.get("method") == "notifications/progress":
            total = f"/{params['total']}" if params.get("total") is not None else ""
            self._tell(f"{params.get('progress')}{total} {params.get('message', '')}".rstrip())
        elif message.get("method") == "notifications/message":
            self._tell(f"{params.get('level')}: {params.get('data')}")


def _tls(ca: str | None, certificate: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        if ca:
            context.load_verify_locations(ca)
        if certificate:
            context.load_cert_chain(certificate)
    except (ssl.SSLError, OSError) as error:
        remedy = "give PEM: `--ca` a certificate, `--certificate` a certificate and its key in one file"
        raise CallFailed("a file for TLS cannot be read", remedy=remedy) from error
    return context


def _header_text(name: str) -> str:
    """Return `name` as MCP 2026-07-28 wants it in a header: plain, or in its base64 form."""
    if name.isascii() and name.isprintable() and name == name.strip() and not name.startswith("=?"):
        return name
    return f"=?base64?{base64.b64encode(name.encode()).decode()}?="
